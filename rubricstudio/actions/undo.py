"""Undo and redo: each person takes back, and does again, their own edits of a draft.

The newest edit that is not undone goes first. Where somebody else has changed the same
thing since, nothing is stored and the person is told: no edit is skipped in silence.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from rubricstudio.actions.drafts import RULE, State, States, lock_draft, set_rule, write_tree
from rubricstudio.actions.rubrics import delete_rows
from rubricstudio.domain.outline import CannotMove, Node, Outline, insert, place, remove, subtree
from rubricstudio.models import Criterion, DraftEdit, RubricVersion, User
from rubricstudio.queries.tree import Tree, spots, tree_of


class CannotUndo(ValueError):
    """The edit cannot be taken back or done again; the message says why."""


@dataclass(frozen=True)
class Applied:
    """What an undo or redo did: the ids of the rows that went, and the keys of the others."""

    kind: str
    removed: tuple[int, ...]
    added: tuple[str, ...]
    changed: tuple[str, ...]
    moved: tuple[str, ...]


@transaction.atomic
def undo(*, version: RubricVersion, by: User) -> Applied:
    """Take back the person's newest edit. Raises NotADraft and CannotUndo."""
    draft = lock_draft(version)
    edits = DraftEdit.objects.filter(version=draft, by=by, undone=False)
    edit = edits.order_by("-pk").first()
    if edit is None:
        raise CannotUndo(_("There is nothing of yours to undo in this draft."))
    applied = _apply(draft, edit, source=edit.after, target=edit.before)
    edit.undone = True
    edit.save(update_fields=["undone"])
    return applied


@transaction.atomic
def redo(*, version: RubricVersion, by: User) -> Applied:
    """Do again what the person undid last. Raises NotADraft and CannotUndo."""
    draft = lock_draft(version)
    edit = DraftEdit.objects.filter(version=draft, by=by, undone=True).order_by("pk").first()
    if edit is None:
        raise CannotUndo(_("There is nothing to do again."))
    applied = _apply(draft, edit, source=edit.before, target=edit.after)
    edit.undone = False
    edit.save(update_fields=["undone"])
    return applied


def _apply(draft: RubricVersion, edit: DraftEdit, *, source: States, target: States) -> Applied:
    """Bring what stands as in `source` to what `target` says."""
    if (rule := source.get(RULE)) is not None:
        _check_rule(draft, rule)
        set_rule(draft, **(target[RULE] or {}))
        source, target = _rows_of(source), _rows_of(target)
    tree = tree_of(draft)
    found = draft.criteria.select_for_update().filter(key__in=list(source))
    rows = {row.key: row for row in found}
    _check_rows(source, rows)
    _check_places(draft, edit, tree, source)
    gone = [key for key in source if target[key] is None]
    came = [key for key in target if source[key] is None]
    order = _without(tree, gone)
    order = _with(order, target, came)
    moves = [k for k, state in target.items() if k in rows and state and "place" in state]
    order = _rearranged(order, target, moves)
    changed = [k for k, state in target.items() if k in rows and state and "fields" in state]
    for key in changed:
        _rewrite(rows[key], target[key] or {})
    delete_rows(draft.criteria.filter(key__in=gone))
    write_tree(draft, tree, order, [_row(key, target[key] or {}) for key in came])
    return Applied(
        kind=edit.kind,
        removed=tuple(rows[key].pk for key in gone),
        added=tuple(came),
        changed=tuple(changed),
        moved=tuple(moves),
    )


# -- whether what the edit left behind is still there


def _rows_of(states: States) -> States:
    return {key: state for key, state in states.items() if key != RULE}


def _check_rule(draft: RubricVersion, rule: State) -> None:
    if (draft.aggregator, draft.params) != (rule["aggregator"], rule["params"]):
        raise CannotUndo(_("Somebody else chose another rule for the score since."))


def _check_rows(source: States, rows: Mapping[str, Criterion]) -> None:
    for key, state in source.items():
        row = rows.get(key)
        if state is None:
            if row is not None:
                raise CannotUndo(_("“%(text)s” is there again already.") % _named(row))
        elif row is None:
            text = (state.get("fields") or {}).get("text", key)
            raise CannotUndo(
                _("“%(text)s” was deleted since.") % {"text": Truncator(text).words(8)}
            )
        elif any(getattr(row, name) != value for name, value in state.get("fields", {}).items()):
            raise CannotUndo(_("Somebody else changed “%(text)s” since.") % _named(row))


def _check_places(draft: RubricVersion, edit: DraftEdit, tree: Tree, source: States) -> None:
    """Nobody moved the same rows since; positions alone may shift when others come and go."""
    standing = spots(tree.order)
    keys = [k for k, state in source.items() if state is not None and "place" in state]
    later = DraftEdit.objects.filter(version=draft, pk__gt=edit.pk, undone=False)
    later = later.exclude(by=edit.by).filter(before__has_any_keys=keys) if keys else later.none()
    theirs = {
        key
        for other in later
        for key, state in other.after.items()
        if state is not None and "place" in state
    }
    for key in keys:
        state = source[key] or {}
        if key in theirs or standing[key].parent != state["place"]["parent"]:
            row = draft.criteria.get(key=key)
            raise CannotUndo(_("Somebody else moved “%(text)s” since.") % _named(row))


def _named(row: Criterion) -> dict[str, str]:
    return {"text": Truncator(row.text).words(8)}


# -- the tree as it is to be


def _without(tree: Tree, gone: list[str]) -> Outline:
    order = tree.order
    left = {node.key for node in order}
    for key in gone:
        if not set(subtree(tree.order, key)) <= set(gone):
            raise CannotUndo(_("The group holds criteria that were not there then."))
        if key in left:
            order = remove(order, key)
            left = {node.key for node in order}
    return order


def _with(order: Outline, target: States, came: list[str]) -> Outline:
    """The outline with the rows that come back, each before the sibling it stood before."""
    there = {node.key for node in order if node.is_group}
    waiting = sorted(came, key=_rank(target, came))
    while waiting:
        ready = [key for key in waiting if _parent(target, key) in {None, *there}]
        if not ready:
            raise CannotUndo(_("The group that it stood in is not there any more."))
        for key in ready:
            is_group = (target[key] or {})["fields"]["is_group"]
            order = insert(order, Node(key, _parent(target, key), is_group))
        there |= {key for key in ready if (target[key] or {})["fields"]["is_group"]}
        waiting = [key for key in waiting if key not in ready]
    tops = [key for key in came if _parent(target, key) not in came]
    return _rearranged(order, target, tops)


def _parent(target: States, key: str) -> str | None:
    parent: str | None = (target[key] or {})["place"]["parent"]
    return parent


def _rearranged(order: Outline, target: States, keys: list[str]) -> Outline:
    """The outline with each key beside the neighbours it had, as far as they are there.

    Last first, so that the sibling behind each stands where it belongs already.
    """
    for key in sorted(keys, key=_rank(target, keys), reverse=True):
        spot = (target[key] or {})["place"]
        siblings = [n.key for n in order if n.parent == spot["parent"] and n.key != key]
        before = spot["before"] if spot["before"] in siblings else None
        if before is None and spot["after"] in siblings:
            index = siblings.index(spot["after"]) + 1
            before = siblings[index] if index < len(siblings) else None
        try:
            order = place(order, key, parent=spot["parent"], before=before)
        except (CannotMove, KeyError) as error:
            raise CannotUndo(_("The group that it stood in is not there any more.")) from error
    return order


def _rank(target: States, keys: list[str]) -> Any:
    """How many of the others stand before a key in the target, along `after`."""
    known = set(keys)
    ranks: dict[str, int] = {}

    def rank(key: str) -> int:
        path = []
        ahead: str | None = key
        while ahead in known and ahead not in ranks:
            path.append(ahead)
            ahead = (target[ahead] or {})["place"]["after"]
        start = ranks[ahead] + 1 if ahead in ranks else 0
        for offset, one in enumerate(reversed(path)):
            ranks[one] = start + offset
        return ranks[key]

    return rank


# -- rows


def _rewrite(row: Criterion, state: State) -> None:
    for name, value in state["fields"].items():
        setattr(row, name, value)
    row.row_version += 1
    row.save()


def _row(key: str, state: State) -> Criterion:
    return Criterion(pk=state["pk"], row_version=state["row_version"], **state["fields"])

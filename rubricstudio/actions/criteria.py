"""Edits of a draft, one criterion or one move at a time.

Each first locks the draft's row, so that edits of one draft follow one another and
publication never falls between them. What a person sees of a criterion carries its
`row_version`; an edit that starts from an older one is merged field by field. Each notes
what it did, for undo.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from rubricstudio.actions.drafts import (
    CriterionGone,
    fields_of,
    free_keys,
    key_from_text,
    lock_draft,
    lock_row,
    moved,
    note,
    placed,
    present,
    whole,
    write_tree,
)
from rubricstudio.actions.rubrics import criterion_fields, delete_rows
from rubricstudio.domain import rubric as domain
from rubricstudio.domain.merge import Clash, clashes_between, merge
from rubricstudio.domain.outline import (
    CannotMove,
    Move,
    Node,
    Outline,
    insert,
    ordered,
    place,
    step,
    subtree,
)
from rubricstudio.models import Criterion, RubricVersion, User
from rubricstudio.queries.rubrics import criterion_history, last_deletions, row_from_history
from rubricstudio.queries.tree import Tree, linked, tree_of

__all__ = [
    "CriterionGone",
    "EditConflict",
    "add_criterion",
    "delete_criterion",
    "duplicate_criterion",
    "edit_criterion",
    "free_keys",
    "key_from_text",
    "move_criterion",
    "order_criteria",
    "place_criterion",
    "restore_criteria",
]


class EditConflict(ValueError):
    """Somebody else changed the same fields meanwhile; nothing was stored.

    `theirs` is the row as it stands, `clashes` the fields with both values.
    """

    def __init__(self, theirs: Criterion, clashes: Sequence[Clash]) -> None:
        super().__init__(_("Somebody else changed this criterion meanwhile."))
        self.theirs = theirs
        self.clashes = tuple(clashes)


@transaction.atomic
def edit_criterion(
    *,
    criterion: Criterion,
    changes: Mapping[str, Any],
    row_version: int,
    by: User,
    settled: int | None = None,
) -> Criterion:
    """Change fields of a criterion, named as in `domain.Criterion`.

    `row_version` is the one the editor started from: where somebody else saved since,
    fields that only one of the two changed are joined. Raises EditConflict where both
    changed the same field, unless `settled` says that the editor saw the row as it is
    now and wants their own values; CriterionGone, NotADraft and domain.InvalidRubric.
    """
    draft = lock_draft(criterion.version)
    row = lock_row(criterion)
    theirs = row.as_criterion()
    base = theirs if row.row_version == row_version else _as_it_was(row, row_version)
    if base is None:
        merged, clashes = theirs, clashes_between(replace(theirs, **changes), theirs)
    else:
        merged, clashes = merge(base, replace(base, **changes), theirs)
    if clashes and settled != row.row_version:
        raise EditConflict(row, clashes)
    merged = replace(merged, **{clash.field: clash.mine for clash in clashes})
    if merged != theirs:
        rewrite(draft=draft, row=row, value=merged, by=by)
    return row


def rewrite(
    *, draft: RubricVersion, row: Criterion, value: domain.Criterion, by: User, kind: str = "edit"
) -> None:
    """Store a row's new value and note what changed; both are locked already."""
    before = fields_of(row)
    for name, stored in criterion_fields(value).items():
        setattr(row, name, stored)
    row.row_version += 1
    row.save()
    after = fields_of(row)
    changed = [name for name in after if after[name] != before[name]]
    note(
        draft=draft,
        by=by,
        kind=kind,
        before={row.key: {"fields": {name: before[name] for name in changed}}},
        after={row.key: {"fields": {name: after[name] for name in changed}}},
    )


def _as_it_was(row: Criterion, row_version: int) -> domain.Criterion | None:
    """The criterion at an earlier `row_version`, from the history the database keeps."""
    events = criterion_history().filter(pgh_obj_id=row.pk, row_version=row_version)
    event = events.order_by("-pgh_id").first()
    return row_from_history(event).as_criterion() if event else None


@transaction.atomic
def add_criterion(
    *,
    version: RubricVersion,
    fields: Mapping[str, Any],
    by: User,
    after: str | None = None,
    parent: str | None = None,
) -> Criterion:
    """Add a criterion or group to a draft; `fields` are named as in `domain.Criterion`.

    It stands behind the criterion or group with key `after`, in the same group, or else
    last in `parent` (None: the top level). The key is made from the text unless one is
    given, and is free within the rubric. Raises NotADraft, domain.InvalidRubric, and
    CannotMove where `after` or `parent` is not there any more.
    """
    draft = lock_draft(version)
    tree = tree_of(draft)
    above = place_for(tree, after=after, parent=parent)
    proposal = fields.get("key") or key_from_text(fields["text"])
    key = free_keys(version=draft, proposals=[proposal])[0]
    value = domain.Criterion(**{**fields, "key": key, "parent": above})
    order = insert(tree.order, Node(key, above, value.is_group), after=after)
    rows = store_new(draft, tree, order, [Criterion(**criterion_fields(value))], by=by, kind="add")
    return rows[0]


def place_for(tree: Tree, *, after: str | None, parent: str | None) -> str | None:
    """The group of a new row that comes behind `after`, or else last in `parent`.

    Raises CannotMove where that place is not there any more.
    """
    spot = after or parent
    if spot is not None and spot not in tree:
        raise CannotMove(_("The place is not there any more; load the page again."))
    if not after:
        return parent
    return next(node.parent for node in tree.order if node.key == after)


def store_new(
    draft: RubricVersion,
    tree: Tree,
    order: Outline,
    rows: Sequence[Criterion],
    *,
    by: User,
    kind: str,
) -> list[Criterion]:
    """Write new rows at their places in `order`, and note that they came; in that order."""
    stored = write_tree(draft, tree, order, rows)
    states = placed({key: whole(row) for key, row in stored.items()}, order)
    note(draft=draft, by=by, kind=kind, before=dict.fromkeys(states), after=states)
    return linked(stored.values())


@transaction.atomic
def duplicate_criterion(*, criterion: Criterion, by: User) -> Criterion:
    """Copy a criterion, or a group with all it holds, to just behind it; under new keys.

    Raises NotADraft and CriterionGone.
    """
    draft = lock_draft(criterion.version)
    tree = tree_of(draft)
    copied = subtree(tree.order, present(tree, criterion.key))
    names = dict(zip(copied, free_keys(version=draft, proposals=copied), strict=True))
    rows = draft.criteria.filter(key__in=copied).in_bulk(field_name="pk")
    by_key = {row.key: row for row in rows.values()}
    nodes = {node.key: node for node in tree.order}
    order, made = tree.order, []
    for key in copied:
        old = nodes[key]
        parent = old.parent if key == criterion.key or not old.parent else names[old.parent]
        node = Node(names[key], parent, old.is_group)
        order = insert(order, node, after=key if key == criterion.key else None)
        made.append(Criterion(**{**fields_of(by_key[key]), "key": names[key]}))
    return store_new(draft, tree, order, made, by=by, kind="duplicate")[0]


@transaction.atomic
def delete_criterion(*, criterion: Criterion, by: User) -> tuple[str, ...]:
    """Delete a criterion, or a group with all it holds; returns the keys that went.

    `restore_criteria` with these keys undoes it. Raises NotADraft and CriterionGone.
    """
    draft = lock_draft(criterion.version)
    tree = tree_of(draft)
    gone = subtree(tree.order, present(tree, criterion.key))
    rows = draft.criteria.filter(key__in=gone)
    states = placed({row.key: whole(row) for row in rows.order_by("position")}, tree.order)
    delete_rows(rows)
    note(draft=draft, by=by, kind="delete", before=states, after=dict.fromkeys(states))
    return gone


@transaction.atomic
def restore_criteria(*, version: RubricVersion, keys: Sequence[str], by: User) -> list[Criterion]:
    """Bring deleted criteria of a draft back as they were, where they were if that still exists.

    Keys that were never deleted, or are back already, are passed over. Raises NotADraft.
    """
    draft = lock_draft(version)
    tree = tree_of(draft)
    order, rows = tree.order, []
    for event in sorted(last_deletions(draft), key=lambda event: event.position):
        if event.key not in keys:
            continue
        row = row_from_history(event)
        parent = _parent_key(event, order)
        behind = _successor(tree, order, parent, event.position)
        order = insert(order, Node(row.key, parent, row.is_group))
        order = place(order, row.key, parent=parent, before=behind)
        rows.append(row)
    return store_new(draft, tree, order, rows, by=by, kind="restore") if rows else []


def _parent_key(event: Any, order: Outline) -> str | None:
    """The key of the group it sat in, None where that is gone."""
    if event.parent_id is None:
        return None
    events = criterion_history().filter(pgh_obj_id=event.parent_id)
    key = events.values_list("key", flat=True).first()
    return next((node.key for node in order if node.key == key and node.is_group), None)


def _successor(tree: Tree, order: Outline, parent: str | None, position: int) -> str | None:
    """The first sibling that stands behind a position."""
    siblings = (node.key for node in order if node.parent == parent)
    return next((key for key in siblings if tree.positions.get(key, -1) > position), None)


@transaction.atomic
def move_criterion(*, criterion: Criterion, move: Move, by: User) -> Criterion:
    """Move a criterion, with what it holds, by one step.

    Raises NotADraft, CriterionGone, and CannotMove where there is nowhere to go.
    """
    draft = lock_draft(criterion.version)
    tree = tree_of(draft)
    _moved(draft, tree, step(tree.order, present(tree, criterion.key), move), criterion.key, by)
    return criterion


@transaction.atomic
def place_criterion(
    *, criterion: Criterion, parent: str | None, before: str | None, by: User
) -> Criterion:
    """Put a criterion, with what it holds, into a group (None: the top level).

    `before` is the key of a sibling there, None puts it last. Raises NotADraft,
    CriterionGone, and CannotMove where the place is not there any more.
    """
    draft = lock_draft(criterion.version)
    tree = tree_of(draft)
    key = present(tree, criterion.key)
    if parent is not None and parent not in tree:
        raise CannotMove(_("The group is not there any more."))
    _moved(draft, tree, place(tree.order, key, parent=parent, before=before), key, by)
    return criterion


def _moved(draft: RubricVersion, tree: Tree, order: Outline, key: str, by: User) -> None:
    if order == tree.order:
        return
    write_tree(draft, tree, order)
    before, after = moved(tree, order, [key])
    note(draft=draft, by=by, kind="move", before=before, after=after)


@transaction.atomic
def order_criteria(
    *, version: RubricVersion, parent: str | None, pks: Sequence[int], by: User
) -> None:
    """Put what sits directly in a group (None: the top level) in the order of `pks`.

    Raises NotADraft, and CannotMove where `pks` are not exactly what sits there now.
    """
    draft = lock_draft(version)
    tree = tree_of(draft)
    keys = {pk: key for key, pk in tree.pks.items()}
    wanted = [keys.get(pk, "") for pk in pks]
    try:
        order = ordered(tree.order, parent, wanted)
    except CannotMove as error:
        raise CannotMove(_("The list changed meanwhile; load the page again.")) from error
    if order == tree.order:
        return
    write_tree(draft, tree, order)
    before, after = moved(tree, order, wanted)
    note(draft=draft, by=by, kind="order", before=before, after=after)

"""What every edit of a draft does: lock it, write its tree, and note the edit for undo.

A note holds, by criterion key, the state before and after: `fields` (columns), `place` (the
keys of the group, of the sibling behind and of the one before), and for a row that came or
went also its `pk` and `row_version`. It holds only what the edit touched; null says that
there was no row. The rule for the score is noted too, under RULE.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, TypeAlias

from django.db.models import Q
from django.utils.text import slugify
from django.utils.translation import gettext as _

from rubricstudio.actions.rubrics import check_draft
from rubricstudio.domain.outline import Node, Outline, spaced
from rubricstudio.models import Criterion, DraftEdit, RubricVersion, User
from rubricstudio.queries.rubrics import criterion_history
from rubricstudio.queries.tree import Tree, spots

KEY_LENGTH = 48
MANY = 20
RULE = ""
"""Where a note holds the rule for the score: no criterion has an empty key."""
FIELDS = (
    *("key", "is_group", "text", "description", "weight", "met_means", "scale_kind", "levels"),
    *("maximum", "tier", "gate", "judged_by", "evidence_required", "tags", "category"),
    *("examples", "references", "program", "origin", "judging_hash"),
)

State: TypeAlias = dict[str, Any]
States: TypeAlias = dict[str, State | None]


class CriterionGone(ValueError):
    """The criterion was deleted meanwhile; nothing was stored."""


# -- locks


def lock_draft(version: RubricVersion) -> RubricVersion:
    """The draft, locked until the end of the transaction. Raises NotADraft."""
    locked = RubricVersion.objects.select_for_update().get(pk=version.pk)
    check_draft(locked)
    return locked


def lock_row(criterion: Criterion) -> Criterion:
    """The row as it is now, locked. Raises CriterionGone."""
    row = (
        Criterion.objects.select_related("parent")
        .select_for_update(of=("self",))
        .filter(pk=criterion.pk)
        .first()
    )
    if row is None:
        raise CriterionGone(_("This criterion was deleted meanwhile."))
    return row


def present(tree: Tree, key: str) -> str:
    """The key, where it stands in the tree. Raises CriterionGone."""
    if key not in tree:
        raise CriterionGone(_("This criterion was deleted meanwhile."))
    return key


# -- keys


def key_from_text(text: str) -> str:
    """A readable key from the first words of a criterion, at most 48 characters."""
    words = slugify(text, allow_unicode=True).split("-")
    key = words[0][:KEY_LENGTH]
    for word in words[1:]:
        if len(key) + 1 + len(word) > KEY_LENGTH:
            break
        key = f"{key}-{word}"
    return key or "criterion"


def free_keys(*, version: RubricVersion, proposals: Sequence[str]) -> list[str]:
    """The proposals, numbered where a version of the rubric has or had such a key.

    A key names one criterion for ever, so those of deleted criteria stay taken.
    """
    ofs = Q(version__rubric_id=version.rubric_id)
    if len(set(proposals)) <= MANY:
        stems = Q()
        for proposal in set(proposals):
            stems |= Q(key__startswith=proposal)
        ofs &= stems
    taken = {
        *Criterion.objects.filter(ofs).values_list("key", flat=True),
        *criterion_history().filter(ofs).values_list("key", flat=True).distinct(),
    }
    keys: list[str] = []
    for proposal in proposals:
        key, number = proposal, 1
        while key in taken:
            number += 1
            key = f"{proposal}-{number}"
        taken.add(key)
        keys.append(key)
    return keys


# -- the tree


def write_tree(
    draft: RubricVersion, tree: Tree, order: Outline, added: Sequence[Criterion] = ()
) -> dict[str, Criterion]:
    """Write the outline: insert the added rows, and update those whose place changed.

    Returns the added rows by key, in the order of the outline.
    """
    old = {node.key: node.parent for node in tree.order}
    new = {row.key: row for row in added}
    positions = spaced([tree.positions.get(node.key) for node in order])
    changed = []
    for node, position in zip(order, positions, strict=True):
        if node.key in new:
            new[node.key].version, new[node.key].position = draft, position
        elif (tree.positions[node.key], old[node.key]) != (position, node.parent):
            changed.append(Criterion(pk=tree.pks[node.key], position=position))
    _insert(tree, [node for node in order if node.key in new], new)
    parents = {node.key: node.parent for node in order}
    keys = {pk: key for key, pk in tree.pks.items()}
    for row in changed:
        above = parents[keys[row.pk]]
        row.parent_id = None if above is None else (tree.pks.get(above) or new[above].pk)
    if changed:
        Criterion.objects.bulk_update(changed, ["parent", "position"])
    return {node.key: new[node.key] for node in order if node.key in new}


def _insert(tree: Tree, nodes: Sequence[Node], rows: Mapping[str, Criterion]) -> None:
    """Insert new rows level by level: each after the group it names."""
    pks = dict(tree.pks)
    waiting = list(nodes)
    while waiting:
        ready = [node for node in waiting if node.parent is None or node.parent in pks]
        waiting = [node for node in waiting if not (node.parent is None or node.parent in pks)]
        for node in ready:
            rows[node.key].parent_id = pks[node.parent] if node.parent else None
        for row in Criterion.objects.bulk_create([rows[node.key] for node in ready]):
            pks[row.key] = row.pk


# -- notes for undo


def fields_of(row: Criterion) -> State:
    """The columns that an edit can change."""
    return {name: getattr(row, name) for name in FIELDS}


def whole(row: Criterion) -> State:
    """A row without its place."""
    return {"pk": row.pk, "row_version": row.row_version, "fields": fields_of(row)}


def placed(states: Mapping[str, State | None], order: Outline) -> States:
    """The states with the places that the rows have in an outline."""
    found = spots(order)
    return {
        key: None if state is None else {**state, "place": asdict(found[key])}
        for key, state in states.items()
    }


def moved(tree: Tree, order: Outline, keys: Iterable[str]) -> tuple[States, States]:
    """The places of some rows in the tree as it was and in a new outline."""
    nothing: dict[str, State | None] = {key: {} for key in keys}
    return placed(nothing, tree.order), placed(nothing, order)


def set_rule(
    draft: RubricVersion, aggregator: str, params: Mapping[str, float]
) -> tuple[States, States]:
    """Name the rule by which a locked draft is scored; what it was and is, empty if the same."""
    before = {"aggregator": draft.aggregator, "params": draft.params}
    after = {"aggregator": aggregator, "params": dict(params)}
    if after == before:
        return {}, {}
    draft.aggregator, draft.params = aggregator, dict(params)
    draft.save(update_fields=["aggregator", "params"])
    return {RULE: before}, {RULE: after}


def note(*, draft: RubricVersion, by: User, kind: str, before: States, after: States) -> None:
    """Note an edit. What the person had undone before it can no longer be done again."""
    DraftEdit.objects.filter(version=draft, by=by, undone=True).delete()
    DraftEdit.objects.create(version=draft, by=by, kind=kind, before=before, after=after)

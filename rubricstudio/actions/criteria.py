"""Edits of a draft, one criterion or one move at a time.

Each first locks the draft's row, so that edits of one draft follow one another and
publication never falls between them. What a person sees of a criterion carries its
`row_version`; an edit that starts from an older one is merged field by field.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.text import slugify
from django.utils.translation import gettext as _

from rubricstudio.actions.rubrics import check_draft, criterion_fields, delete_rows
from rubricstudio.domain import rubric as domain
from rubricstudio.domain.merge import Clash, clashes_between, merge
from rubricstudio.domain.outline import (
    CannotMove,
    Move,
    Node,
    Outline,
    insert,
    outline,
    place,
    spaced,
    step,
    subtree,
)
from rubricstudio.models import Criterion, RubricVersion, User
from rubricstudio.queries.rubrics import criterion_history, last_deletions, row_from_history

KEY_LENGTH = 48


class EditConflict(ValueError):
    """Somebody else changed the same fields meanwhile; nothing was stored.

    `theirs` is the row as it stands, `clashes` the fields with both values.
    """

    def __init__(self, theirs: Criterion, clashes: Sequence[Clash]) -> None:
        super().__init__(_("Somebody else changed this criterion meanwhile."))
        self.theirs = theirs
        self.clashes = tuple(clashes)


class CriterionGone(ValueError):
    """The criterion was deleted meanwhile; nothing was stored."""


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
    _lock_draft(criterion.version)
    row = _lock_row(criterion)
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
        for name, value in criterion_fields(merged).items():
            setattr(row, name, value)
        row.row_version += 1
        row.save()
    return row


def _lock_draft(version: RubricVersion) -> RubricVersion:
    """The draft, locked until the end of the transaction. Raises NotADraft."""
    locked = RubricVersion.objects.select_for_update().get(pk=version.pk)
    check_draft(locked)
    return locked


def _lock_row(criterion: Criterion) -> Criterion:
    row = (
        Criterion.objects.select_related("parent")
        .select_for_update(of=("self",))
        .filter(pk=criterion.pk)
        .first()
    )
    if row is None:
        raise CriterionGone(_("This criterion was deleted meanwhile."))
    return row


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
    draft = _lock_draft(version)
    nodes = outline(draft.as_rubric())
    places = {node.key: node for node in nodes}
    spot = after or parent
    if spot is not None and spot not in places:
        raise CannotMove(_("The place is not there any more; load the page again."))
    proposal = fields.get("key") or key_from_text(fields["text"])
    key = free_keys(version=draft, proposals=[proposal])[0]
    above = places[after].parent if after else parent
    value = domain.Criterion(**{**fields, "key": key, "parent": above})
    order = insert(nodes, Node(key, above, value.is_group), after=after)
    _store(draft, order, [Criterion(version=draft, **criterion_fields(value))])
    return draft.criteria.get(key=key)


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
    stems = Q()
    for proposal in set(proposals):
        stems |= Q(key__startswith=proposal)
    ofs = Q(version__rubric_id=version.rubric_id) & stems
    taken = {
        *Criterion.objects.filter(ofs).values_list("key", flat=True),
        *criterion_history().filter(ofs).values_list("key", flat=True),
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


@transaction.atomic
def duplicate_criterion(*, criterion: Criterion, by: User) -> Criterion:
    """Copy a criterion, or a group with all it holds, to just behind it; under new keys.

    Raises NotADraft and CriterionGone.
    """
    draft = _lock_draft(criterion.version)
    value = draft.as_rubric()
    order = outline(value)
    copied = subtree(order, _present(value, criterion.key))
    names = dict(zip(copied, free_keys(version=draft, proposals=copied), strict=True))
    rows = []
    for key in copied:
        old = value.by_key[key]
        top = key == criterion.key
        parent = old.parent if top or old.parent is None else names[old.parent]
        node = Node(names[key], parent, old.is_group)
        order = insert(order, node, after=key if top else None)
        new = replace(old, key=names[key], parent=parent)
        rows.append(Criterion(version=draft, **criterion_fields(new)))
    _store(draft, order, rows)
    return draft.criteria.get(key=names[criterion.key])


@transaction.atomic
def delete_criterion(*, criterion: Criterion, by: User) -> tuple[str, ...]:
    """Delete a criterion, or a group with all it holds; returns the keys that went.

    `restore_criteria` with these keys undoes it. Raises NotADraft and CriterionGone.
    """
    draft = _lock_draft(criterion.version)
    value = draft.as_rubric()
    order = outline(value)
    gone = subtree(order, _present(value, criterion.key))
    delete_rows(draft.criteria.filter(key__in=gone))
    return gone


@transaction.atomic
def restore_criteria(*, version: RubricVersion, keys: Sequence[str], by: User) -> list[Criterion]:
    """Bring deleted criteria of a draft back as they were, where they were if that still exists.

    Keys that were never deleted, or are back already, are passed over. Raises NotADraft.
    """
    draft = _lock_draft(version)
    value = draft.as_rubric()
    order = outline(value)
    rows = []
    for event in sorted(last_deletions(draft), key=lambda event: event.position):
        if event.key not in keys:
            continue
        row = row_from_history(event)
        parent = _parent_key(event, order)
        behind = _successor(draft, order, parent, event.position)
        order = insert(order, Node(row.key, parent, row.is_group))
        order = place(order, row.key, parent=parent, before=behind)
        rows.append(row)
    _store(draft, order, rows)
    return list(draft.criteria.filter(key__in=[row.key for row in rows]).order_by("position"))


def _parent_key(event: Any, order: Outline) -> str | None:
    """The key of the group it sat in, None where that is gone."""
    if event.parent_id is None:
        return None
    events = criterion_history().filter(pgh_obj_id=event.parent_id)
    key = events.values_list("key", flat=True).first()
    return next((node.key for node in order if node.key == key and node.is_group), None)


def _successor(
    draft: RubricVersion, order: Outline, parent: str | None, position: int
) -> str | None:
    """The first sibling that stands behind a position."""
    places = dict(draft.criteria.values_list("key", "position"))
    siblings = (node.key for node in order if node.parent == parent)
    return next((key for key in siblings if places.get(key, -1) > position), None)


@transaction.atomic
def move_criterion(*, criterion: Criterion, move: Move, by: User) -> Criterion:
    """Move a criterion, with what it holds, by one step.

    Raises NotADraft, CriterionGone, and CannotMove where there is nowhere to go.
    """
    draft = _lock_draft(criterion.version)
    value = draft.as_rubric()
    _store(draft, step(outline(value), _present(value, criterion.key), move))
    return draft.criteria.get(key=criterion.key)


@transaction.atomic
def place_criterion(
    *, criterion: Criterion, parent: str | None, before: str | None, by: User
) -> Criterion:
    """Put a criterion, with what it holds, into a group (None: the top level).

    `before` is the key of a sibling there, None puts it last. Raises NotADraft,
    CriterionGone, and CannotMove where the place is not there any more.
    """
    draft = _lock_draft(criterion.version)
    value = draft.as_rubric()
    key = _present(value, criterion.key)
    if parent is not None and parent not in value.by_key:
        raise CannotMove(_("The group is not there any more."))
    _store(draft, place(outline(value), key, parent=parent, before=before))
    return draft.criteria.get(key=criterion.key)


@transaction.atomic
def order_criteria(
    *, version: RubricVersion, parent: str | None, pks: Sequence[int], by: User
) -> None:
    """Put what sits directly in a group (None: the top level) in the order of `pks`.

    Raises NotADraft, and CannotMove where `pks` are not exactly what sits there now.
    """
    draft = _lock_draft(version)
    order = outline(draft.as_rubric())
    keys = dict(draft.criteria.filter(pk__in=pks).values_list("pk", "key"))
    wanted = [keys[pk] for pk in pks if pk in keys]
    present = [node.key for node in order if node.parent == parent]
    if sorted(wanted) != sorted(present):
        raise CannotMove(_("The list changed meanwhile; load the page again."))
    for key in wanted:
        order = place(order, key, parent=parent)
    _store(draft, order)


def _present(value: domain.Rubric, key: str) -> str:
    if key not in value.by_key:
        raise CriterionGone(_("This criterion was deleted meanwhile."))
    return key


def _store(draft: RubricVersion, order: Outline, added: Sequence[Criterion] = ()) -> None:
    """Write the outline: insert the added rows, and update those whose place changed."""
    rows = {row.key: row for row in draft.criteria.all()}
    new = {row.key: row for row in added}
    positions = spaced([rows[n.key].position if n.key in rows else None for n in order])
    changed = []
    for node, position in zip(order, positions, strict=True):
        parent = (rows | new)[node.parent] if node.parent else None
        row = rows.get(node.key) or new[node.key]
        if node.key in new:
            row.parent, row.position = parent, position
            row.save(force_insert=True)
        elif (row.position, row.parent_id) != (position, parent.pk if parent else None):
            row.parent, row.position = parent, position
            changed.append(row)
    Criterion.objects.bulk_update(changed, ["parent", "position"])

"""Criteria made from others, and many at once: split, merge, paste."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from rubricstudio.actions.criteria import place_for, store_new
from rubricstudio.actions.drafts import (
    States,
    fields_of,
    free_keys,
    key_from_text,
    lock_draft,
    lock_row,
    note,
    placed,
    whole,
    write_tree,
)
from rubricstudio.actions.rubrics import criterion_fields, delete_rows
from rubricstudio.domain import rubric as domain
from rubricstudio.domain.outline import Node, insert, remove
from rubricstudio.domain.pasted import Pasted
from rubricstudio.models import Criterion, RubricVersion, User
from rubricstudio.queries.tree import spots, tree_of


class CannotReshape(ValueError):
    """The criterion cannot be split or merged; the message says why."""


class Weighing(StrEnum):
    """What becomes of the weight when a criterion is split."""

    DIVIDE = "divide"
    KEEP = "keep"


@dataclass(frozen=True)
class Reshaped:
    """The keys of rows that changed and came, and the ids of those that went."""

    changed: tuple[str, ...]
    added: tuple[str, ...] = ()
    removed: tuple[int, ...] = ()


@transaction.atomic
def split_criterion(
    *,
    criterion: Criterion,
    texts: Sequence[str],
    row_version: int,
    by: User,
    weighing: Weighing = Weighing.DIVIDE,
) -> Reshaped:
    """Make two or more criteria of one: it keeps the first text, new ones behind it the others.

    The new ones take over everything but examples. Dividing gives each an equal part of the
    weight, keeping gives each the whole. Raises CannotReshape, also where the row has changed
    since `row_version`; CriterionGone and NotADraft.
    """
    draft = lock_draft(criterion.version)
    row = lock_row(criterion)
    parts = [text.strip() for text in texts if text.strip()]
    if row.is_group:
        raise CannotReshape(_("A group cannot be split; split what is in it."))
    if len(parts) < 2:
        raise CannotReshape(_("Give two texts: put the cursor where the second one begins."))
    if row.row_version != row_version:
        raise CannotReshape(_("Somebody else changed this criterion meanwhile; nothing was split."))
    tree = tree_of(draft)
    old = row.as_criterion()
    weight = old.weight / len(parts) if weighing is Weighing.DIVIDE else old.weight
    origin = domain.Origin("split", old.text[:200], old.key)
    keys = free_keys(version=draft, proposals=[key_from_text(text) for text in parts[1:]])
    order, behind, made = tree.order, old.key, []
    for key, text in zip(keys, parts[1:], strict=True):
        order = insert(order, Node(key, old.parent), after=behind)
        new = replace(old, key=key, text=text, weight=weight, examples=(), origin=origin)
        made.append(Criterion(**criterion_fields(new)))
        behind = key
    before, after = _rewritten(row, replace(old, text=parts[0], weight=weight))
    stored = write_tree(draft, tree, order, made)
    came = placed({key: whole(new) for key, new in stored.items()}, order)
    note(
        draft=draft,
        by=by,
        kind="split",
        before=before | dict.fromkeys(came),
        after=after | came,
    )
    return Reshaped((old.key,), tuple(keys))


@transaction.atomic
def merge_criterion(
    *, criterion: Criterion, by: User, joint: str = " ", row_version: int | None = None
) -> Reshaped:
    """Join a criterion with the one behind it: texts joined, weights added, the second goes.

    The first keeps its polarity, scale and all else; descriptions are joined, tags,
    references and examples are united. Raises CannotReshape where there is no second
    criterion behind it or the two do not fit; CriterionGone and NotADraft.
    """
    draft = lock_draft(criterion.version)
    row = lock_row(criterion)
    tree = tree_of(draft)
    behind = spots(tree.order)[row.key].before
    second = draft.criteria.filter(key=behind).first() if behind else None
    _check_merge(row, second, row_version)
    assert second is not None
    second.parent = row.parent
    joined = _joined(row.as_criterion(), second.as_criterion(), joint)
    gone = placed({second.key: whole(second)}, tree.order)
    before, after = _rewritten(row, joined)
    delete_rows(draft.criteria.filter(pk=second.pk))
    write_tree(draft, tree, remove(tree.order, second.key))
    note(
        draft=draft,
        by=by,
        kind="merge",
        before=before | gone,
        after=after | dict.fromkeys(gone),
    )
    return Reshaped((row.key,), removed=(second.pk,))


def _check_merge(row: Criterion, second: Criterion | None, row_version: int | None) -> None:
    if second is None or row.is_group or second.is_group:
        raise CannotReshape(_("There is no criterion just behind it to merge with."))
    if row_version is not None and row.row_version != row_version:
        raise CannotReshape(
            _("Somebody else changed this criterion meanwhile; nothing was merged.")
        )
    if row.met_means != second.met_means:
        raise CannotReshape(_("One of the two is good when met and the other bad."))
    if row.as_scale() != second.as_scale():
        raise CannotReshape(_("The two have different scales."))


def _joined(first: domain.Criterion, second: domain.Criterion, joint: str) -> domain.Criterion:
    texts = first.text.rstrip(), second.text.lstrip()
    return replace(
        first,
        text=joint.join(texts),
        weight=first.weight + second.weight,
        description="\n".join(filter(None, (first.description, second.description))),
        tags=tuple(dict.fromkeys((*first.tags, *second.tags))),
        references=tuple(dict.fromkeys((*first.references, *second.references))),
        examples=(*first.examples, *second.examples),
        gate=first.gate or second.gate,
        evidence_required=first.evidence_required or second.evidence_required,
        origin=domain.Origin("merge", second.text[:200], second.key),
    )


def _rewritten(row: Criterion, value: domain.Criterion) -> tuple[States, States]:
    """Store a row's new value; what changed, before and after."""
    before = fields_of(row)
    for name, stored in criterion_fields(value).items():
        setattr(row, name, stored)
    row.row_version += 1
    row.save()
    after = fields_of(row)
    names = [name for name in after if after[name] != before[name]]
    return (
        {row.key: {"fields": {name: before[name] for name in names}}},
        {row.key: {"fields": {name: after[name] for name in names}}},
    )


@transaction.atomic
def paste_criteria(
    *,
    version: RubricVersion,
    rows: Sequence[Pasted],
    by: User,
    after: str | None = None,
    parent: str | None = None,
) -> list[Criterion]:
    """Add what was pasted, behind `after` or last in `parent`, groups with what they hold.

    Raises NotADraft, domain.InvalidRubric, and CannotMove where the place is not there.
    """
    draft = lock_draft(version)
    tree = tree_of(draft)
    top = place_for(tree, after=after, parent=parent)
    keys = free_keys(version=draft, proposals=[key_from_text(row.text) for row in rows])
    order, behind, made = tree.order, after, []
    above: list[str] = []
    for key, row in zip(keys, rows, strict=True):
        del above[row.depth :]
        inside = above[-1] if above else top
        order = insert(order, Node(key, inside, row.is_group), after=None if above else behind)
        if not above:
            behind = key if after else None
        made.append(Criterion(**criterion_fields(_value(key, row))))
        if row.is_group:
            above.append(key)
    return store_new(draft, tree, order, made, by=by, kind="paste") if made else []


def _value(key: str, row: Pasted) -> domain.Criterion:
    shared: dict[str, Any] = {"key": key, "text": row.text, "description": row.description}
    if row.is_group:
        return domain.Criterion(**shared, is_group=True)
    return domain.Criterion(
        **shared,
        weight=row.weight,
        met_means=row.met_means,
        tier=row.tier,
        tags=row.tags,
        origin=domain.Origin("paste"),
    )

"""Two people edit one criterion: what fits together, and what has to be asked."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from rubricstudio.domain.rubric import Criterion

# A scale is one field: half of one scale and half of another make no scale.
MERGED_FIELDS = (
    "text",
    "description",
    "weight",
    "met_means",
    "scale",
    "tier",
    "gate",
    "judged_by",
    "evidence_required",
    "tags",
    "category",
    "examples",
    "references",
    "program",
)


@dataclass(frozen=True, slots=True)
class Clash:
    """A field that both changed, each to something else."""

    field: str
    base: Any
    mine: Any
    theirs: Any


def merge(base: Criterion, mine: Criterion, theirs: Criterion) -> tuple[Criterion, list[Clash]]:
    """Join two edits of `base` field by field.

    Returns `theirs` with every change of mine that they did not touch, and the fields
    on which both changed to different values, where `theirs` still stands.
    """
    changes: dict[str, Any] = {}
    clashes = []
    for name in MERGED_FIELDS:
        was, my, their = (getattr(value, name) for value in (base, mine, theirs))
        if my in (was, their):
            continue
        if their == was:
            changes[name] = my
        else:
            clashes.append(Clash(name, was, my, their))
    return replace(theirs, **changes), clashes


def clashes_between(mine: Criterion, theirs: Criterion) -> list[Clash]:
    """Every field in which the two differ, for an edit whose start is not known."""
    pairs = ((name, getattr(mine, name), getattr(theirs, name)) for name in MERGED_FIELDS)
    return [Clash(name, None, my, their) for name, my, their in pairs if my != their]

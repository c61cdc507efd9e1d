"""A version as the editor shows it: rows in a tree, and what their weights add up to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rubricstudio.domain import rubric as domain
from rubricstudio.domain.merge import Clash
from rubricstudio.models import Criterion, RubricVersion
from rubricstudio.queries.rubrics import Deletion, deletions, unfit_reason


@dataclass(frozen=True)
class Typed:
    """What somebody sent for one criterion and could not be stored, and why.

    clashes: fields somebody else changed meanwhile, up to row version `seen`. refused:
    why the version cannot be edited at all.
    """

    pk: int
    values: Mapping[str, str]
    errors: Sequence[str] = ()
    clashes: Sequence[Clash] = ()
    seen: int | None = None
    refused: str = ""


@dataclass(frozen=True)
class Row:
    """A criterion in the tree: what its fields show, and which groups end behind it.

    odd: weight and polarity pull apart. size: how many rows sit below a group.
    """

    criterion: Criterion
    share: float | None
    odd: bool
    closes: Sequence[Criterion] = ()
    size: int = 0
    typed: Typed | None = None
    saved: bool = False
    joined: bool = False

    @property
    def text(self) -> str:
        return self._shown("text", self.criterion.text)

    @property
    def weight(self) -> str:
        return self._shown("weight", plain_number(self.criterion.weight))

    @property
    def met_means(self) -> str:
        return self._shown("met_means", self.criterion.met_means)

    def _shown(self, name: str, stored: str) -> str:
        return self.typed.values.get(name, stored) if self.typed else stored


def plain_number(value: float) -> str:
    """A number as a field takes it: 5 for 5.0, a point for the decimal mark."""
    return str(int(value)) if value == int(value) else repr(value)


@dataclass(frozen=True)
class Totals:
    """What the weights of a rubric add up to."""

    positive: float
    negative: float
    criteria: int
    groups: int
    gates: int
    shares: Mapping[str, float]
    by_siblings: bool


@dataclass(frozen=True)
class Sheet:
    """A version as the tree of its rows, with totals; two queries, however long it is."""

    version: RubricVersion
    rows: list[Row]
    totals: Totals
    value: domain.Rubric
    unfit: str = ""
    deleted: Sequence[Deletion] = ()


def sheet(version: RubricVersion, *, typed: Typed | None = None) -> Sheet:
    """The rows of a version depth first, its totals and, of a draft, what was deleted."""
    stored = {row.key: row for row in version.criteria.select_related("parent")}
    ordered = sorted(stored.values(), key=lambda row: (row.position, row.pk))
    value = domain.Rubric(
        tuple(row.as_criterion() for row in ordered), version.aggregator, dict(version.params)
    )
    totals = totals_of(value)
    walked = list(value.walk())
    rows = []
    for index, (_, criterion) in enumerate(walked):
        row = stored[criterion.key]
        rows.append(
            Row(
                criterion=row,
                share=totals.shares.get(criterion.key),
                odd=is_odd(row),
                closes=[stored[key] for key in _ending(value, walked, index)],
                size=_size(walked, index),
                typed=typed if typed and typed.pk == row.pk else None,
            )
        )
    deleted = deletions(version) if version.is_draft else []
    return Sheet(version, rows, totals, value, unfit_reason(value), deleted)


def row_of(criterion: Criterion, **state: Any) -> Row:
    """One row by itself; `state` is any of Row's typed, saved and joined."""
    return Row(criterion=criterion, share=None, odd=is_odd(criterion), **state)


def _ending(
    value: domain.Rubric, walked: Sequence[tuple[int, domain.Criterion]], index: int
) -> list[str]:
    """The groups whose last row is this one, innermost first."""
    depth, criterion = walked[index]
    next_depth = walked[index + 1][0] if index + 1 < len(walked) else 0
    ends = [criterion.key] if criterion.is_group and next_depth <= depth else []
    above = criterion.parent
    for _ in range(depth - next_depth):
        if above is not None:
            ends.append(above)
            above = value.by_key[above].parent
    return ends


def is_odd(criterion: Criterion) -> bool:
    """Whether weight and polarity pull apart: both are stored, so this may be meant."""
    if criterion.is_group or criterion.weight == 0:
        return False
    return (criterion.weight > 0) != (criterion.met_means == domain.MetMeans.GOOD)


def _size(walked: Sequence[tuple[int, domain.Criterion]], index: int) -> int:
    """How many rows sit below a row, at any depth."""
    depth = walked[index][0]
    end = index + 1
    while end < len(walked) and walked[end][0] > depth:
        end += 1
    return end - index - 1


def totals_of(value: domain.Rubric) -> Totals:
    """Points and shares. Where groups roll up, a share is what a leaf brings to the root."""
    rolled = value.aggregator == "hierarchical_mean"
    return Totals(
        positive=value.positive_weight,
        negative=value.negative_weight,
        criteria=len(value.leaves),
        groups=len(value.criteria) - len(value.leaves),
        gates=sum(1 for criterion in value.leaves if criterion.gate),
        shares=rolled_shares(value) if rolled else value.weight_shares(),
        by_siblings=rolled,
    )


def rolled_shares(value: domain.Rubric) -> dict[str, float]:
    """Each leaf's share of the root: the product of its and its groups' shares among siblings.

    In [0, 1], 0 below weights that sum to 0; groups that hold no leaf take no share.
    """
    filled = set()
    for leaf in value.leaves:
        above: str | None = leaf.key
        while above is not None and above not in filled:
            filled.add(above)
            above = value.by_key[above].parent
    sums: dict[str | None, float] = {}
    for criterion in value.criteria:
        if criterion.key in filled:
            sums[criterion.parent] = sums.get(criterion.parent, 0.0) + abs(criterion.weight)
    shares: dict[str | None, float] = {None: 1.0}
    for criterion in value.criteria:
        total = sums.get(criterion.parent, 0.0)
        part = abs(criterion.weight) / total if total and criterion.key in filled else 0.0
        shares[criterion.key] = shares[criterion.parent] * part
    return {leaf.key: shares[leaf.key] for leaf in value.leaves}

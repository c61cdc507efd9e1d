"""A version as the editor shows it: rows in a tree, and what their weights add up to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from rubricstudio.domain import rubric as domain
from rubricstudio.domain.merge import Clash
from rubricstudio.domain.outline import Node, arranged
from rubricstudio.models import Criterion, RubricVersion
from rubricstudio.queries.rubrics import Deletion, deletions, unfit_reason
from rubricstudio.queries.tree import linked, spots, tree_of

MANY, FEW = 60, 10
# What sums, shares and the fit of an aggregator depend on; the rest of a row is long.
WEIGHED = (
    *("key", "text", "is_group", "weight", "met_means", "scale_kind", "levels", "maximum"),
    *("tier", "gate", "position", "parent", "version"),
)


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

    odd: weight and polarity pull apart. weighs: what the weights of a group come to, where
    the group stands for them.
    """

    criterion: Criterion
    share: float | None
    odd: bool
    closes: Sequence[Criterion] = ()
    weighs: float | None = None
    typed: Typed | None = None
    saved: bool = False
    joined: bool = False

    @property
    def pk(self) -> str:
        """The id as a page writes it, whatever the language groups digits by."""
        return str(self.criterion.pk)

    @property
    def version(self) -> str:
        return str(self.criterion.row_version)

    @property
    def key(self) -> str:
        return self.criterion.key

    @property
    def is_marked(self) -> bool:
        """Whether anything is to be said below the fields."""
        row = self.criterion
        told = row.gate or row.tier or row.description or row.evidence_required or self.odd
        return bool(told) or row.scale_kind != "binary" or row.judged_by != "anyone"

    @property
    def description(self) -> str:
        return self.criterion.description

    @property
    def kind(self) -> tuple[object, ...] | None:
        """Rows of a kind look alike but for key, texts and numbers; None says that none does."""
        row = self.criterion
        if self.typed or self.saved:
            return None
        levels = tuple(str(level["label"]) for level in row.levels)
        scale = (row.scale_kind, row.maximum, levels)
        marks = (row.gate, row.judged_by, row.evidence_required, self.odd, bool(row.description))
        return (row.is_group, row.met_means, row.tier, *scale, *marks)

    @property
    def text(self) -> str:
        return self._shown("text", self.criterion.text)

    @property
    def weight(self) -> str:
        return self._shown("weight", plain_number(self.criterion.weight))

    @property
    def met_means(self) -> str:
        return self._shown("met_means", self.criterion.met_means)

    @property
    def tier(self) -> str:
        return self._shown("tier", self.criterion.tier)

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
    """A version as the tree of its rows, with totals; two queries, however long it is.

    outline: the rows whose shares are listed, all of them or, of many, the highest groups.
    heaviest: of many rows, those with the largest shares.
    """

    version: RubricVersion
    rows: list[Row]
    totals: Totals
    value: domain.Rubric
    unfit: str = ""
    deleted: Sequence[Deletion] = ()

    @property
    def is_long(self) -> bool:
        return len(self.rows) > MANY

    @property
    def outline(self) -> Sequence[Row]:
        return top_rows(self.rows) if self.is_long else self.rows

    @property
    def heaviest(self) -> Sequence[Row]:
        leaves = (row for row in self.rows if not row.criterion.is_group)
        return sorted(leaves, key=lambda row: -(row.share or 0.0))[:FEW] if self.is_long else ()


def sheet(version: RubricVersion, *, typed: Typed | None = None) -> Sheet:
    """The rows of a version depth first, its totals and, of a draft, what was deleted."""
    stored = linked(version.criteria.all())
    gone = deletions(version) if version.is_draft else []
    return _sheet(version, stored, [row.as_criterion() for row in stored], typed, gone)


def weighed_sheet(version: RubricVersion) -> Sheet:
    """The totals and shares alone, in one query: the rows are good for an outline only."""
    stored = linked(version.criteria.only(*WEIGHED))
    return _sheet(version, stored, [_weighed(row) for row in stored])


def _sheet(
    version: RubricVersion,
    stored: Sequence[Criterion],
    criteria: Sequence[domain.Criterion],
    typed: Typed | None = None,
    deleted: Sequence[Deletion] = (),
) -> Sheet:
    value = domain.Rubric(tuple(criteria), version.aggregator, dict(version.params))
    totals = totals_of(value)
    rows = tree_rows(stored, totals.shares, typed)
    return Sheet(version, rows, totals, value, unfit_reason(value), deleted)


def _weighed(row: Criterion) -> domain.Criterion:
    return domain.Criterion(
        key=row.key,
        text=row.text,
        weight=row.weight,
        met_means=domain.MetMeans(row.met_means),
        scale=row.as_scale(),
        tier=domain.Tier(row.tier) if row.tier else None,
        gate=row.gate,
        parent=row.parent.key if row.parent else None,
        is_group=row.is_group,
    )


def tree_rows(
    stored: Sequence[Criterion],
    shares: Mapping[str, float] | None = None,
    typed: Typed | None = None,
) -> list[Row]:
    """Linked criteria as rows depth first; those whose group is not among them come on top."""
    by_key = {row.key: row for row in stored}
    parents = {row.key: row.parent.key if row.parent else None for row in stored}
    nodes = [
        Node(key, parent if parent in by_key else None, by_key[key].is_group)
        for key, parent in parents.items()
    ]
    order = arranged(nodes)
    rows = []
    open_groups: list[str] = []
    for index, node in enumerate(order):
        row = by_key[node.key]
        behind = order[index + 1].parent if index + 1 < len(order) else None
        if node.is_group:
            open_groups.append(node.key)
        closes = []
        while open_groups and open_groups[-1] != behind:
            closes.append(by_key[open_groups.pop()])
        rows.append(
            Row(
                criterion=row,
                share=shares.get(node.key) if shares else None,
                odd=is_odd(row),
                closes=closes,
                typed=typed if typed and typed.pk == row.pk else None,
            )
        )
    return rows


def top_rows(rows: Sequence[Row]) -> list[Row]:
    """The rows of the top level; a group carries the shares and weights of all below it.

    Where one group holds everything, the level below it takes the place of the top.
    """
    above: int | None = None
    while len(top := [row for row in rows if row.criterion.parent_id == above]) == 1:
        if not top[0].criterion.is_group:
            break
        above = top[0].criterion.pk
    tops: list[Row] = []
    sums: list[tuple[float, float]] = []
    for row in rows:
        if row.criterion.parent_id == above:
            tops.append(row)
            sums.append((0.0, 0.0))
        elif tops and not row.criterion.is_group:
            share, weighs = sums[-1]
            sums[-1] = (share + (row.share or 0.0), weighs + row.criterion.weight)
    return [
        replace(row, share=share, weighs=weighs) if row.criterion.is_group else row
        for row, (share, weighs) in zip(tops, sums, strict=True)
    ]


# -- what changed, for a page that shows the rest already


@dataclass(frozen=True)
class Patch:
    """Rows to draw, and where they and others stand now; as many queries for 5 as for 500.

    places: id of the row, of its group and of the sibling behind it, last row first, so
    that each finds its neighbour in place.
    """

    added: Sequence[Row]
    changed: Sequence[Row]
    removed: Sequence[int]
    places: Sequence[Mapping[str, int | None]]


def patch_of(
    version: RubricVersion,
    *,
    added: Sequence[str] = (),
    changed: Sequence[str] = (),
    moved: Sequence[str] = (),
    removed: Sequence[int] = (),
) -> Patch:
    """What a page has to do about rows with these keys, and without these ids."""
    places = _places(version, {*added, *moved}, set(added)) if added or moved else []
    found = version.criteria.filter(key__in=[*added, *changed]) if added or changed else []
    rows = linked(found)
    return Patch(
        added=tree_rows([row for row in rows if row.key in added]),
        changed=[row_of(row) for row in rows if row.key in changed],
        removed=removed,
        places=places,
    )


def _places(
    version: RubricVersion, keys: set[str], added: set[str]
) -> list[Mapping[str, int | None]]:
    """Where rows stand; what came inside a group that came with it is in its place already."""
    tree = tree_of(version)
    found = spots(tree.order)
    return [
        {
            "id": tree.pks[key],
            "parent": tree.pks[spot.parent] if spot.parent else None,
            "before": tree.pks[spot.before] if spot.before else None,
        }
        for key in reversed([node.key for node in tree.order if node.key in keys])
        for spot in [found[key]]
        if not (key in added and spot.parent in added)
    ]


def row_of(criterion: Criterion, **state: Any) -> Row:
    """One row by itself; `state` is any of Row's typed, saved and joined."""
    return Row(criterion=criterion, share=None, odd=is_odd(criterion), **state)


def is_odd(criterion: Criterion) -> bool:
    """Whether weight and polarity pull apart: both are stored, so this may be meant."""
    if criterion.is_group or criterion.weight == 0:
        return False
    return (criterion.weight > 0) != (criterion.met_means == domain.MetMeans.GOOD)


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

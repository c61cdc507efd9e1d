"""Which statistics fit the scale of a criterion."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from rubricstudio.domain.agreement.counts import Level, categories_of
from rubricstudio.domain.rubric import BINARY, Scale, ScaleKind
from rubricstudio.domain.table import BoolArray, FloatArray, IntArray, Label, VerdictTable

_MOST_CATEGORIES = 32  # more distinct values than this are treated as a continuous scale


@dataclass(frozen=True, eq=False, slots=True)
class ScaleGroup:
    """The criteria of a table that share a scale.

    members: (k,) criterion codes of the table. categories: rising values, None for a
    points scale. level: what its differences mean. low, span: to read a value as a
    share of the scale.
    """

    members: IntArray
    categories: FloatArray | None
    level: Level
    low: float
    span: float

    @property
    def is_binary(self) -> bool:
        """Whether the values are met and not met."""
        return self.categories is not None and self.categories.tolist() == [0.0, 1.0]

    @property
    def is_ordered(self) -> bool:
        """Whether a larger value means more."""
        return self.is_binary or self.level is not Level.NOMINAL

    def holds(self, table: VerdictTable) -> BoolArray:
        """(n_units,) whether a unit's criterion is one of these."""
        return np.isin(table.criteria, self.members)


@dataclass(frozen=True, eq=False, slots=True)
class ScaleSlices:
    """The slices whose units all have criteria of one scale.

    units: (n_units,) whether a unit is in such a slice. slices: (k,) their codes.
    places: for each of those units, the place of its slice among `slices`.
    """

    group: ScaleGroup
    units: BoolArray
    slices: IntArray
    places: IntArray


def slices_by_scale(
    groups: Iterable[ScaleGroup], table: VerdictTable, slices: IntArray
) -> Iterator[ScaleSlices]:
    """Split (n_units,) slice codes by scale; a slice of mixed scales is in none."""
    for group in groups:
        inside = group.holds(table)
        pure = np.setdiff1d(slices[inside], slices[~inside])
        units = inside & np.isin(slices, pure)
        yield ScaleSlices(group, units, pure, np.searchsorted(pure, slices[units]))


def scale_groups(
    table: VerdictTable, scales: Mapping[Label, Scale] | None, values: FloatArray
) -> list[ScaleGroup]:
    """The table's criteria by scale, in order of first appearance.

    scales: by criterion label; a criterion it does not name is binary. None: all
    criteria share one nominal scale of the values seen in `values` (any shape).
    """
    codes = np.unique(table.criteria)
    if scales is None:
        return [_seen(codes, values)] if len(codes) else []
    grouped: dict[Scale, list[int]] = {}
    for code in codes.tolist():
        scale = scales.get(table.criterion_labels[code], BINARY)
        grouped.setdefault(_plain(scale), []).append(code)
    return [_known(np.array(members), scale) for scale, members in grouped.items()]


def _plain(scale: Scale) -> Scale:
    """The scale without the wording of its levels, which does not change the numbers."""
    if scale.kind is not ScaleKind.ORDINAL:
        return scale
    levels = tuple(type(level)(level.value, "") for level in scale.levels)
    return Scale(scale.kind, levels)


def _known(members: IntArray, scale: Scale) -> ScaleGroup:
    span = scale.high - scale.low
    if scale.kind is ScaleKind.POINTS:
        return ScaleGroup(members, None, Level.INTERVAL, scale.low, span)
    if scale.kind is ScaleKind.BINARY:
        return ScaleGroup(members, np.array([0.0, 1.0]), Level.NOMINAL, 0.0, 1.0)
    values = np.array([level.value for level in scale.levels])
    return ScaleGroup(members, values, Level.ORDINAL, scale.low, span)


def _seen(members: IntArray, values: FloatArray) -> ScaleGroup:
    categories = categories_of(values)
    if np.isin(categories, (0.0, 1.0)).all():
        categories = np.array([0.0, 1.0])
    low, span = float(categories[0]), float(categories[-1] - categories[0]) or 1.0
    if len(categories) > _MOST_CATEGORIES:
        return ScaleGroup(members, None, Level.INTERVAL, low, span)
    return ScaleGroup(members, categories, Level.NOMINAL, low, span)

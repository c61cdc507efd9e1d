"""Which statistics fit the scale of a criterion."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from rubricstudio.domain.agreement.counts import Level, categories_of
from rubricstudio.domain.rubric import BINARY, Scale, ScaleKind
from rubricstudio.domain.table import BoolArray, FloatArray, IntArray, Label, VerdictTable

_MOST_CATEGORIES = 32  # more distinct values than this are treated as a continuous scale


@dataclass(frozen=True, eq=False, slots=True)
class ScaleGroup:
    """The units of a table whose criteria share a scale.

    units: (n_units,) whether a unit is one of them. categories: rising values, None for
    a points scale. level: what its differences mean. span: the width of the scale.
    """

    units: BoolArray
    categories: FloatArray | None
    level: Level
    span: float

    @property
    def is_binary(self) -> bool:
        """Whether the values are met and not met."""
        return self.categories is not None and self.categories.tolist() == [0.0, 1.0]

    @property
    def is_ordered(self) -> bool:
        """Whether a larger value means more."""
        return self.is_binary or self.level is not Level.NOMINAL

    def slices(self, slices: IntArray) -> tuple[IntArray, IntArray] | None:
        """(n_units,) slice codes to those of this scale, (k,), and each unit's place in them.

        None where one of these slices also holds units of another scale.
        """
        own, places = np.unique(slices[self.units], return_inverse=True)
        if np.isin(own, slices[~self.units]).any():
            return None
        return own, places


def scale_groups(
    table: VerdictTable, scales: Mapping[Label, Scale] | None, values: FloatArray
) -> list[ScaleGroup]:
    """The table's units by the scale of their criterion, in order of first appearance.

    scales: by criterion label; a criterion it does not name is binary. None: all
    criteria share one nominal scale of the values seen in `values` (any shape).
    """
    if not table.n_units:
        return []
    if scales is None:
        return [_seen(np.ones(table.n_units, dtype=np.bool_), values)]
    grouped: dict[Scale, list[int]] = {}
    for code in np.unique(table.criteria).tolist():
        scale = scales.get(table.criterion_labels[code], BINARY)
        grouped.setdefault(_plain(scale), []).append(code)
    if len(grouped) == 1:
        return [_known(np.ones(table.n_units, dtype=np.bool_), next(iter(grouped)))]
    return [_known(np.isin(table.criteria, codes), scale) for scale, codes in grouped.items()]


def _plain(scale: Scale) -> Scale:
    """The scale without the wording of its levels, which does not change the numbers."""
    if scale.kind is not ScaleKind.ORDINAL:
        return scale
    levels = tuple(type(level)(level.value, "") for level in scale.levels)
    return Scale(scale.kind, levels)


def _known(units: BoolArray, scale: Scale) -> ScaleGroup:
    span = scale.high - scale.low
    if scale.kind is ScaleKind.POINTS:
        return ScaleGroup(units, None, Level.INTERVAL, span)
    if scale.kind is ScaleKind.BINARY:
        return ScaleGroup(units, np.array([0.0, 1.0]), Level.NOMINAL, span)
    values = np.array([level.value for level in scale.levels])
    return ScaleGroup(units, values, Level.ORDINAL, span)


def _seen(units: BoolArray, values: FloatArray) -> ScaleGroup:
    categories = categories_of(values)
    if np.isin(categories, (0.0, 1.0)).all():
        categories = np.array([0.0, 1.0])
    span = float(categories[-1] - categories[0]) or 1.0
    if len(categories) > _MOST_CATEGORIES:
        return ScaleGroup(units, None, Level.INTERVAL, span)
    return ScaleGroup(units, categories, Level.NOMINAL, span)

"""Who answered what, for any number of raters: only the answers given take up room.

A table of units by raters has a cell for everyone who could have answered. With hundreds
of annotators and three answers an item nearly all of it would be empty, so the answers of
a unit stand side by side in as many places as the most answered unit has.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from rubricstudio.domain.table import (
    BoolArray,
    Column,
    FloatArray,
    IntArray,
    Label,
    Repeats,
    Values,
    VerdictTable,
    from_columns,
)


@dataclass(frozen=True, eq=False, slots=True)
class Answers:
    """The answers of people on units.

    table: its columns are places, not raters: the answers of a unit from the left, by rising
    rater. who: (n_units, n_places) codes into `raters`, -1 where a place is empty.
    weights: (n_units,) above 0, one over the probability that the unit was chosen; None
    where all count alike.
    """

    table: VerdictTable
    who: IntArray
    raters: tuple[Label, ...]
    weights: FloatArray | None = None

    def where(self, units: BoolArray) -> Answers:
        """The units marked True; labels and raters stay."""
        weights = None if self.weights is None else self.weights[units]
        return Answers(self.table.where(units), self.who[units], self.raters, weights)

    def by_rater(self) -> FloatArray:
        """(n_units, n_raters) the values by rater, NaN where there is none."""
        found = np.full((self.table.n_units, len(self.raters)), np.nan)
        units, places = np.nonzero(self.who >= 0)
        found[units, self.who[units, places]] = self.table.values[units, places]
        return found


def answers_of(
    *,
    tasks: Column,
    responses: Column,
    criteria: Column,
    raters: Column,
    values: Values,
    repeats: Repeats | Mapping[Label, Repeats] = Repeats.MAJORITY,
) -> Answers:
    """Answers from plain columns of equal length; what they hold is as in `from_columns`.

    Several answers of one rater on one unit become one by `repeats`.
    """
    # As a table of one rater, each row a unit of its own: codes and checks come from there.
    rows = len(values)
    units = from_columns(
        tasks=tasks,
        responses=responses,
        criteria=criteria,
        raters=np.zeros(rows, dtype=np.int64),
        values=np.zeros(rows),
    )
    index = {label: code for code, label in enumerate(_labels(raters))}
    who = _codes(raters, index)
    unit = _units(units, responses, criteria)
    cells, spots = np.unique(unit * max(len(index), 1) + who, return_inverse=True)
    given = _reduced(cells, spots, units, values, repeats, max(len(index), 1))
    cells, given = cells[~np.isnan(given)], given[~np.isnan(given)]
    owner, rater = np.divmod(cells, max(len(index), 1))
    places = np.arange(len(owner)) - np.searchsorted(owner, owner)
    width = int(places.max(initial=-1)) + 1
    table_values = np.full((units.n_units, width), np.nan)
    table_values[owner, places] = given
    codes = np.full((units.n_units, width), -1, dtype=np.int64)
    codes[owner, places] = rater
    table = replace(
        units,
        values=table_values,
        raters=tuple(range(width)),
        tied=np.zeros(table_values.shape, dtype=np.bool_),
    )
    return Answers(table, codes, tuple(index))


def _labels(column: Column) -> list[Label]:
    if isinstance(column, np.ndarray):
        return list(np.unique(column).tolist())
    return list(dict.fromkeys(column))


def _codes(column: Column, index: Mapping[Label, int]) -> IntArray:
    if isinstance(column, np.ndarray):
        return np.searchsorted(np.array(list(index)), column).astype(np.int64)
    return np.fromiter(map(index.__getitem__, column), np.int64, len(column))


def _units(table: VerdictTable, responses: Column, criteria: Column) -> IntArray:
    """The unit of each row; units are sorted by the codes of response, then criterion."""
    width = max(len(table.criterion_labels), 1)
    rows = _codes(responses, {label: n for n, label in enumerate(table.response_labels)}) * width
    rows += _codes(criteria, {label: n for n, label in enumerate(table.criterion_labels)})
    return np.searchsorted(table.responses * width + table.criteria, rows)


def _reduced(
    cells: IntArray,
    spots: IntArray,
    units: VerdictTable,
    values: Values,
    repeats: Repeats | Mapping[Label, Repeats],
    n_raters: int,
) -> FloatArray:
    """One value for each cell of (unit, rater), NaN where there is none or samples tie."""
    numbers = np.array(values, dtype=np.float64)
    if len(cells) == len(numbers):
        found = np.empty(len(cells))
        found[spots] = numbers
        return found
    codes = units.criteria[cells // n_raters]
    by_code: dict[Label, Repeats] = {
        code: repeats if isinstance(repeats, Repeats) else repeats.get(label, Repeats.MAJORITY)
        for code, label in enumerate(units.criterion_labels)
    }
    reduced = from_columns(
        tasks=np.zeros(len(numbers), dtype=np.int64),
        responses=spots,
        criteria=codes[spots],
        raters=np.zeros(len(numbers), dtype=np.int64),
        values=numbers,
        repeats=by_code,
    )
    return reduced.values[:, 0]


@dataclass(frozen=True, eq=False, slots=True)
class Pairs:
    """Every two answers on one unit. All arrays (n,): unit, the two raters, their values.

    The first rater's code is the smaller one.
    """

    units: IntArray
    first: IntArray
    second: IntArray
    x: FloatArray
    y: FloatArray


def pairs_of(answers: Answers) -> Pairs:
    """Every two answers that two raters gave on the same unit."""
    parts = list(_pairs(answers))
    if not parts:
        none = np.zeros(0, dtype=np.int64)
        return Pairs(none, none, none, np.zeros(0), np.zeros(0))
    units, first, second = (np.concatenate([part[n] for part in parts]) for n in range(3))
    x, y = (answers.table.values[units, np.concatenate([p[n] for p in parts])] for n in (3, 4))
    return Pairs(units, first, second, x, y)


def _pairs(answers: Answers) -> Iterator[tuple[IntArray, IntArray, IntArray, IntArray, IntArray]]:
    width = answers.who.shape[1]
    for right in range(1, width):
        units = np.flatnonzero(answers.who[:, right] >= 0)
        for left in range(right):
            places = [np.full(len(units), place, dtype=np.int64) for place in (left, right)]
            yield units, answers.who[units, left], answers.who[units, right], *places

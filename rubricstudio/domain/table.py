"""The table of verdicts: the one input of agreement, scores and review.

A unit is one cell of (response, criterion); a column is one rater, person or
machine. A value that was never given is NaN, and NaN is never counted as "no".
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from rubricstudio.domain.verdict import Verdict

Label: TypeAlias = str | int
FloatArray: TypeAlias = NDArray[np.float64]
IntArray: TypeAlias = NDArray[np.int64]
BoolArray: TypeAlias = NDArray[np.bool_]
Column: TypeAlias = Sequence[Label] | NDArray[np.generic]
Values: TypeAlias = Sequence[float | None] | NDArray[np.generic]


class Repeats(StrEnum):
    """How several samples of one rater on one cell become one value.

    majority: the value given most often; a tie leaves the cell unscored (NaN,
    marked in `VerdictTable.tied`), because which of the tied values is the
    cautious one depends on the criterion's polarity, which a table does not know.
    mean: the arithmetic mean, for scales on which a value in between has a meaning.
    Samples without a value are left out either way.
    """

    MAJORITY = "majority"
    MEAN = "mean"


class InvalidTable(ValueError):
    """The columns do not make a table; the message says which and why."""


@dataclass(frozen=True, eq=False, slots=True)
class VerdictTable:
    """Values of (response, criterion) units by raters.

    values: (n_units, n_raters) float64, NaN where the rater gave no value.
    tasks, responses, criteria: (n_units,) int64 codes into the label tuples.
    tied: (n_units, n_raters) bool, True where repeated samples tied (value NaN).
    Units are sorted by response, then criterion; labels keep the order of first
    appearance (integer labels from an array rise).
    """

    values: FloatArray
    tasks: IntArray
    responses: IntArray
    criteria: IntArray
    task_labels: tuple[Label, ...]
    response_labels: tuple[Label, ...]
    criterion_labels: tuple[Label, ...]
    raters: tuple[Label, ...]
    tied: BoolArray

    @property
    def n_units(self) -> int:
        """The number of (response, criterion) cells, with or without a value."""
        return len(self.values)

    @property
    def n_values(self) -> int:
        """The number of values in the table."""
        return int(np.count_nonzero(~np.isnan(self.values)))

    @property
    def values_per_unit(self) -> IntArray:
        """(n_units,) how many raters gave each unit a value."""
        return np.asarray(np.sum(~np.isnan(self.values), axis=1), dtype=np.int64)

    @property
    def coverage(self) -> float | None:
        """The share of units with at least one value, in [0, 1]; None for no units."""
        if not self.n_units:
            return None
        return float(np.count_nonzero(self.values_per_unit)) / self.n_units

    def rater_values(self, rater: Label) -> FloatArray:
        """(n_units,) the values of one rater, NaN where there is none.

        Raises KeyError for a rater the table does not hold.
        """
        if rater not in self.raters:
            raise KeyError(rater)
        return self.values[:, self.raters.index(rater)]

    def where(self, units: BoolArray) -> VerdictTable:
        """The table of the units marked True; labels and raters stay."""
        return replace(
            self,
            values=self.values[units],
            tasks=self.tasks[units],
            responses=self.responses[units],
            criteria=self.criteria[units],
            tied=self.tied[units],
        )

    def for_criterion(self, criterion: Label) -> VerdictTable:
        """The units of one criterion; KeyError for one the table does not hold."""
        if criterion not in self.criterion_labels:
            raise KeyError(criterion)
        return self.where(self.criteria == self.criterion_labels.index(criterion))

    def for_raters(self, raters: Collection[Label]) -> VerdictTable:
        """The columns of these raters, in the table's order; every unit stays.

        Raters the table does not hold are left out: they gave no verdict.
        """
        wanted = set(raters)
        kept = [index for index, rater in enumerate(self.raters) if rater in wanted]
        return replace(
            self,
            values=self.values[:, kept],
            tied=self.tied[:, kept],
            raters=tuple(self.raters[index] for index in kept),
        )

    def with_values(self, at_least: int = 1) -> VerdictTable:
        """The units that `at_least` raters gave a value."""
        return self.where(self.values_per_unit >= at_least)


def from_verdicts(
    verdicts: Iterable[Verdict],
    *,
    repeats: Repeats | Mapping[Label, Repeats] = Repeats.MAJORITY,
) -> VerdictTable:
    """The table of domain verdicts; a status other than ok makes a unit without a value.

    `repeats` as in `from_columns`. Raises InvalidTable as that does.
    """
    rows = list(verdicts)
    return from_columns(
        tasks=[row.task for row in rows],
        responses=[row.response for row in rows],
        criteria=[row.criterion for row in rows],
        raters=[row.rater for row in rows],
        values=[row.value for row in rows],
        repeats=repeats,
    )


def from_columns(
    *,
    tasks: Column,
    responses: Column,
    criteria: Column,
    raters: Column,
    values: Values,
    repeats: Repeats | Mapping[Label, Repeats] = Repeats.MAJORITY,
) -> VerdictTable:
    """The table of plain columns of equal length, one row a verdict.

    values: numbers, None or NaN where there is no value. repeats: one rule for all,
    or one for each criterion label (majority where a criterion is not named).
    A million rows take about half a second. Raises InvalidTable when lengths differ,
    a value is infinite or no number, or one response stands under two tasks.
    """
    numbers = _numbers(values)
    columns = {"tasks": tasks, "responses": responses, "criteria": criteria, "raters": raters}
    for name, column in columns.items():
        if len(column) != len(numbers):
            raise InvalidTable(f"{len(column)} {name} but {len(numbers)} values")
    task_codes, task_labels = _factorise(tasks)
    response_codes, response_labels = _factorise(responses)
    criterion_codes, criterion_labels = _factorise(criteria)
    rater_codes, rater_labels = _factorise(raters)
    response_tasks = _tasks_of_responses(response_codes, task_codes, response_labels)
    cells = response_codes * max(len(criterion_labels), 1) + criterion_codes
    units, unit_cells = _compact(cells, len(response_labels) * len(criterion_labels))
    unit_responses, unit_criteria = np.divmod(unit_cells, max(len(criterion_labels), 1))
    filled, tied = _fill(
        units * len(rater_labels) + rater_codes,
        numbers,
        (len(unit_cells), len(rater_labels)),
        _averaged(repeats, criterion_labels)[criterion_codes],
    )
    return VerdictTable(
        values=filled,
        tasks=response_tasks[unit_responses],
        responses=unit_responses,
        criteria=unit_criteria,
        task_labels=task_labels,
        response_labels=response_labels,
        criterion_labels=criterion_labels,
        raters=rater_labels,
        tied=tied,
    )


def _numbers(values: Values) -> FloatArray:
    try:
        numbers = np.array(values, dtype=np.float64)  # numpy reads None as NaN here
    except (TypeError, ValueError) as error:
        raise InvalidTable(f"values must be numbers or None: {error}") from error
    if np.isinf(numbers).any():
        raise InvalidTable(f"value {int(np.argmax(np.isinf(numbers)))} is infinite")
    return numbers


def _factorise(column: Column) -> tuple[IntArray, tuple[Label, ...]]:
    """Codes 0.. of each entry, and the label of each code."""
    if isinstance(column, np.ndarray):
        if column.dtype.kind in "iu" and len(column):
            whole = column.astype(np.int64)
            low = int(whole.min())
            codes, present = _compact(whole - low, int(whole.max()) - low + 1)
            return codes, tuple((present + low).tolist())
        column = column.tolist()
    index = {label: code for code, label in enumerate(dict.fromkeys(column))}
    codes = np.fromiter(map(index.__getitem__, column), np.int64, len(column))
    return codes, tuple(index)


def _compact(keys: IntArray, span: int) -> tuple[IntArray, IntArray]:
    """Renumber keys from [0, span) as 0.. without gaps, and the key of each number."""
    if span > 8 * len(keys) + 1024:  # too sparse for a table of all keys: sort instead
        present, codes = np.unique(keys, return_inverse=True)
        return codes.astype(np.int64), present
    seen = np.zeros(span, dtype=np.bool_)
    seen[keys] = True
    present = np.flatnonzero(seen)
    numbers = np.zeros(span, dtype=np.int64)
    numbers[present] = np.arange(len(present))
    return numbers[keys], present


def _tasks_of_responses(
    responses: IntArray, tasks: IntArray, labels: tuple[Label, ...]
) -> IntArray:
    """(n_responses,) the task of each response; InvalidTable where one has two."""
    of_response = np.zeros(len(labels), dtype=np.int64)
    of_response[responses] = tasks
    astray = of_response[responses] != tasks
    if astray.any():
        label = labels[int(responses[np.argmax(astray)])]
        raise InvalidTable(f"response {label!r} stands under two tasks")
    return of_response


def _averaged(repeats: Repeats | Mapping[Label, Repeats], criteria: tuple[Label, ...]) -> BoolArray:
    """(n_criteria,) whether repeated samples of each criterion are averaged."""
    if isinstance(repeats, Repeats):
        return np.full(len(criteria), repeats is Repeats.MEAN)
    rules = (repeats.get(label, Repeats.MAJORITY) for label in criteria)
    return np.array([rule is Repeats.MEAN for rule in rules], dtype=np.bool_)


def _fill(
    cells: IntArray, values: FloatArray, shape: tuple[int, int], averaged: BoolArray
) -> tuple[FloatArray, BoolArray]:
    """Place each value in its cell of (unit, rater); repeated ones are reduced."""
    flat = np.full(shape[0] * shape[1], np.nan)
    tied = np.zeros(flat.size, dtype=np.bool_)
    given = ~np.isnan(values)
    cells, values, averaged = cells[given], values[given], averaged[given]
    flat[cells] = values
    repeated = np.bincount(cells, minlength=flat.size)[cells] > 1
    for rule, chosen in ((_mean, repeated & averaged), (_majority, repeated & ~averaged)):
        if chosen.any():
            places, spots = np.unique(cells[chosen], return_inverse=True)
            flat[places] = rule(spots, values[chosen])
    if repeated.any():
        tied[cells] = np.isnan(flat[cells])
    return flat.reshape(shape), tied.reshape(shape)


def _mean(spots: IntArray, values: FloatArray) -> FloatArray:
    return np.bincount(spots, weights=values) / np.bincount(spots)


def _majority(spots: IntArray, values: FloatArray) -> FloatArray:
    """The value given most often at each spot, NaN where two or more tie."""
    options, codes = np.unique(values, return_inverse=True)
    pairs, votes = np.unique(spots * len(options) + codes, return_counts=True)
    owners, choices = np.divmod(pairs, len(options))
    top = np.zeros(int(spots.max()) + 1, dtype=np.int64)
    np.maximum.at(top, owners, votes)
    wins = votes == top[owners]
    winners = np.full(len(top), np.nan)
    winners[owners[wins]] = options[choices[wins]]
    winners[np.bincount(owners[wins], minlength=len(top)) > 1] = np.nan
    return winners

"""What was said in chosen rounds, as one table: a column for each person and each judge's run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from rubricstudio.domain.rubric import Criterion, Scale
from rubricstudio.domain.table import BoolArray, IntArray, Label, VerdictTable, from_columns
from rubricstudio.models import Preference, Preferred, Rater, Round
from rubricstudio.queries.verdict_table import VerdictColumns, verdict_columns
from scoring.queries.selection import Selection

PREFERENCE = "preference"
_PREFERENCE_VALUES = {Preferred.A.value: 1.0, Preferred.B.value: 2.0, Preferred.TIE.value: 0.0}
_SWAPPED = {1.0: 2.0, 2.0: 1.0, 0.0: 0.0}


@dataclass(frozen=True)
class Judge:
    """A judge in one run. `label` names the run too where the judge has several."""

    round: Round
    rater: Rater
    label: str
    column: int

    @property
    def code(self) -> str:
        """What an address names it by."""
        return f"{self.round.pk}-{self.rater.pk}"


@dataclass(frozen=True, eq=False)
class Material:
    """The table to compare, and who and what its columns and criteria are.

    A person's column is labelled by the rater's id: verdicts of one person in several
    sessions meet like repeated samples. A judge's column is labelled by `Judge.column`,
    below 0. asked: (n_units, n_columns), whether there is a verdict, with or without a
    value. criteria: by id in display order; None for preferences, which have no scales.
    """

    selection: Selection
    table: VerdictTable
    asked: BoolArray
    people: tuple[Rater, ...]
    judges: tuple[Judge, ...]
    criteria: Mapping[int, Criterion] | None

    @property
    def scales(self) -> Mapping[Label, Scale] | None:
        """The scale of each criterion; None for preferences."""
        if self.criteria is None:
            return None
        return {pk: criterion.scale for pk, criterion in self.criteria.items()}

    @cached_property
    def people_table(self) -> VerdictTable:
        """The people's columns, all units."""
        return self.table.for_raters([rater.pk for rater in self.people])

    @cached_property
    def people_asked(self) -> BoolArray:
        """(n_units,) whether a person gave a verdict, with or without a value."""
        columns = [self.table.raters.index(rater.pk) for rater in self.people]
        return np.asarray(self.asked[:, columns].any(axis=1))

    def asked_of(self, judge: Judge) -> BoolArray:
        """(n_units,) whether the judge gave a verdict, with or without a value."""
        return np.asarray(self.asked[:, self.table.raters.index(judge.column)])

    @property
    def shown_criteria(self) -> list[tuple[Label, Criterion]]:
        """The criteria that have a unit, in display order; empty for preferences."""
        present = set(np.unique(self.table.criteria).tolist())
        codes = {label: code for code, label in enumerate(self.table.criterion_labels)}
        criteria = self.criteria or {}
        return [(pk, value) for pk, value in criteria.items() if codes.get(pk) in present]


def verdict_material(selection: Selection) -> Material:
    """The current verdicts of the chosen rounds. Four queries."""
    columns = verdict_columns(rounds=selection.rounds)
    people, judges, labels = _who(selection, columns.round, columns.rater)
    table = replace(columns, rater=labels).table()
    asked = _asked(table, columns, labels)
    return Material(selection, table, asked, people, judges, columns.criteria)


def _who(
    selection: Selection, rounds: IntArray, raters: IntArray
) -> tuple[tuple[Rater, ...], tuple[Judge, ...], IntArray]:
    """People, judges, and the column label of each verdict."""
    pairs, inverse = np.unique(np.stack([rounds, raters]), axis=1, return_inverse=True)
    rows = Rater.objects.in_bulk({int(pk) for pk in pairs[1]})
    sessions = {row.pk for row in selection.people}
    runs = {row.pk: row for row in selection.judges}
    labels = np.array(
        [
            int(rater) if int(round_) in sessions else -1 - place
            for place, (round_, rater) in enumerate(pairs.T)
        ],
        dtype=np.int64,
    )
    people = {int(label): rows[int(label)] for label in labels.tolist() if label >= 0}
    judging = [
        (runs[int(pairs[0, -1 - label])], rows[int(pairs[1, -1 - label])], label)
        for label in labels.tolist()
        if label < 0
    ]
    return (
        tuple(sorted(people.values(), key=lambda rater: (rater.name.casefold(), rater.pk))),
        _judges(judging),
        labels[inverse.reshape(-1)],
    )


def _judges(found: Sequence[tuple[Round, Rater, int]]) -> tuple[Judge, ...]:
    names = [rater.name for _, rater, _ in found]
    rows = [
        Judge(
            round_,
            rater,
            rater.name if names.count(rater.name) == 1 else f"{rater.name} ({round_.name})",
            column,
        )
        for round_, rater, column in found
    ]
    return tuple(sorted(rows, key=lambda judge: (judge.label.casefold(), judge.round.pk)))


def _asked(table: VerdictTable, columns: VerdictColumns, labels: IntArray) -> BoolArray:
    """(n_units, n_columns) whether a verdict is there."""
    asked = np.zeros(table.values.shape, dtype=np.bool_)
    width = max(len(table.criterion_labels), 1)
    cells = _codes(columns.response, table.response_labels) * width
    cells += _codes(columns.criterion, table.criterion_labels)
    units = np.searchsorted(table.responses * width + table.criteria, cells)
    asked[units, _codes(labels, table.raters)] = True
    return asked


def _codes(values: IntArray, labels: tuple[Label, ...]) -> IntArray:
    """The place of each value among rising integer labels."""
    return np.searchsorted(np.array(labels, dtype=np.int64), values)


def preference_material(selection: Selection) -> Material:
    """The current preferences: units are pairs of responses, 1 the first, 2 the second, 0 a tie.

    A pair shown in the other order is turned round, so that both orders are one unit.
    """
    rows = _preferences(selection)
    rounds = np.array([row[0] for row in rows], dtype=np.int64)
    raters = np.array([row[1] for row in rows], dtype=np.int64)
    people, judges, labels = _who(selection, rounds, raters)
    pairs = [f"{min(a, b)}:{max(a, b)}" for _, _, _, a, b, _ in rows]
    table = from_columns(
        tasks=[row[2] for row in rows],
        responses=pairs,
        criteria=[PREFERENCE] * len(rows),
        raters=labels,
        values=[_preference_value(a, b, said) for _, _, _, a, b, said in rows],
    )
    asked = np.zeros(table.values.shape, dtype=np.bool_)
    places = {label: place for place, label in enumerate(table.response_labels)}
    units = np.array([places[pair] for pair in pairs], dtype=np.int64)
    asked[units, _codes(labels, table.raters)] = True
    return Material(selection, table, asked, people, judges, None)


def _preferences(selection: Selection) -> list[tuple[int, int, int, int, int, str | None]]:
    cell = ["round_id", "response_a_id", "response_b_id", "rater_id", "sample"]
    current = (
        Preference.objects.filter(round__in=selection.rounds)
        .order_by(*cell, "-revision")
        .distinct(*cell)
    )
    return list(
        current.values_list(
            "round_id", "rater_id", "task_id", "response_a_id", "response_b_id", "preferred"
        )
    )


def _preference_value(a: int, b: int, said: str | None) -> float | None:
    if said is None:
        return None
    value = _PREFERENCE_VALUES[said]
    return value if a < b else _SWAPPED[value]

"""What was said in chosen rounds, as one table: a column for each person and each judge's run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np

from annotations.queries.consensus import decisions, placed
from rubricstudio.domain.agreement import consensus
from rubricstudio.domain.rubric import Criterion, Scale
from rubricstudio.domain.table import (
    BoolArray,
    FloatArray,
    IntArray,
    Label,
    VerdictTable,
    from_columns,
)
from rubricstudio.models import Preference, Preferred, Rater, Round
from rubricstudio.queries.verdict_table import VerdictColumns, verdict_columns
from scoring.queries.sampling import Sampling, sampling_of
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
    weights: (n_units,) by which a unit counts in people's agreement, NaN for one that was
    not chosen by chance; None where all count alike. settled: (n_units,) what the people
    say together, adjudicated where it was; None where votes alone count.
    """

    selection: Selection
    table: VerdictTable
    asked: BoolArray
    people: tuple[Rater, ...]
    judges: tuple[Judge, ...]
    criteria: Mapping[int, Criterion] | None
    weights: FloatArray | None = None
    settled: FloatArray | None = None

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
    def agreed(self) -> FloatArray:
        """(n_units,) what the people say together; NaN where they tie or said nothing.

        Their majority, the mean on a points scale, or what was decided.
        """
        if self.settled is not None:
            return self.settled
        return consensus(self.people_table, self.scales)

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


def verdict_material(selection: Selection, *, adjudicated: bool = False) -> Material:
    """The current verdicts of the chosen rounds. Five queries, one more for items set aside."""
    sampling = sampling_of([row.pk for row in selection.people])
    columns = _counted(verdict_columns(rounds=selection.rounds), sampling)
    people, judges, labels = _who(selection, columns.round, columns.rater)
    table = replace(columns, rater=labels).table()
    asked = _asked(table, columns, labels)
    weights = unit_weights(table, sampling)
    material = Material(selection, table, asked, people, judges, columns.criteria, weights)
    return _settled(material, columns.same) if adjudicated else material


def _settled(material: Material, same: Mapping[int, int]) -> Material:
    """The material with what was decided in place of the people's votes."""
    decided = decisions([row.pk for row in material.selection.people], same)
    units, said = placed(material.table, decided)
    values = material.agreed.copy()
    values[units] = [value for _, value in said]
    return replace(material, settled=values)


def unit_weights(table: VerdictTable, sampling: Sampling) -> FloatArray | None:
    """(n_units,) by the response, or the pair, of each unit; None where all count alike."""
    if not sampling.is_unequal:
        return None
    of_response = sampling.unit_weights([str(label) for label in table.response_labels])
    return of_response[table.responses]


def _counted(columns: VerdictColumns, sampling: Sampling) -> VerdictColumns:
    """Without the people's verdicts given in training, on gold items, or a second time."""
    members = list(map(str, columns.response.tolist())) if sampling.aside else [""] * len(columns)
    kept = sampling.counts(columns.round, members, columns.sample)
    if kept.all():
        return columns
    names = ("round", "task", "response", "criterion", "rater", "sample", "value")
    arrays = {name: getattr(columns, name)[kept] for name in (*names, "not_applicable")}
    return replace(columns, **arrays)


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
    rows = preference_rows(selection.rounds)
    return material_of_pairs(selection, rows, [PREFERENCE] * len(rows))


def material_of_pairs(
    selection: Selection, rows: Sequence[PreferenceRow], asked_by: Sequence[Label]
) -> Material:
    """What was preferred in `rows`, each by what `asked_by` names: units are a pair and that."""
    sampling = sampling_of([row.pk for row in selection.people])
    rounds = np.array([row.round for row in rows], dtype=np.int64)
    samples = np.array([row.sample for row in rows], dtype=np.int64)
    members = [f"{min(row.a, row.b)},{max(row.a, row.b)}" for row in rows]
    kept = sampling.counts(rounds, members, samples)
    criteria = [label for label, keep in zip(asked_by, kept, strict=True) if keep]
    rows = [row for row, keep in zip(rows, kept, strict=True) if keep]
    raters = np.array([row.rater for row in rows], dtype=np.int64)
    people, judges, labels = _who(selection, rounds[kept], raters)
    pairs = [f"{min(row.a, row.b)},{max(row.a, row.b)}" for row in rows]
    table = from_columns(
        tasks=[row.task for row in rows],
        responses=pairs,
        criteria=criteria,
        raters=labels,
        values=[preference_value(row.a, row.b, row.preferred) for row in rows],
    )
    asked = np.zeros(table.values.shape, dtype=np.bool_)
    units = {
        (table.response_labels[pair], table.criterion_labels[criterion]): unit
        for unit, (pair, criterion) in enumerate(
            zip(table.responses.tolist(), table.criteria.tolist(), strict=True)
        )
    }
    said = np.array([units[key] for key in zip(pairs, criteria, strict=True)], dtype=np.int64)
    asked[said, _codes(labels, table.raters)] = True
    weights = unit_weights(table, sampling)
    return Material(selection, table, asked, people, judges, None, weights)


class PreferenceRow(NamedTuple):
    """A current preference: ids, and what was preferred, None where nothing was."""

    round: int
    rater: int
    task: int
    a: int
    b: int
    sample: int
    preferred: str | None


def preference_rows(rounds: Sequence[int]) -> list[PreferenceRow]:
    """The current preferences of these rounds. One query."""
    cell = ["round_id", "response_a_id", "response_b_id", "rater_id", "sample"]
    current = (
        Preference.objects.filter(round__in=rounds).order_by(*cell, "-revision").distinct(*cell)
    )
    names = ("round_id", "rater_id", "task_id", "response_a_id", "response_b_id", "sample")
    return [PreferenceRow(*row) for row in current.values_list(*names, "preferred")]


def preference_value(a: int, b: int, said: str | None) -> float | None:
    """1 for the response with the smaller id, 2 for the other, 0 for a tie."""
    if said is None:
        return None
    value = _PREFERENCE_VALUES[said]
    return value if a < b else _SWAPPED[value]

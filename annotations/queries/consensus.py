"""The consensus of people in chosen rounds: what a method makes of it, what was adjudicated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from annotations.models import Adjudication, Decision
from annotations.queries.disputes import set_aside
from rubricstudio.domain.consensus import Consensus, Method, Provenance, consensus
from rubricstudio.domain.rubric import Criterion, Scale
from rubricstudio.domain.table import IntArray, Label, VerdictTable
from rubricstudio.queries.verdict_table import VerdictColumns, verdict_columns


@dataclass(frozen=True, eq=False)
class PeopleConsensus:
    """A consensus with the table it is of; `criteria` by label, in display order."""

    table: VerdictTable
    consensus: Consensus
    criteria: Mapping[int, Criterion]

    @property
    def responses(self) -> IntArray:
        """(n_units,) the id of each unit's response."""
        return np.array(self.table.response_labels, dtype=np.int64)[self.table.responses]

    @property
    def criterion_ids(self) -> IntArray:
        """(n_units,) the id of each unit's criterion."""
        return np.array(self.table.criterion_labels, dtype=np.int64)[self.table.criteria]


def people_consensus(
    rounds: Sequence[int],
    method: Method,
    *,
    versions: Sequence[int] | None = None,
    adjudicated: bool = True,
) -> PeopleConsensus:
    """What the people of these rounds say together, adjudicated where it was. Five queries.

    versions: as for `verdict_columns`. Without `adjudicated` decisions are left aside.
    """
    columns = verdict_columns(rounds=rounds, versions=versions)
    columns = counted(columns, set_aside(rounds))
    scales: dict[Label, Scale] = {pk: value.scale for pk, value in columns.criteria.items()}
    table = columns.table()
    found = consensus(table, method, scales)
    if adjudicated:
        found = settled(table, found, decisions(rounds, columns.same))
    return PeopleConsensus(table, found, columns.criteria)


def counted(columns: VerdictColumns, aside: Sequence[tuple[int, int]]) -> VerdictColumns:
    """Without what was said a second time, or of items that teach or test annotators."""
    kept = columns.sample == 0
    if aside:
        cells = zip(columns.round.tolist(), columns.response.tolist(), strict=True)
        left_out = frozenset(aside)
        kept &= np.array([cell not in left_out for cell in cells], dtype=np.bool_)
    if kept.all():
        return columns
    names = ("round", "task", "response", "criterion", "rater", "sample", "value")
    arrays = {name: getattr(columns, name)[kept] for name in (*names, "not_applicable")}
    return replace(columns, **arrays)


def decisions(
    rounds: Sequence[int], same: Mapping[int, int]
) -> dict[tuple[int, int], tuple[str, float]]:
    """The newest decision on each (response, criterion): what was decided, and the value.

    The value is NaN where it is unresolved or cannot be assessed. same: criterion id to
    the one that stands for it; decisions on others are left out. One query.
    """
    rows = Adjudication.objects.filter(round__in=rounds).order_by("pk")
    columns = ("response_id", "criterion_id", "decision", "value")
    return {
        (response, same[criterion]): (decision, np.nan if value is None else value)
        for response, criterion, decision, value in rows.values_list(*columns)
        if criterion in same
    }


def settled(
    table: VerdictTable,
    found: Consensus,
    decided: Mapping[tuple[int, int], tuple[str, float]],
) -> Consensus:
    """The consensus with what was decided in place of what a method makes of the votes."""
    if not decided:
        return found
    units, known = placed(table, decided)
    values, kind = found.values.copy(), found.provenance.copy()
    for unit, (decision, value) in zip(units.tolist(), known, strict=True):
        values[unit] = value
        unresolved = decision == Decision.UNRESOLVED
        kind[unit] = Provenance.UNRESOLVED if unresolved else Provenance.ADJUDICATED
    touched = np.zeros(len(values), dtype=np.bool_)
    touched[units] = True
    same = (table.values == values[:, None]).sum(axis=1)
    share = np.where(np.isnan(values), np.nan, same / np.maximum(found.n, 1))
    return replace(
        found,
        values=values,
        provenance=kind,
        share=np.where(touched, share, found.share),
        probability=np.where(touched, np.nan, found.probability),
    )


def placed(
    table: VerdictTable, decided: Mapping[tuple[int, int], tuple[str, float]]
) -> tuple[IntArray, list[tuple[str, float]]]:
    """The unit of each decision, and the decisions; those about no unit are left out."""
    responses = {label: code for code, label in enumerate(table.response_labels)}
    criteria = {label: code for code, label in enumerate(table.criterion_labels)}
    width = max(len(criteria), 1)
    known = [
        (responses[response] * width + criteria[criterion], said)
        for (response, criterion), said in decided.items()
        if response in responses and criterion in criteria
    ]
    # Units stand in rising order of response and criterion.
    cells = np.array([cell for cell, _ in known], dtype=np.int64)
    return np.searchsorted(table.responses * width + table.criteria, cells), [
        said for _, said in known
    ]

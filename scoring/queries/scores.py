"""Scores by rater and response, computed from verdicts in blocks that fit in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from django.db import connection

from rubricstudio.domain.aggregation import (
    Missing,
    ScoreColumns,
    by_response,
    panel_values,
    score_many,
)
from rubricstudio.domain.rubric import ScaleKind
from rubricstudio.domain.table import BoolArray, FloatArray, IntArray, Label, Repeats, from_columns
from rubricstudio.models import Project, Round, RoundKind
from rubricstudio.queries.verdict_table import VerdictColumns, verdict_columns
from scoring.queries.pins import Pin

BLOCK = 5_000
PANEL = 0
"""Stands where a rater's id does: the people of a session together, by majority."""


@dataclass(frozen=True)
class Scoring:
    """What is scored and how. aggregator: empty for the one each version names."""

    project: Project
    pins: tuple[Pin, ...]
    rounds: tuple[Round, ...]
    aggregator: str = ""
    missing: Missing = Missing.EXCLUDE


@dataclass(frozen=True, eq=False)
class ScoreBlock:
    """Scores of some responses on one version; arrays are (n,), `scores` aligned with them.

    rater: the rater's id, or PANEL for all people of the session together.
    """

    pin: Pin
    round: IntArray
    rater: IntArray
    task: IntArray
    response: IntArray
    scores: ScoreColumns


def score_blocks(scoring: Scoring, *, block: int = BLOCK) -> Iterator[ScoreBlock]:
    """Score whoever gave a verdict, some thousand responses at a time, by rising response.

    block: how many responses at a time where there is one round; with more, fewer, down to 250.

    A criterion that a rater was never asked about, or gave no value on, counts as missing
    unless it does not apply. A session's people are also scored together (PANEL): by
    majority, a tie going to the value that is worse for the response.
    """
    rounds = [row.pk for row in scoring.rounds]
    versions = [pin.version.pk for pin in scoring.pins]
    sessions = np.array([r.pk for r in scoring.rounds if r.kind == RoundKind.SESSION], np.int64)
    if not rounds or not versions:
        return
    # Each round may have judged every response: memory follows the verdicts, not the responses.
    size = max(block // len(rounds), 250)
    for ends in _response_ranges(scoring.project, size):
        columns = verdict_columns(rounds=rounds, versions=versions, responses=ends)
        for pin in scoring.pins:
            mine = _where(columns, np.isin(columns.criterion, pin.leaf_ids))
            if len(mine):
                yield _single(scoring, pin, mine)
            together = _where(mine, np.isin(mine.round, sessions))
            if len(together):
                yield _panel(scoring, pin, together)


def _response_ranges(project: Project, size: int) -> list[tuple[int, int]]:
    """The first and last id of each `size` responses of a project."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT min(id), max(id) FROM (
                SELECT id, (row_number() OVER (ORDER BY id) - 1) / %s AS part
                  FROM studio_response WHERE project_id = %s) numbered
             GROUP BY part ORDER BY 1
            """,
            [size, project.pk],
        )
        return list(cursor.fetchall())


def _where(columns: VerdictColumns, kept: BoolArray) -> VerdictColumns:
    names = ("round", "task", "response", "criterion", "rater", "sample", "value")
    named = {name: getattr(columns, name)[kept] for name in (*names, "not_applicable")}
    return replace(columns, **named)


def _single(scoring: Scoring, pin: Pin, columns: VerdictColumns) -> ScoreBlock:
    """Each rater of each round on their own."""
    first, rows = _groups(columns.round, columns.rater, columns.response)
    table = from_columns(
        tasks=columns.task,
        responses=rows,
        criteria=columns.criterion,
        raters=np.zeros(len(columns), dtype=np.int64),
        values=columns.value,
        repeats=_repeats(pin),
    )
    values = by_response(table, table.values[:, 0], pin.leaf_ids)
    scores = _scored(scoring, pin, values, rows, columns)
    return _block(pin, columns, first, scores)


def _panel(scoring: Scoring, pin: Pin, columns: VerdictColumns) -> ScoreBlock:
    """The people of each session together."""
    first, rows = _groups(columns.round, columns.response)
    table = from_columns(
        tasks=columns.task,
        responses=rows,
        criteria=columns.criterion,
        raters=columns.rater,
        values=columns.value,
        repeats=_repeats(pin),
    )
    by_id = dict(zip(pin.leaf_ids, (leaf.key for leaf in pin.rubric.leaves), strict=True))
    keyed = replace(table, criterion_labels=tuple(by_id[int(c)] for c in table.criterion_labels))
    values = by_response(table, panel_values(pin.rubric, keyed), pin.leaf_ids)
    scores = _scored(scoring, pin, values, rows, columns)
    return replace(_block(pin, columns, first, scores), rater=np.full(len(first), PANEL))


def _block(pin: Pin, columns: VerdictColumns, first: IntArray, scores: ScoreColumns) -> ScoreBlock:
    return ScoreBlock(
        pin=pin,
        round=columns.round[first],
        rater=columns.rater[first],
        task=columns.task[first],
        response=columns.response[first],
        scores=scores,
    )


def _groups(*columns: IntArray) -> tuple[IntArray, IntArray]:
    """Number the distinct rows of (n,) columns: the first place of each, and (n,) numbers."""
    keys = np.zeros(len(columns[0]), dtype=np.int64)
    for column in columns:
        present, codes = np.unique(column, return_inverse=True)
        keys = keys * len(present) + codes
    _, first, rows = np.unique(keys, return_index=True, return_inverse=True)
    return first, rows


def _repeats(pin: Pin) -> dict[Label, Repeats]:
    """A points criterion's samples are averaged, others go by majority."""
    pairs = zip(pin.leaf_ids, pin.rubric.leaves, strict=True)
    return {
        pk: Repeats.MEAN if leaf.scale.kind is ScaleKind.POINTS else Repeats.MAJORITY
        for pk, leaf in pairs
    }


def _scored(
    scoring: Scoring, pin: Pin, values: FloatArray, rows: IntArray, columns: VerdictColumns
) -> ScoreColumns:
    """Scores of (n, L) values; what somebody called not applicable, and nobody valued, is so."""
    places = np.zeros(max(pin.leaf_ids) + 1, dtype=np.int64)
    places[list(pin.leaf_ids)] = np.arange(len(pin.leaf_ids))
    absent = np.zeros(values.shape, dtype=np.bool_)
    marked = columns.not_applicable
    absent[rows[marked], places[columns.criterion[marked]]] = True
    return score_many(
        pin.rubric,
        values,
        not_applicable=absent & np.isnan(values),
        aggregator=scoring.aggregator or None,
        missing=scoring.missing,
        params=None,
    )


def collected(blocks: Sequence[ScoreBlock], name: str) -> FloatArray:
    """One column of `scores` over all blocks, (n,)."""
    parts = [np.asarray(getattr(block.scores, name), dtype=np.float64) for block in blocks]
    return np.concatenate([np.zeros(0), *parts])

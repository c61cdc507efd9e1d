"""The people's consensus as lines of an export and rows of a spreadsheet."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from annotations.queries.consensus import PeopleConsensus, people_consensus
from rubricstudio.domain.consensus import Method, Provenance
from rubricstudio.models import Project, Response, Round, RoundKind
from scoring.queries.pins import Pin
from scoring.queries.scores import Scoring
from scoring.sheets import Cell, Sheet

COLUMNS = (
    *("response", "rubric", "version", "criterion", "round", "method"),
    *("value", "provenance", "n", "share", "probability"),
)


@dataclass(frozen=True)
class _Part:
    """The consensus of one session on one pinned version."""

    round: Round
    pin: Pin
    found: PeopleConsensus


def consensus_rows(scoring: Scoring, method: Method) -> Iterator[tuple[Cell, ...]]:
    """A row for each session, response and criterion that somebody judged, as `COLUMNS`.

    What was adjudicated goes before every vote. Session by session, version by version.
    """
    names = _response_names(scoring.project)
    for part in _parts(scoring, method):
        yield from _rows(part, method, names)


def _parts(scoring: Scoring, method: Method) -> Iterator[_Part]:
    for round_ in scoring.rounds:
        if round_.kind != RoundKind.SESSION:
            continue
        for pin in scoring.pins:
            found = people_consensus([round_.pk], method, versions=[pin.version.pk])
            if found.table.n_units:
                yield _Part(round_, pin, found)


def _response_names(project: Project) -> dict[int, str]:
    rows = Response.objects.filter(project=project)
    return dict(rows.values_list("pk", "external_id").iterator())


def _rows(part: _Part, method: Method, names: dict[int, str]) -> Iterator[tuple[Cell, ...]]:
    rubric, version = part.pin.version.rubric.external_id, part.pin.version.number
    found = part.found.consensus
    words = [kind.word for kind in Provenance]
    columns = zip(
        part.found.responses.tolist(),
        part.found.criterion_ids.tolist(),
        _numbers(found.values),
        found.provenance.tolist(),
        found.n.tolist(),
        _numbers(found.share),
        _numbers(found.probability),
        strict=True,
    )
    for response, criterion, value, kind, n, share, probability in columns:
        key = part.found.criteria[criterion].key
        yield (
            *(names[response], rubric, version, key, part.round.name, method.value),
            *(value, words[kind], n, share, probability),
        )


def _numbers(values: np.ndarray) -> list[float | None]:
    """Plain numbers, None for NaN."""
    return [None if value != value else value for value in values.tolist()]


def consensus_lines(scoring: Scoring, method: Method) -> Iterator[bytes]:
    """The rows as native JSON Lines of type `consensus`; fields without a value are left out."""
    for row in consensus_rows(scoring, method):
        pairs = zip(COLUMNS, row, strict=True)
        line = {"type": "consensus"} | {
            name: value for name, value in pairs if value is not None or name == "value"
        }
        yield json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def consensus_sheet(scoring: Scoring, method: Method) -> Sheet:
    """The rows as a table."""
    return Sheet("Consensus of the people", COLUMNS, list(consensus_rows(scoring, method)))

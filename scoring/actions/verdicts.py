"""Outcomes made into verdicts and stored: soon enough to be seen, in few enough writes."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from typing import Any

from django.db import connection

from rubricstudio.models import Criterion, Response
from scoring.judges import JudgeRequest, Outcome, Scored, check_outcomes
from scoring.judges.stored import evidence_of
from scoring.models import Run
from scoring.storable import storable

CHUNK = 32  # verdicts
WRITTEN_AT_ONCE = 64  # verdicts: a write checks all its rows together, which takes its time
LONGEST_UNSEEN = 1.0  # seconds

Cell = tuple[Response, Criterion, int]
Told = Callable[[], None]


class Shelf:
    """The verdicts of some cells, stored as they come; `told` is called after each write."""

    def __init__(
        self, run: Run, requests: Sequence[JudgeRequest], cells: Sequence[Cell], told: Told
    ) -> None:
        self._run, self._cells, self._told = run, cells, told
        self._places = {id(request): place for place, request in enumerate(requests)}
        self._waiting: dict[int, Outcome] = {}
        self._stored: set[int] = set()
        self._stored_at = time.monotonic()

    def add(self, said: Sequence[tuple[JudgeRequest, Outcome]]) -> None:
        """Take what one call decided."""
        requests, outcomes = zip(*said, strict=True)
        check_outcomes(requests, outcomes)
        self._waiting |= {self._places[id(request)]: outcome for request, outcome in said}
        if (
            len(self._waiting) >= WRITTEN_AT_ONCE
            or time.monotonic() - self._stored_at >= LONGEST_UNSEEN
        ):
            self._store()
            self._told()

    def put_away(self, outcomes: Sequence[Outcome | None]) -> None:
        """Store what is there in the end and was not stored before."""
        self._waiting |= {
            place: outcome
            for place, outcome in enumerate(outcomes)
            if outcome is not None and place not in self._stored
        }
        self._store()

    def _store(self) -> None:
        places = sorted(self._waiting)
        if places:
            rows = [_row(self._cells[place], self._waiting[place]) for place in places]
            with connection.cursor() as cursor:
                cursor.execute(_STORE, [self._run.pk, self._run.judge_id, json.dumps(rows)])
        self._stored.update(places)
        self._waiting.clear()
        self._stored_at = time.monotonic()


# As they are: a model for each row would take three times the processor time of all else here.
_STORE = """
    INSERT INTO studio_verdict
           (round_id, rater_id, response_id, criterion_id, sample, status, value, rationale,
            evidence, confidence, provenance)
    SELECT %s, %s, d.*
      FROM json_to_recordset(%s::json)
           AS d(response bigint, criterion bigint, sample int, status text, value float,
                rationale text, evidence jsonb, confidence float, provenance jsonb)
        ON CONFLICT DO NOTHING
"""


def _row(cell: Cell, outcome: Outcome) -> dict[str, Any]:
    response, criterion, sample = cell
    scored = outcome if isinstance(outcome, Scored) else None
    return {
        "response": response.pk,
        "criterion": criterion.pk,
        "sample": sample,
        "status": outcome.status.value,
        "value": scored.value if scored else None,
        "rationale": storable(outcome.rationale),
        "evidence": evidence_of(outcome.quotes),
        "confidence": scored.confidence if scored else None,
        "provenance": _provenance(outcome),
    }


def _provenance(outcome: Outcome) -> dict[str, Any]:
    source = outcome.provenance
    known: dict[str, Any] = {
        "model": source.model,
        "parameters": dict(source.parameters),
        "prompt_sha256": source.prompt_sha256,
        "raw_reply": storable(source.raw_reply),
        "tokens_in": source.tokens_in,
        "tokens_out": source.tokens_out,
        "cost": source.cost,
        "latency": source.latency,
    }
    if source.made_of:
        known["made_of"] = dict(source.made_of)
    if isinstance(outcome, Scored):
        if outcome.probabilities:
            known["probabilities"] = [list(pair) for pair in outcome.probabilities]
    else:
        known["reason"] = storable(outcome.reason)
    return known

"""An outcome as plain JSON values and back: what a member said, kept beside what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from rubricstudio.domain.verdict import Quote, VerdictStatus
from scoring.judges.protocol import Outcome, Provenance, Scored, Unscored
from scoring.storable import storable


def evidence_of(quotes: Sequence[Quote]) -> list[dict[str, Any]]:
    """Quotes as they are stored: `start` is null where the response has no such words."""
    return [{**_values(quote), "text": storable(quote.text)} for quote in quotes]


def _values(value: Quote | Provenance) -> dict[str, Any]:
    return {each.name: getattr(value, each.name) for each in fields(value)}


def as_json(outcome: Outcome) -> dict[str, Any]:
    """The outcome as JSON values that the database can hold: `read_outcome` reads them back."""
    said: dict[str, Any] = {
        "status": outcome.status.value,
        "value": outcome.value,
        "rationale": storable(outcome.rationale),
        "quotes": evidence_of(outcome.quotes),
        "provenance": _provenance(outcome.provenance),
    }
    if isinstance(outcome, Unscored):
        return said | {"reason": storable(outcome.reason)}
    said["confidence"] = outcome.confidence
    said["probabilities"] = [list(pair) for pair in outcome.probabilities]
    return said


def _provenance(source: Provenance) -> dict[str, Any]:
    return _values(source) | {
        "parameters": dict(source.parameters),
        "raw_reply": storable(source.raw_reply),
        "made_of": dict(source.made_of),
    }


def read_outcome(said: Mapping[str, Any]) -> Outcome:
    """The outcome that `as_json` wrote."""
    shared: dict[str, Any] = {
        "provenance": Provenance(**said["provenance"]),
        "rationale": said["rationale"],
        "quotes": tuple(Quote(**quote) for quote in said["quotes"]),
    }
    if said["status"] != VerdictStatus.OK:
        return Unscored(status=VerdictStatus(said["status"]), reason=said["reason"], **shared)
    return Scored(
        value=said["value"],
        confidence=said["confidence"],
        probabilities=tuple((value, share) for value, share in said["probabilities"]),
        **shared,
    )

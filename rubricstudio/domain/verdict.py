"""Verdict values: what one rater said about one response on one criterion.

A person is a judge: people, models and programs all produce a `Verdict`. A
verdict that could not be given is a status with no value, never "no" and never 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class VerdictStatus(StrEnum):
    """Whether there is a value, and why there is none."""

    OK = "ok"
    CANNOT_ASSESS = "cannot_assess"
    NOT_APPLICABLE = "not_applicable"
    PARSE_ERROR = "parse_error"
    TIMEOUT = "timeout"
    REFUSED = "refused"
    BLOCKED = "blocked"
    ERROR = "error"


class InvalidVerdict(ValueError):
    """A verdict breaks one of its own rules; the message says which."""


@dataclass(frozen=True, slots=True)
class Quote:
    """Text cited from the response: half-open character offsets, and how they were found.

    `start` and `end` are None where the quote does not occur in the response.
    `match` is exact, folded (white space and quotation marks ignored), fuzzy or none;
    `distance` is 1 - similarity in [0, 1] for a fuzzy match.
    """

    text: str
    start: int | None = None
    end: int | None = None
    match: str = "none"
    distance: float | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """One rater's verdict on one response and one criterion, named by their ids.

    `value` is on the criterion's scale (see `Scale`) and None unless `status` is ok.
    """

    rater: str
    task: str
    response: str
    criterion: str
    status: VerdictStatus = VerdictStatus.OK
    value: float | None = None
    rationale: str = ""
    evidence: tuple[Quote, ...] = ()
    confidence: float | None = None
    sample: int = 0

    def __post_init__(self) -> None:
        if (self.status is VerdictStatus.OK) != (self.value is not None):
            raise InvalidVerdict("a verdict has a value exactly when its status is ok")
        if self.confidence is not None and not 0 <= self.confidence <= 1:
            raise InvalidVerdict("confidence lies between 0 and 1")

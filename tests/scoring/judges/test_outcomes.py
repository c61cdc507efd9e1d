"""What becomes of a verdict whose quotes are not in the response."""

from __future__ import annotations

import pytest

from rubricstudio.domain.rubric import Criterion
from rubricstudio.domain.verdict import VerdictStatus
from scoring.judges import Outcome, Provenance, Scored
from scoring.judges.outcomes import outcome_of
from scoring.judges.replies import Reading
from tests.scoring.judges.cases import NAMES_A_DOSE, a_request
from tests.scoring.judges.conftest import Servers
from tests.scoring.judges.test_llm import judge_at
from tests.scripted_server import say

CITES = Criterion(key="cites", text="Cites a source.", evidence_required=True)
FOUND, MISSING = "400 mg every six hours", "900 pills at once"


def judged(rule: str, *quotes: str, criterion: Criterion = CITES, value: float = 1.0) -> Outcome:
    reading = Reading(VerdictStatus.OK, value, rationale="It does.", quotes=quotes)
    return outcome_of(a_request(criterion), reading, Provenance(model="m"), rule)


@pytest.mark.parametrize(
    ("quotes", "criterion", "value", "confidence"),
    [
        ((FOUND,), CITES, 1.0, None),
        ((FOUND.upper(),), CITES, 1.0, None),
        # Half of 1 and the share found: (1 + 0) / 2, (1 + 1/2) / 2, (1 + 2/3) / 2.
        ((MISSING,), CITES, 1.0, 0.5),
        ((MISSING, FOUND), CITES, 1.0, 0.75),
        ((MISSING, FOUND, FOUND), NAMES_A_DOSE, 0.0, 5 / 6),
        # Evidence is needed for what is there, not for what is missing.
        ((), CITES, 1.0, 0.5),
        ((), CITES, 0.0, None),
        ((), NAMES_A_DOSE, 1.0, None),
    ],
)
def test_doubt_lowers_confidence_by_the_share_of_quotes_that_are_not_there(
    quotes: tuple[str, ...], criterion: Criterion, value: float, confidence: float | None
) -> None:
    outcome = judged("doubt", *quotes, criterion=criterion, value=value)

    assert isinstance(outcome, Scored)
    assert outcome.value == value
    assert outcome.confidence == (None if confidence is None else pytest.approx(confidence))


@pytest.mark.parametrize(
    ("quotes", "criterion", "value", "refused"),
    [
        ((MISSING,), CITES, 1.0, True),
        ((), CITES, 1.0, True),
        ((MISSING, FOUND), CITES, 1.0, False),
        ((MISSING,), CITES, 0.0, False),
        ((MISSING,), NAMES_A_DOSE, 1.0, False),
    ],
)
def test_a_verdict_without_the_evidence_it_needs_is_refused(
    quotes: tuple[str, ...], criterion: Criterion, value: float, refused: bool
) -> None:
    outcome = judged("refuse", *quotes, criterion=criterion, value=value)

    assert (outcome.status is VerdictStatus.CANNOT_ASSESS) is refused
    assert outcome.value == (None if refused else value)
    assert outcome.rationale == "It does."
    assert len(outcome.quotes) == len(quotes)


def test_what_is_refused_says_why() -> None:
    outcome = judged("refuse", MISSING)

    assert not isinstance(outcome, Scored)
    assert outcome.reason == (
        "The criterion needs evidence, and the response holds none of the judge's quotes (1 given)."
    )


def test_verdicts_are_kept_as_they_are_unless_the_judge_says_otherwise(serve: Servers) -> None:
    server = serve(lambda _: say("met", quotes=(MISSING,)))

    kept = judge_at(server).judge([a_request(CITES)])[0]
    refused = judge_at(server, unverified_quotes="refuse").judge([a_request(CITES)])[0]

    assert isinstance(kept, Scored)
    assert (kept.value, kept.confidence) == (1.0, None)
    assert "unverified_quotes" not in kept.provenance.parameters
    assert refused.status is VerdictStatus.CANNOT_ASSESS
    assert refused.provenance.parameters["unverified_quotes"] == "refuse"

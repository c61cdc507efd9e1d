"""The values that pass between judges and those who use them keep their own rules."""

from __future__ import annotations

import pytest

from rubricstudio.domain.rubric import Criterion
from rubricstudio.domain.verdict import VerdictStatus
from scoring.judges import JudgeBusy, JudgeError, Provenance, Scored, Unscored, check_outcomes
from scoring.judges.protocol import judge_readable
from tests.scoring.judges.cases import CLARITY, a_request

FROM = Provenance(model="m")
MET = Scored(value=1.0, provenance=FROM)


def test_a_group_is_not_judged() -> None:
    with pytest.raises(ValueError, match="'g' is a group"):
        a_request(Criterion(key="g", text="Group", is_group=True))


def test_an_outcome_is_scored_or_says_why_not() -> None:
    missing = Unscored(status=VerdictStatus.TIMEOUT, reason="Late.", provenance=FROM)

    assert (MET.status, MET.value) == (VerdictStatus.OK, 1.0)
    assert missing.value is None
    with pytest.raises(ValueError, match="says why"):
        Unscored(status=VerdictStatus.OK, reason="", provenance=FROM)
    with pytest.raises(ValueError, match="between 0 and 1"):
        Scored(value=1.0, confidence=1.5, provenance=FROM)


def test_a_busy_judge_is_worth_trying_again_and_a_failed_one_is_not() -> None:
    assert JudgeError("broken").permanent
    assert not JudgeBusy("later", retry_after=3.0).permanent
    assert issubclass(JudgeBusy, JudgeError)


def test_outcomes_are_checked_for_number_and_scale() -> None:
    check_outcomes([a_request()], [MET])

    with pytest.raises(JudgeError, match="0 outcomes for 1 requests"):
        check_outcomes([a_request()], [])
    with pytest.raises(JudgeError, match="whose scale has no such value"):
        check_outcomes([a_request(CLARITY)], [MET])
    with pytest.raises(JudgeError, match="whose scale has no such value"):
        check_outcomes([a_request()], [Scored(value=float("nan"), provenance=FROM)])


def test_a_failure_without_finished_outcomes_keeps_the_textless_ones() -> None:
    def fail(_: object) -> list[Scored | Unscored]:
        raise JudgeError("no")

    with pytest.raises(JudgeError) as caught:
        judge_readable([a_request(), a_request(text=None)], "m", fail)

    assert [each and each.status for each in caught.value.finished] == [
        None,
        VerdictStatus.CANNOT_ASSESS,
    ]


def test_a_judge_is_not_asked_where_no_response_has_text() -> None:
    def unexpected(_: object) -> list[Scored | Unscored]:
        raise AssertionError

    assert len(judge_readable([a_request(text=None)] * 2, "m", unexpected)) == 2

"""The scripted judge says what its script says, and nothing of its own."""

from __future__ import annotations

from typing import Any

import pytest

from rubricstudio.domain.verdict import Quote, VerdictStatus
from scoring.judges import (
    InvalidJudgeConfig,
    JudgeBusy,
    JudgeError,
    Outcome,
    Scored,
    Unscored,
    build,
)
from tests.scoring.judges.cases import CLARITY, COMPLETENESS, DOSED, a_request


def say(request: Any = None, **config: Any) -> Outcome:
    return build("scripted", config).judge([request or a_request()])[0]


def test_a_verdict_is_looked_up_by_criterion_and_response() -> None:
    verdicts = {"dose": {"r1": 1, "r2": 0}, "clarity": {"r1": 2.5}}
    requests = [a_request(response_id="r2"), a_request(CLARITY), a_request()]

    outcomes = build("scripted", {"verdicts": verdicts}).judge(requests)

    assert [each.value for each in outcomes] == [0.0, 2.5, 1.0]


def test_a_star_stands_for_what_has_no_rule_of_its_own() -> None:
    verdicts = {"dose": {"r1": 1, "*": 0}, "*": {"*": "refused"}}

    assert say(verdicts=verdicts).value == 1
    assert say(a_request(response_id="r9"), verdicts=verdicts).value == 0
    assert say(a_request(CLARITY), verdicts=verdicts).status is VerdictStatus.REFUSED


def test_a_rule_can_carry_rationale_quote_and_confidence() -> None:
    rule = {"value": 1, "rationale": "It does.", "quote": "400 mg", "confidence": 0.75}

    outcome = say(verdicts={"dose": {"r1": rule}})

    assert isinstance(outcome, Scored)
    assert (outcome.rationale, outcome.confidence) == ("It does.", 0.75)
    assert outcome.quotes == (Quote("400 mg", 5, 11, "exact"),)


@pytest.mark.parametrize("status", [s.value for s in VerdictStatus if s is not VerdictStatus.OK])
def test_every_reason_for_no_verdict_can_be_scripted(status: str) -> None:
    outcome = say(verdicts={"dose": {"*": {"status": status, "rationale": "As told."}}})

    assert isinstance(outcome, Unscored)
    assert (outcome.status, outcome.value, outcome.reason) == (status, None, "As told.")


def test_a_value_that_the_scale_does_not_have_is_no_verdict() -> None:
    assert say(verdicts={"dose": {"r1": 0.5}}).status is VerdictStatus.PARSE_ERROR


def test_a_binary_criterion_is_met_where_any_word_is_found() -> None:
    found = say(words={"dose": ["ounces", "MG"]})
    missing = say(words={"dose": ["ounces"]})

    assert (found.value, missing.value) == (1.0, 0.0)
    assert found.quotes == (Quote("mg", 9, 11, "exact"),)
    assert missing.rationale == "None of the words is there: ounces."


def test_on_other_scales_the_share_of_words_found_sets_the_value() -> None:
    words = ["400", "mg", "ounces", "grains"]  # two of four are in the text

    # Half of the way along levels -1, 0, 2.5 is 0; half of 5 points is 2.5.
    assert say(a_request(CLARITY), words={"*": words}).value == 0.0
    assert say(a_request(COMPLETENESS), words={"*": words}).value == 2.5


def test_words_are_looked_for_literally() -> None:
    assert say(words={"dose": ["4.0 mg", "(400"]}).value == 0.0


@pytest.mark.parametrize(
    ("otherwise", "value", "status"),
    [("met", 1.0, "ok"), ("not_met", 0.0, "ok"), ("cannot_assess", None, "cannot_assess")],
)
def test_what_is_said_without_a_rule_can_be_chosen(
    otherwise: str, value: float | None, status: str
) -> None:
    outcome = say(otherwise=otherwise)

    assert (outcome.value, outcome.status) == (value, status)


def test_it_fails_when_told_to_and_keeps_what_it_had() -> None:
    requests = [a_request(response_id=each) for each in ("r1", "r2", "r3")]

    with pytest.raises(JudgeBusy) as busy:
        build("scripted", {"failures": {"r2": "busy"}, "otherwise": "met"}).judge(requests)
    with pytest.raises(JudgeError) as failed:
        build("scripted", {"failures": {"r1": "error"}}).judge(requests)

    assert [each and each.value for each in busy.value.finished] == [1.0, None, None]
    assert failed.value.permanent
    assert failed.value.finished == (None, None, None)


def test_it_waits_before_each_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr("time.sleep", waits.append)

    build("scripted", {"delay": 0.5}).judge([a_request(), a_request(text=DOSED * 2)])

    assert waits == [0.5, 0.5]


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"verdicts": {"dose": 1}}, "to an object of response ids"),
        ({"verdicts": {"dose": {"r1": "fine"}}}, "status 'fine' does not exist"),
        ({"verdicts": {"dose": {"r1": "ok"}}}, "status 'ok' does not exist"),
        ({"verdicts": {"dose": {"r1": {}}}}, "needs a value or a status"),
        ({"verdicts": {"dose": {"r1": {"value": "high"}}}}, "needs a number"),
        ({"verdicts": {"dose": {"r1": None}}}, "needs a number"),
        ({"verdicts": {"dose": {"r1": {"value": 1, "confidence": 2}}}}, "confidence"),
        ({"words": {"dose": "mg"}}, "list of words"),
        ({"words": {"dose": [""]}}, "list of words"),
        ({"failures": {"r1": "explode"}}, '"busy" or "error"'),
        ({"otherwise": "perhaps"}, "must be one of"),
    ],
)
def test_a_script_that_makes_no_sense_is_refused(config: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidJudgeConfig, match=words):
        build("scripted", config)

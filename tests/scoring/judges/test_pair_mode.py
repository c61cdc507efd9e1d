"""Two responses compared by one criterion, through real LiteLLM."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from rubricstudio.domain.rubric import Criterion, MetMeans
from rubricstudio.domain.verdict import Quote, VerdictStatus
from scoring.judges import InvalidJudgeConfig, Judge, JudgeError, build, check_outcomes
from scoring.judges.pair_prompts import PAIR_PROMPT_VERSION, pair_messages, pair_schema
from scoring.judges.pair_replies import read_pair_reply, read_side
from scoring.judges.prompts import request_code
from scoring.judges.questions import compared
from tests.scoring.judges.cases import DOSED, INVENTS, NAMES_A_DOSE, VAGUE, a_pair, a_request
from tests.scoring.judges.conftest import Servers
from tests.scoring.judges.test_llm import judge_at
from tests.scripted_server import Answer, Call, ScriptedServer, fail

NEEDS = Criterion(key="needs", text="Cites a source.", evidence_required=True, description="Any.")


def pair_judge(server: ScriptedServer, **config: Any) -> Judge:
    return judge_at(server, mode="pairwise", **config)


def prefer(verdict: object, a: tuple[str, ...] = (), b: tuple[str, ...] = ()) -> Answer:
    said = {"rationale": "Because.", "quotes_a": a, "quotes_b": b, "verdict": verdict}
    return Answer(content=json.dumps(said))


def with_a_dose(call: Call) -> Answer:
    """The one that names milligrams, wherever it is shown."""
    shown_first = call.text.partition("<<RESPONSE A ")[2].partition("<<END RESPONSE A")[0]
    quotes = ("400 mg",)
    return prefer("A", a=quotes) if "mg" in shown_first else prefer("B", b=quotes)


def test_each_order_is_a_call_of_its_own_and_quotes_stay_with_their_response(
    serve: Servers,
) -> None:
    server = serve(with_a_dose)
    requests = [a_pair(), a_pair(VAGUE, DOSED, "r2", other_id="r1")]

    ahead, behind = pair_judge(server).judge(requests)

    assert len(server.calls) == 2
    check_outcomes(requests, [ahead, behind])
    assert [ahead.value, behind.value] == [-1.0, 1.0]
    found = Quote("400 mg", 5, 11, "exact")
    assert (ahead.quotes, ahead.of_other) == ((found,), ())
    assert (behind.quotes, behind.of_other) == ((), (found,))
    assert ahead.provenance.parameters["mode"] == "pairwise"
    assert ahead.provenance.parameters["prompt_version"] == PAIR_PROMPT_VERSION


def test_a_quote_of_the_other_response_is_not_found_in_this_one(serve: Servers) -> None:
    outcome = pair_judge(serve(lambda _: prefer("A", a=("ask a pharmacist",)))).judge([a_pair()])[0]

    assert [each.match for each in outcome.quotes] == ["none"]


@pytest.mark.parametrize(("said", "value"), [("A", None), ("B", None), ("same", 0.0)])
def test_a_side_without_the_evidence_it_needs_can_be_refused(
    serve: Servers, said: str, value: float | None
) -> None:
    server = serve(lambda _: prefer(said, a=("Not there at all, anywhere.",)))

    outcome = pair_judge(server, unverified_quotes="refuse").judge([a_pair(criterion=NEEDS)])[0]

    assert outcome.value == value


def test_no_two_calls_about_a_pair_are_the_same_call() -> None:
    pair, turned = a_pair(), a_pair(VAGUE, DOSED, "r2", other_id="r1")
    requests = [
        *(pair, turned, replace(pair, sample=1)),
        *(replace(pair, other_id="r3"), replace(pair, criterion=INVENTS)),
    ]

    assert len({each.label for each in compared(requests, "text")}) == 5


def test_a_response_without_text_is_not_compared(serve: Servers) -> None:
    server = serve(with_a_dose)

    outcomes = pair_judge(server).judge([a_pair(None), a_pair(other=None), a_pair()])

    blank, ok = VerdictStatus.CANNOT_ASSESS, VerdictStatus.OK
    assert [each.status for each in outcomes] == [blank, blank, ok]
    assert len(server.calls) == 1


def test_single_responses_and_pairs_are_for_judges_of_their_own(serve: Servers) -> None:
    server = serve(with_a_dose)

    with pytest.raises(JudgeError, match="judges pairs"):
        pair_judge(server).judge([a_request()])
    with pytest.raises(JudgeError, match="judges pairs"):
        judge_at(server).judge([a_pair()])
    assert not server.calls


def test_a_judge_of_pairs_shows_no_examples_and_is_no_member() -> None:
    config = {"model": "openai/m", "mode": "pairwise"}

    with pytest.raises(InvalidJudgeConfig, match="examples"):
        build("llm", config | {"examples": 2})
    member = {"name": "pairs", "kind": "llm", "params": config}
    rules = {"name": "rules", "kind": "scripted"}
    with pytest.raises(InvalidJudgeConfig, match="not of pairs"):
        build("panel", {"members": [member, rules]})


def test_failures_are_told_apart_as_in_the_other_modes(serve: Servers) -> None:
    def script(call: Call) -> Answer:
        if "#b" in call.text:
            return fail(400, "This model's maximum context length is 9 tokens")
        return Answer(content=None, refusal="No.") if "#c" in call.text else prefer("same")

    requests = [a_pair(f"{DOSED} #{each}", response_id=each) for each in "abc"]

    outcomes = pair_judge(serve(script)).judge(requests)

    ok, error, refused = VerdictStatus.OK, VerdictStatus.ERROR, VerdictStatus.REFUSED
    assert [each.status for each in outcomes] == [ok, error, refused]


# -- the prompt


def test_task_and_responses_come_before_the_criterion() -> None:
    one, other = (
        pair_messages(a_pair(criterion=each, reference="R", context=("C",)), json_reply=True)
        for each in (NAMES_A_DOSE, INVENTS)
    )

    assert one[0] == other[0]
    before = one[1].content.partition("<<CRITERION")[0]
    assert before == other[1].content.partition("<<CRITERION")[0]
    names = ("TASK USER", "CONTEXT", "REFERENCE ANSWER", "RESPONSE A", "RESPONSE B")
    places = [before.index(f"<<{name} ") for name in names]
    assert places == sorted(places)


def test_a_fault_and_needed_evidence_are_said_with_the_criterion() -> None:
    def asked(criterion: Criterion) -> str:
        text = pair_messages(a_pair(criterion=criterion), json_reply=True)[1].content
        return text.partition("<<CRITERION")[2]

    assert "the better response is the one without it" in asked(INVENTS)
    assert INVENTS.met_means is MetMeans.BAD
    assert "fault" not in asked(NAMES_A_DOSE)
    assert "needs evidence" in asked(NEEDS) and "Any." in asked(NEEDS)


def test_the_schema_asks_for_the_verdict_last() -> None:
    schema: Any = pair_schema()

    assert list(schema["properties"]) == ["rationale", "quotes_a", "quotes_b", "verdict"]
    assert schema["properties"]["verdict"]["enum"] == ["A", "B", "same", "cannot_assess"]


# -- the reply


def read(reply: str, **others: Any) -> Any:
    return read_pair_reply(reply, responses=f"{DOSED}\n{VAGUE}", code="0123456789ab", **others)


@pytest.mark.parametrize(
    ("word", "value"),
    [
        *((word, -1.0) for word in ("A", "a", "**A**", "Response A", "response_a.")),
        *((word, 1.0) for word in ("B", '"B"', "response B")),
        *((word, 0.0) for word in ("same", "The same", "about the same", "tie")),
        *((word, None) for word in ("", "1", "C", "A and B", "neither", "both", "A > B", 1, None)),
    ],
)
def test_only_what_is_offered_is_a_side(word: object, value: float | None) -> None:
    assert read_side(word) == value


def test_the_last_verdict_counts_and_a_wrong_one_is_none() -> None:
    assert read('{"verdict": "A"} no: {"verdict": "B"}').value == 1.0
    wrong = read('{"verdict": "A"} no: {"verdict": "the second"}')
    assert (wrong.value, wrong.status) == (None, VerdictStatus.PARSE_ERROR)


def test_plain_text_has_its_quotes_by_response_and_a_signed_verdict() -> None:
    reply = (
        'A names it.\nQuote A: "400 mg"\n**Quote B:** ask a pharmacist\n'
        "Verdict 0123456789ab: A\nVerdict: B"
    )

    found = read(reply)

    assert (found.value, found.rationale) == (-1.0, "A names it.")
    assert (found.quotes, found.of_other) == (("400 mg",), ("ask a pharmacist",))


def test_cannot_assess_and_cut_off_replies_prefer_nothing() -> None:
    unable = read('{"rationale": "Cut off.", "verdict": "cannot_assess"}')
    assert (unable.status, unable.reason) == (VerdictStatus.CANNOT_ASSESS, "Cut off.")
    assert read('{"verdict": "A"} but then', finish_reason="length").value is None
    assert read("", refusal="No.").status is VerdictStatus.REFUSED


def test_the_code_covers_both_responses() -> None:
    code = request_code(a_pair())
    assert request_code(a_pair(f"{DOSED} {code}")) != code
    assert request_code(a_pair(other=f"{VAGUE} {code}")) != code

"""All criteria of a response in one call, through real LiteLLM."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any

import pytest

from rubricstudio.domain.rubric import Criterion
from rubricstudio.domain.verdict import Quote, VerdictStatus
from scoring.judges import Judge, JudgeBusy, JudgeRequest, check_outcomes
from scoring.judges.prompts import request_code
from scoring.judges.protocol import Picture
from scoring.judges.questions import by_response, shares
from scoring.judges.rubric_prompts import RUBRIC_PROMPT_VERSION, rubric_messages, rubric_schema
from scoring.llm_calls import ChatFailure, ChatReply
from scoring.llm_errors import Trouble
from tests.scoring.judges.cases import (
    CLARITY,
    COMPLETENESS,
    DOSED,
    INVENTS,
    NAMES_A_DOSE,
    a_request,
)
from tests.scoring.judges.conftest import Servers, asked_in, entry, say_all
from tests.scoring.judges.test_llm import judge_at
from tests.scripted_server import Answer, Call, ScriptedServer, fail

NEEDS = Criterion(key="needs", text="Cites a source.", evidence_required=True, description="Any.")
RUBRIC = (NAMES_A_DOSE, CLARITY, COMPLETENESS, INVENTS, NEEDS)


def rubric_judge(server: ScriptedServer, **config: Any) -> Judge:
    return judge_at(server, mode="rubric", **config)


def of(response: str, *criteria: Criterion, **others: Any) -> list[JudgeRequest]:
    text = f"{DOSED} #{response}"
    return [a_request(each, text, response_id=response, **others) for each in criteria]


def all_met(call: Call) -> Answer:
    return say_all(*(entry(n, text, "met") for n, text in asked_in(call).items()))


def test_each_criterion_s_verdict_is_on_its_own_scale(serve: Servers) -> None:
    verdicts = ("met", "2.5", 3.5, "not_met", "cannot_assess")

    def script(call: Call) -> Answer:
        asked = zip(asked_in(call).items(), verdicts, strict=True)
        return say_all(*(entry(n, t, said, quotes=["400 mg"]) for (n, t), said in asked))

    server = serve(script)
    requests = of("a", *RUBRIC)

    outcomes = rubric_judge(server).judge(requests)

    assert len(server.calls) == 1
    check_outcomes(requests, outcomes)
    assert [each.value for each in outcomes] == [1.0, 2.5, 3.5, 0.0, None]
    assert outcomes[4].status is VerdictStatus.CANNOT_ASSESS
    assert outcomes[0].quotes == (Quote("400 mg", 5, 11, "exact"),)


def test_a_call_is_about_one_response_and_sample_and_few_enough_criteria(serve: Servers) -> None:
    server = serve(all_met)
    criteria = [Criterion(key=f"k{n}", text=f"Says {n}.") for n in range(5)]
    first, second = of("a", *criteria), of("b", *criteria[:2], sample=1)
    requests = [*first[:2], a_request(text=None), *second, *first[2:]]

    outcomes = rubric_judge(server, concurrency=1, criteria_per_call=3, seed=7).judge(requests)

    assert [list(asked_in(call).values()) for call in server.calls] == [
        ["Says 0.", "Says 1.", "Says 2."],
        ["Says 3.", "Says 4."],
        ["Says 0.", "Says 1."],
    ]
    assert [call.body["seed"] for call in server.calls] == [7, 7, 8]
    assert [call.body["max_tokens"] for call in server.calls] == [1024 + 512, 1024 + 256, 1280]
    assert [each.value for each in outcomes] == [1, 1, None, 1, 1, 1, 1, 1]


def test_samples_of_one_response_are_calls_of_their_own(serve: Servers) -> None:
    server = serve(all_met)
    cells = [request for n in range(2) for request in of("a", NAMES_A_DOSE, INVENTS, sample=n)]

    rubric_judge(server).judge(cells[::2] + cells[1::2])

    assert [len(asked_in(call)) for call in server.calls] == [2, 2]


def test_what_a_call_took_is_shared_out_once(serve: Servers) -> None:
    server = serve(all_met)

    outcomes = rubric_judge(server, price_in=1.0, price_out=5.0).judge(of("a", *RUBRIC[:3]))

    read = len(server.calls[0].text) // 4
    sources = [each.provenance for each in outcomes]
    assert sum(each.tokens_in or 0 for each in sources) == read
    written = sum(each.tokens_out or 0 for each in sources)
    assert math.fsum(each.cost or 0 for each in sources) == pytest.approx(
        (read + 5 * written) / 1e6, rel=1e-12
    )
    whole = sources[0].parameters["call_latency"]
    assert math.fsum(each.latency or 0 for each in sources) == pytest.approx(whole)
    assert len({each.prompt_sha256 for each in sources}) == 1


@pytest.mark.parametrize(
    ("total", "parts"), [(10, [4, 3, 3]), (2, [2, 0, 0]), (None, [None, None, None])]
)
def test_tokens_are_shared_out_without_loss(total: int | None, parts: list[int | None]) -> None:
    found = shares(ChatReply(text="", tokens_in=total, tokens_out=total, latency=0.9), 3)

    assert [each.tokens_in for each in found] == [each.tokens_out for each in found] == parts
    assert [each.latency for each in found] == [pytest.approx(0.3)] * 3
    assert [each.cost for each in found] == [None] * 3


def test_the_time_of_a_failed_call_is_shared_out_too() -> None:
    failure = ChatFailure(trouble=Trouble.TIMEOUT, message="", latency=0.5)

    assert [each.latency for each in shares(failure, 2)] == [0.25, 0.25]


def test_provenance_says_how_many_shared_the_call_and_keeps_the_own_entry(serve: Servers) -> None:
    server = serve(lambda _: say_all(entry(1, NAMES_A_DOSE.text, "met"), entry(9, "?", "met")))

    met, missing = rubric_judge(server).judge(of("a", NAMES_A_DOSE, INVENTS))

    parameters = met.provenance.parameters
    assert parameters["mode"] == "rubric"
    assert parameters["criteria_in_call"] == 2
    assert parameters["max_tokens"] == 1280
    assert parameters["prompt_version"] == RUBRIC_PROMPT_VERSION
    assert json.loads(met.provenance.raw_reply) == entry(1, NAMES_A_DOSE.text, "met")
    assert missing.status is VerdictStatus.PARSE_ERROR
    assert missing.provenance.raw_reply.startswith('{"verdicts"')


def test_a_failed_call_is_one_for_all_its_criteria_and_no_other(serve: Servers) -> None:
    def script(call: Call) -> Answer:
        if "#b" in call.text:
            return fail(400, "This model's maximum context length is 9 tokens")
        return Answer(content=None, refusal="No.") if "#c" in call.text else all_met(call)

    asked = [request for each in "abc" for request in of(each, NAMES_A_DOSE, INVENTS)]

    outcomes = rubric_judge(serve(script)).judge(asked)

    ok, error, refused = VerdictStatus.OK, VerdictStatus.ERROR, VerdictStatus.REFUSED
    assert [each.status for each in outcomes] == [ok, ok, error, error, refused, refused]


def test_a_busy_server_leaves_whole_calls_to_be_asked_again(serve: Servers) -> None:
    def script(call: Call) -> Answer:
        return fail(429, Retry_After="900") if "#b" in call.text else all_met(call)

    first, second = of("a", NAMES_A_DOSE, INVENTS), of("b", NAMES_A_DOSE, INVENTS)

    with pytest.raises(JudgeBusy) as caught:
        rubric_judge(serve(script), concurrency=1).judge([first[0], second[0], first[1], second[1]])

    assert [each and each.value for each in caught.value.finished] == [1.0, None, 1.0, None]
    assert caught.value.retry_after == 900


def test_pictures_of_all_criteria_are_sent_once(serve: Servers) -> None:
    seen: list[Any] = []

    def script(call: Call) -> Answer:
        parts = call.body["messages"][-1]["content"]
        seen.append([part["type"] for part in parts])
        return say_all(entry(1, NAMES_A_DOSE.text, "met"), entry(2, INVENTS.text, "met"))

    one, other = Picture("a.png", "image/png", b"a"), Picture("b.png", "image/png", b"b")
    first, second = of("a", NAMES_A_DOSE, INVENTS)

    outcomes = rubric_judge(serve(script), vision=True).judge(
        [replace(first, pictures=(one,)), replace(second, pictures=(one, other))]
    )

    assert seen == [["text", "text", "image_url", "text", "image_url"]]
    assert [each.value for each in outcomes] == [1.0, 1.0]
    assert len(outcomes[0].provenance.parameters["pictures"]) == 2  # type: ignore[arg-type]


@pytest.mark.parametrize(("style", "kind"), [("json_object", "json_object"), ("text", None)])
def test_other_reply_styles_are_asked_for_as_such(
    serve: Servers, style: str, kind: str | None
) -> None:
    code = request_code(of("a", NAMES_A_DOSE)[0])
    signed = f"Criterion {code} 1: {NAMES_A_DOSE.text}\nYes.\nVerdict {code} 1: met"
    listed = json.dumps([entry(1, NAMES_A_DOSE.text, "met")])
    server = serve(lambda _: Answer(content=signed if style == "text" else listed))

    outcome = rubric_judge(server, reply=style).judge(of("a", NAMES_A_DOSE))[0]

    assert outcome.value == 1.0
    assert server.calls[0].body.get("response_format", {}).get("type") == kind


# -- the prompt ----------------------------------------------------------------------------


def prompt(*criteria: Criterion, json_reply: bool = True) -> str:
    return rubric_messages(of("a", *criteria), json_reply=json_reply)[1].content


def test_what_is_offered_stands_once_for_the_criteria_that_share_it() -> None:
    text = prompt(*RUBRIC)

    assert 'Verdicts offered for criterion 1, 4, 5:\n- "not_met"' in text
    assert 'Verdicts offered for criterion 2:\n- "-1": Misleading' in text
    assert "Verdicts offered for criterion 3:\n- a number from 0" in text
    assert prompt(NAMES_A_DOSE, INVENTS).count("Verdicts offered for each criterion:") == 1


def test_faults_and_evidence_are_said_beside_their_own_criterion() -> None:
    parts = prompt(*RUBRIC).split("<<CRITERION ")[1:]

    assert ["describes a fault" in part for part in parts] == [False, False, False, True, False]
    assert ["needs evidence" in part for part in parts] == [False, False, False, False, True]
    assert "Cites a source.\n\nAny." in parts[4]


def test_calls_about_one_response_share_all_that_comes_before_the_criteria() -> None:
    one, other = prompt(NAMES_A_DOSE, INVENTS), prompt(CLARITY)

    assert one.split("<<CRITERION")[0] == other.split("<<CRITERION")[0]
    rules = [rubric_messages(of("a", each), json_reply=True)[0] for each in (CLARITY, INVENTS)]
    assert rules[0] == rules[1]


def test_the_reply_s_form_says_how_many_entries_there_are() -> None:
    assert "one entry for each criterion, 5 in all" in prompt(*RUBRIC)
    text = prompt(*RUBRIC, json_reply=False)
    assert "once for each criterion, 5 in all" in text
    assert "JSON" not in text


def test_the_schema_offers_what_any_of_the_criteria_offers() -> None:
    schema: Any = rubric_schema([NAMES_A_DOSE, CLARITY, COMPLETENESS])

    item = schema["properties"]["verdicts"]["items"]
    assert list(item["properties"]) == item["required"]
    assert list(item["properties"]) == ["number", "criterion", "rationale", "quotes", "verdict"]
    words = ["not_met", "met", "-1", "0", "2.5", "cannot_assess"]
    assert item["properties"]["verdict"] == {
        "anyOf": [{"type": "number"}, {"type": "string", "enum": words}]
    }


def test_questions_keep_the_order_in_which_they_were_asked() -> None:
    requests = [*of("a", *RUBRIC[:2]), *of("b", *RUBRIC[:2]), *of("a", RUBRIC[2])]

    questions = by_response(requests, "json_schema", 20)

    assert [each.places for each in questions] == [(0, 1, 4), (2, 3)]

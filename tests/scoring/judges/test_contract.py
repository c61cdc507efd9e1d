"""What every judge promises, asked of each kind. A new judge joins by subclassing."""

from __future__ import annotations

import json

import pytest

from rubricstudio.domain.verdict import VerdictStatus
from scoring.judges import (
    JUDGES,
    InvalidJudgeConfig,
    Judge,
    Outcome,
    Scored,
    Site,
    build,
    check_outcomes,
    judge_class,
    parameters,
)
from tests.scoring.judges.cases import all_requests
from tests.scoring.judges.conftest import Servers
from tests.scoring.judges.test_learned import TINY, a_probe


def essence(outcome: Outcome) -> tuple[object, ...]:
    """What of an outcome must not depend on its neighbours: all but time and rounding."""
    confidence = outcome.confidence if isinstance(outcome, Scored) else None
    return (
        outcome.status,
        outcome.value,
        None if confidence is None else round(confidence, 4),
        outcome.rationale,
        outcome.quotes,
        outcome.provenance.prompt_sha256,
    )


class JudgeContract:
    """Subclasses give `judge` as a fixture."""

    def test_it_gives_one_outcome_per_request_on_its_scale(self, judge: Judge) -> None:
        requests = all_requests()

        outcomes = judge.judge(requests)

        check_outcomes(requests, outcomes)

    def test_it_keeps_the_order_whatever_the_order_is(self, judge: Judge) -> None:
        requests = all_requests()

        forwards = judge.judge(requests)
        backwards = judge.judge(requests[::-1])

        assert [essence(each) for each in backwards] == [essence(each) for each in forwards[::-1]]

    def test_it_cannot_assess_a_response_without_text(self, judge: Judge) -> None:
        textless = [each for each in all_requests() if each.response_text is None]

        outcomes = judge.judge(textless)

        assert [each.status for each in outcomes] == [VerdictStatus.CANNOT_ASSESS]
        assert outcomes[0].value is None

    def test_it_judges_an_empty_response(self, judge: Judge) -> None:
        empty = [each for each in all_requests() if each.response_text == ""]

        outcomes = judge.judge(empty)

        assert [each.status for each in outcomes] == [VerdictStatus.OK]

    def test_it_does_nothing_for_no_requests(self, judge: Judge) -> None:
        assert judge.judge([]) == []

    def test_it_records_where_each_verdict_came_from(self, judge: Judge) -> None:
        for outcome in judge.judge(all_requests()):
            provenance = outcome.provenance
            assert provenance.model
            assert json.loads(json.dumps(provenance.parameters)) == provenance.parameters
            if isinstance(outcome, Scored):
                assert provenance.raw_reply

    def test_its_quotes_stand_where_they_say(self, judge: Judge) -> None:
        requests = all_requests()

        for request, outcome in zip(requests, judge.judge(requests), strict=True):
            for quote in outcome.quotes:
                if quote.match == "exact":
                    assert (request.response_text or "")[quote.start : quote.end] == quote.text

    def test_it_belongs_to_a_queue_that_exists(self, judge: Judge) -> None:
        assert judge.queue in ("llm", "gpu")


class TestScripted(JudgeContract):
    @pytest.fixture
    def judge(self) -> Judge:
        return build("scripted", {"words": {"*": ["400 mg", "1,200 mg"]}, "otherwise": "not_met"})


class TestHostedVllm(JudgeContract):
    @pytest.fixture
    def judge(self, serve: Servers) -> Judge:
        config = {"model": "hosted_vllm/judge", "api_base": serve().url}
        return build("llm", config, Site(allow_private=True))


class TestOpenAi(JudgeContract):
    @pytest.fixture
    def judge(self, serve: Servers) -> Judge:
        config = {"model": "openai/judge", "api_base": serve().url, "reply": "text"}
        return build("llm", config, Site(allow_private=True))


class TestWholeRubricInOneCall(JudgeContract):
    @pytest.fixture
    def judge(self, serve: Servers) -> Judge:
        config = {"model": "hosted_vllm/judge", "api_base": serve().url, "mode": "rubric"}
        return build("llm", config, Site(allow_private=True))


def scripted(name: str, **params: object) -> dict[str, object]:
    """A member that follows rules."""
    return {"name": name, "kind": "scripted", "params": params}


FOUND = {"words": {"*": ["400 mg", "1,200 mg"]}}


class TestPanel(JudgeContract):
    @pytest.fixture
    def judge(self) -> Judge:
        members = [scripted("A", **FOUND), scripted("B", **FOUND), scripted("C", otherwise="met")]
        return build("panel", {"members": members})


class TestCascade(JudgeContract):
    @pytest.fixture
    def judge(self) -> Judge:
        first = scripted("cheap", verdicts={"clarity": {"*": "cannot_assess"}}, **FOUND)
        panel = {
            "name": "strong",
            "kind": "panel",
            "params": {"members": [scripted("A", **FOUND), scripted("B", otherwise="met")]},
        }
        return build("cascade", {"first": first, "second": panel})


class TestTinyLocal(JudgeContract):
    @pytest.fixture
    def judge(self, tiny_site: Site) -> Judge:
        return build("local", {"model": "tiny", "device": "cpu", "batch_tokens": 700}, tiny_site)


class TestLearned(JudgeContract):
    @pytest.fixture
    def judge(self, tiny_site: Site) -> Judge:
        return build("learned", TINY | {"probe": a_probe(tiny_site)}, tiny_site)


class TestSmolLm2(JudgeContract):
    @pytest.fixture
    def judge(self, smollm2_site: Site) -> Judge:
        return build("local", {"device": "cpu", "threads": 1}, smollm2_site)


@pytest.mark.parametrize("kind", sorted(JUDGES))
def test_every_kind_declares_its_parameters_with_help(kind: str) -> None:
    declared = parameters(kind)

    assert "model" in [each.name for each in declared]
    assert all(each.help.endswith(".") for each in declared)
    assert judge_class(kind).__doc__


@pytest.mark.parametrize("kind", sorted(JUDGES))
def test_every_kind_refuses_a_parameter_it_does_not_have(kind: str) -> None:
    with pytest.raises(InvalidJudgeConfig, match="has no parameter 'modell': did you mean 'model'"):
        build(kind, {"modell": "x"})


def test_an_unknown_kind_is_answered_with_the_kinds_there_are() -> None:
    with pytest.raises(
        InvalidJudgeConfig,
        match="'oracle': choose one of cascade, learned, llm, local, panel, program, scripted",
    ):
        build("oracle", {})

"""Judges made of judges: what they refuse, how they decide, what a failure leaves behind."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from rubricstudio.domain.verdict import Quote, VerdictStatus
from scoring.judges import (
    InvalidJudgeConfig,
    JudgeBusy,
    JudgeError,
    JudgeRequest,
    Outcome,
    Provenance,
    Scored,
    build,
    queue_of,
)
from scoring.judges.checks import problems
from scoring.judges.protocol import JudgedExample, Picture, Site
from scoring.judges.stored import as_json, read_outcome
from tests.scoring.judges.cases import CLARITY, INVENTS, a_request
from tests.scoring.member_models import Model, stand_in

Params = dict[str, Any]


def member(name: str, weight: float | None = None, **params: Any) -> Params:
    config: Params = {"name": name, "kind": "scripted", "params": params}
    return config if weight is None else config | {"weight": weight}


def says(value: object, **more: object) -> Params:
    """Rules that give one answer to everything."""
    rule = {"value": value, **more} if isinstance(value, int | float) else value
    return {"verdicts": {"*": {"*": rule}}}


def panel(*members: Params, **params: Any) -> Any:
    return build("panel", {"members": list(members), **params})


def one(judge: Any, request: JudgeRequest | None = None) -> Outcome:
    outcomes: list[Outcome] = judge.judge([request or a_request()])
    return outcomes[0]


MET, NOT_MET = says(1, rationale="Yes.", quote="400 mg"), says(0, rationale="No.")


# -- a panel


def test_a_panel_says_what_most_say_and_keeps_who_said_what() -> None:
    judge = panel(member("A", **MET), member("B", **MET), member("C", **NOT_MET))

    found = one(judge)

    assert isinstance(found, Scored)
    assert found.value == 1
    assert found.confidence == pytest.approx(2 / 3)
    assert found.rationale == "met: A, B; not met: C.\nA: Yes.\nB: Yes."
    assert found.quotes == (Quote("400 mg", 5, 11, "exact"),)  # once, though two cite it
    made_of: Any = found.provenance.made_of
    assert (made_of["voted"], made_of["agreeing"], made_of["decision"]) == (3, 2, "decided")
    assert [each["value"] for each in made_of["members"]] == [1, 1, 0]
    assert [each["rationale"] for each in made_of["members"]] == ["Yes.", "Yes.", "No."]


def test_a_tie_is_no_verdict_and_the_reason_tells_the_split() -> None:
    found = one(panel(member("A", **MET), member("B", **NOT_MET)))

    assert found.status is VerdictStatus.CANNOT_ASSESS
    assert getattr(found, "reason", "") == "They tie. met: A; not met: B."


@pytest.mark.parametrize(
    ("params", "value"),
    [
        ({}, 0),  # 2 against 1
        ({"rule": "unanimous"}, None),
        ({"rule": "worst"}, 1),  # inventing is a pitfall: met is worse
    ],
)
def test_the_rule_is_the_panels_own(params: Params, value: float | None) -> None:
    judge = panel(member("A", **MET), member("B", **NOT_MET), member("C", **NOT_MET), **params)

    assert one(judge, a_request(INVENTS)).value == value


def test_a_member_without_a_verdict_leaves_the_count_until_the_quorum_fails() -> None:
    absent = [member("B", **says("timeout")), member("C", **says("timeout"))]

    low = one(panel(member("A", **MET), *absent, quorum=0.3))
    high = one(panel(member("A", **MET), *absent))

    assert (low.value, getattr(low, "confidence", None)) == (1, 1.0)
    assert high.status is VerdictStatus.TIMEOUT
    assert "1 of 3 gave a verdict" in getattr(high, "reason", "")


def test_weights_and_levels_reach_the_rule() -> None:
    heavy = panel(member("A", 3, **says(2.5)), member("B", **says(0)), rule="mean")

    # (3 * 2.5 + 1 * 0) / 4 = 1.875, next to 2.5
    found = one(heavy, a_request(CLARITY))

    assert found.value == 2.5
    assert found.provenance.raw_reply == "A: Clear\nB: Muddled"
    assert found.provenance.made_of["deviation"] == 1.25


# -- a cascade


def cascade(first: Params, second: Params, **params: Any) -> Any:
    return build("cascade", {"first": first, "second": second, **params})


@pytest.mark.parametrize(
    ("first", "stage", "why"),
    [
        (says(1, confidence=0.9), "first", "sure"),
        (says(1), "first", "sure"),  # it gives no confidence
        (says(1, confidence=0.7), "second", "confidence"),
        ("cannot_assess", "second", "no_verdict"),
    ],
)
def test_the_second_is_asked_where_the_first_is_uncertain(first: Any, stage: str, why: str) -> None:
    rules = first if isinstance(first, dict) else says(first)

    found = one(cascade(member("cheap", **rules), member("strong", **NOT_MET)))

    made_of: Any = found.provenance.made_of
    assert (made_of["stage"], made_of["why"]) == (stage, why)
    assert found.value == (1 if stage == "first" else 0)
    assert [each["stage"] for each in made_of["members"]] == ["first", "second"][
        : 1 + (stage == "second")
    ]


def test_a_panel_that_is_split_hands_on_to_the_second() -> None:
    split = {
        "name": "three",
        "kind": "panel",
        "params": {"members": [member("A", **MET), member("B", **MET), member("C", **NOT_MET)]},
    }

    found = one(cascade(split, member("strong", **NOT_MET)))

    assert found.value == 0
    assert found.provenance.made_of["known"] == pytest.approx(2 / 3)


@pytest.fixture
def models(monkeypatch: pytest.MonkeyPatch) -> dict[str, Model]:
    return stand_in(monkeypatch)


def test_samples_of_the_first_that_disagree_hand_on_and_all_is_paid(
    models: dict[str, Model],
) -> None:
    models |= {"cheap": Model(1, 0, 1), "strong": Model(0)}
    pair = (member("cheap"), member("strong"))

    found = one(cascade(*pair, samples=3), a_request(sample=2))
    lenient = one(cascade(*pair, samples=3, agreement=0.6))

    assert (found.value, found.provenance.made_of["why"]) == (0, "samples")
    assert [each.sample for each in models["cheap"].asked] == [6, 7, 8, 0, 1, 2]
    source = found.provenance
    assert source.cost == pytest.approx(0.04)
    assert (source.tokens_in, source.tokens_out) == (40, 8)
    assert source.latency == pytest.approx(2.0)
    assert (lenient.value, len(models["strong"].asked)) == (1, 1)
    assert lenient.provenance.cost == pytest.approx(0.03)
    assert getattr(lenient, "confidence", 0) == pytest.approx(2 / 3)


def test_an_unknown_cost_makes_the_sum_unknown(models: dict[str, Model]) -> None:
    models["A"] = Model(1)

    found = one(panel(member("A"), member("B", **MET)))

    assert found.provenance.cost == 0.01  # the scripted judge costs nothing
    assert found.provenance.tokens_in is None  # and says nothing of tokens


# -- failures


REQUESTS = [a_request(response_id=f"r{n}") for n in range(3)]


@pytest.mark.parametrize("busy", [True, False])
def test_what_members_said_before_a_failure_is_not_asked_again(
    models: dict[str, Model], busy: bool
) -> None:
    models |= {"A": Model(1), "B": Model(1, fail_at=1, busy=busy)}
    judge = panel(member("A"), member("B"))

    with pytest.raises(JudgeBusy if busy else JudgeError, match="^B: ") as caught:
        judge.judge(REQUESTS)

    error = caught.value
    assert error.permanent is not busy
    assert [outcome and outcome.value for outcome in error.finished] == [1, None, None]
    assert [sorted(said) for said in error.heard] == [[], ["0"], ["0"]]
    again = [
        replace(request, heard={slot: read_outcome(as_json(said)) for slot, said in heard.items()})
        for request, heard in zip(REQUESTS[1:], error.heard[1:], strict=True)
    ]
    found = judge.judge(again)
    assert [outcome.value for outcome in found] == [1, 1]
    assert found[0].provenance.cost == pytest.approx(0.02)
    assert (len(models["A"].asked), len(models["B"].asked)) == (3, 3)


def test_a_panel_inside_a_cascade_remembers_as_well(models: dict[str, Model]) -> None:
    models |= {"A": Model(1), "B": Model(1, fail_at=0), "cheap": Model(0)}
    strong = {"name": "two", "kind": "panel", "params": {"members": [member("A"), member("B")]}}
    judge = cascade(member("cheap"), strong, samples=2, agreement=1)
    models["cheap"].answers = (0, 1)
    request = a_request()

    with pytest.raises(JudgeBusy, match="two: B: Too many") as caught:
        judge.judge([a_request(text=None), request])

    blank, heard = caught.value.heard
    assert (blank, sorted(heard)) == ({}, ["first.0", "first.1", "second/0"])
    found = one(judge, replace(request, heard=heard))
    assert found.value == 1
    places = [models[name].asked[-1].place for name in ("cheap", "A", "B")]
    assert places == ["first.1", "second/0", "second/1"]
    assert [len(models[name].asked) for name in ("cheap", "A", "B")] == [2, 1, 1]


def test_pictures_go_to_the_members_that_can_see(models: dict[str, Model]) -> None:
    models |= {"A": Model(1), "B": Model(1)}
    models["B"].vision = True
    judge = panel(member("A"), member("B"))

    judge.judge([a_request(pictures=(Picture("x", "image/png", b"x"),))])

    assert judge.vision
    assert (len(models["A"].asked[0].pictures), len(models["B"].asked[0].pictures)) == (0, 1)


def test_a_judge_needs_what_any_of_its_members_needs(models: dict[str, Model]) -> None:
    models |= {"A": Model(1), "B": Model(1)}
    models["B"].examples = 1
    judge = panel(member("A"), member("B"))
    shown = tuple(JudgedExample(source=n, prompt="", response="", value=1.0) for n in "xy")

    judge.judge([a_request(examples=shown)])

    assert (judge.examples, judge.vision) == (1, False)
    assert [len(models[name].asked[0].examples) for name in "AB"] == [0, 1]


def test_what_speaks_against_a_member_speaks_against_the_judge() -> None:
    keyless = {"name": "GPT", "kind": "llm", "params": {"model": "openai/x"}}
    site = Site(environ={})

    found = problems("panel", {"members": [member("A"), keyless]}, site=site)

    assert found
    assert all(each.text.startswith("GPT: ") for each in found)


# -- configurations


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ([], "2 to 16 judges, not 0"),
        ([member("A")], "2 to 16 judges, not 1"),
        ([member("A"), member("A")], "'A' 2 times"),
        ([member("A"), "B"], "objects with name, kind, params"),
        ([member("A"), {"name": "B", "kind": "scripted", "key": 1}], "objects with name"),
        ([member("A"), {"name": " ", "kind": "scripted"}], "needs a name"),
        ([member("A"), {"name": "B", "kind": "panel"}], "takes judges of the kinds learned, llm"),
        ([member("A"), {"name": "B", "kind": ["llm"]}], "takes judges of the kinds"),
        ([member("A"), member("B", 0)], "weight above 0 for 'B', not 0"),
        ([member("A"), {"name": "B", "kind": "scripted", "params": []}], "object for the params"),
        ([member("A"), member("B", wrods={})], "judge 'B': .* no parameter 'wrods'"),
    ],
)
def test_members_that_cannot_work_are_refused_in_words(members: list[Any], words: str) -> None:
    with pytest.raises(InvalidJudgeConfig, match=words):
        panel(*members)


def test_a_cascade_takes_no_cascade() -> None:
    with pytest.raises(InvalidJudgeConfig, match="'second' takes judges of the kinds"):
        cascade(member("A"), {"name": "B", "kind": "cascade", "params": {}})


def test_the_queue_is_the_gpus_where_a_member_needs_one() -> None:
    local = {"name": "L", "kind": "local"}
    mixed = {"members": [member("A"), local]}
    inside = {"first": member("A"), "second": {"name": "p", "kind": "panel", "params": mixed}}

    assert queue_of("panel", {"members": [member("A"), member("B")]}) == "llm"
    assert queue_of("panel", mixed) == "gpu"
    assert queue_of("cascade", inside) == "gpu"
    assert (queue_of("local", {}), queue_of("llm", {})) == ("gpu", "llm")
    assert build("cascade", inside).queue == "gpu"
    # What is no configuration yet has no needs: it is refused when it is built.
    assert queue_of("panel", {"members": ["x", {"kind": ["llm"]}]}) == "llm"


def test_an_outcome_survives_its_way_through_json() -> None:
    for outcome in (
        one(panel(member("A", **MET), member("B", **NOT_MET))),
        one(build("scripted", MET)),
        Scored(
            value=1, confidence=0.5, probabilities=((0, 0.5),), provenance=Provenance(model="m")
        ),
    ):
        assert read_outcome(as_json(outcome)) == outcome

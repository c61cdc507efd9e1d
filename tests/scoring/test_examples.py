"""A judge that asks for examples is shown what people decided of other tasks, and no more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pytest
from pytest_django.fixtures import DjangoAssertNumQueries, Settings

from annotations.actions.adjudication import Case, override
from annotations.models import Session, SessionStatus
from annotations.queries.disputes import disputes, scope_of
from annotations.sheet import Entry
from rubricstudio.actions.imports import import_records
from rubricstudio.domain.formats.records import (
    Message,
    RaterKind,
    Record,
    ResponseRecord,
    RubricRecord,
    TaskRecord,
    VerdictRecord,
)
from rubricstudio.domain.rubric import Criterion, Level, Rubric, Scale, ScaleKind
from rubricstudio.domain.verdict import VerdictStatus
from rubricstudio.models import Criterion as Row
from rubricstudio.models import Response, Round, RubricVersion, Verdict
from scoring.actions.batches import judge_batch
from scoring.actions.judges import create_judge
from scoring.actions.runs import start_run
from scoring.judges import JudgedExample
from scoring.models import Run
from scoring.queries.examples import CUT, LONGEST_RESPONSE, cut, examples_for
from tests.conftest import Cast
from tests.scripted_server import Answer, Call, ScriptedServer, say

LEVELS = Scale(ScaleKind.ORDINAL, tuple(Level(n, f"L{n}") for n in (1.0, 2.0, 3.0)))
CRITERIA = (
    Criterion(key="dose", text="Names a dose."),
    Criterion(key="clear", text="How clear?", scale=LEVELS),
    Criterion(key="whole", text="How whole?", scale=Scale(ScaleKind.POINTS, maximum=6.0)),
)
# What ann and bob say of the responses r0, r1, ... to the tasks t0, t1, ...; each task has one.
ALIKE = [(1, 1), (0, 0), (1, 1), (0, 0), (1, 1), (0, 0), (1, 1), (1, 0)]


def fill(cast: Cast, said: Mapping[str, Sequence[tuple[float | None, float | None]]]) -> None:
    count = max(map(len, said.values()))
    records: list[Record] = [TaskRecord(f"t{n}", (Message("user", f"{n}?"),)) for n in range(count)]
    records += [ResponseRecord(f"r{n}", f"t{n}", f"Answer {n}.", source="s") for n in range(count)]
    records.append(RubricRecord(id="r", rubric=Rubric(CRITERIA), name="R", published=True))
    records += [
        _verdict(f"r{n}", key, rater, value)
        for key, pairs in said.items()
        for n, pair in enumerate(pairs)
        for rater, value in zip(("ann", "bob"), pair, strict=True)
    ]
    import_records(project=cast.project, records=records, by=cast.owner)


def _verdict(response: str, key: str, rater: str, value: float | None) -> VerdictRecord:
    status = VerdictStatus.CANNOT_ASSESS if value is None else VerdictStatus.OK
    return VerdictRecord(response, "r", key, rater, round="experts", status=status, value=value)


def responses(cast: Cast) -> list[Response]:
    return list(Response.objects.filter(project=cast.project).order_by("external_id"))


def shown(cast: Cast, key: str, most: int, of: Iterable[int] = (0,)) -> list[Any]:
    rows, criterion = responses(cast), Row.objects.get(version__rubric__external_id="r", key=key)
    return list(examples_for(cast.project, [(rows[n], criterion) for n in of], most))


@pytest.mark.django_db
def test_as_many_met_as_not_met_and_never_of_the_task_that_is_judged(cast: Cast) -> None:
    fill(cast, {"dose": ALIKE})

    found = shown(cast, "dose", 4, of=range(8))

    for n, examples in enumerate(found):
        assert f"r{n}" not in [each.source for each in examples]
        assert Counter(each.value for each in examples) == {0.0: 2, 1.0: 2}
    assert found[0] == (
        JudgedExample(source="r1", prompt="1?", response="Answer 1.", value=0.0),
        JudgedExample(source="r2", prompt="2?", response="Answer 2.", value=1.0),
        JudgedExample(source="r3", prompt="3?", response="Answer 3.", value=0.0),
        JudgedExample(source="r4", prompt="4?", response="Answer 4.", value=1.0),
    )
    assert found == shown(cast, "dose", 4, of=range(8))
    assert [len(each) for each in shown(cast, "dose", 3)] == [3]


@pytest.mark.django_db
def test_nothing_is_shown_where_people_agree_on_one_level_only(cast: Cast) -> None:
    fill(cast, {"dose": [(1, 1), (1, 1), (1, 1), (0, 1), (None, 0)]})

    assert shown(cast, "dose", 4) == [()]


@pytest.mark.django_db
def test_levels_and_points_are_spread_from_the_ends_of_the_scale(cast: Cast) -> None:
    steps = [(2, 2), (1, 1), (2, 2), (3, 3), (1, 1), (3, 3), (2, 2)]
    fill(cast, {"clear": steps, "whole": [(0, 0), (0.5, 0.5), (3, 3), (5, 5), (6, 6), (1, 1)]})

    assert [each.value for each in shown(cast, "clear", 2)[0]] == [1.0, 3.0]
    assert [each.value for each in shown(cast, "clear", 6)[0]] == [1.0, 3.0, 2.0, 1.0, 3.0, 2.0]
    # Points have a low, a middle and a high third; there is one example of the middle.
    assert [each.value for each in shown(cast, "whole", 6)[0]] == [0.5, 5.0, 3.0]


@pytest.mark.django_db
def test_what_was_adjudicated_goes_first_and_one_decision_is_enough(cast: Cast) -> None:
    fill(cast, {"dose": ALIKE})
    scope = scope_of(cast.project, [Round.objects.get(project=cast.project, name="experts")])
    unit = disputes(scope).rows[0].unit
    entry = Entry(VerdictStatus.OK, 0.0)
    override(case=Case(scope, unit), entry=entry, reason="No dose.", by=cast.owner)

    assert [each.source for each in shown(cast, "dose", 2)[0]] == ["r7", "r2"]
    assert "r7" not in [each.source for each in shown(cast, "dose", 6, of=[7])[0]]


@pytest.mark.django_db
def test_a_session_that_goes_on_gives_no_examples(cast: Cast) -> None:
    fill(cast, {"dose": ALIKE})
    session = Session.objects.create(
        round=Round.objects.get(project=cast.project, name="experts"), status=SessionStatus.ACTIVE
    )
    assert shown(cast, "dose", 4) == [()]

    session.status = SessionStatus.COMPLETED
    session.save()

    assert len(shown(cast, "dose", 4)[0]) == 4


@pytest.mark.django_db
def test_judges_verdicts_are_no_examples(cast: Cast) -> None:
    fill(cast, {"dose": [(1, 1), (0, 0)]})
    records = [
        _verdict(f"r{n}", "dose", name, n % 2)._replace(rater_kind=RaterKind.JUDGE, round="run")
        for n in range(2)
        for name in ("gpt", "claude")
    ]
    import_records(project=cast.project, records=records, by=cast.owner)

    assert shown(cast, "dose", 4, of=[0]) == [()]


@pytest.mark.django_db
def test_the_same_text_under_another_task_is_not_shown(cast: Cast) -> None:
    fill(cast, {"dose": ALIKE})
    twin = responses(cast)[1]
    Response.objects.filter(pk=twin.pk).update(text=responses(cast)[0].text)

    assert "r1" not in [each.source for each in shown(cast, "dose", 6)[0]]


@pytest.mark.django_db
def test_it_is_one_query_for_all_that_is_judged(
    cast: Cast, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    fill(cast, {"dose": ALIKE, "clear": [(1, 1), (3, 3)] * 4})
    rows = list(Row.objects.filter(version__rubric__external_id="r"))
    cells = [(response, row) for response in responses(cast) for row in rows]

    with django_assert_num_queries(1):
        examples_for(cast.project, cells, 4)


def test_a_long_text_loses_its_middle_and_says_so() -> None:
    text = "a" * LONGEST_RESPONSE + "z"

    short = cut(text, LONGEST_RESPONSE)

    assert len(short) == LONGEST_RESPONSE + len(CUT)
    assert (short[0], short[-1], CUT in short) == ("a", "z", True)
    assert cut("short", 5) == "short"


def run_with(cast: Cast, params: dict[str, object]) -> Run:
    judge = create_judge(project=cast.project, name="J", kind="llm", params=params, by=cast.owner)
    run = start_run(
        judge=judge,
        version=RubricVersion.objects.get(rubric__external_id="r"),
        response_ids=[row.pk for row in responses(cast)],
        name="r",
        by=cast.owner,
        enqueue=False,
    )

    for batch in run.batches.all():
        judge_batch(run=run, number=batch.number)
    return run


@pytest.mark.django_db
@pytest.mark.parametrize("mode", ["criterion", "rubric"])
def test_a_run_never_tells_its_judge_what_people_said_of_the_task_it_judges(
    mode: str, cast: Cast, settings: Settings
) -> None:
    settings.JUDGE_ALLOW_PRIVATE_HOSTS = True
    fill(cast, {"dose": ALIKE})
    calls: list[str] = []

    def script(call: Call) -> Answer:
        calls.append(call.text)
        return say("met")

    with ScriptedServer(script) as server:
        params = {"model": "hosted_vllm/m", "api_base": server.url, "mode": mode, "examples": 4}
        run = run_with(cast, params)

    with_examples = [text for text in calls if "<<OTHER RESPONSE" in text]
    assert len(with_examples) == 8
    for text in with_examples:
        judged = text.partition("<<RESPONSE ")[2].partition(">>\n")[2].partition("\n<<END")[0]
        others = text.partition("<<CRITERION")[2]
        assert judged.startswith("Answer ")
        assert judged not in others
        assert others.count("People's verdict on other response") == 4
    sources = Verdict.objects.filter(round_id=run.pk, criterion__key="dose")
    for verdict in sources.select_related("response"):
        used = (verdict.provenance or {})["parameters"]["examples"]
        assert len(used) == 4
        assert verdict.response.external_id not in used

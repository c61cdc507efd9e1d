"""The judge that runs programs: the contract, its words and quotes, and a run from end to end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar

import pytest

from rubricstudio.actions.rubrics import create_rubric, publish
from rubricstudio.domain import rubric as domain
from rubricstudio.domain.rubric import Criterion, JudgedBy, Rubric, ScaleKind
from rubricstudio.domain.verdict import VerdictStatus
from rubricstudio.models import RubricVersion, Verdict
from scoring.actions.here import work_here
from scoring.actions.judges import create_judge
from scoring.actions.runs import NothingToJudge, start_run
from scoring.judges import Judge, JudgeRequest, Outcome, Scored, Unscored, build
from scoring.queries.plans import Narrowing, judged_criteria, plan_run
from scoring.queries.runs import runs_page
from tests.conftest import Cast, Data
from tests.scoring.judges.cases import CLARITY, COMPLETENESS, DOSED, NAMES_A_DOSE, a_request
from tests.scoring.judges.test_contract import JudgeContract

PROGRAMS = {
    ScaleKind.BINARY: r'matches("\d+ mg")',
    ScaleKind.ORDINAL: "2.5 if words > 20 else 0",
    ScaleKind.POINTS: "min(5, sentences)",
}


class WithPrograms:
    """Gives each request a program that fits its scale."""

    queue: ClassVar[str] = "llm"

    def __init__(self, judge: Judge) -> None:
        self._judge = judge

    def judge(self, requests: Sequence[JudgeRequest]) -> list[Outcome]:
        return self._judge.judge([_with_program(each) for each in requests])


def _with_program(request: JudgeRequest) -> JudgeRequest:
    criterion = request.criterion
    program = criterion.program or PROGRAMS[criterion.scale.kind]
    return replace(request, criterion=replace(criterion, program=program))


class TestProgram(JudgeContract):
    @pytest.fixture
    def judge(self) -> Judge:
        return WithPrograms(build("program", {}))


def asked(program: str, criterion: Criterion = NAMES_A_DOSE, text: str | None = DOSED) -> Outcome:
    (outcome,) = build("program", {"seconds": 0.2}).judge(
        [a_request(replace(criterion, program=program), text)]
    )
    return outcome


def test_it_cites_what_decided_and_says_why() -> None:
    outcome = asked(r'matches("\d+ mg") and words > 3 or contains("unknown")')

    assert isinstance(outcome, Scored)
    assert outcome.value == 1.0
    assert [quote.text for quote in outcome.quotes] == ["400 mg"]
    assert outcome.rationale.splitlines()[1:] == [
        r'matches("\d+ mg") and words > 3: yes',
        r'matches("\d+ mg"): yes',
        "words > 3: yes",
        "words: 14",
    ]
    assert outcome.provenance.cost == 0.0


@pytest.mark.parametrize(
    ("program", "criterion", "value"),
    [
        ("2.5 if words > 3 else 0", CLARITY, 2.5),
        ("words / 7", COMPLETENESS, 2.0),
    ],
)
def test_it_gives_values_of_other_scales(program: str, criterion: Criterion, value: float) -> None:
    assert asked(program, criterion).value == value


@pytest.mark.parametrize(
    ("program", "status", "reason"),
    [
        ("", VerdictStatus.NOT_APPLICABLE, "The criterion has no program."),
        ("wrods", VerdictStatus.ERROR, "unknown check “wrods”; did you mean words?"),
        ("words", VerdictStatus.ERROR, "The program gives 14, which the scale does not have."),
        ("1 / 0 > 1", VerdictStatus.ERROR, "A division by 0."),
    ],
)
def test_without_a_value_there_is_a_status_and_a_reason(
    program: str, status: VerdictStatus, reason: str
) -> None:
    outcome = asked(program)

    assert (outcome.status, outcome.value) == (status, None)
    assert isinstance(outcome, Unscored)
    assert reason in outcome.reason


def test_a_regular_expression_that_explodes_times_out() -> None:
    outcome = asked(r'matches(r"(x+x+)+y")', text="x" * 40_000)

    assert (outcome.status, outcome.value) == (VerdictStatus.TIMEOUT, None)


def _version(cast: Cast) -> RubricVersion:
    """Criteria for anyone, with and without a program, for a program, a model and people."""
    criteria = [
        ("any-program", JudgedBy.ANYONE, 'contains("doctor")'),
        ("any-plain", JudgedBy.ANYONE, ""),
        ("program", JudgedBy.PROGRAM, "words >= 1"),
        ("model", JudgedBy.MODEL, ""),
        ("people", JudgedBy.PEOPLE, ""),
    ]
    value = Rubric(
        tuple(
            domain.Criterion(key=key, text=f"Criterion {key}.", judged_by=by, program=program)
            for key, by, program in criteria
        )
    )
    draft = create_rubric(project=cast.project, name="Programs", by=cast.author, value=value)
    return publish(version=draft, by=cast.author)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("kind", "keys"),
    [
        ("program", ["any-program", "program"]),
        ("llm", ["any-program", "any-plain", "model"]),
        ("local", ["any-program", "any-plain", "model"]),
        ("scripted", ["any-program", "any-plain", "program", "model"]),
    ],
)
def test_a_run_has_the_criteria_that_its_kind_of_judge_may_judge(
    cast: Cast, kind: str, keys: list[str]
) -> None:
    version = _version(cast)

    plan = plan_run(cast.project, version, Narrowing(), kind=kind)

    names = dict(version.criteria.values_list("pk", "key"))
    assert [names[pk] for pk in judged_criteria(version, kind)] == keys
    assert plan.criteria == len(keys)


@pytest.mark.django_db
def test_a_run_from_end_to_end(cast: Cast, data: Data) -> None:
    version, params = _version(cast), dict[str, Any]()
    judge = create_judge(
        project=cast.project, name="Checks", kind="program", params=params, by=cast.author
    )
    run = start_run(
        judge=judge,
        version=version,
        response_ids=[response.pk for response in data.responses],
        name="programs",
        by=cast.author,
        enqueue=False,
    )

    work_here(run=run)

    run.refresh_from_db()
    said = {
        (verdict.response_id, verdict.criterion.key): verdict
        for verdict in Verdict.objects.filter(round_id=run.pk).select_related(
            "response", "criterion"
        )
    }
    assert run.status == "done"
    assert {key for _, key in said} == {"any-program", "program"}
    assert len(said) == 2 * len(data.responses)
    for (_, key), verdict in said.items():
        text = verdict.response.text
        if text is None:
            assert (verdict.status, verdict.value) == ("cannot_assess", None)
        elif key == "program":
            assert (verdict.status, verdict.value) == ("ok", float(bool(text.split())))
        else:
            assert (verdict.status, verdict.value) == ("ok", float("doctor" in text))
            assert [quote["text"] for quote in verdict.evidence] == ["doctor"] * ("doctor" in text)
    (row,) = [each for each in runs_page(cast.project).rows if each.round.pk == run.pk]
    assert row.expected == row.stored == len(said)


@pytest.mark.django_db
def test_a_rubric_without_programs_gives_it_nothing_to_judge(cast: Cast, data: Data) -> None:
    judge = create_judge(
        project=cast.project, name="Checks", kind="program", params={}, by=cast.author
    )

    with pytest.raises(NothingToJudge, match="This judge has no criterion"):
        start_run(
            judge=judge,
            version=data.version,
            response_ids=[data.responses[0].pk],
            name="none",
            by=cast.author,
        )

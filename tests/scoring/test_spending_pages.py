"""What people see of money: an estimate before a run, its budget, and what it spent on what."""

from __future__ import annotations

import json
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from rubricstudio.models import Verdict
from scoring.actions.here import work_here
from scoring.actions.judges import create_judge
from scoring.actions.runs import Spending
from scoring.estimates import RunEstimate, estimate_run
from scoring.models import Judge, ModelCall, Run, RunBudget, RunStatus
from scoring.money_words import estimate_rows
from scoring.queries import spending
from scoring.queries.copying import copy_of
from scoring.queries.plans import Narrowing, plan_run
from scoring.queries.spending import money_of
from scoring.run_reports import run_sheets
from tests.conftest import Cast, Data
from tests.scoring.hosted import begun, verdict
from tests.scoring.judged import rules, worked
from tests.scripted_server import ScriptedServer, fail

pytestmark = pytest.mark.django_db

CELLS = 12  # four responses by three criteria
RUNS_URL = "/projects/demo/runs/"
HTMX = {"HX-Request": "true", "HX-Target": "run-live"}


@pytest.fixture
def author(cast: Cast, client: Client) -> Client:
    client.force_login(cast.author)
    return client


def _said(page: Any) -> str:
    return " ".join(page.content.decode().split())


# -- before a run


def _estimated(cast: Cast, data: Data, judge: Judge, samples: int = 1) -> RunEstimate:
    plan = plan_run(cast.project, data.version, Narrowing(), kind="llm", samples=samples)
    found = estimate_run(judge=judge, version=data.version, plan=plan)
    assert found is not None
    return found


@pytest.mark.parametrize("mode", ["criterion", "rubric"])
def test_the_truth_lies_in_the_estimate_also_of_a_judge_that_never_ran(
    cast: Cast, data: Data, hosted: Any, server: ScriptedServer, mode: str
) -> None:
    judge = hosted(price_in=1.0, price_out=2.0, mode=mode)
    found = _estimated(cast, data, judge)
    budget = work_here(run=begun(cast, data, judge)).budget

    assert found.calls.value == len(server.calls) == (CELLS if mode == "criterion" else CELLS // 3)
    calls = ModelCall.objects.all()
    read = sum(call.tokens_in or 0 for call in calls)
    assert found.tokens_in.low <= read <= found.tokens_in.high
    assert found.tokens_in.value == pytest.approx(read, rel=0.05)  # the server: 4 bytes a token
    assert (found.by_earlier, found.replies_by, found.price_by) == (0, 0, 0)
    assert found.cost is not None
    assert found.cost.low <= budget.spent_cost <= found.cost.high or mode == "rubric"


def test_what_a_judge_took_before_makes_it_narrow(
    cast: Cast, data: Data, hosted: Any, server: ScriptedServer
) -> None:
    judge = hosted(price_in=1.0, price_out=2.0)
    first = _estimated(cast, data, judge, samples=3)
    spent = work_here(run=begun(cast, data, judge)).budget
    again = _estimated(cast, data, judge, samples=3)

    assert (again.by_earlier, again.replies_by) == (CELLS, CELLS)
    assert again.calls.value == 3 * CELLS
    assert again.tokens.low <= 3 * spent.spent_tokens <= again.tokens.high
    assert again.tokens.value == pytest.approx(3 * spent.spent_tokens, rel=0.01)
    width = again.tokens.high - again.tokens.low
    assert width < (first.tokens.high - first.tokens.low) / 5


def _made_of(cast: Cast, kind: str, **params: Any) -> Judge:
    return create_judge(project=cast.project, name="Made", kind=kind, params=params, by=cast.author)


def test_a_panel_takes_what_its_hosted_members_do(
    cast: Cast, data: Data, hosted: Any, server: ScriptedServer
) -> None:
    single = hosted("Single", price_in=1.0, price_out=2.0)
    whole = hosted("Whole", price_in=10.0, price_out=20.0, mode="rubric")
    members = [copy_of(each) for each in (single, whole, rules(cast))]
    alone = [_estimated(cast, data, each) for each in (single, whole)]
    panel = _made_of(cast, "panel", members=members)
    found = _estimated(cast, data, panel)
    work_here(run=begun(cast, data, panel))

    assert [each.name for each in found.members] == ["Single", "Whole"]
    assert found.calls.value == len(server.calls) == CELLS + CELLS // 3
    read = sum(call.tokens_in or 0 for call in ModelCall.objects.all())
    assert found.tokens_in.low <= read <= found.tokens_in.high
    assert found.cost and alone[0].cost and alone[1].cost
    assert found.cost.value == pytest.approx(alone[0].cost.value + alone[1].cost.value)
    assert "of which Whole" in [row.label for row in estimate_rows(found)]


def test_how_often_a_cascade_asks_its_second_is_any_share_until_a_run_tells(
    cast: Cast, data: Data, hosted: Any
) -> None:
    first, second = copy_of(hosted("Cheap")), copy_of(hosted("Dear"))
    cascade = _made_of(cast, "cascade", first=first, second=second, samples=3)

    unknown = _estimated(cast, data, cascade).members[1]
    work_here(run=begun(cast, data, cascade))  # all samples agree: the second is asked nothing
    known = _estimated(cast, data, cascade)

    assert (unknown.calls.low, unknown.calls.high) == (0, CELLS)
    assert (known.members[0].calls.value, known.members[1].share_by) == (3 * CELLS, CELLS)
    # Wilson, 0 of 12 / 2, since as many are to come: z^2 / (6 + z^2) = 0.390
    assert known.members[1].calls.high == pytest.approx(0.390 * CELLS, abs=0.01)
    assert "by the share in 12 earlier verdicts" in estimate_rows(known)[-1].how


def test_without_a_price_earlier_calls_tell_the_cost_of_a_token(
    cast: Cast, data: Data, hosted: Any
) -> None:
    judge = hosted()
    assert _estimated(cast, data, judge).cost is None
    work_here(run=begun(cast, data, judge))
    # As the workers' price list would have it.
    for call in ModelCall.objects.all():
        call.cost = Decimal("0.000002") * (call.tokens_in or 0)
        call.save()

    other = hosted("Another of the same model", temperature=1.0)
    found = _estimated(cast, data, other)

    assert (found.by_earlier, found.replies_by, found.price_by) == (CELLS, 0, CELLS)
    assert found.cost is not None
    assert found.cost.value == pytest.approx(found.tokens.value * 2e-6, rel=0.3)


def test_an_estimate_looks_at_a_few_cells_whatever_the_plan(
    cast: Cast,
    data: Data,
    hosted: Any,
    monkeypatch: pytest.MonkeyPatch,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    monkeypatch.setattr("scoring.estimates.SAMPLE", 5)
    judge = hosted()
    plan = plan_run(cast.project, data.version, Narrowing(), kind="llm")

    with django_assert_max_num_queries(5):
        found = estimate_run(judge=judge, version=data.version, plan=plan)

    assert found is not None
    assert (found.looked_at, found.prompts) == (5, CELLS)
    assert found == estimate_run(judge=judge, version=data.version, plan=plan)


def test_a_new_run_shows_what_it_would_take_and_whether_the_budget_reaches(
    author: Client, data: Data, hosted: Any
) -> None:
    judge = hosted(price_in=1000.0, price_out=1000.0)

    page = _said(author.get(f"{RUNS_URL}new/"))
    small = _said(author.get(f"{RUNS_URL}new/", {"judge": judge.pk, "budget": "0.10"}))

    assert "Prompt tokens" in page
    assert "prompts of 12 of 12 drawn at random" in page
    assert "by the judge&#x27;s own prices" in page
    assert "expected to stop at its budget" not in page
    assert "expected to stop at its budget" in small


def test_rules_cost_nothing_and_need_no_budget(author: Client, cast: Cast, data: Data) -> None:
    judge = rules(cast)

    page = author.get(f"{RUNS_URL}new/")
    choice = {"judge": judge.pk, "version": data.version.pk, "samples": 1, "budget": "5"}
    author.post(f"{RUNS_URL}new/", choice)

    assert 'is-free"' in page.content.decode()  # which hides the fields
    assert "estimate" not in page.context
    assert RunBudget.objects.get().limit_cost is None


def test_a_run_starts_with_the_budget_given(author: Client, data: Data, hosted: Any) -> None:
    choice = {"judge": hosted().pk, "version": data.version.pk, "samples": 1}
    author.post(f"{RUNS_URL}new/", choice | {"budget": "2.505", "budget_tokens": "9000"})

    budget = RunBudget.objects.get()
    assert (budget.limit_cost, budget.limit_tokens) == (Decimal("2.505"), 9000)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("budget", value) for value in ("0", "-1", "much", "NaN", "1e30")),
        *(("budget_tokens", value) for value in ("0", "-5", "2.5", "9" * 30)),
    ],
)
def test_a_budget_is_a_positive_number(
    author: Client, data: Data, hosted: Any, field: str, value: str
) -> None:
    choice = {"judge": hosted().pk, "version": data.version.pk, "samples": 1, field: value}

    page = author.post(f"{RUNS_URL}new/", choice)

    assert page.status_code == 422
    assert not Run.objects.exists()
    assert list(page.context["form"].errors) == [field]


# -- a run at work, and after


def test_a_run_shows_what_it_spent_on_what(
    author: Client, cast: Cast, data: Data, hosted: Any, server: ScriptedServer
) -> None:
    server.script = lambda call: fail(500) if call.index == 0 else verdict(call)
    judge = hosted(price_in=1.0, price_out=2.0, attempts=2, backoff=0)
    run = work_here(run=begun(cast, data, judge, Spending(cost=Decimal(5))))

    page = author.get(run.get_absolute_url())

    money = page.context["money"]
    assert (money.calls, money.answered, money.failed) == (CELLS + 1, CELLS, [("broken", 1)])
    assert money.spent == run.budget.spent_cost
    (place,) = money.endpoints
    assert (place.endpoint, place.cost.n) == (server.origin, CELLS)
    assert [row.verdicts for row in money.criteria] == [4, 4, 4]
    costs = [row.cost.total for row in money.criteria]
    assert costs == sorted(costs, reverse=True)
    assert sum(costs) == pytest.approx(float(run.budget.spent_cost))
    assert sum(row.retries for row in money.criteria) == 1
    assert "of $5.00" in _said(page)
    assert "1 server failed" in _said(page)


def test_what_is_not_known_is_not_shown_as_zero(
    author: Client, cast: Cast, data: Data, hosted: Any
) -> None:
    run = work_here(run=begun(cast, data, hosted()))

    money = money_of(run)

    assert money is not None and money.spent is None
    assert "price not known" in _said(author.get(run.get_absolute_url()))


def test_lost_calls_are_told_with_what_they_mean(
    author: Client, cast: Cast, data: Data, hosted: Any
) -> None:
    run = work_here(run=begun(cast, data, hosted()))
    ModelCall.objects.filter(pk=ModelCall.objects.latest("pk").pk).update(state="lost", reply=None)

    assert "It counts as paid" in _said(author.get(run.get_absolute_url()))


def test_answers_that_cost_nothing_again_are_counted(cast: Cast, data: Data, hosted: Any) -> None:
    judge = hosted(reuse=True, price_in=1.0, price_out=1.0)
    work_here(run=begun(cast, data, judge))
    again = work_here(run=begun(cast, data, judge, name="again"))

    money = money_of(again)

    assert money is not None
    assert (money.calls, money.reused) == (0, CELLS)
    assert money.spent == 0


def test_a_run_without_calls_has_no_money(author: Client, cast: Cast, data: Data) -> None:
    page = author.get(worked(cast, data, rules(cast)).get_absolute_url())

    assert page.context["money"] is None


def test_looking_at_the_money_takes_four_queries(
    cast: Cast, data: Data, hosted: Any, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    run = work_here(run=begun(cast, data, hosted()))

    with django_assert_num_queries(4):
        money_of(run)


def test_a_run_that_stopped_at_its_budget_goes_on_with_a_larger_one(
    author: Client, cast: Cast, data: Data, hosted: Any
) -> None:
    judge = hosted(price_in=1000.0, price_out=1000.0, max_tokens=16, concurrency=4)
    limits = Spending(cost=Decimal(2), tokens=10**6)
    run = work_here(run=begun(cast, data, judge, limits))
    page = author.get(run.get_absolute_url())
    resume = f"{RUNS_URL}{run.pk}/resume/"

    less = author.post(resume, {"budget": "0.01"})
    run.refresh_from_db()
    assert run.status == RunStatus.PARTIAL
    author.post(resume, {"budget": "500", "budget_tokens": ""})
    run.refresh_from_db()

    assert "Resume with a larger budget" in _said(page)
    assert _said(page).count("/resume/") == 1
    assert less.status_code == 422
    assert "has spent $" in _said(less)
    budget = RunBudget.objects.get(run=run)
    assert budget.limit_cost == 500
    assert budget.limit_tokens == 10**6
    assert budget.stopped_at is None
    assert work_here(run=run).status == RunStatus.DONE
    assert Verdict.objects.filter(round=run.pk).count() == CELLS
    assert "Stopped at its budget" not in _said(author.get(run.get_absolute_url()))


# -- on the command line


def _command(*options: str) -> tuple[str, str]:
    out, err = StringIO(), StringIO()
    call_command("run_judge", "demo", *options, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def test_the_command_estimates_stops_at_a_budget_and_resumes_with_more(
    cast: Cast, data: Data, hosted: Any
) -> None:
    hosted(price_in=1000.0, price_out=1000.0, max_tokens=16, concurrency=4)
    options = ("--judge", "Hosted", "--here", "--name", "a", "--format", "json")

    err = StringIO()
    with pytest.raises(CommandError, match=r"budget of \$2 is used up"):
        call_command("run_judge", "demo", *options, "--budget", "2", stdout=StringIO(), stderr=err)
    with pytest.raises(CommandError, match="has spent"):
        _command("--resume", "a", "--here", "--budget", "0.01")
    out, _ = _command("--resume", "a", "--here", "--budget", "500", "--format", "json")

    assert "Prompt tokens: " in err.getvalue()
    assert "expected to stop at its budget" in err.getvalue()
    money = json.loads(out)["money"]
    assert (money["calls"], money["lost"], money["budget"]) == (CELLS, 0, 500.0)
    assert money["spent"] == pytest.approx(float(RunBudget.objects.get().spent_cost))
    assert not money["stopped_at_budget"]
    assert "Money" in run_sheets(Run.objects.get())[2].title


@pytest.mark.parametrize("option", ["--budget=0", "--budget-tokens=-1", "--budget=much"])
def test_the_command_takes_positive_budgets(
    cast: Cast, data: Data, hosted: Any, option: str
) -> None:
    hosted()
    with pytest.raises(CommandError, match="above 0"):
        _command("--judge", "Hosted", "--here", option)
    assert not Run.objects.exists()


def test_a_budget_for_rules_is_refused_by_the_command(cast: Cast, data: Data) -> None:
    rules(cast)
    with pytest.raises(CommandError, match="needs no budget"):
        _command("--judge", "Rules", "--here", "--budget", "2")


def test_sums_of_many_calls_are_not_made_anew_at_each_look(
    cast: Cast, data: Data, hosted: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = work_here(run=begun(cast, data, hosted()))
    monkeypatch.setattr(spending, "MANY", CELLS - 1)
    first = money_of(run)
    ModelCall.objects.filter(run=run).update(tokens_in=None)
    again = money_of(run)
    monkeypatch.setattr(spending, "MANY", CELLS)
    run.finished_at = None  # in another state it is another sum
    resumed = money_of(run)

    assert first and again and resumed
    assert (first.endpoints, first.criteria) == (again.endpoints, again.criteria)
    assert resumed.endpoints[0].tokens_in.n == 0

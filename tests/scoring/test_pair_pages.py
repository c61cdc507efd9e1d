"""A judge that compares in the browser and the shell: offered where it fits, planned, read."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

import numpy as np
import pytest
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from annotations.actions import activate, submit
from annotations.models import Session
from annotations.queries.comparisons import comparison_of
from rubricstudio.models import Preference, Response
from rubricstudio.queries.rounds import finished_runs
from scoring.actions.here import work_here
from scoring.actions.preview import PreviewNotPossible
from scoring.actions.trials import start_trial
from scoring.estimates import estimate_run
from scoring.forms_members import judge_form
from scoring.judges import Site
from scoring.judges.checks import problems
from scoring.models import Judge, Run
from scoring.queries.pair_plans import Pairs, plan_for, plan_pairs
from scoring.queries.pair_results import position_of_run, preferences_page, with_people
from scoring.queries.plans import Narrowing
from scoring.queries.preview import judges_to_ask
from scoring.queries.wins import outcome_of
from tests.annotations.test_comparing import RANKED, compared, pair_sheet, pull
from tests.conftest import Cast, Data
from tests.scoring.paired import herons, pair_judge, pair_run, prefer, shown
from tests.scripted_server import Answer, Call, ScriptedServer

pytestmark = pytest.mark.django_db

NEW = "/projects/demo/runs/new/"


@pytest.fixture
def session(cast: Cast, data: Data) -> Session:
    """Nuria prefers heron's on both tasks, by what warns alone; Nils has not begun."""
    session = activate(session=compared(cast, data), by=cast.owner)
    herons_ids = set(Response.objects.filter(source="heron").values_list("pk", flat=True))
    for _ in range(2):
        mine = pull(session, cast.annotator)
        better = -1.0 if comparison_of(mine).members[0] in herons_ids else 1.0
        submit(assignment=mine, sheet=pair_sheet(better, warns=better), by=cast.annotator)
    return session


@pytest.fixture
def run(cast: Cast, data: Data, server: ScriptedServer) -> Run:
    server.script = herons
    return work_here(run=pair_run(cast, data, pair_judge(cast, server)))


# -- which pairs


def plan(data: Data, narrowing: Narrowing, which: Pairs = Pairs.COMPARED) -> Any:
    project = data.version.rubric.project
    return plan_pairs(project, data.version, narrowing, which=which, kind="llm", samples=2)


def test_pairs_are_those_of_sessions_or_all(cast: Cast, data: Data, session: Session) -> None:
    ids = [response.pk for response in data.responses]
    other = compared(cast, data, RANKED, name="Ranked", annotators=[])

    both = plan(data, Narrowing())
    assert both.pairs == [(ids[0], ids[1]), (ids[2], ids[3])]
    # 2 pairs x 2 samples; each by 3 criteria in 2 orders
    assert (both.preferences, both.calls) == (4, 24)
    assert plan(data, Narrowing(session=other.round, first=1)).pairs == [(ids[0], ids[1])]
    assert plan(data, Narrowing(session=session.round, tasks=("task-2",))).pairs == [
        (ids[2], ids[3])
    ]
    assert plan(data, Narrowing(sources=("heron",))).is_empty
    assert len(plan(data, Narrowing(), Pairs.ALL).pairs) == 2


def test_pairs_that_were_imported_count_once_whichever_way_they_stand(
    cast: Cast, data: Data
) -> None:
    one, two, *_ = data.responses
    rater = cast.project.raters.create(kind="person", name="Elsewhere")
    for n, (a, b) in enumerate([(one, two), (two, one)]):
        round_ = cast.project.rounds.create(kind="session", name=f"{n}", created_by=cast.owner)
        Preference.objects.create(
            **{"round": round_, "rater": rater, "task": one.task, "preferred": "a"},
            **{"response_a": a, "response_b": b},
        )

    assert plan(data, Narrowing()).pairs == [(one.pk, two.pk)]


def test_a_pair_without_text_costs_no_call(cast: Cast, data: Data) -> None:
    Response.objects.filter(pk=data.responses[0].pk).update(text=None)

    found = plan(data, Narrowing(), Pairs.ALL)

    assert (found.preferences, found.calls, len(found.blank)) == (4, 12, 1)


def test_an_estimate_counts_both_orders(
    cast: Cast, data: Data, server: ScriptedServer, run: Run
) -> None:
    judge = run.judge
    found = plan_for(judge, data.version, Narrowing(), which=Pairs.ALL, samples=1)

    estimate = estimate_run(judge=judge, version=data.version, plan=found)

    assert estimate is not None
    assert (estimate.calls.value, estimate.looked_at) == (12, 12)
    read = sum(len(call.text) // 4 for call in server.calls)
    assert estimate.tokens_in.low <= read <= estimate.tokens_in.high


# -- where it is offered


def test_a_session_leads_to_a_run_over_its_pairs(
    cast: Cast, data: Data, session: Session, client: Client, server: ScriptedServer
) -> None:
    cache.set("worker:llm", "llm@test", timeout=60)
    client.force_login(cast.author)
    page = client.get(session.get_absolute_url()).content.decode()
    link = page.partition(f'href="{NEW}')[2].partition('"')[0].replace("&amp;", "&")
    link = NEW + link
    assert "No judge here compares" in client.get(link).content.decode()
    judge = pair_judge(cast, server)

    form = client.get(link).content.decode()
    assert "12 calls" in form and "each pair by 3 criteria, in both orders" in form
    chosen = {"judge": judge.pk, "version": data.version.pk, "samples": 1, "session": session.pk}
    answer = client.post(NEW, chosen | {"pairs": "compared"})

    cache.delete("worker:llm")
    run = Run.objects.get()
    assert answer["Location"] == run.get_absolute_url()
    assert [len(batch.pairs) for batch in run.batches.all()] == [2]


def test_only_who_may_run_judges_is_led_there(cast: Cast, session: Session, client: Client) -> None:
    for person, offered in ((cast.reviewer, False), (cast.owner, True)):
        client.force_login(person)
        page = client.get(session.get_absolute_url()).content.decode()
        assert ("Have a judge compare" in page) == offered


def test_it_is_not_offered_where_single_responses_are_judged(
    cast: Cast, data: Data, server: ScriptedServer, client: Client
) -> None:
    judge = pair_judge(cast, server)

    assert judge not in judges_to_ask(cast.project)
    members: Any = judge_form("panel", cast.project, None)
    assert str(judge.pk) not in members.choices
    with pytest.raises(PreviewNotPossible, match="compares two responses"):
        start_trial(
            judge=judge,
            version=data.version,
            response_id=data.responses[0].pk,
            by=cast.author,
        )
    client.force_login(cast.author)
    shown_judge = client.get(judge.get_absolute_url()).content.decode()
    assert "Try it on a pair" in shown_judge
    tried = client.get(reverse("scoring:trial-new", args=["demo", judge.pk]))
    assert tried["Location"] == f"{NEW}?judge={judge.pk}&pairs=compared&first=1"


def test_its_runs_suggest_no_verdicts(cast: Cast, run: Run) -> None:
    assert not finished_runs(cast.project).exists()


def test_the_check_measures_prompts_with_both_responses(
    cast: Cast, data: Data, server: ScriptedServer
) -> None:
    from scoring.actions.checks import _requests

    judge = pair_judge(cast, server)
    longest = data.responses[0].pk

    requests = _requests(judge.kind, judge.params, data.version, [longest])

    texts = [text for _, text in requests[0].answers]
    assert texts == [data.responses[0].text, data.responses[1].text]
    assert not [
        each
        for each in problems(judge.kind, judge.params, requests, Site(allow_private=True))
        if each.stops
    ]


# -- what came of it


def test_a_run_is_read_with_people_on_the_same_pairs(
    cast: Cast, session: Session, run: Run
) -> None:
    found = with_people(run)

    assert found is not None
    assert [row.pk for row in found.rounds] == [session.pk]
    assert (found.whole.n, found.whole.agreement.value) == (2, 1.0)
    by_key = {row.key: agreed for row, agreed in found.by_criterion}
    assert (by_key["warns"].n, by_key["warns"].agreement.value) == (2, 1.0)
    # Of the others she said about equal, and the judge said heron's.
    assert (by_key["clarity"].n, by_key["clarity"].agreement.value) == (2, 0.0)


def test_a_judge_of_places_is_seen_through(cast: Cast, data: Data, server: ScriptedServer) -> None:
    server.script = lambda call: prefer("A")
    run = work_here(run=pair_run(cast, data, pair_judge(cast, server)))

    position, wins = position_of_run(run), outcome_of(run.pk)

    assert (position.consistency.value, position.consistency.n) == (0.0, 6)
    assert (position.first.value, position.first.n) == (1.0, 12)
    assert (wins.said, wins.ties) == (2, 2)
    assert [row.rate.value for row in wins.sources] == [0.5, 0.5]


def test_the_page_of_a_run_shows_preferences_and_figures(
    cast: Cast, session: Session, run: Run, client: Client
) -> None:
    client.force_login(cast.author)

    answer = client.get(run.get_absolute_url())

    page = answer.content.decode()
    progress = answer.context["progress"]
    assert (progress.stored, progress.expected, progress.compares) == (2, 2, True)
    assert answer.context["figures"].scored == 2
    assert "With people on the same pairs" in page and "too few" in page
    assert "a · <bdi>heron</bdi>" in page or "b · <bdi>heron</bdi>" in page
    assert "(a, b) Because." in page
    costs = {row.criterion.key: row.verdicts for row in answer.context["money"].criteria}
    assert costs == {"warns": 4, "invents": 4, "clarity": 4}
    rows = client.get("/projects/demo/runs/").context["page"].rows
    assert [(row.stored, row.expected) for row in rows] == [(2, 2)]
    assert client.get(run.get_absolute_url(), {"status": "timeout"}).context["page"].rows == []


def test_whoever_has_still_to_judge_a_pair_is_not_shown_the_judge_s(
    cast: Cast, data: Data, run: Run, client: Client
) -> None:
    session = compared(cast, data, annotators=[cast.reviewer, cast.annotator])
    activate(session=session, by=cast.owner)

    assert all(row.hidden for row in preferences_page(run.round, cast.reviewer).rows)
    assert not any(row.hidden for row in preferences_page(run.round, cast.author).rows)
    client.force_login(cast.reviewer)
    page = client.get(run.get_absolute_url()).content.decode()
    assert "Because." not in page and "Hidden until you have judged" in page
    assert "Hidden from you for now" in page  # the sources


def test_exports_hold_each_criterion_s_part(cast: Cast, run: Run) -> None:
    out = StringIO()
    call_command("export_dataset", "demo", stdout=out)

    lines = [json.loads(line) for line in out.getvalue().splitlines()]

    said = [line for line in lines if line["type"] == "preference"]
    assert [line["rater_kind"] for line in said] == ["judge", "judge"]
    assert {abs(side) for side in said[0]["provenance"]["parts"].values()} == {1}
    assert len(said[0]["provenance"]["answers"]) == 6


# -- in the shell


def _call(*options: str) -> tuple[str, str]:
    out, err = StringIO(), StringIO()
    call_command("run_judge", "demo", *options, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def test_the_command_judges_the_pairs_of_a_session(
    cast: Cast, data: Data, session: Session, server: ScriptedServer
) -> None:
    server.script = herons
    pair_judge(cast, server)

    out, err = _call("--judge", "Pairs", "--session", "Compared", "--here", "--format", "json")

    assert "2 preferences: 2 pairs x 1 sample; 12 calls" in err
    told = json.loads(out)
    assert (told["preferences"], told["expected"], told["status"]) == (2, 2, "done")
    assert "verdicts" not in told


def test_the_command_refuses_pairs_for_other_judges(cast: Cast, data: Data, hosted: Any) -> None:
    hosted()

    with pytest.raises(CommandError, match="single responses"):
        _call("--judge", "Hosted", "--pairs", "all", "--here")


def test_a_preference_follows_the_text_not_the_place(
    cast: Cast, data: Data, server: ScriptedServer
) -> None:
    """Prefers the longer one, in whichever place: sides are of the responses."""
    Response.objects.filter(source="wren").update(text="wren says: ask, and then ask again. " * 3)

    def longer(call: Call) -> Answer:
        first, second = shown(call)
        return prefer("A" if len(first) > len(second) else "B")

    server.script = longer
    run = work_here(run=pair_run(cast, data, pair_judge(cast, server)))

    wrens = next(row for row in outcome_of(run.pk).sources if row.source == "wren")
    assert (wrens.wins, wrens.losses) == (2, 0)
    assert np.isclose(position_of_run(run).first.value or 0, 0.5)


def test_a_judge_is_told_apart_by_its_mode(cast: Cast, server: ScriptedServer, hosted: Any) -> None:
    assert pair_judge(cast, server).compares
    assert not hosted().compares
    assert not Judge(kind="local", params={"mode": "pairwise"}).compares

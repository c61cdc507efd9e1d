"""Runs in the browser: begun, watched, cancelled, resumed; counts and sums as stored."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from annotations.actions import create_session
from annotations.selection import Selection
from rubricstudio.actions.imports import import_records
from rubricstudio.actions.rubrics import create_rubric, publish
from rubricstudio.actions.tasks import add_response
from rubricstudio.domain.formats.records import RubricRecord
from rubricstudio.domain.verdict import VerdictStatus
from rubricstudio.models import Round, RoundKind, Verdict
from scoring.actions import batches
from scoring.actions import runs as run_actions
from scoring.actions.runs import NothingToJudge, cancel_run, start_run
from scoring.judges import JudgeError, JudgeRequest, Outcome, Provenance, Scored, Unscored
from scoring.models import Run, RunStatus
from scoring.queries.runs import Known, progress_of, rate_since, run_figures
from tests.conftest import SMALL_RUBRIC, Cast, Data
from tests.scoring.compare_data import rubric_of, tasks_and_responses, verdicts
from tests.scoring.judged import queued, rules, worked

RUNS_URL = "/projects/demo/runs/"
HTMX = {"HX-Request": "true", "HX-Target": "run-live"}


@pytest.fixture
def author(cast: Cast, client: Client) -> Client:
    client.force_login(cast.author)
    return client


@pytest.fixture
def a_worker() -> Any:
    """The sign of life of a worker on the queue llm."""
    cache.set("worker:llm", "llm@test", timeout=60)
    yield
    cache.delete("worker:llm")


def _choice(judge: Any, data: Data, **more: Any) -> dict[str, Any]:
    return {"judge": judge.pk, "version": data.version.pk, "samples": 1, **more}


# -- a new run


def test_it_says_how_many_verdicts_there_will_be(author: Client, cast: Cast, data: Data) -> None:
    rules(cast)

    plan = author.get(f"{RUNS_URL}new/", {"samples": 2, "sources": "wren"}).context["plan"]

    # 2 responses of wren x 3 criteria x 2 samples
    assert (plan.responses, plan.criteria, plan.samples, plan.verdicts) == (2, 3, 2, 12)


@pytest.mark.parametrize(
    ("narrowing", "responses"),
    [
        ({}, 4),
        ({"sources": ["wren", "heron"]}, 4),
        ({"first": 3}, 3),
        ({"sources": "wren", "first": 1}, 1),
    ],
)
def test_filters_add_up(
    author: Client, cast: Cast, data: Data, narrowing: Any, responses: int
) -> None:
    rules(cast)

    assert author.get(f"{RUNS_URL}new/", narrowing).context["plan"].responses == responses


def test_the_responses_of_a_session_are_those_its_people_judge(
    author: Client, cast: Cast, data: Data
) -> None:
    rules(cast)
    session = create_session(
        project=cast.project,
        name="Experts",
        version=data.version,
        by=cast.owner,
        selection=Selection(tasks=("task-1",)),
    )

    plan = author.get(f"{RUNS_URL}new/", {"session": session.pk}).context["plan"]

    assert set(plan.response_ids) == {data.responses[0].pk, data.responses[1].pk}


def test_responses_without_text_are_announced(author: Client, cast: Cast, data: Data) -> None:
    rules(cast)
    add_response(task=data.tasks[0], external_id="blank", source="owl", text=None)

    page = author.get(f"{RUNS_URL}new/")

    assert page.context["plan"].without_text == 1
    assert "1 response has no text" in page.content.decode()


def test_it_says_at_once_when_no_worker_would_take_the_run(
    author: Client, cast: Cast, data: Data
) -> None:
    rules(cast)
    cache.delete("worker:llm")

    assert "manage.py serve" in author.get(f"{RUNS_URL}new/").content.decode()


def test_it_is_silent_about_workers_where_one_is_there(
    author: Client, cast: Cast, data: Data, a_worker: None
) -> None:
    rules(cast)

    assert author.get(f"{RUNS_URL}new/").context["waits"] == ""


def test_a_started_run_is_named_after_judge_and_version(
    author: Client, cast: Cast, data: Data
) -> None:
    judge = rules(cast)

    for _ in range(2):
        author.post(f"{RUNS_URL}new/", _choice(judge, data))

    names = Run.objects.order_by("pk").values_list("round__name", flat=True)
    assert list(names) == [f"Rules on {data.version}", f"Rules on {data.version} (2)"]


def test_counting_starts_nothing(author: Client, cast: Cast, data: Data) -> None:
    page = author.post(f"{RUNS_URL}new/", _choice(rules(cast), data, count="1"))

    assert page.context["plan"].verdicts == 12
    assert not Run.objects.exists()


def test_a_change_of_choices_is_answered_by_the_fragment(
    author: Client, cast: Cast, data: Data
) -> None:
    rules(cast)

    page = author.get(f"{RUNS_URL}new/", {"first": 2}, headers={"HX-Request": "true"})

    assert "6 verdicts" in page.content.decode()
    assert "<html" not in page.content.decode()


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"name": "first"}, "already"),
        ({"samples": 0}, "greater than or equal to 1"),
        ({"first": "x"}, "whole number"),
        ({"judge": 0}, "valid choice"),
        ({"sources": "nobody"}, "nobody"),
    ],
)
def test_what_cannot_start_says_why(
    author: Client, cast: Cast, data: Data, more: dict[str, Any], words: str
) -> None:
    judge = rules(cast)
    queued(cast, data, judge, "first")

    page = author.post(f"{RUNS_URL}new/", _choice(judge, data) | more)

    assert page.status_code == 422
    assert words in page.content.decode()
    assert Run.objects.count() == 1


def test_the_rubric_of_one_task_judges_only_its_responses(
    author: Client, cast: Cast, data: Data
) -> None:
    draft = create_rubric(
        project=cast.project, name="One", by=cast.author, value=SMALL_RUBRIC, task=data.tasks[0]
    )
    version, judge = publish(version=draft, by=cast.author), rules(cast)
    others = [response.pk for response in data.responses[2:]]

    plan = author.get(f"{RUNS_URL}new/", {"version": version.pk}).context["plan"]

    assert plan.responses == 2
    with pytest.raises(NothingToJudge):
        start_run(judge=judge, version=version, response_ids=others, name="x", by=cast.author)


def test_without_a_judge_it_says_what_to_do_first(author: Client, cast: Cast, data: Data) -> None:
    assert "judges/new/" in author.get(f"{RUNS_URL}new/").content.decode()


# -- one run


def test_a_finished_run_shows_its_verdicts_and_why(author: Client, cast: Cast, data: Data) -> None:
    run = worked(cast, data, rules(cast))

    page = author.get(run.get_absolute_url())

    text = page.content.decode()
    assert page.context["figures"].by_status == (("ok", 11), ("refused", 1))
    assert page.context["progress"].stored == page.context["progress"].expected == 12
    assert "It sends the reader to a doctor." in text
    assert "crisp" in text
    # "take 400 mg" is in none of the four responses, "ask your doctor" in all of them.
    assert text.count("Not in the response") == 4
    assert 'hx-trigger="every 2s"' not in text


def test_it_polls_while_unfinished_and_loads_the_page_anew_at_the_end(
    author: Client, cast: Cast, data: Data
) -> None:
    run = queued(cast, data, rules(cast))

    before = author.get(run.get_absolute_url(), headers=HTMX)
    batches.judge_batch(run=run, number=0)
    after = author.get(run.get_absolute_url(), headers=HTMX)

    assert "every 2s" in before.content.decode()
    assert "HX-Refresh" not in before.headers
    assert "<html" not in before.content.decode()
    assert "every 2s" not in after.content.decode()
    assert after.headers["HX-Refresh"] == "true"


def test_an_unfinished_run_without_a_worker_says_so(author: Client, cast: Cast, data: Data) -> None:
    cache.delete("worker:llm")
    run = queued(cast, data, rules(cast))

    assert "manage.py serve" in author.get(run.get_absolute_url()).content.decode()


class Priced:
    """Cannot read its first reply, and knows tokens and latency of every second verdict."""

    def judge(self, requests: Any) -> list[Outcome]:
        first = Unscored(
            status=VerdictStatus.PARSE_ERROR, reason="cut off", provenance=Provenance(model="m")
        )
        return [first, *(self._scored(n, each) for n, each in enumerate(requests) if n)]

    def _scored(self, n: int, request: JudgeRequest) -> Scored:
        known: dict[str, Any] = {"tokens_in": 100, "cost": 0.5, "latency": float(n)}
        provenance = Provenance(model="m", **known if n % 2 else {})
        return Scored(value=request.criterion.scale.low, provenance=provenance)


def test_sums_say_of_how_many_verdicts_they_are_known(
    cast: Cast, data: Data, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "build", lambda *_: Priced())
    run = worked(cast, data, rules(cast))

    figures = run_figures(run.round)

    # 12 verdicts, every second one with figures: latencies 1, 3, 5, 7, 9, 11
    assert figures.stored == 12
    assert figures.by_status == (("ok", 11), ("parse_error", 1))
    assert figures.tokens_in == Known(600.0, 6)
    assert figures.tokens_out == Known(None, 0)
    assert figures.cost == Known(3.0, 6)
    assert figures.latency == Known(36.0, 6)
    # the median of six lies between 5 and 7; 0.95 * (6 - 1) = 4.75: 9 + 0.75 * 2
    assert (figures.latency_median, figures.latency_p95) == (6.0, 10.5)
    assert figures.scored == 11


def test_the_rate_is_that_of_the_last_minute(cast: Cast, data: Data) -> None:
    run = worked(cast, data, rules(cast))
    # As if it had run for five minutes and were still at it; all 12 verdicts are new.
    Run.objects.filter(pk=run.pk).update(
        status=RunStatus.RUNNING, started_at=timezone.now() - timedelta(minutes=5), finished_at=None
    )
    run.refresh_from_db()

    progress = progress_of(run, run_figures(run.round, since=rate_since(run)))

    assert progress.rate == pytest.approx(12 / 60, rel=0.05)
    assert progress.seconds_left is None  # nothing is missing


def test_time_left_is_what_is_missing_at_the_present_rate(
    cast: Cast, data: Data, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_actions, "BATCH_RESPONSES", 1)
    run = queued(cast, data, rules(cast))
    batches.judge_batch(run=run, number=0)
    Run.objects.filter(pk=run.pk).update(started_at=timezone.now() - timedelta(seconds=30))
    run.refresh_from_db()

    progress = progress_of(run, run_figures(run.round, since=rate_since(run)))

    # 3 of 12 in 30 s: 0.1 a second, 9 missing: 90 s
    assert (progress.stored, progress.missing, progress.open_batches) == (3, 9, 3)
    assert progress.rate == pytest.approx(0.1, rel=0.05)
    assert progress.seconds_left == pytest.approx(90, rel=0.05)


def test_a_failed_run_says_what_went_wrong_and_of_how_much(
    author: Client, cast: Cast, data: Data, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_actions, "BATCH_RESPONSES", 2)

    class Refusing:
        def judge(self, requests: Any) -> list[Outcome]:
            raise JudgeError("Unknown model <b>x</b>.")

    monkeypatch.setattr(batches, "build", lambda *_: Refusing())
    run = worked(cast, data, rules(cast))

    page = author.get(run.get_absolute_url()).content.decode()

    assert run.status == RunStatus.FAILED
    assert "Unknown model &lt;b&gt;x&lt;/b&gt;." in page
    assert "2 batches, 4 responses" in " ".join(page.split())
    assert "Resume" in page


def test_a_fault_of_the_judge_itself_ends_the_batch_in_words(
    cast: Cast, data: Data, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Faulty:
        def judge(self, requests: Any) -> list[Outcome]:
            raise ZeroDivisionError("division by zero")

    monkeypatch.setattr(batches, "build", lambda *_: Faulty())
    run = worked(cast, data, rules(cast))

    assert run.status == RunStatus.FAILED
    assert run.error == "Unexpected ZeroDivisionError: division by zero"


def test_it_is_cancelled_and_resumed(author: Client, cast: Cast, data: Data) -> None:
    run = queued(cast, data, rules(cast))

    author.post(f"{RUNS_URL}{run.pk}/cancel/")
    cancelled = author.get(run.get_absolute_url()).content.decode()
    author.post(f"{RUNS_URL}{run.pk}/resume/")
    run.refresh_from_db()

    assert "/resume/" in cancelled
    assert "/cancel/" not in cancelled
    assert run.status == RunStatus.QUEUED


def test_cancelling_a_finished_run_is_refused_in_words(
    author: Client, cast: Cast, data: Data
) -> None:
    run = worked(cast, data, rules(cast))

    page = author.post(f"{RUNS_URL}{run.pk}/cancel/", follow=True)

    assert "finished already" in page.content.decode()


def test_a_resumed_batch_has_all_its_attempts_again(cast: Cast, data: Data) -> None:
    run = queued(cast, data, rules(cast))
    run.batches.update(attempts=batches.MAX_ATTEMPTS)
    cancel_run(run=run, by=cast.author)

    run_actions.resume_run(run=run, by=cast.author, enqueue=False)

    assert run.batches.get().attempts == 0


def test_verdicts_are_paged_by_key_and_filtered_by_status(
    author: Client, cast: Cast, data: Data
) -> None:
    for n in range(6):
        add_response(task=data.tasks[0], external_id=f"more-{n}", source="owl", text="Ask.")
    run = start_run(
        judge=rules(cast),
        version=data.version,
        response_ids=list(cast.project.responses.values_list("pk", flat=True)),
        name="ten",
        by=cast.author,
        enqueue=False,
    )
    batches.judge_batch(run=run, number=0)
    url = run.get_absolute_url()

    first = author.get(url).context["page"]
    second = author.get(url, {"before": first.older}).context["page"]
    back = author.get(url, {"after": second.newer}).context["page"]
    refused = author.get(url, {"status": "refused"}).context["page"]

    # 10 responses x 3 criteria: a page of 25 and one of 5
    assert [len(first.rows), len(second.rows)] == [25, 5]
    assert first.newer is None
    assert second.older is None
    assert [row.pk for row in back.rows] == [row.pk for row in first.rows]
    assert [row.status for row in refused.rows] == ["refused"]


def test_it_links_to_the_comparison_with_the_sessions_of_its_rubric(
    author: Client, cast: Cast, data: Data
) -> None:
    people = Round.objects.create(
        project=cast.project,
        kind=RoundKind.SESSION,
        name="Experts",
        version=data.version,
        created_by=cast.owner,
    )
    run = worked(cast, data, rules(cast))

    page = author.get(run.get_absolute_url())

    assert page.context["compare"] == f"judges={run.pk}&people={people.pk}"


def test_a_run_page_takes_the_same_queries_however_many_verdicts(
    author: Client, cast: Cast, data: Data, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    small = start_run(
        judge=rules(cast),
        version=data.version,
        response_ids=[data.responses[0].pk],
        name="small",
        by=cast.author,
        enqueue=False,
    )
    batches.judge_batch(run=small, number=0)
    large = worked(cast, data, rules(cast, "More rules"), "large")

    for url in [f"{RUNS_URL}{run.pk}/" for run in (small, large)]:
        with django_assert_num_queries(11):
            author.get(url)
        with django_assert_num_queries(9):
            author.get(url, headers=HTMX)


# -- the list


def test_the_list_takes_the_same_queries_for_one_run_and_for_nine(
    author: Client, cast: Cast, data: Data, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    judge = rules(cast)
    worked(cast, data, judge)
    with django_assert_num_queries(4):
        author.get(RUNS_URL)

    for n in range(8):
        worked(cast, data, judge, f"run {n}")

    with django_assert_num_queries(4):
        rows = author.get(RUNS_URL).context["page"].rows
    assert [(row.stored, row.expected) for row in rows] == [(12, 12)] * 9


def test_imported_runs_are_listed_with_a_badge_and_have_a_page(author: Client, cast: Cast) -> None:
    values = np.array([[1.0, 0.0], [np.nan, 1.0], [0.0, 0.0]])
    records = [
        *tasks_and_responses(3, 2),
        RubricRecord(id="points", name="Points", rubric=rubric_of(2), published=True),
        *verdicts("claude", values, ["k0", "k1"], judge=True),
    ]
    import_records(project=cast.project, records=iter(records), by=cast.owner)

    listed = author.get(RUNS_URL)
    (row,) = listed.context["page"].rows
    page = author.get(f"{RUNS_URL}{row.round.pk}/")

    assert (row.run, row.judges, row.stored, row.expected) == (None, ("claude",), 6, None)
    assert "Imported" in listed.content.decode()
    assert page.context["figures"].by_status == (("ok", 5), ("parse_error", 1))
    assert "claude on k0" in page.content.decode()
    assert author.post(f"{RUNS_URL}{row.round.pk}/cancel/").status_code == 404


def test_a_provenance_of_any_shape_does_not_break_the_sums(cast: Cast, data: Data) -> None:
    run = worked(cast, data, rules(cast))
    first = Verdict.objects.filter(round=run.pk).first()
    assert first is not None
    for revision, provenance in enumerate(([1], {"cost": "free", "tokens_in": {}}, None), 1):
        Verdict.objects.create(
            round_id=run.pk,
            response=first.response,
            criterion=first.criterion,
            rater=first.rater,
            revision=revision,
            status="refused",
            provenance=provenance,
        )

    figures = run_figures(run.round)

    # The scripted judge costs nothing, and knows that; a text is no number.
    assert figures.cost == Known(0.0, 12)


def test_an_outsider_finds_nothing_and_an_annotator_may_not_look(
    client: Client, cast: Cast, data: Data
) -> None:
    run = worked(cast, data, rules(cast))

    for user, status in ((cast.stranger, 404), (cast.annotator, 403), (cast.viewer, 200)):
        client.force_login(user)
        assert client.get(run.get_absolute_url()).status_code == status

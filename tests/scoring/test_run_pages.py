"""Runs in the browser: watched, cancelled, resumed, listed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from django.core.cache import cache
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from rubricstudio.actions.imports import import_records
from rubricstudio.actions.tasks import add_response
from rubricstudio.domain.formats.records import RubricRecord
from rubricstudio.models import Round, RoundKind
from scoring.actions import batches
from scoring.actions import runs as run_actions
from scoring.actions.runs import cancel_run, start_run
from scoring.judges import JudgeError, Outcome
from scoring.models import RunStatus
from tests.conftest import Cast, Data
from tests.scoring.compare_data import rubric_of, tasks_and_responses, verdicts
from tests.scoring.judged import queued, rules, worked

RUNS_URL = "/projects/demo/runs/"
HTMX = {"HX-Request": "true", "HX-Target": "run-live"}


@pytest.fixture
def author(cast: Cast, client: Client) -> Client:
    client.force_login(cast.author)
    return client


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


def test_the_first_verdicts_appear_by_themselves_and_later_ones_when_asked_for(
    author: Client, cast: Cast, data: Data, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_actions, "BATCH_RESPONSES", 1)
    run = queued(cast, data, rules(cast))
    asks = {"HX-Request": "true", "HX-Target": "run-verdicts"}

    empty = author.get(run.get_absolute_url(), headers=asks).content.decode()
    batches.judge_batch(run=run, number=0)
    begun = author.get(run.get_absolute_url(), headers=asks).content.decode()

    assert "every 2s" in empty
    assert "every 2s" not in begun
    assert "Load the newest" in begun
    assert "<html" not in begun


def test_an_unfinished_run_without_a_worker_says_so(author: Client, cast: Cast, data: Data) -> None:
    cache.delete("worker:llm")
    run = queued(cast, data, rules(cast))

    assert "manage.py serve" in author.get(run.get_absolute_url()).content.decode()


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
        with django_assert_num_queries(12):
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


def test_an_outsider_finds_nothing_and_an_annotator_may_not_look(
    client: Client, cast: Cast, data: Data
) -> None:
    run = worked(cast, data, rules(cast))

    for user, status in ((cast.stranger, 404), (cast.annotator, 403), (cast.viewer, 200)):
        client.force_login(user)
        assert client.get(run.get_absolute_url()).status_code == status

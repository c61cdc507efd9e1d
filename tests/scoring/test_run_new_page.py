"""A new run in the browser: what it would judge, and what keeps it from starting."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from annotations.actions import create_session
from annotations.selection import Selection
from rubricstudio.actions.rubrics import create_rubric, publish
from rubricstudio.actions.tasks import add_response
from scoring.actions.runs import NothingToJudge, start_run
from scoring.models import Run
from tests.conftest import SMALL_RUBRIC, Cast, Data
from tests.scoring.judged import queued, rules

RUNS_URL = "/projects/demo/runs/"


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


def test_it_says_how_many_verdicts_there_will_be(author: Client, cast: Cast, data: Data) -> None:
    rules(cast)

    plan = author.get(f"{RUNS_URL}new/", {"samples": "2", "sources": "wren"}).context["plan"]

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

"""A judge is checked by a worker, shown before a run, and asked for on the command line."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from typing import Any

import pytest
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.test import Client

from rubricstudio.models import Response
from scoring import tasks
from scoring.actions.judges import create_judge
from scoring.judges.checks import Problem
from scoring.models import Judge, Run
from scoring.queries.longest import longest_responses
from tests.conftest import Cast, Data
from tests.scoring.judged import rules

NEW = "/projects/demo/runs/new/"
Worker = Callable[[], AbstractContextManager[Any]]


@pytest.fixture
def author(cast: Cast, client: Client) -> Client:
    client.force_login(cast.author)
    return client


@pytest.fixture
def worker(
    monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> Iterator[Worker]:
    """A worker on the queue llm that does at once what it is sent."""
    monkeypatch.setattr(
        tasks.check_judge, "apply_async", lambda kwargs, **_: tasks.check_judge(**kwargs)
    )
    cache.set("worker:llm", "llm@test", timeout=60)
    yield partial(django_capture_on_commit_callbacks, execute=True)
    cache.delete("worker:llm")


def _broken(cast: Cast) -> Judge:
    """A judge whose key is not set."""
    params = {"model": "openai/gpt-4.1", "api_key_env": "NEVER_SET_API_KEY"}
    return create_judge(project=cast.project, name="GPT", kind="llm", params=params, by=cast.owner)


def _choice(judge: Judge, data: Data) -> dict[str, Any]:
    return {"judge": judge.pk, "version": data.version.pk, "samples": 1}


def test_a_new_run_has_its_judge_checked_and_does_not_start_with_one_that_cannot_judge(
    author: Client, cast: Cast, data: Data, worker: Worker
) -> None:
    choice = _choice(_broken(cast), data)

    with worker():
        waiting = author.get(NEW, choice).content.decode()
    found = author.get(NEW, choice).content.decode()
    refused = author.post(NEW, choice)

    assert "A worker is checking the judge" in waiting
    assert "NEVER_SET_API_KEY is not set" in found
    assert refused.status_code == 422
    assert "NEVER_SET_API_KEY is not set" in str(refused.context["form"].errors["judge"])
    assert not Run.objects.exists()


def test_a_run_starts_in_spite_of_a_warning(
    author: Client, cast: Cast, data: Data, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    warned = [Problem("The server is away.", False)]
    monkeypatch.setattr("scoring.actions.checks.problems", lambda *_: warned)
    choice = _choice(rules(cast), data)

    with worker():
        author.get(NEW, choice)
    page = author.get(NEW, choice).content.decode()
    started = author.post(NEW, choice)

    assert "The server is away." in page
    assert started.headers["Location"] == Run.objects.get().get_absolute_url()


def test_without_a_worker_nobody_is_asked_and_nothing_is_claimed(
    author: Client, cast: Cast, data: Data
) -> None:
    judge = rules(cast)

    page = author.get(NEW, _choice(judge, data))
    author.post(f"{judge.get_absolute_url()}check/")
    shown = author.get(judge.get_absolute_url())

    assert page.context["check"].at is None
    assert "Nothing speaks against" not in page.content.decode()
    assert shown.context["check"].at is None
    assert "No worker serves the queue" in shown.content.decode()


def test_the_page_of_a_judge_checks_it_anew_each_time(
    author: Client, cast: Cast, data: Data, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge = rules(cast)
    url = f"{judge.get_absolute_url()}check/"

    with worker():
        author.post(url)
    fine = author.get(judge.get_absolute_url()).content.decode()
    monkeypatch.setattr("scoring.actions.checks.problems", lambda *_: [Problem("Gone.", True)])
    with worker():
        author.post(url)
    fragment = author.get(url, headers={"hx-request": "true"}).content.decode()

    assert "Nothing speaks against this judge." in fine
    assert "Gone." in fragment


@pytest.mark.django_db
def test_the_longest_are_told_by_the_texts_of_response_and_task(cast: Cast, data: Data) -> None:
    texts = ["short", "x" * 900, None, "y" * 400]
    for response, text in zip(data.responses, texts, strict=True):
        response.text = text
        response.save()
    pks = [response.pk for response in data.responses]

    assert longest_responses(Response.objects.all())[:2] == [pks[1], pks[3]]
    assert longest_responses(Response.objects.all(), first=1) == [pks[0]]


def _command(*arguments: str) -> str:
    out = io.StringIO()
    call_command("run_judge", "demo", "--check", *arguments, stdout=out, stderr=io.StringIO())
    return out.getvalue()


def test_the_command_checks_a_judge_that_is_there_or_one_that_is_not_made(
    cast: Cast, data: Data
) -> None:
    rules(cast, "Rules")
    _broken(cast)

    assert "Nothing speaks against this judge." in _command("--judge", "Rules", "--here")
    assert "warning: No worker serves the queue" in _command("--judge", "Rules")
    with pytest.raises(CommandError, match="cannot judge") as refused:
        _command("--judge", "GPT", "--here")
    assert refused.value.returncode == 1
    with pytest.raises(CommandError, match="cannot judge"):
        _command("--kind", "local", "--param", "model=nowhere", "--here")
    with pytest.raises(CommandError, match="there is no judge 'nobody'") as unknown:
        _command("--judge", "nobody")
    assert unknown.value.returncode == 2
    assert Judge.objects.count() == 2

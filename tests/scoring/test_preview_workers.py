"""Previews and reviews by real workers: the model of the wheel, LiteLLM, workers that die."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest
from django.db.models import Count
from pytest_django.fixtures import Settings

from rubricstudio.actions.rubrics import start_draft
from rubricstudio.actions.tasks import add_response
from rubricstudio.models import Rubric, Verdict
from scoring.actions.judges import create_judge
from scoring.actions.preview import cancel_preview, pin_response, start_preview
from scoring.actions.reviews import cancel_review, start_review
from scoring.models import Judge, PreviewRun, PreviewVerdict, RubricReview, RunStatus
from scoring.queries.preview import preview
from tests.conftest import Cast, Data
from tests.scoring.real_workers import Start, kill, until, worker_starter
from tests.scoring.review_replies import entries, reply
from tests.scripted_server import Answer, Call, ScriptedServer, say

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

ALLOWED = {"JUDGE_ALLOW_PRIVATE_HOSTS": "1"}
LOCAL_PATIENCE = 300.0  # the first load of the wheel's model converts it


@pytest.fixture
def start_worker() -> Iterator[Start]:
    with worker_starter() as start:
        yield start


@pytest.fixture(autouse=True)
def _loopback_allowed(settings: Settings) -> None:
    settings.JUDGE_ALLOW_PRIVATE_HOSTS = True


@pytest.fixture
def rubric(cast: Cast, data: Data) -> Rubric:
    """A draft with two pinned responses: 6 cells."""
    draft = start_draft(rubric=data.version.rubric, by=cast.author)
    for response in data.responses[:2]:
        pin_response(rubric=draft.rubric, response_id=response.pk, by=cast.author)
    return draft.rubric


def hosted(cast: Cast, server: ScriptedServer) -> Judge:
    params = {"model": "openai/reviewer", "api_base": server.url, "attempts": 1}
    return create_judge(
        project=cast.project, name="Hosted", kind="llm", params=params, by=cast.author
    )


def preview_is(run: PreviewRun, status: RunStatus) -> bool:
    return PreviewRun.objects.filter(pk=run.pk, status=status).exists()


def review_is(review: RubricReview, status: RunStatus) -> bool:
    return RubricReview.objects.filter(pk=review.pk, status=status).exists()


def test_the_local_model_judges_the_pinned_responses(
    cast: Cast, rubric: Rubric, start_worker: Start
) -> None:
    judge = create_judge(
        project=cast.project, name="SmolLM2", kind="local", params={"threads": 1}, by=cast.author
    )
    start_worker("gpu")

    run = start_preview(rubric=rubric, judge=judge, by=cast.author)
    until(lambda: preview_is(run, RunStatus.DONE), "the local model", patience=LOCAL_PATIENCE)

    said = list(PreviewVerdict.objects.filter(run=run))
    assert len(said) == 6
    assert {row.status for row in said} == {"ok"}
    assert all("logprobs" in json.loads(row.raw_reply) for row in said)
    sheet = preview(rubric, cast.author, side=f"judge-{judge.pk}").sheet
    assert all(cell.preview and cell.state == "ok" for row in sheet.cells for cell in row)
    assert not Verdict.objects.exists()


def test_a_hosted_model_s_quotes_are_looked_up_in_the_response(
    cast: Cast, data: Data, rubric: Rubric, start_worker: Start
) -> None:
    def script(call: Call) -> Answer:
        verdict = 3 if "How clear is the advice?" in call.text else "met"
        return say(str(verdict), quotes=("ask your doctor", "never said"))

    with ScriptedServer(script) as server:
        start_worker("llm", **ALLOWED)
        run = start_preview(rubric=rubric, judge=hosted(cast, server), by=cast.author)
        until(lambda: preview_is(run, RunStatus.DONE), "the hosted judge")

    said = PreviewVerdict.objects.get(criterion_key="warns", response=data.responses[0])
    assert [(q["text"], q["match"]) for q in said.quotes] == [
        ("ask your doctor", "exact"),
        ("never said", "none"),
    ]
    assert json.loads(said.raw_reply)["verdict"] == "met"


def test_a_preview_whose_worker_was_killed_is_finished_by_the_next_one(
    cast: Cast, data: Data, rubric: Rubric, start_worker: Start
) -> None:
    for n in range(6):
        more = add_response(task=data.tasks[0], external_id=f"m{n}", source="owl", text="Ask.")
        pin_response(rubric=rubric, response_id=more.pk, by=cast.author)
    judge = create_judge(
        project=cast.project,
        name="Slow rules",
        kind="scripted",
        params={"otherwise": "not_applicable", "delay": 0.1},
        by=cast.author,
    )
    run = start_preview(rubric=rubric, judge=judge, by=cast.author)
    killed = start_worker()
    until(PreviewVerdict.objects.exists, "the first cells")

    kill(killed)
    left = PreviewVerdict.objects.count()
    start_worker()
    until(lambda: preview_is(run, RunStatus.DONE), "the preview to be done")

    cells = PreviewVerdict.objects.values("response", "criterion_key", "judging_hash")
    assert left < 24
    assert PreviewVerdict.objects.count() == 24
    assert not cells.annotate(n=Count("pk")).filter(n__gt=1).exists()


def test_what_is_cancelled_before_a_worker_comes_is_not_asked(
    cast: Cast, rubric: Rubric, start_worker: Start
) -> None:
    with ScriptedServer(lambda call: reply(entries(call))) as server:
        judge = hosted(cast, server)
        run = start_preview(rubric=rubric, judge=judge, by=cast.author)
        dropped = start_review(rubric=rubric, judge=judge, in_context=False, by=cast.author)
        cancel_preview(run=run, by=cast.author)
        cancel_review(review=dropped, by=cast.author)
        wanted = start_review(rubric=rubric, judge=judge, in_context=False, by=cast.author)

        start_worker("llm", **ALLOWED)
        until(lambda: review_is(wanted, RunStatus.DONE), "the review that is wanted")

        # The sections of one review: whatever was cancelled stood before it in the queue.
        assert len(server.calls) == 5
    assert preview_is(run, RunStatus.CANCELLED)
    assert review_is(dropped, RunStatus.CANCELLED)
    wanted.refresh_from_db()
    assert (wanted.score, wanted.coverage, len(wanted.items)) == (1.0, 1.0, 26)


def test_a_review_whose_worker_was_killed_is_carried_out_by_the_next_one(
    cast: Cast, rubric: Rubric, start_worker: Start
) -> None:
    with ScriptedServer(lambda call: Answer(hang=True)) as server:
        review = start_review(
            rubric=rubric, judge=hosted(cast, server), in_context=True, by=cast.author
        )
        killed = start_worker("llm", **ALLOWED)
        until(lambda: bool(server.calls), "the first call")
        kill(killed)
        server.script = lambda call: replace(reply(entries(call)), delay=0.1)
        start_worker("llm", **ALLOWED)
        until(lambda: review_is(review, RunStatus.DONE), "the review to be done")

    review.refresh_from_db()
    assert (review.coverage, len(review.items)) == (1.0, 34)

"""A judge tried on one response: what it says is shown, and no verdict comes of it."""

from __future__ import annotations

import pytest
from django.test import Client

from annotations.actions import next_item
from rubricstudio.models import Verdict
from scoring import tasks
from scoring.actions.judges import archive_judge
from scoring.actions.preview import NotPinnable, PreviewNotPossible, cancel_preview
from scoring.actions.trials import start_trial
from scoring.models import Judge, PreviewRun, PreviewVerdict, RunStatus
from scoring.queries.preview import newest_preview_run, open_preview_run
from tests.conftest import Cast, Data
from tests.scoring.judged import judges_blind, rules


@pytest.fixture
def author(cast: Cast, client: Client) -> Client:
    client.force_login(cast.author)
    return client


def _tried(cast: Cast, data: Data, judge: Judge, criteria: tuple[str, ...] = ()) -> PreviewRun:
    chosen = data.version.criteria.filter(key__in=criteria).values_list("pk", flat=True)
    return start_trial(
        judge=judge,
        version=data.version,
        response_id=data.responses[0].pk,
        criteria=list(chosen),
        by=cast.author,
        enqueue=False,
    )


def test_a_response_is_chosen_and_the_page_shows_what_the_judge_says(
    author: Client, cast: Cast, data: Data
) -> None:
    judge = rules(cast)
    url = f"{judge.get_absolute_url()}try/"

    listed = author.get(url, {"q": data.tasks[0].external_id})
    sent = author.post(url, {"version": data.version.pk, "response": data.responses[0].pk})
    trial = PreviewRun.objects.get()
    waiting = author.get(sent.headers["Location"]).content.decode()
    tasks.judge_preview(preview_id=trial.pk)
    page = author.get(trial.get_absolute_url())

    assert [row.response.task_id for row in listed.context["page"].rows] == [data.tasks[0].pk] * 2
    assert "every 1s" in waiting
    text = page.content.decode()
    assert "It sends the reader to a doctor." in text
    assert "not in the response" in text
    assert "The reply as it came" in text
    assert page.context["trial"].done == 3
    assert not Verdict.objects.exists()


def test_only_the_chosen_criteria_are_asked_about_and_a_repeat_asks_nothing(
    cast: Cast, data: Data
) -> None:
    trial = _tried(cast, data, rules(cast), ("warns", "clarity"))

    tasks.judge_preview(preview_id=trial.pk)
    first = list(PreviewVerdict.objects.values_list("pk", "created_at"))
    tasks.judge_preview(preview_id=trial.pk)

    assert trial.expected == 2
    assert list(PreviewVerdict.objects.values_list("pk", "created_at")) == first
    assert set(trial.verdicts.values_list("criterion_key", flat=True)) == {"warns", "clarity"}


def test_asking_again_asks_the_judge_anew_and_two_clicks_once(cast: Cast, data: Data) -> None:
    judge = rules(cast)
    first = _tried(cast, data, judge)
    assert _tried(cast, data, judge) == first
    tasks.judge_preview(preview_id=first.pk)

    second = _tried(cast, data, judge)
    tasks.judge_preview(preview_id=second.pk)

    assert second != first
    assert second.verdicts.count() == 3  # rows of the same words: the newest answer stands


def test_a_trial_is_no_preview_of_the_rubric(cast: Cast, data: Data) -> None:
    trial = _tried(cast, data, rules(cast))

    assert newest_preview_run(data.version.rubric) is None
    assert open_preview_run(data.version.rubric) is None
    assert cancel_preview(run=trial, by=cast.author)
    trial.refresh_from_db()
    assert trial.status == RunStatus.CANCELLED


def test_a_failure_is_told_in_words(author: Client, cast: Cast, data: Data) -> None:
    trial = _tried(cast, data, rules(cast, failures={data.responses[0].external_id: "error"}))

    tasks.judge_preview(preview_id=trial.pk)

    page = author.get(trial.get_absolute_url()).content.decode()
    assert "The judge could not judge." in page
    assert "Ask again" in page


def test_what_cannot_be_tried_is_refused(cast: Cast, data: Data) -> None:
    judge = rules(cast)
    with pytest.raises(NotPinnable):
        start_trial(judge=judge, version=data.version, response_id=0, by=cast.author)
    archive_judge(judge=judge, by=cast.author)
    with pytest.raises(PreviewNotPossible, match="cannot be asked"):
        _tried(cast, data, judge)


def test_whoever_has_still_to_judge_a_response_blind_sees_no_trial_on_it(
    author: Client, cast: Cast, data: Data
) -> None:
    judge = rules(cast)
    trial = _tried(cast, data, judge)
    tasks.judge_preview(preview_id=trial.pk)
    session = judges_blind(cast, data)
    assert next_item(session=session, by=cast.author)

    page = author.get(trial.get_absolute_url())
    listed = author.get(f"{judge.get_absolute_url()}try/").content.decode()

    assert page.status_code == 404
    assert f'value="{data.responses[0].pk}"' not in listed
    with pytest.raises(NotPinnable):
        _tried(cast, data, judge)

"""Training started from the page: watched, cancelled, repeated; one judge comes of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from rubricstudio.models import Round
from scoring import tasks
from scoring.actions import trainings as actions
from scoring.actions.judges import JudgeNameTaken
from scoring.curve_chart import HEIGHT, curve_chart
from scoring.figures import Figure
from scoring.learned.evaluate import Progress, Stage
from scoring.models import Judge, RunStatus, Training
from scoring.queries.trainings import share_done
from tests.conftest import Cast
from tests.scoring.judged import rules
from tests.scoring.test_training import fill_sessions, tiny_home

__all__ = ["tiny_home"]
NEW = "/projects/demo/judges/train/"


@pytest.fixture
def author(cast: Cast, client: Client) -> Client:
    client.force_login(cast.author)
    return client


def _started(cast: Cast, name: str = "Learned", **params: object) -> Training:
    return actions.start_training(
        project=cast.project,
        name=name,
        sessions=list(Round.objects.filter(name="experts")),
        params={"model": "tiny", "device": "cpu", **params},
        by=cast.author,
        enqueue=False,
    )


def _page(client: Client, training: Training) -> str:
    return client.get(training.get_absolute_url()).content.decode()


def test_a_training_is_started_watched_and_leads_to_its_judge(
    author: Client, cast: Cast, tiny_home: Path
) -> None:
    fill_sessions(cast)
    session = Round.objects.get(name="experts")
    form = {bound.name: bound.value() for bound in author.get(NEW).context["form"]}
    sent = {name: value for name, value in form.items() if value is not None}
    sent |= {"name": "Learned", "param-model": "tiny", "param-device": "cpu"}

    started = author.post(NEW, sent | {"sessions": [session.pk]})
    training = Training.objects.get()
    waiting = _page(author, training)
    tasks.train_judge(training_id=training.pk)
    tasks.train_judge(training_id=training.pk)  # delivered twice

    assert started.headers["Location"] == training.get_absolute_url()
    assert 'hx-trigger="every 2s"' in waiting
    assert "No worker serves the queue" in waiting
    judge = Judge.objects.get()
    training.refresh_from_db()
    assert (training.status, training.judge, training.error) == (RunStatus.DONE, judge, "")
    assert (judge.kind, judge.created_by, str(judge)) == ("learned", cast.author, "Learned")
    assert judge.get_absolute_url() in _page(author, training)
    assert "every 2s" not in _page(author, training)
    shown = author.get(judge.get_absolute_url()).content.decode()
    assert shown.count('class="curve-chart"') == 2


def test_what_is_wrong_stands_at_its_field(author: Client, cast: Cast, tiny_home: Path) -> None:
    fill_sessions(cast)
    rules(cast, "Taken")

    taken = author.post(NEW, {"name": "Taken", "param-model": "tiny", "param-too_long": "?"})

    assert taken.status_code == 422
    assert {"sessions", "param-too_long"} <= set(taken.context["form"].errors)
    with pytest.raises(JudgeNameTaken):
        _started(cast, "Taken")
    with pytest.raises(actions.NothingToLearn):
        actions.start_training(
            project=cast.project, name="None", sessions=[], params={}, by=cast.author
        )
    assert not Training.objects.exists()


def test_how_it_learns_is_chosen_on_the_page_and_kept(
    author: Client, cast: Cast, tiny_home: Path
) -> None:
    fill_sessions(cast)
    session = Round.objects.get(name="experts")
    form = {bound.name: bound.value() for bound in author.get(NEW).context["form"]}
    sent = {name: value for name, value in form.items() if value is not None}
    sent |= {"name": "Bent", "param-model": "tiny", "method": "lora", "lora-epochs": "2"}

    wrong = author.post(NEW, sent | {"sessions": [session.pk], "lora-rank": "0"})
    author.post(NEW, sent | {"sessions": [session.pk]})

    assert set(wrong.context["form"].errors) == {"lora-rank"}
    training = Training.objects.get()
    assert (training.method, training.settings) == ("lora", {"epochs": 2})
    assert "An adapter of the model (LoRA)" in _page(author, training)
    training.status, training.stage = RunStatus.RUNNING, Stage.WHOLE
    training.done, training.total = 1, 2
    assert share_done(training) == pytest.approx(0.95)


def test_two_clicks_start_one(cast: Cast, tiny_home: Path) -> None:
    fill_sessions(cast)
    training = _started(cast)

    assert _started(cast) == training
    assert Training.objects.count() == 1


def test_a_failure_is_told_in_words_and_can_be_tried_again(
    author: Client, cast: Cast, tiny_home: Path
) -> None:
    fill_sessions(cast)
    training = _started(cast, model="nowhere")

    tasks.train_judge(training_id=training.pk)

    assert "There is no model folder &#x27;nowhere&#x27;" in _page(author, training)
    author.post(f"{training.get_absolute_url()}state/", {"step": "repeat"})
    training.refresh_from_db()
    assert (training.status, training.error, training.attempts) == (RunStatus.QUEUED, "", 0)


def test_who_cancels_meanwhile_gets_no_judge(
    cast: Cast, tiny_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill_sessions(cast)
    training = _started(cast)

    def cancelled(told: Any, **_: object) -> dict[str, object]:
        told(Progress(Stage.READING, 5, 45))
        training.refresh_from_db()
        assert (training.stage, training.done, training.total) == ("read", 5, 45)
        actions.cancel_training(training=training, by=cast.author)
        told(Progress(Stage.FOLDS, 1, 8))
        raise AssertionError("it should have stopped")

    monkeypatch.setattr(actions, "trained", cancelled)
    tasks.train_judge(training_id=training.pk)

    training.refresh_from_db()
    assert training.status == RunStatus.CANCELLED
    assert not Judge.objects.exists()


def test_a_worker_that_dies_each_time_is_given_up(
    cast: Cast, tiny_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill_sessions(cast)
    training = _started(cast)

    def die(**_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(actions, "trained", die)
    for _attempt in range(actions.MAX_ATTEMPTS):
        with pytest.raises(KeyboardInterrupt):
            tasks.train_judge(training_id=training.pk)
    tasks.train_judge(training_id=training.pk)

    training.refresh_from_db()
    assert training.status == RunStatus.FAILED
    assert "the worker died each time" in training.error


def test_the_share_rises_from_stage_to_stage() -> None:
    at = [(Stage.READING, 0), (Stage.READING, 5), *((stage, 10) for stage in Stage)]
    shares = [share_done(Training(stage=stage, done=done, total=10)) for stage, done in at]

    assert shares[0] == 0.0
    assert shares == sorted(shares)
    assert share_done(Training(status=RunStatus.DONE)) == 1.0


def test_a_chart_leaves_out_what_has_no_value_and_counts_it() -> None:
    def step(value: float | None, low: float | None = None, high: float | None = None) -> Figure:
        return Figure(value, low, high, 30, value is None, "")

    steps = [(10.0, step(None)), (20.0, step(0.2, -0.1, 0.4)), (40.0, step(0.5, 0.3, 0.7))]
    chart = curve_chart(steps)

    assert chart is not None
    assert (len(chart.points), chart.left_out) == (2, 1)
    # from -0.25 to 0.75 in quarters: 0.5 lies a quarter below the top, 0 three quarters
    assert [tick for tick, _ in chart.ticks] == [0.75, 0.5, 0.25, 0.0, -0.25]
    assert chart.points[1].y == HEIGHT / 4
    assert chart.zero == 3 * HEIGHT / 4
    assert len(chart.band.split()) == 4
    assert curve_chart(steps[:2]) is None

"""The page of the workers: who lives, what they compute on, what waits, how fast verdicts come."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from celery import current_app
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from rubricstudio import workers
from rubricstudio.celery import report_device
from rubricstudio.models import Verdict
from scoring.judges import Site, build
from scoring.judges.local import LocalJudge
from scoring.queries.workers import verdict_rates
from tests.conftest import Cast, Data
from tests.scoring.judged import rules, worked
from tests.scoring.judges.conftest import make_tiny_model

URL = "/projects/demo/workers/"


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    """No worker is known, before and after."""
    cache.clear()
    workers._started = workers._Started()
    yield
    cache.clear()


def test_a_worker_reports_what_it_computes_on_and_is_remembered_when_it_is_gone(
    cast: Cast, client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_tiny_model(tmp_path / "models" / "tiny")
    judge = build("local", {"model": "tiny", "device": "cpu"}, Site(data_folder=tmp_path))
    assert isinstance(judge, LocalJudge)
    judge.load()
    client.force_login(cast.author)

    empty = client.get(URL).content.decode()
    workers.report_heartbeat(node="gpu@one")
    report_device(SimpleNamespace(request=SimpleNamespace(hostname="gpu@one")))
    alive = client.get(URL)
    later = time.time() + 60
    monkeypatch.setattr("rubricstudio.workers.time.time", lambda: later)
    workers.report_heartbeat(node="llm@two")
    gone = client.get(URL)

    assert "No worker reports." in empty
    (row,) = alive.context["page"].workers
    assert "tiny" in row.node.facts["models"]
    assert 0 < row.share < 1
    assert [each.workers for each in alive.context["page"].queues] == [0, 0, 1]
    known = {each.node.name: each.node.is_alive for each in gone.context["page"].workers}
    assert known == {"gpu@one": False, "llm@two": True}
    assert [each.workers for each in gone.context["page"].queues] == [1, 1, 0]
    assert "last heard of" in gone.content.decode()


def test_verdicts_of_the_last_minute_count_for_their_queue(cast: Cast, data: Data) -> None:
    run = worked(cast, data, rules(cast))
    assert verdict_rates() == {"llm": 12 / 60}

    old = timezone.now() - timedelta(seconds=61)
    five = list(Verdict.objects.filter(round_id=run.pk).values_list("pk", flat=True)[:5])
    for verdict in Verdict.objects.filter(pk__in=five):
        Verdict.objects.bulk_create([_copy(verdict, old)])
    assert verdict_rates() == {"llm": 12 / 60}


def _copy(verdict: Verdict, at: object) -> Verdict:
    """The same verdict in another sample, given at another time."""
    verdict.pk, verdict.sample, verdict.created_at = None, 7, at  # type: ignore[assignment]
    return verdict


def test_what_waits_is_counted_and_a_broker_that_is_away_is_no_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert workers.queue_lengths() == dict.fromkeys(workers.QUEUES, 0)

    def away() -> None:
        raise OSError

    monkeypatch.setattr(current_app, "connection_for_read", away)
    assert workers.queue_lengths() is None

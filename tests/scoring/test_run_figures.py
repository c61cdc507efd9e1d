"""What a run says of itself in numbers: sums, rate, time left."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from rubricstudio.domain.verdict import VerdictStatus
from rubricstudio.models import Round, RoundKind, Verdict
from scoring.actions import batches
from scoring.actions import runs as run_actions
from scoring.judges import JudgeRequest, Outcome, Provenance, Scored, Unscored
from scoring.models import Run, RunStatus
from scoring.queries.runs import Known, progress_of, rate_since, run_figures
from tests.conftest import Cast, Data
from tests.scoring.judged import queued, rules, worked


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


@pytest.mark.parametrize("provenance", [None, [1], "x", {"cost": "free", "tokens_in": {}}])
def test_an_imported_provenance_of_any_shape_does_not_break_the_sums(
    cast: Cast, data: Data, provenance: Any
) -> None:
    round_ = Round.objects.create(
        project=cast.project,
        kind=RoundKind.RUN,
        name="elsewhere",
        version=data.version,
        created_by=cast.owner,
    )
    rater = rules(cast).rater
    # The second row corrects the first; the third is about another response.
    rows = [(0, 0, {"cost": 5}), (0, 1, {"cost": 0.25, "tokens_in": 7}), (1, 0, provenance)]
    for response, revision, found in rows:
        Verdict.objects.create(
            round=round_,
            response=data.responses[response],
            criterion=data.version.criteria.get(key="warns"),
            rater=rater,
            revision=revision,
            status="refused",
            provenance=found,
        )

    figures = run_figures(round_)

    assert figures.by_status == (("refused", 2),)
    assert figures.cost == Known(0.25, 1)
    assert figures.tokens_in == Known(7.0, 1)

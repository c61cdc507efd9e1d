"""A run in plain values: for JSON, for a terminal, for a line of progress."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.utils.translation import gettext

from scoring.models import Run
from scoring.queries.runs import (
    Known,
    RunFigures,
    RunProgress,
    batch_problems,
    progress_of,
    rate_since,
    run_figures,
)
from scoring.queries.samples import steadiness_of
from scoring.sheets import Sheet
from scoring.wording import duration_words


def measure(run: Run) -> tuple[RunProgress, RunFigures]:
    """How far a run is, and what its verdicts say of themselves, as of now."""
    figures = run_figures(run.round, since=rate_since(run))
    return progress_of(run, figures), figures


def progress_line(progress: RunProgress) -> str:
    """One line: how many of how many, how fast, how long still."""
    parts = [f"{progress.status}: {progress.stored} / {progress.expected} verdicts"]
    if progress.rate:
        parts.append(f"{progress.rate:.1f} a second")
    if progress.seconds_left is not None:
        parts.append(f"about {duration_words(progress.seconds_left)} left")
    return ", ".join(parts)


def run_json(run: Run) -> dict[str, Any]:
    """A run for scripts. What is not known is null, never 0."""
    progress, figures = measure(run)
    version = run.round.version
    return {
        "id": run.pk,
        "run": run.round.name,
        "project": run.round.project.slug,
        "judge": run.judge.rater.name,
        "rubric": version.rubric.external_id if version else None,
        "version": version.number if version else None,
        "status": run.status,
        "samples": run.samples,
        "steadiness": asdict(steadiness_of(run.round)) if run.samples > 1 else None,
        "verdicts": progress.stored,
        "expected": progress.expected,
        "by_status": dict(figures.by_status),
        "tokens_in": _known(figures.tokens_in),
        "tokens_out": _known(figures.tokens_out),
        "cost": _known(figures.cost),
        "latency": _known(figures.latency)
        | {"median": figures.latency_median, "p95": figures.latency_p95},
        "seconds": progress.seconds,
        "problems": [
            {"error": each.error, "batches": each.batches, "responses": each.responses}
            for each in batch_problems(run)
        ],
    }


def _known(known: Known) -> dict[str, Any]:
    return {"total": known.total, "known_of": known.n}


def run_sheets(run: Run) -> list[Sheet]:
    """A run for people at a terminal."""
    progress, figures = measure(run)
    sums = (
        (gettext("tokens in"), figures.tokens_in),
        (gettext("tokens out"), figures.tokens_out),
        (gettext("cost, US dollars"), figures.cost),
        (gettext("model time, seconds"), figures.latency),
    )
    sheets = [
        Sheet(
            f"{run.round.name}: {progress_line(progress)}",
            (gettext("verdicts"), "n"),
            [(status, n) for status, n in figures.by_status],
        ),
        Sheet(
            gettext("What they took"),
            (gettext("figure"), gettext("total"), gettext("known of")),
            [(name, known.total, known.n) for name, known in sums],
        ),
    ]
    problems = batch_problems(run)
    if problems:
        rows = [(each.error, each.batches, each.responses) for each in problems]
        columns = (gettext("what went wrong"), gettext("batches"), gettext("responses"))
        sheets.append(Sheet(gettext("Problems"), columns, rows))
    return sheets

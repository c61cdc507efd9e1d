"""A run in plain values: for JSON, for a terminal, for a line of progress."""

from __future__ import annotations

from dataclasses import asdict
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext

from scoring.models import Run
from scoring.money_words import trouble_words
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
from scoring.queries.spending import CriterionSpending, EndpointCalls, RunMoney, money_of
from scoring.sheets import Sheet
from scoring.wording import duration_words


def measure(run: Run) -> tuple[RunProgress, RunFigures]:
    """How far a run is, and what its verdicts say of themselves, as of now."""
    figures = run_figures(run.round, since=rate_since(run))
    return progress_of(run, figures), figures


def progress_line(progress: RunProgress) -> str:
    """One line: how many of how many, how fast, how long still."""
    what = "preferences" if progress.compares else "verdicts"
    parts = [f"{progress.status}: {progress.stored} / {progress.expected} {what}"]
    if progress.rate:
        parts.append(f"{progress.rate:.1f} a second")
    if progress.seconds_left is not None:
        parts.append(f"about {duration_words(progress.seconds_left)} left")
    return ", ".join(parts)


def run_json(run: Run) -> dict[str, Any]:
    """A run for scripts. What is not known is null, never 0."""
    progress, figures = measure(run)
    version = run.round.version
    sampled = run.samples > 1 and not run.judge.compares
    return {
        "id": run.pk,
        "run": run.round.name,
        "project": run.round.project.slug,
        "judge": run.judge.rater.name,
        "rubric": version.rubric.external_id if version else None,
        "version": version.number if version else None,
        "status": run.status,
        "samples": run.samples,
        "steadiness": asdict(steadiness_of(run.round)) if sampled else None,
        "preferences" if progress.compares else "verdicts": progress.stored,
        "expected": progress.expected,
        "by_status": dict(figures.by_status),
        "tokens_in": _known(figures.tokens_in),
        "tokens_out": _known(figures.tokens_out),
        "cost": _known(figures.cost),
        "latency": _known(figures.latency)
        | {"median": figures.latency_median, "p95": figures.latency_p95},
        "seconds": progress.seconds,
        "money": _money_json(money_of(run)),
        "problems": [
            {"error": each.error, "batches": each.batches, "responses": each.responses}
            for each in batch_problems(run)
        ],
    }


def _money_json(money: RunMoney | None) -> dict[str, Any] | None:
    """What a run spent; null for one that calls no hosted model."""
    if money is None:
        return None
    budget = money.budget
    return {
        "spent": _dollars(money.spent),
        "spent_tokens": budget.spent_tokens,
        "budget": _dollars(budget.limit_cost),
        "budget_tokens": budget.limit_tokens,
        "stopped_at_budget": budget.stopped_at is not None,
        "calls": money.calls,
        "answered": money.answered,
        "under_way": money.under_way,
        "made_again": money.retries,
        "failed": dict(money.failed),
        "lost": money.lost,
        "reused": money.reused,
        "endpoints": [
            {
                "endpoint": each.endpoint,
                "model": each.model,
                "calls": each.calls,
                "failed": dict(each.failed),
                "lost": each.lost,
                "latency_median": each.latency,
            }
            | _sums(each)
            for each in money.endpoints
        ],
        "criteria": [
            {
                "criterion": each.criterion.key,
                "verdicts": each.verdicts,
                "without_value": each.unscored,
                "made_again": each.retries,
                "latency_median": each.latency,
            }
            | _sums(each)
            for each in money.criteria
        ],
    }


def _sums(row: EndpointCalls | CriterionSpending) -> dict[str, Any]:
    return {
        "tokens_in": _known(row.tokens_in),
        "tokens_out": _known(row.tokens_out),
        "cost": _known(row.cost),
    }


def _dollars(amount: Decimal | None) -> float | None:
    return None if amount is None else float(amount)


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
            (gettext("preferences") if progress.compares else gettext("verdicts"), "n"),
            [(status, n) for status, n in figures.by_status],
        ),
        Sheet(
            gettext("What they took"),
            (gettext("figure"), gettext("total"), gettext("known of")),
            [(name, known.total, known.n) for name, known in sums],
        ),
    ]
    if money := money_of(run):
        sheets.append(_money_sheet(money))
    problems = batch_problems(run)
    if problems:
        rows = [(each.error, each.batches, each.responses) for each in problems]
        columns = (gettext("what went wrong"), gettext("batches"), gettext("responses"))
        sheets.append(Sheet(gettext("Problems"), columns, rows))
    return sheets


def _money_sheet(money: RunMoney) -> Sheet:
    budget = money.budget
    rows = [
        (gettext("spent, US dollars"), _dollars(money.spent), _dollars(budget.limit_cost)),
        (gettext("spent, tokens"), budget.spent_tokens, budget.limit_tokens),
        (gettext("calls made"), money.calls, None),
        *((trouble_words(trouble), n, None) for trouble, n in money.failed),
        (gettext("lost on the way, counted as paid"), money.lost, None),
        (gettext("answers reused"), money.reused, None),
    ]
    return Sheet(gettext("Money"), (gettext("figure"), "n", gettext("budget")), rows)

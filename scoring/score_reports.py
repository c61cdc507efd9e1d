"""Scores as plain values: JSON for scripts, sheets for CSV and the terminal."""

from __future__ import annotations

from typing import Any

from scoring.queries.score_means import MeanScore, ResponseScore, Scorer, Scores
from scoring.sheets import Cell, Sheet

EVERYONE = "(everyone)"


def scorer_name(scorer: Scorer) -> str:
    """The rater's name; the people of a session together stand as "(everyone)"."""
    return scorer.rater.name if scorer.rater else EVERYONE


def scores_json(found: Scores) -> dict[str, Any]:
    """Everything, as the JSON of `manage.py scores`."""
    scoring = found.scoring
    return {
        "project": scoring.project.slug,
        "rubrics": [
            {"rubric": pin.version.rubric.external_id, "version": pin.version.number}
            for pin in scoring.pins
        ],
        "aggregators": found.aggregators,
        "missing": str(scoring.missing),
        "scorers": [
            {**_scorer_json(scorer), "means": [_mean_json(mean) for mean in means]}
            for scorer, means in found.means.items()
        ],
        "responses": [_response_json(row) for row in found.rows],
    }


def _scorer_json(scorer: Scorer) -> dict[str, Any]:
    return {
        scorer.round.kind: scorer.round.name,
        "rater": scorer.rater.name if scorer.rater else None,
    }


def _mean_json(mean: MeanScore) -> dict[str, Any]:
    return {
        "source": mean.source,
        "mean": mean.mean.value,
        "low": mean.mean.low,
        "high": mean.mean.high,
        "n": mean.mean.n,
        "n_responses": mean.n_responses,
        "coverage": mean.coverage,
        "lower_bound": mean.lower,
        "upper_bound": mean.upper,
        "reason": str(mean.mean.reason) if mean.mean.reason else None,
    }


_ROW = ("value", "lower", "upper", "coverage", "n_verdicts", "n_missing")


def _response_json(row: ResponseScore) -> dict[str, Any]:
    return {
        **_scorer_json(row.scorer),
        **{name: getattr(row, name) for name in ("rubric", "task", "response", "source", *_ROW)},
        "gate_failed": list(row.gate_failed),
    }


def means_sheet(found: Scores) -> Sheet:
    """Mean scores by scorer and source."""
    rows: list[tuple[Cell, ...]] = [
        (
            *(scorer.round.name, scorer_name(scorer), mean.source or "all", mean.mean.n),
            *(mean.mean.value, mean.mean.low, mean.mean.high, mean.coverage),
            *(mean.lower, mean.upper),
        )
        for scorer, means in found.means.items()
        for mean in means
    ]
    made = ", ".join(found.aggregators)
    return Sheet(
        f"Mean scores by source ({made}; missing verdicts: {found.scoring.missing})",
        (
            *("round", "rater", "source", "n", "mean", "low", "high", "coverage"),
            *("lower_bound", "upper_bound"),
        ),
        rows,
    )


def responses_sheet(found: Scores) -> Sheet:
    """Every score."""
    return Sheet(
        "Scores by response",
        ("round", "rater", "rubric", "task", "response", "source", *_ROW, "gate_failed"),
        [
            (
                *(row.scorer.round.name, scorer_name(row.scorer), row.rubric, row.task),
                *(row.response, row.source, *(getattr(row, name) for name in _ROW)),
                " ".join(row.gate_failed),
            )
            for row in found.rows
        ],
    )

"""How a trained judge did on what it had not seen: JSON that stays with it, sheets that show it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from scoring.learned.evaluate import Evaluation, Figures, Point
from scoring.models import Judge
from scoring.reports import statistic_json
from scoring.sheets import Cell, Sheet

FIGURES = ("kappa", "auc", "macro_f1", "brier", "ece")


def evaluation_json(found: Evaluation) -> dict[str, Any]:
    """The whole evaluation as plain values; nothing is withheld, who shows it sees to that."""
    return {
        "judges": [_row(row) for row in found.rows],
        "curve": [_point(point) for point in found.curve],
        "folds": [dict(each) for each in found.choices],
        "warnings": [each.value for each in found.warnings],
    }


def _row(row: Figures) -> dict[str, Any]:
    return {"name": row.name, **{name: statistic_json(getattr(row, name), 0) for name in FIGURES}}


def _point(point: Point) -> dict[str, Any]:
    return {
        "tasks": point.tasks,
        "verdicts": point.verdicts,
        "kappa": statistic_json(point.kappa, 0),
        "auc": statistic_json(point.auc, 0),
    }


def trained_of(judge: Judge) -> Mapping[str, Any]:
    """What a trained judge says of its training; empty for another kind."""
    artefact = judge.params.get("probe") or judge.params.get("adapter")
    trained = artefact.get("trained") if isinstance(artefact, dict) else None
    return trained if isinstance(trained, dict) else {}


def training_sheets(trained: Mapping[str, Any], floor: int) -> list[Sheet]:
    """The judge beside what it has to beat, and the learning curve; nothing under the floor."""
    found = trained["evaluation"]
    columns = ["judge", "n"]
    for name in FIGURES:
        columns += [name, f"{name}_low", f"{name}_high"]
    judges = [
        (row["name"], row["kappa"]["n"], *_cells(row, FIGURES, floor)) for row in found["judges"]
    ]
    curve = [
        (row["tasks"], row["verdicts"], *_cells(row, ("kappa", "auc"), floor))
        for row in found["curve"]
    ]
    ends = ("kappa", "kappa_low", "kappa_high", "auc", "auc_low", "auc_high")
    return [
        Sheet("On tasks that were not trained on", tuple(columns), judges),
        Sheet("With fewer verdicts to learn from", ("tasks", "verdicts", *ends), curve),
    ]


def _cells(row: Mapping[str, Any], names: Sequence[str], floor: int) -> list[Cell]:
    return [
        row[name][end] if row[name]["n"] >= floor else None
        for name in names
        for end in ("value", "low", "high")
    ]

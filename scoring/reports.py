"""A comparison as plain values: JSON for scripts, sheets for CSV and the terminal.

Every figure passes the floor first: under it the value is left out and n stays.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rubricstudio.domain.agreement import JudgeAgreement, PanelAgreement, Statistic
from rubricstudio.domain.rubric import Criterion, Scale
from rubricstudio.domain.table import Label
from scoring.queries.comparison import Compared, JudgeResult, baseline, is_kappa_misleading
from scoring.sheets import Cell, Sheet

_PEOPLE = ("alpha", "fleiss", "gwet", "unanimous", "pairwise", "prevalence")
_JUDGE = (
    *("agreement", "kappa", "weighted_kappa", "ac1", "mcc", "balanced_accuracy", "macro_f1"),
    *("precision", "recall", "bias", "prevalence", "judge_prevalence"),
)
_WITH_INTERVAL = ("alpha", "agreement", "kappa")
ALL = "all"


def comparison_json(found: Compared, floor: int) -> dict[str, Any]:
    """Everything, as the JSON of `manage.py agreement` and nothing that is not a plain value."""
    selection = found.material.selection
    return {
        "project": selection.project.slug,
        "floor": floor,
        "scope": scope_name(found.scope),
        "people": {
            "sessions": [row.name for row in selection.people],
            "raters": [rater.name for rater in found.material.people],
            "overall": _people_json(found.people.overall, floor),
            "criteria": [
                {**_criterion_json(value), **_people_json(row, floor)}
                for value, row in _in_order(found, found.people.by_criterion)
            ],
        },
        "judges": [_judge_json(found, row, floor) for row in found.judges],
    }


def scope_name(scope: Scale | None) -> str:
    """What overall figures are about: all criteria, or those of one scale."""
    return ALL if scope is None else str(scope.kind)


def _in_order(found: Compared, rows: Mapping[Label, Any]) -> list[tuple[Criterion, Any]]:
    return [
        (value, rows[pk]) for pk, value in found.material.shown_criteria if rows.get(pk) is not None
    ]


def _criterion_json(value: Criterion) -> dict[str, Any]:
    return {"key": value.key, "text": value.text, "scale": str(value.scale.kind)}


def _people_json(row: PanelAgreement, floor: int) -> dict[str, Any]:
    return {
        "n": row.n,
        "n_units": row.n_units,
        "coverage": row.coverage,
        "n_raters": row.n_raters,
        "n_values": row.n_values,
        **{name: statistic_json(getattr(row, name), floor) for name in _PEOPLE},
        "unanimous_by_value": {f"{value:g}": n for value, n in row.unanimous_by_value.items()},
    }


def _judge_json(found: Compared, result: JudgeResult, floor: int) -> dict[str, Any]:
    judged = [
        (pk, value, result.by_criterion[pk])
        for pk, value in found.material.shown_criteria
        if pk in result.by_criterion
    ]
    return {
        "run": result.judge.round.name,
        "judge": result.judge.rater.name,
        "overall": _agreement_json(result.overall, result.unscored[None], floor),
        "criteria": [
            {**_criterion_json(value), **_agreement_json(row, result.unscored.get(pk, 0), floor)}
            for pk, value, row in judged
        ],
    }


def _agreement_json(row: JudgeAgreement, unscored: int, floor: int) -> dict[str, Any]:
    return {
        **{name: getattr(row, name) for name in ("n", "n_units", "n_tasks", "coverage")},
        **{name: getattr(row, name) for name in ("no_people", "tied", "no_verdict")},
        "unscored": unscored,
        **{name: statistic_json(getattr(row, name), floor) for name in _JUDGE},
        "baseline": baseline(row) if row.n >= floor else None,
        "kappa_misleading": is_kappa_misleading(row) if row.n >= floor else None,
        "categories": list(row.categories),
        "confusion": [list(counts) for counts in row.confusion],
    }


def statistic_json(statistic: Statistic, floor: int) -> dict[str, Any]:
    shown = statistic.shown(floor)
    return {
        "value": shown.value,
        "low": shown.low,
        "high": shown.high,
        "interval": shown.method,
        "n": shown.n,
        "reason": None if shown.reason is None else str(shown.reason),
    }


def comparison_sheets(found: Compared, floor: int) -> dict[str, Sheet]:
    """The tables of the comparison by name: people, judges, criteria."""
    return {
        "people": _people_sheet(found, floor),
        "judges": _judges_sheet(found, floor),
        "criteria": _criteria_sheet(found, floor),
    }


def terminal_sheets(found: Compared, floor: int) -> list[Sheet]:
    """The same tables in the columns that fit a terminal; those without a row left out."""
    sheets = comparison_sheets(found, floor)
    alpha = ("alpha", "alpha_low", "alpha_high")
    against = ("agreement", "agreement_low", "agreement_high", "kappa", "kappa_low", "kappa_high")
    narrow = [
        sheets["people"].only("criterion", "n", "coverage", *alpha, "fleiss", "gwet", "unanimous"),
        sheets["judges"].only("judge", "run", "n", "coverage", "unscored", *against, "baseline"),
        sheets["criteria"].only("judge", "criterion", "n", "unscored", *against, "baseline"),
    ]
    return [sheet for sheet in narrow if sheet.rows]


def _interval_columns(names: tuple[str, ...]) -> tuple[str, ...]:
    parts = [
        (name, f"{name}_low", f"{name}_high") if name in _WITH_INTERVAL else (name,)
        for name in names
    ]
    return tuple(column for part in parts for column in part)


def _figures(row: Any, names: tuple[str, ...], floor: int) -> tuple[Cell, ...]:
    cells: list[Cell] = []
    for name in names:
        shown: Statistic = getattr(row, name).shown(floor)
        cells += [shown.value]
        cells += [shown.low, shown.high] if name in _WITH_INTERVAL else []
    return tuple(cells)


def _people_sheet(found: Compared, floor: int) -> Sheet:
    rows = [(scope_name(found.scope), "", found.people.overall)]
    rows += [
        (value.key, value.text, row) for value, row in _in_order(found, found.people.by_criterion)
    ]
    return Sheet(
        "Agreement among people",
        ("criterion", "text", *("n", "n_units", "coverage", "raters"), *_interval_columns(_PEOPLE)),
        [
            (key, text, row.n, row.n_units, row.coverage, row.n_raters)
            + _figures(row, _PEOPLE, floor)
            for key, text, row in rows
        ],
    )


_COUNTS = ("n", "n_units", "coverage", "unscored", "no_verdict", "tied", "no_people")


def _agreement_cells(row: JudgeAgreement, unscored: int, floor: int) -> tuple[Cell, ...]:
    base = baseline(row) if row.n >= floor else None
    counts: tuple[Cell, ...] = (row.n, row.n_units, row.coverage, unscored)
    counts += (row.no_verdict, row.tied, row.no_people)
    return counts + _figures(row, _JUDGE, floor) + (base,)


def _judges_sheet(found: Compared, floor: int) -> Sheet:
    return Sheet(
        "Judges against the people's majority",
        ("judge", "run", "criteria", *_COUNTS, *_interval_columns(_JUDGE), "baseline"),
        [
            (row.judge.rater.name, row.judge.round.name, scope_name(found.scope))
            + _agreement_cells(row.overall, row.unscored[None], floor)
            for row in found.judges
        ],
    )


def _criteria_sheet(found: Compared, floor: int) -> Sheet:
    return Sheet(
        "Judges against the people's majority, criterion by criterion",
        (
            *("judge", "run", "criterion", "text"),
            *(*_COUNTS, *_interval_columns(_JUDGE), "baseline", "confusion"),
        ),
        [
            (result.judge.rater.name, result.judge.round.name, value.key, value.text)
            + _agreement_cells(result.by_criterion[pk], result.unscored.get(pk, 0), floor)
            + (_confusion_text(result.by_criterion[pk]),)
            for result in found.judges
            for pk, value in found.material.shown_criteria
            if pk in result.by_criterion
        ],
    )


def _confusion_text(row: JudgeAgreement) -> str:
    """ "people 0: 12 3; people 1: 1 20", the judge's answers rising in each row."""
    return "; ".join(
        f"people {value:g}: {' '.join(str(count) for count in counts)}"
        for value, counts in zip(row.categories, row.confusion, strict=False)
    )

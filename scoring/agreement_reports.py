"""People's agreement as plain values: JSON for scripts, sheets for CSV and the terminal.

Every figure passes the floor first: under it the value is left out and n stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rubricstudio.domain.agreement.study import FIGURES
from scoring.queries.people import By, Line, People
from scoring.reports import scope_name, statistic_json
from scoring.sheets import Cell, Sheet

_TITLES = {
    By.CRITERION: "Agreement among people, by criterion",
    By.PAIR: "Agreement among people, by pair of annotators",
    By.ANNOTATOR: "Each annotator against the others",
    By.GROUP: "Agreement among people, by group",
}
_COUNTS = ("n", "n_units", "coverage", "raters", "values", "level", "most_frequent", "misleads")


def agreement_json(
    people: People, bys: Sequence[By], floor: int, *, sources: bool
) -> dict[str, Any]:
    """Everything the page shows, and nothing that is not a plain value."""
    return {
        "project": people.project.slug,
        "sessions": [row.name for row in people.rounds],
        "raters": list(people.names),
        "floor": floor,
        "scope": scope_name(people.scope[1]),
        "sampling": {
            "weighted": people.is_weighted,
            "nothing_by_chance": people.sampling.nothing_by_chance,
            "units_not_by_chance": people.by_hand,
            "answers_set_aside": people.set_aside,
        },
        "overall": _line_json(people.overall, floor),
        **{
            str(by): [_line_json(line, floor) for line in people.lines(by, sources=sources)]
            for by in bys
        },
    }


def _line_json(line: Line, floor: int) -> dict[str, Any]:
    row = line.row
    enough = row.n >= floor
    return {
        "kind": line.kind,
        "name": line.name,
        **({"text": line.text} if line.criterion else {}),
        "n": row.n,
        "n_units": row.n_units,
        "coverage": row.coverage,
        "raters": row.n_raters,
        "values": row.n_values,
        "level": str(row.level) if row.level else None,
        "most_frequent": row.modal if enough else None,
        "kappa_misleads": row.kappa_misleads if enough else None,
        **{name: statistic_json(row.figure(name), floor) for name in FIGURES},
    }


def agreement_sheet(people: People, by: By, floor: int, *, sources: bool) -> Sheet:
    """One table, the line over everything first."""
    lines = [people.overall, *people.lines(by, sources=sources)]
    figures = [column for name in FIGURES for column in (name, f"{name}_low", f"{name}_high")]
    return Sheet(
        _TITLES[by],
        ("kind", "name", "text", *_COUNTS, *figures),
        [_line_cells(line, floor) for line in lines],
    )


def _line_cells(line: Line, floor: int) -> tuple[Cell, ...]:
    row = line.row
    enough = row.n >= floor
    cells: list[Cell] = [
        *(line.kind, line.name, line.criterion.text if line.criterion else None),
        *(row.n, row.n_units, row.coverage, row.n_raters, row.n_values),
        *(str(row.level) if row.level else None, row.modal if enough else None),
        "yes" if enough and row.kappa_misleads else "no" if enough else None,
    ]
    for name in FIGURES:
        shown = row.figure(name).shown(floor)
        cells += [shown.value, shown.low, shown.high]
    return tuple(cells)


def narrow_sheet(sheet: Sheet) -> Sheet:
    """The columns that fit a terminal, those without any value left out."""
    wanted = ["name", "n", "coverage", "percent", "alpha", "alpha_low", "alpha_high", "kappa"]
    wanted += ["kappa_quadratic", "fleiss", "ac1", "icc", "macro_f1", "most_frequent"]
    at = {name: place for place, name in enumerate(sheet.columns)}
    used = [
        name
        for name in wanted
        if name in ("name", "n") or any(row[at[name]] is not None for row in sheet.rows)
    ]
    return sheet.only(*used)

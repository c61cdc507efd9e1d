"""The heatmap of criteria by pairs of annotators."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from rubricstudio.domain.agreement import Level
from rubricstudio.domain.agreement.study import Row
from scoring.agreement_words import NAMES
from scoring.queries.people import People

_IN_HEATMAP = ("kappa", "percent", "ac1", "alpha")


@dataclass(frozen=True)
class Heat:
    """A cell of the heatmap. step: "none", "below" (0), or 0 to 8 by the value."""

    step: str
    value: float | None
    n: int
    title: str


@dataclass(frozen=True)
class HeatRow:
    text: str
    cells: tuple[Heat, ...]


@dataclass(frozen=True)
class Heatmap:
    """Criteria by pairs. pairs: number and names; hidden: pairs that have no column."""

    figure: str
    pairs: tuple[tuple[int, str], ...]
    rows: tuple[HeatRow, ...]
    hidden: bool


def heatmap_of(people: People, main: str, floor: int) -> Heatmap | None:
    pairs, cells = people.heatmap()
    if not pairs or not cells:
        return None
    name = main if main in _IN_HEATMAP else "kappa"
    codes = {label: code for code, label in enumerate(people.answers.table.criterion_labels)}
    numbered = tuple(
        (number, " / ".join(people.names[code] for code in pair))
        for number, pair in enumerate(pairs, start=1)
    )
    rows = tuple(
        HeatRow(
            value.text,
            tuple(
                _heat(row, name, floor, value.text, pair)
                for row, (_number, pair) in zip(cells[codes[pk]], numbered, strict=True)
            ),
        )
        for pk, value in people.shown_criteria
    )
    shown = [
        place
        for place in range(len(numbered))
        if any(r.cells[place].value is not None for r in rows)
    ]
    if not shown:
        return None
    return Heatmap(
        figure=str(NAMES[name]),
        pairs=tuple((number, numbered[place][1]) for number, place in enumerate(shown, start=1)),
        rows=tuple(HeatRow(row.text, tuple(row.cells[place] for place in shown)) for row in rows),
        hidden=len(people.dyads.most_shared(len(pairs) + 1)) > len(shown),
    )


def _heat(row: Row, name: str, floor: int, criterion: str, pair: str) -> Heat:
    # On a points scale there is no kappa; the alpha of the pair stands in its place.
    statistic = row.figure(name if row.level is not Level.INTERVAL else "alpha").shown(floor)
    value = statistic.value
    said = _("too few") if value is None and row.n else _("nothing in common")
    if value is not None:
        said = f"{value:.2f}"
    step = "none" if value is None else "below" if value < 0 else str(min(int(value * 9), 8))
    return Heat(step, value, row.n, f"{pair}: {said}, n = {row.n}. {criterion}")

"""What the page of people's agreement shows: its choice, figures, lines, and the heatmap."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.http import Http404, QueryDict

from rubricstudio.domain.agreement.study import Row
from rubricstudio.models import Project, Round, RoundKind
from scoring.agreement_heatmap import Heatmap, heatmap_of
from scoring.agreement_words import BY_WORDS, KINDS, LEVELS, NAMES, SHARES, SHORT
from scoring.compare_page import scope_words, whole_numbers
from scoring.figures import Figure, figure
from scoring.queries.people import (
    By,
    Line,
    People,
    has_verdicts,
    people_of_preferences,
    people_of_verdicts,
)
from scoring.queries.selection import by_default, comparable_rounds

_PANEL = ("alpha", "percent", "kappa", "kappa_linear", "kappa_quadratic", "fleiss", "ac1", "ac2")
_COLUMNS = {
    By.CRITERION: (*_PANEL, "icc", "icc_k", "prevalence"),
    By.GROUP: (*_PANEL, "icc", "icc_k", "prevalence"),
    By.PAIR: (
        *("alpha", "percent", "kappa", "kappa_linear", "kappa_quadratic", "ac1", "ac2"),
        *("icc", "icc_k", "macro_f1", "prevalence"),
    ),
    By.ANNOTATOR: (
        *("macro_f1", "percent", "kappa", "kappa_linear", "kappa_quadratic", "ac1", "ac2"),
        *("alpha", "prevalence"),
    ),
}
SHOWN = 100
"""Rows of a table on the page; downloads hold all of them."""


@dataclass(frozen=True)
class Asked:
    """What the address of the page asks for. people is read when it is needed."""

    project: Project
    rounds: tuple[Round, ...]
    by: By
    figure: str
    sort: str
    falling: bool
    weighted: bool
    preferences: bool
    query: QueryDict

    def people(self) -> People:
        """Read what people said in the chosen rounds."""
        read = people_of_preferences if self.preferences else people_of_verdicts
        return read(self.project, self.rounds, weighted=self.weighted)

    @property
    def weighted_address(self) -> str:
        """This page with weights by sampling."""
        return self.address(sampling="")

    @property
    def unweighted_address(self) -> str:
        """This page with every item counting alike."""
        return self.address(sampling="off")

    def address(self, **changes: str) -> str:
        """The query string with some parameters set, or left out where they are empty."""
        query = self.query.copy()
        for name, value in changes.items():
            query.pop(name, None)
            if value:
                query[name] = value
        return query.urlencode()


def read_asked(project: Project, asked: QueryDict) -> Asked:
    """The choice of an address. Raises Http404 where it names no session of the project."""
    rounds, query = _rounds(project, asked)
    preferences = asked.get("what") == "preferences" or not has_verdicts(rounds)
    by = next((one for one in By if one == asked.get("by")), By.CRITERION)
    first = _COLUMNS[by][0]
    named = asked.get("figure", "")
    sort = asked.get("sort", "")
    return Asked(
        project=project,
        rounds=rounds,
        by=by,
        figure=named if named in _COLUMNS[by] else first,
        sort=sort if sort in {*_COLUMNS[by], "n", "name"} else "",
        falling=asked.get("order") == "falling",
        weighted=asked.get("sampling") != "off",
        preferences=preferences,
        query=query,
    )


def _rounds(project: Project, asked: QueryDict) -> tuple[tuple[Round, ...], QueryDict]:
    """The chosen sessions, and the parameters to carry on."""
    ids = whole_numbers([*asked.getlist("session"), *asked.getlist("people")])
    query = QueryDict(mutable=True)
    for name in ("by", "figure", "sort", "order", "sampling", "what"):
        if name in asked:
            query[name] = asked.get(name, "")
    if ids:
        rows = Round.objects.filter(project=project, pk__in=ids, kind=RoundKind.SESSION)
        rounds = tuple(rows.select_related("version__rubric").order_by("created_at", "pk"))
        if not rounds:
            raise Http404
        query.setlist("session", [str(row.pk) for row in rounds])
        return rounds, query
    wants = asked.get("what") == "preferences"
    there = comparable_rounds(project, preferences=wants)
    if not there and not wants:
        there = comparable_rounds(project, preferences=True)
    return by_default(project, [row for row in there if row.kind == "session"]).people, query


@dataclass(frozen=True)
class Cell:
    """A figure of a row."""

    name: str
    label: str
    figure: Figure
    is_share: bool


@dataclass(frozen=True)
class Shown:
    """A line of a table as the page shows it."""

    line: Line
    kind: str
    level: str
    main: Figure
    cells: tuple[Cell, ...]
    misleads: bool
    modal: float | None

    @property
    def row(self) -> Row:
        return self.line.row


@dataclass(frozen=True)
class Option:
    """A link of the page's head."""

    word: str
    address: str
    current: bool


@dataclass(frozen=True)
class Heading:
    """A column that sorts; direction: ascending, descending or none."""

    name: str
    word: str
    address: str
    direction: str


@dataclass(frozen=True)
class AgreementPage:
    """Everything the page shows. low: where the axis of the forest begins (0 or below)."""

    overall: Shown
    lines: tuple[Shown, ...]
    more: int
    low: float
    scope: str
    tabs: tuple[Option, ...]
    figures: tuple[Option, ...]
    figure_word: str
    headings: tuple[Heading, ...]
    heatmap: Heatmap | None
    misleading: int

    @property
    def span(self) -> float:
        """The width of the forest's axis, which ends at 1."""
        return 1 - self.low

    @property
    def ticks(self) -> list[float]:
        """Where the axis has marks: every 0.2 from its beginning."""
        steps = round(self.span / 0.2)
        return [round(1 - 0.2 * step, 1) for step in range(steps, -1, -1)]


def agreement_page(people: People, asked: Asked, *, floor: int, sources: bool) -> AgreementPage:
    """The page of what was asked; under `floor` comparable units values are withheld."""
    lines = people.lines(asked.by, sources=sources)
    columns = _used_columns([people.overall, *lines], asked)
    main = asked.figure if asked.figure in columns else columns[0]
    show = _shower(asked.by, columns, main, floor)
    shown = _sorted([show(line) for line in lines], asked)
    overall_figure = main if main in _PANEL or main in ("icc", "icc_k") else "percent"
    overall = _shower(By.CRITERION, columns, overall_figure, floor)(people.overall)
    with_heat = asked.by in (By.CRITERION, By.PAIR) and people.criteria is not None
    return AgreementPage(
        overall=overall,
        lines=tuple(shown[:SHOWN]),
        more=max(len(shown) - SHOWN, 0),
        low=_axis([overall, *shown[:SHOWN]]),
        scope=scope_words(people.scope[1]),
        tabs=_tabs(asked),
        figures=_figures(asked, columns, main),
        figure_word=str(NAMES[main]),
        headings=_headings(asked, columns),
        heatmap=heatmap_of(people, main, floor) if with_heat else None,
        misleading=sum(one.misleads for one in shown),
    )


def _used_columns(lines: Sequence[Line], asked: Asked) -> tuple[str, ...]:
    """The columns of this table in which some row has a value, withheld or not."""
    every = _COLUMNS[asked.by]
    used = {name for line in lines for name in every if line.row.figure(name).value is not None}
    return tuple(name for name in every if name in used) or every[:3]


def _shower(by: By, columns: Sequence[str], main: str, floor: int) -> Callable[[Line], Shown]:
    def show(line: Line) -> Shown:
        row = line.row
        enough = row.n >= floor
        return Shown(
            line=line,
            kind=str(KINDS[line.kind]),
            level=str(LEVELS[row.level]) if row.level else "",
            main=figure(row.figure(main), floor),
            cells=tuple(
                Cell(name, str(NAMES[name]), figure(row.figure(name), floor), name in SHARES)
                for name in columns
            ),
            misleads=enough and row.kappa_misleads,
            modal=row.modal if enough else None,
        )

    return show


def _sorted(lines: list[Shown], asked: Asked) -> list[Shown]:
    """By the chosen column, what has no value last; without one as they are in the rubric."""
    if not asked.sort:
        return lines
    if asked.sort == "name":
        return sorted(lines, key=lambda one: one.line.text.casefold(), reverse=asked.falling)
    if asked.sort == "n":
        return sorted(lines, key=lambda one: one.row.n, reverse=asked.falling)

    def key(one: Shown) -> tuple[bool, float]:
        value = next((c.figure.value for c in one.cells if c.name == asked.sort), None)
        return value is None, (-1 if asked.falling else 1) * (value or 0.0)

    return sorted(lines, key=key)


def _axis(lines: Sequence[Shown]) -> float:
    """Where the axis begins: 0, or the next 0.2 below the lowest end of an interval."""
    ends = [end for one in lines for end in (one.main.value, one.main.low) if end is not None]
    lowest = max(min([0.0, *ends]), -1.0)
    steps = -int(lowest / 0.2 - 0.999999)
    return -0.2 * steps if lowest < 0 else 0.0


def _tabs(asked: Asked) -> tuple[Option, ...]:
    return tuple(
        Option(str(word), asked.address(by=by, sort="", order="", figure=""), by is asked.by)
        for by, word in BY_WORDS.items()
        if not (asked.preferences and by is By.CRITERION)
    )


def _figures(asked: Asked, columns: Sequence[str], main: str) -> tuple[Option, ...]:
    return tuple(
        Option(str(NAMES[name]), name, name == main) for name in columns if name != "prevalence"
    )


def _headings(asked: Asked, columns: Sequence[str]) -> tuple[Heading, ...]:
    return tuple(
        _heading(asked, name, str(word))
        for name, word in (
            ("name", BY_WORDS[asked.by]),
            ("n", "n"),
            *((name, SHORT.get(name, NAMES[name])) for name in columns),
        )
    )


def _heading(asked: Asked, name: str, word: str) -> Heading:
    here = asked.sort == name
    # Text and disagreement are looked for from the beginning, everything else from the top.
    falls = not asked.falling if here else name == "n"
    address = asked.address(sort=name, order="falling" if falls else "")
    direction = ("descending" if asked.falling else "ascending") if here else "none"
    return Heading(name, word, address, direction)

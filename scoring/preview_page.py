"""What the preview panel and page show: scores old and new, their charts, the table of cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rubricstudio.domain.aggregation import AGGREGATORS, Aggregator, Score, UnfitRubric, Unit
from rubricstudio.domain.hashing import criterion_judging_hash
from rubricstudio.domain.rubric import Criterion
from rubricstudio.models import Rubric
from scoring.models import PreviewVerdict
from scoring.preview_cells import SAME, Cell, Sheet, State, rank_moves, scores_under
from scoring.queries.preview import Pinned, Preview, quotes_of
from scoring.queries.score_means import aggregator_label


@dataclass(frozen=True, slots=True)
class Pair:
    """A response's score under the version in use and under the draft; None where there is none.

    old is None, too, where there is no version in use, or it cannot be scored this way.
    """

    new: Score | None
    old: Score | None = None

    @property
    def value(self) -> float | None:
        return self.new.value if self.new else None

    @property
    def before(self) -> float | None:
        return self.old.value if self.old else None

    @property
    def trend(self) -> str:
        """up, down or same where there are two scores; else empty."""
        if self.value is None or self.before is None:
            return ""
        if abs(self.value - self.before) < SAME:
            return "same"
        return "up" if self.value > self.before else "down"

    @property
    def uncertain(self) -> bool:
        """Whether missing verdicts leave room between lower and upper."""
        new = self.new
        if new is None or new.lower is None or new.upper is None:
            return False
        return new.upper - new.lower > SAME


@dataclass(frozen=True, slots=True)
class Chart:
    """Places from 0 to 100 on the axis that all rows share; None where there is no number."""

    zero: float
    new: float | None
    old: float | None
    lower: float | None
    upper: float | None

    @property
    def width(self) -> float:
        """Of the band of what is possible."""
        return (self.upper or 0) - (self.lower or 0)


@dataclass(frozen=True)
class Row:
    """A pinned response. Everything but `pin` is empty where the response is hidden."""

    pin: Pinned
    pair: Pair | None = None
    chart: Chart | None = None
    move: tuple[int, int] | None = None
    stale: int = 0
    previewed: int = 0


@dataclass(frozen=True)
class Under:
    """All responses under one aggregator; `problem` says why it cannot score the draft."""

    label: str
    description: str
    own: bool
    pairs: tuple[Pair, ...]
    problem: str = ""


@dataclass(frozen=True, slots=True)
class CellView:
    """A cell with the word for its level."""

    cell: Cell
    word: str = ""


@dataclass(frozen=True)
class Line:
    """A row of the table of cells: a group, or a criterion with a cell for each response."""

    criterion: Criterion
    cells: tuple[CellView, ...]


@dataclass(frozen=True)
class PreviewPage:
    """The panel and the page. low, high: the ends of the charts' axis."""

    preview: Preview
    rows: tuple[Row, ...]
    under: tuple[Under, ...]
    low: float
    high: float
    stale: int
    open: int

    @property
    def headline(self) -> Under | None:
        return self.under[0] if self.under else None

    @property
    def visible(self) -> list[Row]:
        return [row for row in self.rows if not row.pin.hidden]

    @property
    def lines(self) -> list[Line]:
        """The table of cells in display order; made when it is asked for."""
        return _lines(self.preview.sheet)


def preview_page(preview: Preview) -> PreviewPage:
    """Scores, charts and moves of the pinned responses; no queries."""
    under = tuple(_under(preview, AGGREGATORS[name]) for name in preview.aggregators)
    pairs = under[0].pairs if under else ()
    low, high = _axis(pairs, AGGREGATORS[preview.aggregators[0]].unit if under else Unit.SHARE)
    moves = rank_moves([pair.before for pair in pairs], [pair.value for pair in pairs])
    sheet = preview.sheet
    rows: list[Row] = []
    places = {pk: place for place, pk in enumerate(sheet.responses)}
    for pin in preview.pins:
        place = places.get(pin.response.pk)
        if pin.hidden or place is None or place >= len(pairs):
            rows.append(Row(pin))
            continue
        cells = sheet.cells[place]
        rows.append(
            Row(
                pin,
                pairs[place],
                _chart(pairs[place], low, high),
                moves[place],
                sum(cell.state == State.STALE for cell in cells),
                sum(cell.preview for cell in cells),
            )
        )
    everything = [cell for cells in sheet.cells for cell in cells]
    return PreviewPage(
        preview,
        tuple(rows),
        under,
        low,
        high,
        sum(cell.state == State.STALE for cell in everything),
        sum(cell.state in (State.STALE, State.NONE) for cell in everything),
    )


def _under(preview: Preview, aggregator: Aggregator) -> Under:
    own = aggregator.name == preview.sheet.rubric.aggregator
    label, why = aggregator_label(aggregator.name), aggregator.description
    n = len(preview.sheet.responses)
    new: Sequence[Score | None]
    try:
        new = scores_under(preview.sheet, aggregator.name) or [None] * n
    except UnfitRubric as error:
        nothing = (Pair(None),) * n
        return Under(label, why, own, nothing, str(error))
    old = _old_scores(preview, aggregator.name, n)
    return Under(label, why, own, tuple(Pair(a, b) for a, b in zip(new, old, strict=True)))


def _old_scores(preview: Preview, aggregator: str, n: int) -> Sequence[Score | None]:
    if preview.before is None:
        return [None] * n
    try:
        return scores_under(preview.before, aggregator) or [None] * n
    except UnfitRubric:
        return [None] * n


def _axis(pairs: Sequence[Pair], unit: Unit) -> tuple[float, float]:
    """0 to 1 for a share, wider where a score or what is possible lies outside."""
    numbers = [0.0] + ([1.0] if unit is Unit.SHARE else [])
    for pair in pairs:
        for score in (pair.new, pair.old):
            if score is not None:
                found = (score.value, score.lower, score.upper)
                numbers += [number for number in found if number is not None]
    low, high = min(numbers), max(numbers)
    return (low, high) if high > low else (low, low + 1.0)


def _chart(pair: Pair, low: float, high: float) -> Chart:
    def place(value: float | None) -> float | None:
        return None if value is None else round(100 * (value - low) / (high - low), 2)

    new = pair.new
    return Chart(
        zero=place(0.0) or 0.0,
        new=place(pair.value),
        old=place(pair.before),
        lower=place(new.lower if new else None),
        upper=place(new.upper if new else None),
    )


def _lines(sheet: Sheet) -> list[Line]:
    columns = {leaf.key: place for place, leaf in enumerate(sheet.rubric.leaves)}
    return [
        Line(
            criterion,
            ()
            if criterion.is_group
            else tuple(_view(criterion, cells[columns[criterion.key]]) for cells in sheet.cells),
        )
        for criterion in sheet.rubric.criteria
    ]


def _view(criterion: Criterion, cell: Cell) -> CellView:
    return CellView(cell, criterion.scale.label(cell.value))


def said_page(
    rubric: Rubric, said: PreviewVerdict, criterion: Criterion | None
) -> dict[str, object]:
    """What the page of one reply shows; `criterion` as it stands now, None where it is gone."""
    current = criterion is not None and criterion_judging_hash(criterion) == said.judging_hash
    return {
        "rubric": rubric,
        "said": said,
        "criterion": criterion,
        "current": current,
        "word": criterion.scale.label(said.value) if criterion else "",
        "quotes": quotes_of(said),
    }

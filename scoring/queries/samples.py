"""A run that asks more than once: what the samples of each cell come to, and how steady they are.

Samples are read as everywhere else: the majority counts, on a points scale the mean, and a tie
is no verdict. A sample without a value leaves the count.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection
from django.db.models import Exists, OuterRef

from rubricstudio.domain.panel import Combined, Vote, combine
from rubricstudio.domain.verdict import VerdictStatus
from rubricstudio.models import Criterion, Response, Round, Verdict
from scoring.queries.keyset import KeysetPage, keyset_page

CELL_PAGE = 25


@dataclass(frozen=True, slots=True)
class Steadiness:
    """How alike samples are, over the `cells` with two or more values.

    steady: cells whose samples all gave the same value. share: the mean over cells of the share
    of samples that gave the most frequent value, None without cells.
    """

    cells: int
    steady: int
    share: float | None

    @property
    def steady_share(self) -> float | None:
        return self.steady / self.cells if self.cells else None


_STEADINESS = """
    SELECT count(*), count(*) FILTER (WHERE options = 1), avg(most / n)
      FROM (SELECT count(*) AS options, max(times) AS most, sum(times) AS n
              FROM (SELECT response_id, criterion_id, count(*) AS times FROM studio_verdict
                     WHERE round_id = %s AND status = 'ok'
                     GROUP BY response_id, criterion_id, value) v
             GROUP BY response_id, criterion_id HAVING sum(times) > 1) cells
"""


def steadiness_of(round_: Round) -> Steadiness:
    """How alike the samples of a run carried out here are so far. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_STEADINESS, [round_.pk])
        cells, steady, share = cursor.fetchone()
    return Steadiness(cells, steady, None if share is None else float(share))


@dataclass(frozen=True, slots=True)
class SampledCell:
    """A response and a criterion with all samples so far, and what they come to."""

    response: Response
    criterion: Criterion
    samples: tuple[Verdict, ...]
    combined: Combined

    @property
    def status(self) -> str:
        return self.combined.status.value

    @property
    def value(self) -> float | None:
        return self.combined.value

    @property
    def missing(self) -> int:
        """Samples without a value."""
        return self.combined.members - self.combined.voted


def cells_page(
    round_: Round, *, before: int | None = None, after: int | None = None
) -> KeysetPage[SampledCell]:
    """The cells of a run carried out here, the newest first. Two queries."""
    rows = Verdict.objects.filter(round=round_)
    earlier = rows.filter(
        response=OuterRef("response"),
        criterion=OuterRef("criterion"),
        rater=OuterRef("rater"),
        sample__lt=OuterRef("sample"),
    )
    shown = rows.select_related("response__task", "criterion__parent", "rater").defer(
        "response__text", "response__task__messages", "response__task__reference"
    )
    firsts = shown.filter(~Exists(earlier))
    page = keyset_page(firsts, size=CELL_PAGE, before=before, after=after)
    names = [(first.response_id, first.criterion_id) for first in page.rows]
    said: dict[tuple[int, int], list[Verdict]] = {name: [] for name in names}
    of_these = rows.filter(
        response__in={response for response, _ in names},
        criterion__in={criterion for _, criterion in names},
    )
    for verdict in of_these.order_by("sample"):
        said.get((verdict.response_id, verdict.criterion_id), []).append(verdict)
    cells = [_cell(first, said[name]) for first, name in zip(page.rows, names, strict=True)]
    return KeysetPage(cells, page.older, page.newer)


def _cell(first: Verdict, samples: list[Verdict]) -> SampledCell:
    votes = [Vote(each.value, VerdictStatus(each.status)) for each in samples]
    combined = combine(votes, first.criterion.as_criterion())
    return SampledCell(first.response, first.criterion, tuple(samples), combined)

"""Both votes of a calibration round: what people who voted twice said before and after."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from django.db import connection

from annotations.models import ItemKind, Session
from annotations.queries.sheets import criteria_of, criterion_ids
from rubricstudio.domain.agreement.answers import Answers, answers_of
from rubricstudio.domain.agreement.study import Slicing
from rubricstudio.domain.agreement.votes import TwoVotes, VoteRow
from rubricstudio.domain.rubric import Criterion, Scale
from rubricstudio.domain.table import BoolArray, Label
from scoring.queries.comparison import scope_of

_CELLS = """
    SELECT r.task_id, v.response_id, v.criterion_id, v.rater_id,
           (array_agg(v.value ORDER BY v.revision DESC)
               FILTER (WHERE v.created_at <= %(revealed)s))[1],
           (array_agg(v.value ORDER BY v.revision DESC))[1]
      FROM studio_verdict v
      JOIN annotations_item i ON i.session_id = %(session)s AND i.kind = %(work)s
                             AND i.sample = 0 AND i.response_id = v.response_id
      JOIN annotations_assignment a ON a.item_id = i.id AND a.rater_id = v.rater_id
                                   AND a.revoted_at IS NOT NULL
      JOIN studio_response r ON r.id = v.response_id
     WHERE v.round_id = %(session)s AND v.sample = 0
     GROUP BY r.task_id, v.response_id, v.criterion_id, v.rater_id
     ORDER BY v.response_id, v.criterion_id, v.rater_id
"""


@dataclass(frozen=True)
class Line:
    """A row of the table: a criterion, or everything in scope (None)."""

    criterion: Criterion | None
    row: VoteRow


@dataclass(frozen=True, eq=False)
class BothVotes:
    """Both votes over the cells that have a value in both.

    unassessed: cells voted on twice that have no value in one vote or in both. people: how
    many voted twice on something. criteria: by id, in display order.
    """

    first: Answers
    second: Answers
    criteria: dict[Label, Criterion]
    unassessed: int
    people: int

    @cached_property
    def _votes(self) -> TwoVotes:
        scales = {pk: criterion.scale for pk, criterion in self.criteria.items()}
        return TwoVotes(self.first, self.second, scales)

    @cached_property
    def scope(self) -> tuple[BoolArray, Scale | None]:
        """(n_units,) what the figures over all criteria are about, and of which scale."""
        table = self.first.table
        present = {table.criterion_labels[code] for code in np.unique(table.criteria).tolist()}
        return scope_of(table, [(pk, one) for pk, one in self.criteria.items() if pk in present])

    @property
    def overall(self) -> Line:
        """Both votes over everything in scope."""
        units = np.flatnonzero(self.scope[0])
        return Line(None, self._votes.rows(Slicing(units, np.zeros(len(units), np.int64), 1))[0])

    @property
    def lines(self) -> list[Line]:
        """Both votes on each criterion, in display order."""
        table = self.first.table
        codes = {label: code for code, label in enumerate(table.criterion_labels)}
        shown = [(codes[pk], one) for pk, one in self.criteria.items() if pk in codes]
        places = np.full(len(codes), -1, dtype=np.int64)
        for place, (code, _criterion) in enumerate(shown):
            places[code] = place
        units = np.arange(table.n_units)
        rows = self._votes.rows(Slicing(units, places[table.criteria], len(shown)))
        return [Line(one, row) for (_code, one), row in zip(shown, rows, strict=True)]


def both_votes(session: Session) -> BothVotes:
    """Both votes of a round whose second vote has begun. Two queries."""
    with connection.cursor() as cursor:
        cursor.execute(
            _CELLS,
            {"session": session.pk, "revealed": session.revealed_at, "work": ItemKind.WORK},
        )
        cells = cursor.fetchall()
    both = [cell for cell in cells if cell[4] is not None and cell[5] is not None]
    ids = criterion_ids(session)
    first, second = (
        answers_of(
            tasks=[cell[0] for cell in both],
            responses=[cell[1] for cell in both],
            criteria=[cell[2] for cell in both],
            raters=[cell[3] for cell in both],
            values=[cell[vote] for cell in both],
        )
        for vote in (4, 5)
    )
    return BothVotes(
        first,
        second,
        {ids[one.key]: one for one in criteria_of(session)},
        len(cells) - len(both),
        len({cell[3] for cell in cells}),
    )

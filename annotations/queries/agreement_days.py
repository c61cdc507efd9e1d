"""Agreement of a session's people by the day on which its items were judged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from django.db import connection
from django.utils import timezone

from annotations.models import Session
from annotations.queries.consensus import counted
from rubricstudio.domain.agreement.answers import answers_of
from rubricstudio.domain.agreement.statistic import Statistic
from rubricstudio.domain.agreement.study import Slicing, Study
from rubricstudio.domain.rubric import Scale
from rubricstudio.domain.table import BoolArray, Label
from rubricstudio.queries.verdict_table import repeats_of, verdict_columns

MOST_DAYS = 30


@dataclass(frozen=True, slots=True)
class DayAgreement:
    """Units whose last answer came on a day: the share of pairs that agree, and alpha.

    day None: every day together. n: units with two or more answers; n_units: all units.
    """

    day: date | None
    n: int
    n_units: int
    percent: Statistic
    alpha: Statistic


@dataclass(frozen=True, slots=True)
class AgreementByDay:
    """The days with units, oldest first; `older` days are left out of `days`, not of `every`.

    criteria: how many of the `judged` criteria the figures are about: those of one scale.
    """

    days: Sequence[DayAgreement]
    every: DayAgreement
    older: int
    criteria: int
    judged: int


_LAST = """
    SELECT i.response_id, (max(a.submitted_at) AT TIME ZONE %(zone)s)::date
      FROM annotations_assignment a JOIN annotations_item i ON i.id = a.item_id
     WHERE i.session_id = %(session)s AND i.kind = 'work' AND i.sample = 0
       AND a.status = 'submitted'
     GROUP BY i.response_id
"""


def agreement_by_day(session: Session) -> AgreementByDay | None:
    """Agreement on the units that were completed on each day, None where nobody judged.

    A unit belongs to the day on which the last of its people submitted it. Every item counts
    alike, and figures on criteria of several scales are those of the most frequent one, so
    the page of agreement, which weighs and chooses, may differ.
    """
    columns = counted(verdict_columns(rounds=[session.pk]), [])
    if not len(columns):
        return None
    scales: dict[Label, Scale] = {pk: c.scale for pk, c in columns.criteria.items()}
    answers = answers_of(
        tasks=columns.task,
        responses=columns.response,
        criteria=columns.criterion,
        raters=columns.rater,
        values=columns.value,
        repeats=repeats_of(columns.scales),
    )
    study = Study(answers, scales)
    kept = _one_scale(study)
    last = _last_days(session)
    table = answers.table
    criteria = len(np.unique(table.criteria[kept]))
    day_of = np.array(
        [last.get(int(label), date.min).toordinal() for label in table.response_labels]
    )[table.responses]
    kept &= day_of > date.min.toordinal()
    units = np.flatnonzero(kept)
    if not len(units):
        return None
    days, slices = np.unique(day_of[units], return_inverse=True)
    older = max(len(days) - MOST_DAYS, 0)
    chosen = slices >= older
    rows = study.rows(Slicing(units[chosen], slices[chosen] - older, len(days) - older))
    every = study.rows(Slicing(units, np.zeros(len(units), dtype=np.int64), 1))[0]
    found = [
        DayAgreement(day, row.n, row.n_units, row.figure("percent"), row.figure("alpha"))
        for day, row in zip(
            [None, *(date.fromordinal(int(n)) for n in days[older:])], [every, *rows], strict=True
        )
    ]
    return AgreementByDay(found[1:], found[0], older, criteria, len(np.unique(table.criteria)))


def _one_scale(study: Study) -> BoolArray:
    """(n_units,) the units of the scale that has the most of them."""
    return max(study.groups, key=lambda group: int(group.units.sum())).units.copy()


def _last_days(session: Session) -> dict[int, date]:
    with connection.cursor() as cursor:
        cursor.execute(_LAST, {"session": session.pk, "zone": timezone.get_current_timezone_name()})
        return dict(cursor.fetchall())

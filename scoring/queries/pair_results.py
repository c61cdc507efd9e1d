"""What a run of a judge that compares found: what the order did, and how far people agree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from django.db import connection
from django.db.models import Q

from annotations.models import CriterionPreference
from annotations.queries.blind import blind_responses
from rubricstudio.domain.agreement import JudgeAgreement
from rubricstudio.domain.both_orders import Position, position_of
from rubricstudio.models import Criterion, Preference, Preferred, Round, RoundKind, User
from scoring.models import Run, RunBatch
from scoring.queries.comparison import compared
from scoring.queries.keyset import KeysetPage, keyset_page
from scoring.queries.material import (
    PreferenceRow,
    material_of_pairs,
    preference_material,
)
from scoring.queries.selection import Selection

PAGE = 25

# A row for each pair, sample and criterion; sides are of the responses, -1 for the first.
_SIDES = """
    SELECT p.task_id,
           max((answer ->> 'side')::float) FILTER (WHERE answer ->> 'order' = 'ab'),
           max((answer ->> 'side')::float) FILTER (WHERE answer ->> 'order' = 'ba')
      FROM studio_preference p CROSS JOIN jsonb_array_elements(p.provenance -> 'answers') answer
     WHERE p.round_id = %s
     GROUP BY p.id, p.task_id, answer ->> 'criterion'
"""


def position_of_run(run: Run) -> Position:
    """How the order in which pairs were shown mattered to the judge. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_SIDES, [run.pk])
        rows = cursor.fetchall()
    tasks = np.array([row[0] for row in rows], dtype=np.int64)
    ahead, behind = (np.array([row[n] for row in rows], dtype=np.float64) for n in (1, 2))
    return position_of(ahead, behind, tasks)


@dataclass(frozen=True, slots=True)
class WithPeople:
    """A judge's preferences against people's majority on the same pairs.

    rounds: the sessions whose people judged a pair of the run. whole: of the pair as a whole.
    by_criterion: of single criteria, where people were asked by criterion, in display order.
    alpha_people: how far the people agree among themselves, on the whole.
    """

    rounds: tuple[Round, ...]
    whole: JudgeAgreement
    by_criterion: Sequence[tuple[Criterion, JudgeAgreement]]


def with_people(run: Run) -> WithPeople | None:
    """The agreement of a run with people; None where nobody judged one of its pairs."""
    rounds = _people_of(run)
    if not rounds:
        return None
    selection = Selection(run.round.project, rounds, (run.round,))
    found = compared(preference_material(selection)).judges
    if not found:
        return None
    return WithPeople(rounds, found[0].overall, _by_criterion(run, selection))


def _people_of(run: Run) -> tuple[Round, ...]:
    """The sessions of the project in which a pair of the run was judged."""
    pairs = {(a, b) for batch in _pairs_of(run) for a, b in batch}
    said = Preference.objects.filter(
        round__project=run.round.project_id,
        round__kind=RoundKind.SESSION,
        response_a__in={pk for pair in pairs for pk in pair},
    )
    rows = said.order_by().values_list("round_id", "response_a_id", "response_b_id").distinct()
    ids = {round_id for round_id, a, b in rows if (min(a, b), max(a, b)) in pairs}
    return tuple(Round.objects.filter(pk__in=ids).select_related("version__rubric").order_by("pk"))


def _pairs_of(run: Run) -> list[list[list[int]]]:
    return list(RunBatch.objects.filter(run=run).values_list("pairs", flat=True))


def _by_criterion(run: Run, selection: Selection) -> list[tuple[Criterion, JudgeAgreement]]:
    """Criteria are matched by key, also of another version of the run's own rubric."""
    version = run.round.version
    assert version is not None  # a run here has one
    parts = list(_parts(selection.rounds, version.rubric_id))
    if not any(row.round != run.pk for row, _ in parts):
        return []
    keys = [key for _, key in parts]
    judged = compared(material_of_pairs(selection, [row for row, _ in parts], keys)).judges
    found = judged[0].by_criterion if judged else {}
    criteria = version.criteria.filter(is_group=False).order_by("position")
    return [(row, found[row.key]) for row in criteria if row.key in found and found[row.key].n]


def _parts(rounds: Sequence[int], rubric_id: int) -> list[tuple[PreferenceRow, str]]:
    """What was said by each criterion in the current preferences of rounds. Two queries."""
    cell = ["round_id", "response_a_id", "response_b_id", "rater_id", "sample"]
    current = (
        Preference.objects.filter(round__in=rounds).order_by(*cell, "-revision").distinct(*cell)
    )
    names = ("round_id", "rater_id", "task_id", "response_a_id", "response_b_id", "sample")
    rows = CriterionPreference.objects.filter(
        preference__in=current.values("pk"), criterion__version__rubric=rubric_id
    ).values_list(*(f"preference__{name}" for name in names), "strength", "criterion__key")
    return [(PreferenceRow._make((*row[:6], _preferred(row[6]))), row[7]) for row in rows]


def _preferred(strength: int | None) -> str | None:
    if strength is None:
        return None
    return (Preferred.TIE if not strength else Preferred.A if strength < 0 else Preferred.B).value


# -- the list


@dataclass(frozen=True, slots=True)
class PairRow:
    """A preference with its parts; `hidden` from whoever has still to judge a response blind."""

    preference: Preference
    parts: Sequence[CriterionPreference]
    hidden: bool

    @property
    def tally(self) -> dict[str, int]:
        """How many criteria prefer a, prefer b, are a tie, or were not answered."""
        said = Counter(_preferred(part.strength) or "none" for part in self.parts)
        return {name: said[name] for name in ("a", "b", "tie", "none")}


def preferences_page(
    round_: Round,
    user: User,
    *,
    status: str = "",
    before: int | None = None,
    after: int | None = None,
) -> KeysetPage[PairRow]:
    """A run's preferences, newest first, optionally of one status. Three queries."""
    rows = Preference.objects.filter(Q(status=status) if status else Q(), round=round_)
    shown = rows.select_related("response_a", "response_b", "task").defer(
        *(f"response_{side}__text" for side in "ab"), "task__messages", "task__reference"
    )
    page = keyset_page(shown, size=PAGE, before=before, after=after)
    of_these = CriterionPreference.objects.filter(preference__in=[row.pk for row in page.rows])
    parts: dict[int, list[CriterionPreference]] = {row.pk: [] for row in page.rows}
    for part in of_these.select_related("criterion").order_by("criterion__position"):
        parts[part.preference_id].append(part)
    blind = blind_responses(round_.project, user)
    listed = [
        PairRow(row, parts[row.pk], bool(blind & {row.response_a_id, row.response_b_id}))
        for row in page.rows
    ]
    return KeysetPage(listed, page.older, page.newer)

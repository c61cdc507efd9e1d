"""What gold answers can be made of: decisions of adjudicators, unanimous people, one expert.

Only of sessions that are over: while one runs, its answers must not reach people who still
have to judge the same responses, and a gold answer is shown in training.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet

from annotations.models import Gold, Origin, SessionStatus
from annotations.sheet import asked_of_people
from rubricstudio.models import Criterion, Rater, RaterKind, Round, RoundKind, RubricVersion


@dataclass(frozen=True, slots=True)
class GoldSource:
    """What is taken: decisions, answers that `at_least` people gave alike, or those of a rater.

    with_notes: the adjudicator's reason or the expert's comment becomes the note, and the quotes
    of the expert, or of whose answer was adopted, those of the gold answer.
    """

    round_id: int
    origin: Origin
    rater_id: int | None = None
    at_least: int = 2
    with_notes: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """How many answers a source has on how many responses, `known` with a gold answer already."""

    answers: int
    responses: int
    known: int


@dataclass(frozen=True, slots=True)
class GoldOrigin:
    """Where the gold answer to one criterion comes from; `n` people, `rater` an expert's name."""

    criterion: str
    origin: str
    round: str
    rater: str
    n: int | None
    by: str
    at: datetime


def gold_rounds(version: RubricVersion) -> QuerySet[Round]:
    """Sessions with answers to the version's rubric that no longer change, newest first.

    An imported round has no session here.
    """
    return Round.objects.filter(
        Q(session__isnull=True) | Q(session__status=SessionStatus.COMPLETED),
        Q(version__isnull=True) | Q(version__rubric=version.rubric_id),
        project=version.rubric.project_id,
        kind=RoundKind.SESSION,
    ).order_by("-pk")


def experts(version: RubricVersion) -> QuerySet[Rater]:
    """The people of the version's project, by name."""
    rows = Rater.objects.filter(project=version.rubric.project_id, kind=RaterKind.PERSON)
    return rows.order_by("name", "pk")


_CURRENT = """
    v.round_id = %(round)s AND v.sample = 0 AND NOT EXISTS (
        SELECT 1 FROM studio_verdict later
         WHERE later.round_id = v.round_id AND later.response_id = v.response_id
           AND later.criterion_id = v.criterion_id AND later.rater_id = v.rater_id
           AND later.sample = v.sample AND later.revision > v.revision)
"""
# Each yields response, criterion, status, value, note, quotes and how many people said so.
_SAID = {
    Origin.ADJUDICATED: f"""
        SELECT response_id, criterion_id, status, value, reason,
               coalesce((SELECT v.evidence FROM studio_verdict v
                          WHERE v.rater_id = newest.adopted_id
                            AND v.response_id = newest.response_id
                            AND v.criterion_id = newest.criterion_id AND v.status = newest.status
                            AND v.value IS NOT DISTINCT FROM newest.value AND {_CURRENT}), '[]'),
               NULL::integer FROM (
            SELECT DISTINCT ON (a.response_id, a.criterion_id) a.* FROM annotations_adjudication a
             WHERE a.round_id = %(round)s
             ORDER BY a.response_id, a.criterion_id, a.revision DESC) newest
         WHERE decision <> 'unresolved'
    """,
    # What was adjudicated is not taken from the votes, however many agreed.
    Origin.UNANIMOUS: f"""
        SELECT v.response_id, v.criterion_id, 'ok', min(v.value), '', '[]'::jsonb,
               count(*)::integer
          FROM studio_verdict v JOIN studio_rater r ON r.id = v.rater_id AND r.kind = 'person'
         WHERE {_CURRENT} AND NOT EXISTS (
                SELECT 1 FROM annotations_adjudication a
                 WHERE a.round_id = v.round_id AND a.response_id = v.response_id
                   AND a.criterion_id = v.criterion_id)
         GROUP BY v.response_id, v.criterion_id
        HAVING count(*) >= %(at_least)s AND bool_and(v.status = 'ok')
           AND min(v.value) = max(v.value)
    """,
    Origin.EXPERT: f"""
        SELECT v.response_id, v.criterion_id, v.status, v.value, v.rationale, v.evidence,
               NULL::integer
          FROM studio_verdict v WHERE v.rater_id = %(rater)s AND {_CURRENT}
    """,
}
# Those whose criterion reads the same in the version, once each; known: there is a gold answer
# to the same words, on whatever version.
_FIT = """
    WITH said (response_id, criterion_id, status, value, note, evidence, n) AS ({said}),
    fit AS (
        SELECT DISTINCT ON (s.response_id, t.id) s.response_id, t.id AS criterion_id,
               s.status, s.value, CASE WHEN %(with_notes)s THEN s.note ELSE '' END AS note,
               CASE WHEN %(with_notes)s THEN s.evidence ELSE '[]' END AS evidence, s.n,
               EXISTS (SELECT 1 FROM annotations_gold g
                         JOIN studio_criterion c2 ON c2.id = g.criterion_id
                         JOIN studio_rubric_version v2 ON v2.id = c2.version_id
                        WHERE g.response_id = s.response_id AND c2.key = t.key
                          AND c2.judging_hash = t.judging_hash
                          AND v2.rubric_id = %(rubric)s) AS is_known
          FROM said s JOIN studio_criterion c ON c.id = s.criterion_id
          JOIN studio_criterion t ON t.key = c.key AND t.judging_hash = c.judging_hash
         WHERE t.version_id = %(version)s AND t.id = ANY(%(asked)s)
           AND s.status IN ('ok', 'cannot_assess')
         ORDER BY s.response_id, t.id, s.criterion_id DESC)
"""


def fitting(version: RubricVersion, source: GoldSource) -> tuple[str, dict[str, Any]]:
    """The beginning of a statement that ends in a use of `fit`, and its parameters."""
    keys = [criterion.key for criterion in asked_of_people(version.as_rubric())]
    asked = Criterion.objects.filter(version=version, key__in=keys).values_list("pk", flat=True)
    return _FIT.format(said=_SAID[source.origin]), {
        "round": source.round_id,
        "rater": source.rater_id,
        "at_least": source.at_least,
        "with_notes": source.with_notes,
        "version": version.pk,
        "rubric": version.rubric_id,
        "asked": list(asked),
    }


def count_gold(version: RubricVersion, source: GoldSource) -> Found:
    """What a source would give. The database counts; a constant number of queries."""
    statement, parameters = fitting(version, source)
    with connection.cursor() as cursor:
        cursor.execute(
            statement + "SELECT count(*), count(DISTINCT response_id),"
            " count(*) FILTER (WHERE is_known) FROM fit",
            parameters,
        )
        return Found(*cursor.fetchone())


def origins(version: RubricVersion, response_id: int) -> list[GoldOrigin]:
    """Where a response's gold answers to the version come from, in display order."""
    rows = Gold.objects.filter(response=response_id, criterion__version=version)
    return [
        GoldOrigin(
            criterion=row.criterion.text,
            origin=row.get_origin_display(),
            round=row.origin_round.name if row.origin_round else "",
            rater=row.origin_rater.name if row.origin_rater else "",
            n=row.origin_n,
            by=str(row.added_by),
            at=row.added_at,
        )
        for row in rows.select_related(
            "criterion", "origin_round", "origin_rater", "added_by"
        ).order_by("criterion__position")
    ]

"""What there is to pin beside a rubric: a list to choose from, and a varied few."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from annotations.queries.blind import blind_responses
from rubricstudio.models import RaterKind, Response, Rubric, User
from rubricstudio.queries.rubrics import newest_version
from scoring.preview_cells import Candidate, scores_under, sheet_of
from scoring.queries.keyset import KeysetPage, keyset_page
from scoring.queries.preview import pins_of, verdicts_about

FEW = 5
PAGE = 25
POOL = 96
"""Of how many responses a varied few are chosen."""


@dataclass(frozen=True)
class Pinnable:
    """A response in the list to choose from."""

    response: Response
    pinned: bool
    hidden: bool


def responses_about(rubric: Rubric) -> QuerySet[Response]:
    """The responses that the rubric can judge: of its task, or of the project."""
    rows = Response.objects.filter(project=rubric.project_id)
    return rows.filter(task=rubric.task_id) if rubric.task_id else rows


def pinnable_page(
    rubric: Rubric,
    user: User,
    *,
    search: str = "",
    source: str = "",
    before: int | None = None,
    after: int | None = None,
) -> KeysetPage[Pinnable]:
    """Responses, newest first, that hold the words, or are to a task of this id. Four queries."""
    rows = responses_about(rubric).select_related("task")
    if search:
        rows = rows.filter(
            Q(text__icontains=search)
            | Q(external_id__icontains=search)
            | Q(task__external_id__icontains=search)
        )
    if source:
        rows = rows.filter(source=source)
    page = keyset_page(rows, size=PAGE, before=before, after=after)
    pinned = set(pins_of(rubric).values_list("response_id", flat=True))
    blind = blind_responses(rubric.project, user)
    shown = [Pinnable(row, row.pk in pinned, row.pk in blind) for row in page.rows]
    return KeysetPage(shown, page.older, page.newer)


_POOL = """
    SELECT id FROM (
        SELECT r.id, row_number() OVER (PARTITION BY r.source ORDER BY md5(r.id::text)) AS place
          FROM studio_response r
         WHERE r.project_id = %(project)s AND r.text IS NOT NULL
           AND (%(task)s::bigint IS NULL OR r.task_id = %(task)s)
           AND (%(judged)s::text[] IS NULL OR EXISTS (
                SELECT 1 FROM studio_verdict v
                  JOIN studio_rater a ON a.id = v.rater_id AND a.kind = ANY(%(judged)s)
                  JOIN studio_criterion c ON c.id = v.criterion_id
                  JOIN studio_rubric_version s ON s.id = c.version_id
                 WHERE v.response_id = r.id AND s.rubric_id = %(rubric)s))) spread
     ORDER BY place, id LIMIT %(size)s
"""


def candidates(rubric: Rubric, user: User) -> list[Candidate]:
    """Responses of every source to choose a varied few from: judged by people, where there are
    enough, else by judges, else any.

    Scores are those of all raters together under the newest version. Responses that the user
    has still to judge blind are left out: their scores would tell.
    """
    known = {"project": rubric.project_id, "task": rubric.task_id, "rubric": rubric.pk}
    pool: list[int] = []
    for judged in ([RaterKind.PERSON], list(RaterKind), None):
        if len(pool) < FEW:
            found = Response.objects.raw(_POOL, known | {"judged": judged, "size": POOL})
            pool += [row.pk for row in found if row.pk not in pool]
    blind = blind_responses(rubric.project, user)
    pool = [pk for pk in pool if pk not in blind]
    scores = _pool_scores(rubric, pool)
    rows = Response.objects.filter(pk__in=pool).values_list("pk", "task_id", "source")
    by_pk = {pk: (task, source) for pk, task, source in rows}
    return [Candidate(pk, *by_pk[pk], scores.get(pk)) for pk in pool if pk in by_pk]


def _pool_scores(rubric: Rubric, pool: Sequence[int]) -> dict[int, float]:
    version = newest_version(rubric)
    if version is None or not pool:
        return {}
    sheet = sheet_of(version.as_rubric(), pool, verdicts_about(rubric, pool))
    found = scores_under(sheet, "min_max")
    return {
        pk: score.value
        for pk, score in zip(sheet.responses, found, strict=bool(found))
        if score.value is not None
    }

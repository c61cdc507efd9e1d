"""Responses that people decided before, for a judge to see how strictly a criterion is meant.

Taken from sessions that are over: what was adjudicated, else what two or more people said
alike. Never from the task that is judged, so that no judge is told what people said of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from annotations.models import ItemKind, SessionStatus
from rubricstudio.domain.rubric import ScaleKind
from rubricstudio.models import Criterion, Project, RaterKind, Response, RoundKind
from scoring.judges import JudgedExample

LONGEST_RESPONSE = 1_500
LONGEST_PROMPT = 400
"""Characters of an example that are shown; what is longer loses its middle."""
CUT = " [... cut ...] "

# One example a task and level: the most certain one, then the oldest. Points have three levels.
_EXAMPLES = """
    WITH same AS (
        SELECT c.id, c.judging_hash, CASE WHEN c.scale_kind = %(points)s THEN c.maximum END AS top
          FROM studio_criterion c
          JOIN studio_rubric_version v ON v.id = c.version_id
          JOIN studio_rubric r ON r.id = v.rubric_id AND r.project_id = %(project)s
         WHERE c.judging_hash = ANY(%(hashes)s)),
    over AS (
        SELECT ro.id FROM studio_round ro
          LEFT JOIN annotations_session s ON s.round_id = ro.id
         WHERE ro.project_id = %(project)s AND ro.kind = %(session)s
           AND (s.round_id IS NULL OR s.status = %(completed)s)),
    decided AS (
        SELECT DISTINCT ON (a.round_id, a.response_id, a.criterion_id) a.*
          FROM annotations_adjudication a
         WHERE a.round_id IN (SELECT id FROM over) AND a.criterion_id IN (SELECT id FROM same)
         ORDER BY a.round_id, a.response_id, a.criterion_id, a.revision DESC),
    newest AS (
        SELECT DISTINCT ON (v.round_id, v.response_id, v.criterion_id, v.rater_id)
               v.round_id, v.response_id, v.criterion_id, v.status, v.value
          FROM studio_verdict v
          JOIN studio_rater r ON r.id = v.rater_id AND r.kind = %(person)s
         WHERE v.round_id IN (SELECT id FROM over) AND v.criterion_id IN (SELECT id FROM same)
           AND v.sample = 0
           AND NOT EXISTS (
                SELECT 1 FROM annotations_item i
                 WHERE i.session_id = v.round_id AND i.response_id = v.response_id
                   AND i.kind <> %(work)s)
         ORDER BY v.round_id, v.response_id, v.criterion_id, v.rater_id, v.revision DESC),
    said AS (
        SELECT response_id, criterion_id, value, true AS settled, 1 AS people
          FROM decided WHERE status = 'ok'
        UNION ALL
        SELECT n.response_id, n.criterion_id, min(n.value), false, count(*)
          FROM newest n
         WHERE NOT EXISTS (
                SELECT 1 FROM decided d
                 WHERE d.round_id = n.round_id AND d.response_id = n.response_id
                   AND d.criterion_id = n.criterion_id)
         GROUP BY n.round_id, n.response_id, n.criterion_id
        HAVING count(*) >= 2 AND bool_and(n.status = 'ok') AND min(n.value) = max(n.value)),
    agreed AS (
        SELECT s.judging_hash, r.task_id, r.id AS response_id, min(d.value) AS value,
               CASE WHEN min(s.top) IS NULL THEN min(d.value)
                    ELSE least(floor(3 * min(d.value) / min(s.top)), 2) END AS level,
               bool_or(d.settled) AS settled, sum(d.people) AS people
          FROM said d
          JOIN same s ON s.id = d.criterion_id
          JOIN studio_response r ON r.id = d.response_id AND r.text <> ''
         GROUP BY s.judging_hash, r.id
        HAVING min(d.value) = max(d.value)),
    of_task AS (
        SELECT DISTINCT ON (judging_hash, level, task_id) * FROM agreed
         ORDER BY judging_hash, level, task_id, settled DESC, people DESC, response_id),
    ranked AS (
        SELECT *, row_number() OVER (
                   PARTITION BY judging_hash, level
                   ORDER BY settled DESC, people DESC, response_id) AS place
          FROM of_task)
    SELECT k.judging_hash, k.level, k.task_id, k.value, r.external_id, r.text,
           coalesce(t.messages -> -1 ->> 'content', '')
      FROM ranked k
      JOIN studio_response r ON r.id = k.response_id
      JOIN studio_task t ON t.id = k.task_id
     WHERE k.place <= %(most)s
     ORDER BY k.judging_hash, k.level, k.place
"""


@dataclass(frozen=True, slots=True)
class _Candidate:
    task: int
    text: str
    example: JudgedExample


def examples_for(
    project: Project, cells: Sequence[tuple[Response, Criterion]], most: int
) -> list[tuple[JudgedExample, ...]]:
    """Up to `most` examples for each response and criterion, of other tasks. One query.

    Each level of the scale that has examples gives as many as any other, one more at most;
    where all are of one level there are none. The same cells get the same examples for as
    long as no further session ends.
    """
    hashes = {criterion.judging_hash for _, criterion in cells} - {""}
    found = _candidates(project, hashes, most) if hashes else {}
    return [
        _chosen(found.get(criterion.judging_hash, {}), response, most)
        for response, criterion in cells
    ]


def _candidates(
    project: Project, hashes: set[str], most: int
) -> Mapping[str, Mapping[float, list[_Candidate]]]:
    """By what a criterion says and by level, one of a task at most, the best first."""
    parameters: dict[str, Any] = {
        "project": project.pk,
        "hashes": sorted(hashes),
        "points": ScaleKind.POINTS.value,
        "session": RoundKind.SESSION.value,
        "completed": SessionStatus.COMPLETED.value,
        "person": RaterKind.PERSON.value,
        "work": ItemKind.WORK.value,
        # One more than needed: the task that is judged may be among them.
        "most": most + 1,
    }
    with connection.cursor() as cursor:
        cursor.execute(_EXAMPLES, parameters)
        rows = cursor.fetchall()
    found: dict[str, dict[float, list[_Candidate]]] = {}
    for judging_hash, level, task, value, name, text, question in rows:
        example = JudgedExample(
            source=name,
            prompt=cut(question, LONGEST_PROMPT),
            response=cut(text, LONGEST_RESPONSE),
            value=value,
        )
        levels = found.setdefault(judging_hash, {})
        levels.setdefault(level, []).append(_Candidate(task, text, example))
    return found


def _chosen(
    levels: Mapping[float, list[_Candidate]], response: Response, most: int
) -> tuple[JudgedExample, ...]:
    """Turn by turn one of each level, the ends of the scale first."""
    fit = [
        [
            each.example
            for each in levels[level]
            if each.task != response.task_id and each.text != response.text
        ]
        for level in _ends_first(sorted(levels))
    ]
    fit = [examples for examples in fit if examples]
    if len(fit) < 2:
        return ()
    turns = range(min(map(len, fit)))
    return tuple(examples[turn] for turn in turns for examples in fit)[:most]


def _ends_first(levels: Sequence[float]) -> list[float]:
    """The lowest, the highest, the next lowest, and so on."""
    half = (len(levels) + 1) // 2
    both = zip(levels[:half], reversed(levels), strict=False)
    return list(dict.fromkeys(level for pair in both for level in pair))


def cut(text: str, longest: int) -> str:
    """The text, without its middle and with a mark in its place where it is longer."""
    if len(text) <= longest:
        return text
    end = longest // 3
    return text[: longest - end] + CUT + text[-end:]

"""How uncertain each response is, from what judges and people said of it anywhere.

For the order of a session alone: no page shows it, and nothing of a judge can be read from it.
"""

from __future__ import annotations

from django.db import connection

from annotations.models import Session

# Per response and criterion the greatest of: the judges' mean doubt, the split among judges,
# the split among people (rubricstudio.domain.ordering: doubt, split); the mean over criteria.
_UNCERTAINTY = """
    WITH said AS (
        SELECT DISTINCT ON (v.round_id, v.response_id, v.criterion_id, v.rater_id, v.sample)
               v.response_id, c.key, r.kind, v.status, v.value, v.confidence
          FROM studio_verdict v
          JOIN studio_criterion c ON c.id = v.criterion_id
          JOIN studio_rubric_version n ON n.id = c.version_id AND n.rubric_id = %(rubric)s
          JOIN studio_rater r ON r.id = v.rater_id
         WHERE v.response_id IN (SELECT response_id FROM annotations_item
                                  WHERE session_id = %(session)s)
         ORDER BY v.round_id, v.response_id, v.criterion_id, v.rater_id, v.sample,
                  v.revision DESC),
    answers AS (
        SELECT response_id, key, kind, value, count(*) AS n,
               sum(1 - abs(2 * confidence - 1)) FILTER (WHERE kind = 'judge') AS doubt,
               count(confidence) FILTER (WHERE kind = 'judge') AS doubted
          FROM said WHERE status = 'ok' GROUP BY response_id, key, kind, value),
    sides AS (
        SELECT response_id, key, sum(n) AS n,
               least(1, 2 * (1 - sum(n * n) / (sum(n) * sum(n)))) AS split,
               sum(doubt) / nullif(sum(doubted), 0) AS doubt
          FROM answers GROUP BY response_id, key, kind),
    cells AS (
        SELECT response_id, key, max(greatest(split, coalesce(doubt, 0))) AS uncertainty
          FROM sides WHERE n > 1 OR doubt IS NOT NULL GROUP BY response_id, key)
    SELECT i.id, c.uncertainty FROM annotations_item i
      LEFT JOIN (SELECT response_id, avg(uncertainty) AS uncertainty FROM cells
                  GROUP BY response_id) c ON c.response_id = i.response_id
     WHERE i.session_id = %(session)s ORDER BY i.position
"""


def uncertainty_of(session: Session) -> dict[int, float | None]:
    """The uncertainty (0 to 1) of a session's items by id, in the order of their positions.

    None where nothing can be said: no verdict, or a single one that came without a
    probability. Verdicts of any round and any version of the session's rubric count.
    """
    version = session.round.version
    parameters = {"session": session.pk, "rubric": version.rubric_id if version else None}
    with connection.cursor() as cursor:
        cursor.execute(_UNCERTAINTY, parameters)
        return {item: None if u is None else float(u) for item, u in cursor.fetchall()}

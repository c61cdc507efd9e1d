"""Gold answers made of what is known already: many responses in one statement."""

from __future__ import annotations

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from annotations.errors import InvalidSession
from annotations.models import Origin
from annotations.queries.gold_sources import GoldSource, experts, fitting, gold_rounds
from rubricstudio.models import RubricVersion, User

_INSERT = """
    INSERT INTO annotations_gold (response_id, criterion_id, status, value, note, evidence,
                                  origin, origin_round_id, origin_rater_id, origin_n,
                                  added_by_id, added_at)
    SELECT response_id, criterion_id, status, value, note, evidence, %(origin)s, %(round)s,
           %(rater)s, n, %(by)s, %(now)s
      FROM fit WHERE %(replaces)s OR NOT is_known
    ON CONFLICT (response_id, criterion_id) DO
"""
_REPLACE = """
    UPDATE SET status = EXCLUDED.status, value = EXCLUDED.value, note = EXCLUDED.note,
               evidence = EXCLUDED.evidence, origin = EXCLUDED.origin,
               origin_round_id = EXCLUDED.origin_round_id,
               origin_rater_id = EXCLUDED.origin_rater_id, origin_n = EXCLUDED.origin_n,
               added_by_id = EXCLUDED.added_by_id, added_at = EXCLUDED.added_at
     WHERE (annotations_gold.status, annotations_gold.value, annotations_gold.note,
            annotations_gold.evidence, annotations_gold.origin, annotations_gold.origin_round_id,
            annotations_gold.origin_rater_id, annotations_gold.origin_n)
           IS DISTINCT FROM (EXCLUDED.status, EXCLUDED.value, EXCLUDED.note, EXCLUDED.evidence,
            EXCLUDED.origin, EXCLUDED.origin_round_id, EXCLUDED.origin_rater_id, EXCLUDED.origin_n)
"""


@transaction.atomic
def gold_from_source(
    *, version: RubricVersion, source: GoldSource, replaces: bool, by: User
) -> int:
    """Make gold answers of what a finished session says; how many changed.

    What has a gold answer keeps it unless `replaces`. Criteria that read otherwise in the
    version are left out. Safe to repeat. Raises InvalidSession for a session that is not
    finished or of another rubric, for nobody as the expert, and for fewer than two people.
    """
    check_source(version, source)
    statement, parameters = fitting(version, source)
    rest = _REPLACE if replaces else "NOTHING"
    with connection.cursor() as cursor:
        cursor.execute(
            statement + _INSERT + rest,
            parameters
            | {
                "origin": source.origin.value,
                "replaces": replaces,
                "by": by.pk,
                "now": timezone.now(),
            },
        )
        return int(cursor.rowcount)


def check_source(version: RubricVersion, source: GoldSource) -> None:
    """Raise InvalidSession where gold answers cannot be made of this."""
    if source.origin in (Origin.HAND, Origin.FILE):
        raise InvalidSession(_("Choose what the gold answers are made of."), "origin")
    if not gold_rounds(version).filter(pk=source.round_id).exists():
        raise InvalidSession(_("Choose a completed session over this rubric."), "round")
    named = [] if source.rater_id is None else [source.rater_id]
    known = experts(version).filter(pk__in=named).count()
    if len(named) != (source.origin == Origin.EXPERT) or known < len(named):
        raise InvalidSession(_("Say whose answers are right."), "rater")
    if not 2 <= source.at_least <= 32_767:
        raise InvalidSession(_("Answers are unanimous from two people on."), "at_least")

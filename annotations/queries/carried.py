"""What carries over from the session that another one follows up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, QuerySet

from annotations.carry import Adoption, adopt, judging_hashes
from annotations.evidence import from_json
from annotations.models import Assignment, AssignmentStatus, Session
from annotations.queries.sheets import rubric_of
from annotations.sheet import Entry
from rubricstudio.domain.verdict import VerdictStatus
from rubricstudio.models import RubricVersion, Verdict, VersionStatus
from rubricstudio.models.verdicts import VerdictQuerySet


@dataclass(frozen=True, slots=True)
class Carried:
    """A person's own verdict of the earlier session that holds for the new version."""

    verdict_id: int
    entry: Entry
    evidence: list[dict[str, Any]]
    confidence: float | None


def newer_versions(session: Session) -> QuerySet[RubricVersion]:
    """The published versions of the session's rubric after its own, newest first."""
    version = session.round.version
    if version is None:
        return RubricVersion.objects.none()
    return RubricVersion.objects.filter(
        rubric=version.rubric_id, status=VersionStatus.PUBLISHED, number__gt=version.number
    ).order_by("-number")


def adoption_of(session: Session, version: RubricVersion) -> Adoption:
    """What becomes of a session's verdicts under another version of its rubric."""
    # The first revision stands for all of a cell, so cells are counted and not corrections.
    counts = (
        Verdict.objects.filter(round=session.pk, sample=0, revision=0)
        .order_by()
        .values_list("criterion__key")
        .annotate(n=Count("pk"))
    )
    return adopt(rubric_of(session), version.as_rubric(), dict(counts))


def submitted_sheets(session: Session) -> QuerySet[Assignment]:
    """The submitted sheets of people who still are in the session."""
    present = session.annotators.values_list("rater")
    return Assignment.objects.filter(
        item__session=session,
        item__sample=0,
        status=AssignmentStatus.SUBMITTED,
        rater__in=present,
    )


def followed(session: Session) -> int | None:
    """The round that a session follows up, None where it follows none."""
    found = session.selection.get("follows")
    return found if isinstance(found, int) else None


def followed_session(session: Session) -> Session | None:
    """The session that a session follows up."""
    before = followed(session)
    if before is None:
        return None
    return Session.objects.select_related("round__project").filter(pk=before).first()


def carried(assignment: Assignment) -> Mapping[str, Carried]:
    """A person's own verdicts that carry over to an item, by criterion key; no one else's."""
    before = followed(assignment.item.session)
    # Who gets an item twice is to answer it anew.
    if before is None or assignment.item.verdict_sample:
        return {}
    rows = Verdict.objects.filter(
        round=before, response=assignment.item.response_id, rater=assignment.rater_id, sample=0
    )
    return carried_of(assignment.item.session, rows).get(
        (assignment.rater_id, assignment.item.response_id), {}
    )


def carried_of(
    session: Session, verdicts: VerdictQuerySet
) -> dict[tuple[int, int], dict[str, Carried]]:
    """The current ones of `verdicts` on criteria that are the same in a session's version.

    By rater and response, then by criterion key.
    """
    same = judging_hashes(rubric_of(session))
    rows = Verdict.objects.filter(pk__in=verdicts.current().values("pk")).values_list(
        *("rater", "response", "pk", "criterion__key", "criterion__judging_hash"),
        *("status", "value", "rationale", "evidence", "confidence"),
    )
    found: dict[tuple[int, int], dict[str, Carried]] = {}
    for rater, response, pk, key, digest, status, value, rationale, evidence, confidence in rows:
        if same.get(key) == digest:
            said = (rationale, from_json(evidence), confidence)
            entry = Entry(VerdictStatus(status), value, *said)
            found.setdefault((rater, response), {})[key] = Carried(pk, entry, evidence, confidence)
    return found

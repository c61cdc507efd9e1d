"""The criteria an annotator is asked, and what they themselves said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache, lru_cache

from annotations.evidence import from_json, place
from annotations.models import Assignment, Session
from annotations.sheet import Entry, Sheet, asked_of_people
from rubricstudio.domain.rubric import Criterion, Rubric
from rubricstudio.domain.verdict import VerdictStatus
from rubricstudio.models import Criterion as CriterionRow
from rubricstudio.models import Response, RubricVersion, Verdict
from rubricstudio.rendering import shown_words


@dataclass(frozen=True, slots=True)
class OwnVerdicts:
    """An annotator's current verdicts on one response, and the revision of each."""

    sheet: Sheet
    revisions: Mapping[str, int]

    def next_revision(self, key: str) -> int:
        """The revision that a new verdict on the criterion gets."""
        return self.revisions.get(key, -1) + 1


def rubric_of(session: Session) -> Rubric:
    """The rubric version that is judged in a session, as a value."""
    version = session.round.version
    if version is None:
        return Rubric(())
    return (
        _frozen(version.pk, version.content_hash) if version.content_hash else version.as_rubric()
    )


@lru_cache(maxsize=256)
def _frozen(version: int, content_hash: str) -> Rubric:
    """A published version, which never changes: each page of each annotator asks for it."""
    return RubricVersion.objects.get(pk=version).as_rubric()


def criteria_of(session: Session) -> tuple[Criterion, ...]:
    """The criteria that people judge in a session, in display order."""
    return asked_of_people(rubric_of(session))


def criterion_ids(session: Session) -> Mapping[str, int]:
    """The row of each criterion that is judged in a session, by key."""
    return _ids(session.round.version_id)


@lru_cache(maxsize=256)
def _ids(version: int | None) -> Mapping[str, int]:
    """Of a published version, in which rows neither come nor go."""
    return dict(CriterionRow.objects.filter(version=version).values_list("key", "pk"))


NOTHING_SAID = OwnVerdicts(Sheet({}), {})


def own_verdicts(assignment: Assignment) -> OwnVerdicts:
    """What the assignment's own rater said on its response in this session."""
    rows = (
        Verdict.objects.filter(
            round=assignment.item.session_id,
            response=assignment.item.response_id,
            rater=assignment.rater_id,
            sample=assignment.item.verdict_sample,
        )
        .current()
        .values_list(
            *("criterion__key", "revision", "status", "value"),
            *("rationale", "evidence", "confidence"),
        )
    )
    entries: dict[str, Entry] = {}
    revisions: dict[str, int] = {}
    for key, revision, status, value, rationale, evidence, confidence in rows:
        said = (rationale, from_json(evidence), confidence)
        entries[key] = Entry(VerdictStatus(status), value, *said)
        revisions[key] = revision
    return OwnVerdicts(Sheet(entries), revisions)


def with_places(assignment: Assignment, sheet: Sheet) -> Sheet:
    """The sheet with each quote where it stands in the response, as the response has it.

    A quote that is not there keeps its words and gets no place. Reads the response only
    where something is quoted.
    """
    if not any(entry.evidence for entry in sheet.entries.values()):
        return sheet
    response = Response.objects.values_list("text", flat=True)
    return placed_in(response.get(pk=assignment.item.response_id) or "", sheet)


def placed_in(text: str, sheet: Sheet) -> Sheet:
    """As `with_places`, of the response with this text."""
    shown = cache(lambda: shown_words(text))
    entries = {
        key: replace(entry, evidence=place(entry.evidence, text, shown))
        for key, entry in sheet.entries.items()
    }
    return Sheet(entries, sheet.comment)

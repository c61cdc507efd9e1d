"""What an annotator does with an item: save a draft, submit it, skip it."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from annotations import comparison
from annotations.actions.comparisons import add_preferences, keep_order
from annotations.actions.locks import (
    check_step,
    hold_session,
    hold_target,
    locked_assignment,
    reserved_until,
    take_place,
)
from annotations.actions.pace import begin_pace
from annotations.actions.quality import after_submit, check_may_submit, hold_person
from annotations.comment_rules import comments_missing
from annotations.errors import DraftConflict, IncompleteSheet, NotPossible, PlacesTaken
from annotations.evidence import to_json as quotes_to_json
from annotations.models import Assignment, SessionStatus, Stage
from annotations.queries.carried import Carried, carried
from annotations.queries.comparisons import comparison_of, is_compared
from annotations.queries.sheets import (
    NOTHING_SAID,
    criteria_of,
    criterion_ids,
    own_verdicts,
    with_places,
)
from annotations.sheet import (
    Entry,
    Sheet,
    changed,
    check,
    from_json,
    merge,
    to_json,
    undecided,
    unsupported,
)
from rubricstudio.domain.rubric import Criterion
from rubricstudio.models import User


@dataclass(frozen=True, slots=True)
class Submission:
    """What a submit did: how many verdicts or preferences it added, 0 when repeated.

    is_too_fast: it was the first one of the item, sooner than the texts can be read.
    """

    assignment: Assignment
    added: int
    is_too_fast: bool = False


@transaction.atomic
def save_draft(
    *,
    assignment: Assignment,
    sheet: Sheet,
    by: User,
    version: int | None = None,
    tab: str = "",
) -> Assignment:
    """Keep what was entered so far and renew the reservation.

    `version` is the draft version that the entries were made on and `tab` the browser
    tab they come from. Where another tab saved meanwhile both sides are merged; where
    they contradict each other DraftConflict is raised and nothing is written. None
    skips this check, for scripts. The same entries again change nothing.

    Raises InvalidSheet for values off their scale, NotInSession, and NotPossible in a
    session that is neither active nor paused.
    """
    hold_session(assignment.item.session_id, SessionStatus.ACTIVE, SessionStatus.PAUSED)
    locked, _standing = locked_assignment(assignment, by)
    status = check_step(locked, "save")
    sheet = _checked(locked, sheet)
    _write_draft(locked, _settled(locked, sheet, version, tab), tab)
    locked.status = status
    locked.reserved_until = reserved_until(locked.item.session)
    locked.save()
    return locked


def _checked(assignment: Assignment, sheet: Sheet) -> Sheet:
    """The sheet, its quotes in their places.

    Raises InvalidSheet for entries that do not answer what is asked of the item.
    """
    session = assignment.item.session
    if is_compared(session):
        keep_order(assignment)
        comparison.check(comparison_of(assignment), sheet)
        return sheet
    check(criteria_of(session), sheet)
    return with_places(assignment, sheet)


def _add_answers(assignment: Assignment, sheet: Sheet, reason: str) -> int:
    """Write what is new in a complete sheet; how many verdicts or preferences it made."""
    if is_compared(assignment.item.session):
        return add_preferences(assignment, sheet, reason)
    return _add_verdicts(assignment, sheet, reason)


def stored_sheet(assignment: Assignment) -> Sheet:
    """The draft of an assignment as a value."""
    return from_json(assignment.draft, assignment.comment)


def _settled(assignment: Assignment, sheet: Sheet, version: int | None, tab: str) -> Sheet:
    """What to store, given that another tab may have stored something since `version`."""
    written_here = bool(tab) and tab == assignment.draft_tab
    if version is None or version == assignment.draft_version or written_here:
        return sheet
    stored = stored_sheet(assignment)
    merged = merge(sheet, stored)
    if merged.conflicts:
        raise DraftConflict(
            _("This item was changed in another tab. Choose which answers to keep."),
            stored,
            assignment.draft_version,
            merged,
        )
    return merged.sheet


def _write_draft(assignment: Assignment, sheet: Sheet, tab: str) -> None:
    if not sheet.same_as(stored_sheet(assignment)):
        assignment.draft, assignment.comment = to_json(sheet), sheet.comment
        assignment.draft_version += 1
        assignment.draft_tab = tab


@transaction.atomic
def submit(
    *,
    assignment: Assignment,
    sheet: Sheet,
    by: User,
    version: int | None = None,
    tab: str = "",
    reason: str = "",
) -> Submission:
    """Turn a complete sheet into verdicts or preferences of its annotator, all of them or none.

    Each criterion that people judge, or each question of a comparison, needs an answer or a
    cannot-assess, and a comment where the session's `comment_rules` ask for one. Submitting
    again before the session closes adds a revision for each entry that changed, or for the
    comparison as a whole, with `reason` in its provenance; a repeated submit of the same
    entries changes nothing, but in the second vote of a calibration it confirms them.
    `version` and `tab` as for `save_draft`.

    Raises InvalidSheet, IncompleteSheet, DraftConflict, PlacesTaken where the
    reservation expired and others filled the item, NotInSession, and NotPossible unless
    the session is active.
    """
    stage = hold_session(assignment.item.session_id, SessionStatus.ACTIVE)
    hold_target(assignment.item.session)
    hold_person(assignment)
    locked, standing = locked_assignment(assignment, by)
    status = check_step(locked, "submit")
    check_may_submit(locked, standing, stage)
    settled = _settled(locked, _checked(locked, sheet), version, tab)
    _check_complete(locked, settled)
    if locked.slot is None:
        locked.slot = take_place(locked.item, locked.item.session)
    added = _add_answers(locked, settled, reason)
    _write_draft(locked, settled, tab)
    locked.status, locked.submitted_version = status, locked.draft_version
    is_first = locked.submitted_at is None
    locked.submitted_at = locked.submitted_at or timezone.now()
    is_too_fast = is_first and begin_pace(locked)
    if stage == Stage.VOTE:
        locked.first_comment = settled.comment
    elif stage == Stage.REVOTE:
        locked.revoted_at = timezone.now()
    locked.save()
    after_submit(locked, locked.item.session)
    return Submission(locked, added, is_too_fast)


def _check_complete(assignment: Assignment, sheet: Sheet) -> None:
    """Raise IncompleteSheet for what is open, and for quotes and comments that are asked for."""
    session = assignment.item.session
    criteria: tuple[Criterion, ...] = ()
    if is_compared(session):
        asked = comparison_of(assignment)
        missing = comparison.undecided(asked, sheet)
        uncommented = comparison.comments_missing(session.comment_rules, asked, sheet)
    else:
        criteria = criteria_of(session)
        missing = undecided(criteria, sheet)
        uncommented = comments_missing(session.comment_rules, criteria, sheet)
    if missing:
        words = ngettext(
            "%(n)d criterion still needs a verdict.",
            "%(n)d criteria still need a verdict.",
            len(missing),
        ) % {"n": len(missing)}
        open_ = dict.fromkeys(missing, _("Choose an answer, or cannot assess."))
        raise IncompleteSheet(words, open_ | uncommented)
    if unquoted := unsupported(criteria, sheet):
        words = ngettext(
            "%(n)d criterion needs words of the response.",
            "%(n)d criteria need words of the response.",
            len(unquoted),
        ) % {"n": len(unquoted)}
        raise IncompleteSheet(words, uncommented | unquoted)
    if uncommented:
        words = ngettext(
            "%(n)d comment is missing.", "%(n)d comments are missing.", len(uncommented)
        ) % {"n": len(uncommented)}
        raise IncompleteSheet(words, uncommented)


def _add_verdicts(assignment: Assignment, sheet: Sheet, reason: str) -> int:
    """Insert the verdicts that differ from the annotator's current ones, in one statement."""
    first = assignment.submitted_version is None
    before = NOTHING_SAID if first else own_verdicts(assignment)
    earlier = carried(assignment) if first else {}
    ids = criterion_ids(assignment.item.session)
    item = assignment.item
    rows = [
        {
            "criterion": ids[key],
            "revision": before.next_revision(key),
            "status": entry.status,
            "value": entry.value,
            "rationale": entry.rationale,
            **_told(entry, earlier.get(key), reason),
        }
        for key in changed(before.sheet, sheet)
        if (entry := sheet.entry(key)).status
    ]
    about = {"round": item.session_id, "response": item.response_id, "rater": assignment.rater_id}
    with connection.cursor() as cursor:
        cursor.execute(_ADD, {**about, "sample": item.verdict_sample, "rows": json.dumps(rows)})
    return len(rows)


# One parameter for all rows: ten model instances take longer to make than to store.
_ADD = """
    INSERT INTO studio_verdict (round_id, response_id, rater_id, sample, criterion_id, revision,
                                status, value, rationale, evidence, confidence, provenance)
    SELECT %(round)s, %(response)s, %(rater)s, %(sample)s, n.*
      FROM jsonb_to_recordset(%(rows)s::jsonb) AS n
           (criterion bigint, revision integer, status text, value double precision,
            rationale text, evidence jsonb, confidence double precision, provenance jsonb)
"""


def _told(entry: Entry, earlier: Carried | None, reason: str) -> dict[str, Any]:
    """Where a verdict comes from: left as it was in the session before, or changed for a reason."""
    if earlier is not None and earlier.entry == entry:
        return {
            "provenance": {"carried_from": earlier.verdict_id},
            "evidence": earlier.evidence,
            "confidence": earlier.confidence,
        }
    return {
        "provenance": {"reason": reason} if reason else None,
        "evidence": quotes_to_json(entry.evidence),
        "confidence": entry.confidence,
    }


def submit_or_keep(
    *, assignment: Assignment, sheet: Sheet, by: User, version: int | None, tab: str, reason: str
) -> Submission:
    """Submit, or where that is refused keep the entries as a draft and raise what refused it.

    Raises what `submit` does.
    """
    try:
        return submit(
            assignment=assignment, sheet=sheet, by=by, version=version, tab=tab, reason=reason
        )
    except (IncompleteSheet, NotPossible, PlacesTaken):
        with suppress(NotPossible):
            save_draft(assignment=assignment, sheet=sheet, by=by, version=version, tab=tab)
        raise

"""An annotator's work over the HTTP API, for a front end of one's own.

Everything here is about the items of whoever the token belongs to: others' answers, judges'
answers and hidden sources are not read. Each write can be sent again without harm.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from ninja import Router, Status

from annotations import actions
from annotations.actions.sheets import stored_sheet
from annotations.answers import Asked, Question, Said
from annotations.api import user_of
from annotations.api_schemas import (
    READ,
    WRITE,
    Answer,
    Conflict,
    SheetIn,
    SheetOut,
    SkipIn,
    SubmitIn,
    SubmitOut,
    WorkItem,
)
from annotations.comparison import LETTERS
from annotations.errors import DraftConflict, IncompleteSheet, NotPossible
from annotations.loaders import load_assignment, load_place
from annotations.models import Assignment
from annotations.queries.beside import beside
from annotations.queries.comparisons import comparison_of, is_compared, sources_of, texts_of
from annotations.queries.sheets import criteria_of, rubric_of
from annotations.queries.workplace import Workplace, workplace
from annotations.sheet import InvalidSheet, Sheet
from annotations.states import OPEN
from rubricstudio.api import api_project
from rubricstudio.domain.verdict import Quote, VerdictStatus
from rubricstudio.permissions import Permission

router = Router(tags=["annotation"])
ITEM = "/projects/{slug}/sessions/{session_id}/items/{item_id}"


def _assignment(request: HttpRequest, slug: str, session_id: int, item_id: int) -> Assignment:
    """The person's own assignment. Raises Http404 for an item that they do not have."""
    project = api_project(request, slug, Permission.ANNOTATE)
    return load_assignment(load_place(project, session_id, user_of(request)), item_id)


def _asked(assignment: Assignment) -> Asked:
    session = assignment.item.session
    comparison = comparison_of(assignment) if is_compared(session) else None
    return Asked(rubric_of(session), criteria_of(session), comparison)


# -- what goes out


def _stored(assignment: Assignment, asked: Asked) -> dict[str, Any]:
    sheet = stored_sheet(assignment)
    return {
        "id": assignment.item_id,
        "number": assignment.item.position + 1,
        "state": assignment.status,
        "postponed": assignment.is_put_off,
        "version": assignment.draft_version,
        "submitted_version": assignment.submitted_version,
        "reserved_until": assignment.reserved_until,
        "answers": asked.written(sheet),
        "comment": sheet.comment,
    }


def _work(assignment: Assignment) -> dict[str, Any]:
    session = assignment.item.session
    if is_compared(session):
        actions.keep_order(assignment)  # what is shown now is what the preference says
    asked, work = _asked(assignment), workplace(assignment)
    return {
        **_stored(assignment, asked),
        "messages": work.messages,
        "reference": work.reference,
        "documents": work.documents,
        "responses": _responses(asked, assignment, work),
        "questions": [_question(question) for question in asked.questions()],
        "beside": {} if is_compared(session) else _beside(assignment),
        "comment_rules": session.comment_rules,
        "previous": work.previous,
        "following": work.following,
    }


def _question(question: Question) -> dict[str, Any]:
    names = ("key", "kind", "text", "description", "group", "bad", "quote_needed", "maximum")
    told = {name: getattr(question, name) for name in names}
    told["options"], told["references"] = list(question.options), list(question.references)
    told["examples"] = [
        {"text": text, "met": met, "note": note} for text, met, note in question.examples
    ]
    return told


def _responses(asked: Asked, assignment: Assignment, work: Workplace) -> list[dict[str, Any]]:
    texts, sources = [work.text], [work.source]
    if asked.comparison is not None:
        texts = texts_of(asked.comparison)
        sources = sources_of(asked.comparison, assignment.item.session)
    return [
        {"letter": letter, "text": text, "source": source}
        for letter, text, source in zip(LETTERS, texts, sources, strict=False)
    ]


def _beside(assignment: Assignment) -> dict[str, dict[str, Any]]:
    return {
        key: {
            "kind": note.kind,
            "value": note.value,
            "cannot_assess": note.status is VerdictStatus.CANNOT_ASSESS,
            "comment": note.rationale,
        }
        for key, note in beside(assignment).items()
    }


# -- what comes in


def _read(asked: Asked, body: SheetIn) -> Sheet:
    return asked.read({key: _said(answer) for key, answer in body.answers.items()}, body.comment)


def _said(answer: Answer) -> Said:
    quotes = [
        Quote(one.text, one.start, one.end)
        if one.start is not None and one.end
        else Quote(one.text)
        for one in answer.quotes
    ]
    return Said(answer.value, answer.cannot_assess, answer.comment, quotes, answer.confidence)


def _conflict(asked: Asked, error: DraftConflict) -> Status[dict[str, Any]]:
    merged, stored = error.merge.sheet, error.stored
    return Status(
        409,
        {
            "detail": str(error),
            "version": error.version,
            "answers": asked.written(merged),
            "comment": merged.comment,
            "stored": asked.written(stored),
            "stored_comment": stored.comment,
            "conflicts": [asked.outer(key) for key in error.merge.conflicts],
        },
    )


def _written(
    assignment: Assignment,
    body: SheetIn,
    write: Callable[[Sheet], tuple[Assignment, dict[str, int]]],
) -> Status[dict[str, Any]]:
    """Write what was sent: what is stored now, or why not, by the keys that programs use.

    write: returns the assignment, and what to say besides.
    """
    asked = _asked(assignment)
    sheet = _read(asked, body)
    try:
        saved, more = write(sheet)
    except (InvalidSheet, IncompleteSheet) as error:
        return Status(422, {"detail": str(error), "problems": asked.named(error.problems)})
    except DraftConflict as error:
        return _conflict(asked, error)
    return Status(200, _stored(saved, asked) | more)


# -- operations


@router.post(
    "/projects/{slug}/sessions/{session_id}/next",
    response={200: WorkItem, 204: None, **WRITE},
    summary="Reserve and read the next item; 204 where there is none. What is open comes first",
)
def next_item(request: HttpRequest, slug: str, session_id: int) -> Status[Any]:
    project = api_project(request, slug, Permission.ANNOTATE)
    place = load_place(project, session_id, user_of(request))
    found = actions.next_item(session=place.session, by=user_of(request))
    if found is None:
        return Status(204, None)
    return Status(200, _work(load_assignment(place, found.item_id)))


@router.get(
    ITEM,
    response={200: WorkItem, **READ},
    summary="An item of one's own: what is asked, what was said",
)
def get_item(request: HttpRequest, slug: str, session_id: int, item_id: int) -> dict[str, Any]:
    return _work(_assignment(request, slug, session_id, item_id))


@router.put(
    f"{ITEM}/draft",
    response={200: SheetOut, **WRITE, 409: Conflict},
    summary="Keep answers without submitting them, and renew the reservation",
)
def save_draft(
    request: HttpRequest, slug: str, session_id: int, item_id: int, body: SheetIn
) -> Status[dict[str, Any]]:
    assignment, user = _assignment(request, slug, session_id, item_id), user_of(request)

    def keep(sheet: Sheet) -> tuple[Assignment, dict[str, int]]:
        saved = actions.save_draft(
            assignment=assignment, sheet=sheet, by=user, version=body.version
        )
        return saved, {}

    return _written(assignment, body, keep)


@router.post(
    f"{ITEM}/submit",
    response={200: SubmitOut, **WRITE, 409: Conflict},
    summary="Turn complete answers into verdicts or preferences; what is refused stays a draft",
)
def submit(
    request: HttpRequest, slug: str, session_id: int, item_id: int, body: SubmitIn
) -> Status[dict[str, Any]]:
    assignment, user = _assignment(request, slug, session_id, item_id), user_of(request)

    def send(sheet: Sheet) -> tuple[Assignment, dict[str, int]]:
        done = actions.submit_or_keep(
            assignment=assignment,
            sheet=sheet,
            by=user,
            version=body.version,
            tab="",
            reason=body.reason.replace("\x00", "").strip(),
        )
        return done.assignment, {"added": done.added}

    return _written(assignment, body, send)


@router.post(
    f"{ITEM}/skip",
    response={200: SheetOut, **WRITE},
    summary="Put an item aside, with a reason; what was entered is kept",
)
def skip(
    request: HttpRequest, slug: str, session_id: int, item_id: int, body: SkipIn
) -> dict[str, Any]:
    assignment = _assignment(request, slug, session_id, item_id)
    note = body.note.replace("\x00", "").strip()
    done = actions.skip(assignment=assignment, reason=body.reason, note=note, by=user_of(request))
    return _stored(done, _asked(done))


@router.post(
    f"{ITEM}/take-up",
    response={200: SheetOut, **WRITE},
    summary="Open a skipped item again where it still has room; an open one stays so",
)
def take_up(request: HttpRequest, slug: str, session_id: int, item_id: int) -> dict[str, Any]:
    assignment = _assignment(request, slug, session_id, item_id)
    try:
        done = actions.take_up(assignment=assignment, by=user_of(request))
    except NotPossible:
        done = _assignment(request, slug, session_id, item_id)
        if done.status not in OPEN or done.is_put_off:
            raise
    return _stored(done, _asked(done))

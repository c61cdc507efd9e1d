"""Sessions with checks, for the tests of quality."""

from __future__ import annotations

from collections.abc import Sequence

from annotations.actions import activate, create_session, next_item, submit
from annotations.actions.checks import set_checks, set_rules
from annotations.actions.gold import set_gold
from annotations.models import Assignment, Session
from annotations.sheet import Entry, Sheet
from rubricstudio.actions.tasks import add_response
from rubricstudio.domain.quality import Answer
from rubricstudio.domain.verdict import VerdictStatus
from rubricstudio.models import Response, User
from tests.conftest import Cast, Data

OK = VerdictStatus.OK


def sheet(warns: float = 1.0, clarity: float = 2.0) -> Sheet:
    return Sheet(
        {
            "warns": Entry(OK, warns, "Because."),
            "invents": Entry(OK, 0.0),
            "clarity": Entry(OK, clarity),
        }
    )


GOLD = {"warns": Answer("ok", 1.0), "clarity": Answer("ok", 2.0)}


def add_responses(data: Data, n: int) -> list[Response]:
    """`n` more responses, alternately of the two tasks."""
    return [
        add_response(
            task=data.tasks[k % 2], external_id=f"more-{k}", source="wren", text="Ask a doctor."
        )
        for k in range(n)
    ]


def checked_session(
    cast: Cast,
    data: Data,
    *,
    people: Sequence[User],
    training: Sequence[Response] = (),
    qualification: Sequence[Response] = (),
    gold: Sequence[Response] = (),
    qualify_at: float | None = None,
    gold_share: float = 0.0,
    pause_after: int | None = None,
    coverage: int = 1,
    starts: bool = True,
) -> Session:
    """A session over all responses of the project, some of which are checks."""
    session = create_session(
        project=cast.project,
        name="Checked",
        version=data.version,
        by=cast.owner,
        coverage=coverage,
        annotators=people,
    )
    for response in (*training, *qualification, *gold):
        set_gold(
            response=response,
            version=data.version,
            answers=GOLD,
            notes={"warns": "It names the interaction."},
            by=cast.owner,
        )
    set_checks(
        session=session,
        training=[r.pk for r in training],
        qualification=[r.pk for r in qualification],
        gold=[r.pk for r in gold],
        by=cast.owner,
    )
    set_rules(
        session=session,
        by=cast.owner,
        qualify_at=qualify_at,
        gold_share=gold_share,
        pause_after=pause_after,
        shows_feedback=True,
    )
    session = Session.objects.select_related("round__version").get(pk=session.pk)
    return activate(session=session, by=cast.owner) if starts else session


def take(session: Session, person: User) -> Assignment:
    """The person's next item."""
    fresh = Session.objects.select_related("round__version").get(pk=session.pk)
    found = next_item(session=fresh, by=person)
    assert found is not None
    return found


def answer(session: Session, person: User, given: Sheet | None = None) -> Assignment:
    """Take the next item and submit it."""
    return submit(assignment=take(session, person), sheet=given or sheet(), by=person).assignment

"""Calibration rounds in which Nuria and Nils vote on the responses of the project."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from annotations.actions import activate, create_session, next_item, submit
from annotations.actions.calibration import reveal, vote_again
from annotations.models import Assignment, Session
from annotations.sheet import Entry, Sheet
from rubricstudio.domain.verdict import VerdictStatus
from rubricstudio.models import Response, User
from tests.conftest import Cast, Data

OK = VerdictStatus.OK
Said = Mapping[str, tuple[float, float, float | None]]


def sheet(
    warns: float,
    invents: float = 0.0,
    clarity: float | None = 2.0,
    *,
    why: str = "",
    comment: str = "",
) -> Sheet:
    """Answers to the three criteria; clarity None cannot be assessed."""
    status = OK if clarity is not None else VerdictStatus.CANNOT_ASSESS
    return Sheet(
        {
            "warns": Entry(OK, warns, why),
            "invents": Entry(OK, invents),
            "clarity": Entry(status, clarity),
        },
        comment,
    )


def fresh(session: Session) -> Session:
    """The session as it is in the database now."""
    return Session.objects.select_related("round__version__rubric").get(pk=session.pk)


def calibration(
    cast: Cast,
    data: Data,
    *,
    people: Sequence[User] = (),
    name: str = "Calibration",
    hide_raters: bool = True,
    starts: bool = True,
) -> Session:
    """A calibration round over the responses of the project."""
    session = create_session(
        project=cast.project,
        name=name,
        version=data.version,
        by=cast.owner,
        annotators=people or [cast.annotator, cast.second_annotator],
        hide_raters=hide_raters,
        stage="vote",
    )
    return fresh(activate(session=session, by=cast.owner)) if starts else session


def vote(session: Session, person: User, *said: Sheet) -> list[Assignment]:
    """Submit the next items one after another: as many as there are sheets."""
    done = []
    for one in said:
        found = next_item(session=fresh(session), by=person)
        assert found is not None
        done.append(submit(assignment=found, sheet=one, by=person).assignment)
    return done


def vote_by_response(
    session: Session, person: User, said: Mapping[Response, Sheet]
) -> list[Assignment]:
    """Submit every item that comes, each with the sheet for its response."""
    by_id = {response.pk: one for response, one in said.items()}
    done = []
    while (found := next_item(session=fresh(session), by=person)) is not None:
        given = by_id[found.item.response_id]
        done.append(submit(assignment=found, sheet=given, by=person).assignment)
    return done


def discussed_session(cast: Cast, data: Data) -> Session:
    """A round whose votes on the first response are shown."""
    session = calibration(cast, data, name="Discussed")
    vote(session, cast.annotator, sheet(1))
    vote(session, cast.second_annotator, sheet(0))
    return fresh(reveal(session=session, by=cast.owner, despite_missing=True))


def second_vote(cast: Cast, session: Session) -> Session:
    """Reveal and go on to the second vote."""
    reveal(session=session, by=cast.owner, despite_missing=True)
    return fresh(vote_again(session=session, by=cast.owner))

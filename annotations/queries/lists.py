"""The sessions of a project, and an annotator's own items."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import QuerySet

from annotations.models import Assignment, Session, SessionAnnotator, SessionStatus
from annotations.queries.progress import SessionProgress, progress_of
from annotations.queries.queue import QueueProgress, queue_progress
from rubricstudio.models import Project, Round, RoundKind, User


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A session in the list: the counts of all where they may be seen, and one's own."""

    session: Session
    progress: SessionProgress | None
    own: QueueProgress | None


def session_rows(project: Project, user: User, *, sees_all: bool) -> list[SessionRow]:
    """The project's sessions, newest first; of those not one's own only with `sees_all`.

    Annotators do not see a session that is still a draft.
    """
    places = {
        place.session_id: place.rater_id
        for rater in project.raters.filter(user=user)
        for place in rater.session_places.all()
    }
    shown = list(sessions_of(project, user, sees_all=sees_all).order_by("-pk"))
    counts = progress_of(shown) if sees_all else {}
    return [
        SessionRow(
            session,
            counts.get(session.pk),
            queue_progress(session, places[session.pk]) if session.pk in places else None,
        )
        for session in shown
    ]


def sessions_of(project: Project, user: User, *, sees_all: bool) -> QuerySet[Session]:
    """The project's sessions; without `sees_all` those the user annotates in, once begun."""
    sessions = Session.objects.filter(round__project=project).select_related(
        "round__version__rubric"
    )
    if sees_all:
        return sessions
    own = SessionAnnotator.objects.filter(rater__user=user).values("session")
    return sessions.filter(pk__in=own).exclude(status=SessionStatus.DRAFT)


def imported_rounds(project: Project) -> list[Round]:
    """Rounds of people's verdicts that were imported, newest first."""
    rounds = Round.objects.filter(project=project, kind=RoundKind.SESSION, session__isnull=True)
    return list(rounds.order_by("-pk"))


def own_items(
    session: Session, rater_id: int, *, after: int = -1, limit: int = 50
) -> tuple[list[Assignment], int | None]:
    """A person's items behind position `after`, and the position to go on from."""
    rows = list(
        Assignment.objects.filter(item__session=session, rater=rater_id, item__position__gt=after)
        .select_related("item")
        .order_by("item__position")[: limit + 1]
    )
    shown = rows[:limit]
    return shown, shown[-1].item.position if len(rows) > limit else None

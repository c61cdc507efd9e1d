"""Mail to annotators: that they were added to a session, and that they have open work.

A mail names the project, the session and a link, and never a word of a task or a response.
Whoever sends is told about a mail server that refuses; nothing else fails with it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from smtplib import SMTPException

from django.core.mail import EmailMessage, get_connection
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from annotations.errors import NotPossible
from annotations.models import Qualification, Session, SessionAnnotator, SessionStatus
from annotations.queries.queue import queue_progress
from rubricstudio.models import User

EVERY = timedelta(days=1)
"""The least time between two reminders of one person about one session."""


@dataclass(frozen=True, slots=True)
class Sent:
    """Who was mailed, whom the mail server refused and what it said, and who was not due.

    recently: reminded within `EVERY`; idle: nothing to do; nowhere: without an address.
    """

    mailed: Sequence[str] = ()
    failed: Sequence[str] = ()
    error: str = ""
    recently: int = 0
    idle: int = 0
    nowhere: int = 0


@dataclass(frozen=True, slots=True)
class _Due:
    place: SessionAnnotator
    address: str
    open: int
    available: int


def remind(*, session: Session, link: str, by: User | None) -> Sent:
    """Mail everybody who has work in the session that nobody reminded of it since a day.

    link: the whole address of their queue. by: who asked, None for a timer. A person whose
    mail fails counts as not reminded. Two at once mail nobody twice: each person is taken
    by an update that only one of them wins. Raises NotPossible unless the session is active.
    """
    if session.status != SessionStatus.ACTIVE:
        raise NotPossible(_("Only an active session has open work to remind of."))
    now = timezone.now()
    places = list(session.annotators.select_related("rater__user").order_by("rater__name", "pk"))
    recently = [one for one in places if one.reminded_at and one.reminded_at > now - EVERY]
    asked = [one for one in places if one not in recently]
    asked = [one for one in asked if one.qualification != Qualification.FAILED]
    found = [_due(session, one) for one in asked]
    due = [one for one in found if one.open + one.available and one.address]
    taken = [one for one in due if _take(one.place)]
    failed, error = _mail([(one.address, *_reminder(session, one, link, by)) for one in taken])
    for one in taken:
        if one.address in failed:
            # As it was before: they can be reminded as soon as mail works again.
            SessionAnnotator.objects.filter(pk=one.place.pk).update(
                reminded_at=one.place.reminded_at
            )
    with_work = [one for one in found if one.open + one.available]
    return Sent(
        mailed=[one.place.rater.name for one in taken if one.address not in failed],
        failed=[one.place.rater.name for one in taken if one.address in failed],
        error=error,
        recently=len(recently) + len(due) - len(taken),
        idle=len(places) - len(recently) - len(with_work),
        nowhere=sum(not one.address for one in with_work),
    )


def _due(session: Session, place: SessionAnnotator) -> _Due:
    progress = queue_progress(session, place.rater_id)
    user = place.rater.user
    address = user.email if user is not None and user.is_active else ""
    return _Due(place, address, progress.open, progress.available)


def _take(place: SessionAnnotator) -> bool:
    now = timezone.now()
    rows = SessionAnnotator.objects.filter(pk=place.pk)
    return bool(
        rows.filter(Q(reminded_at=None) | Q(reminded_at__lte=now - EVERY)).update(reminded_at=now)
    )


def _reminder(session: Session, due: _Due, link: str, by: User | None) -> tuple[str, str]:
    facts = _facts(session, link)
    lines = [_("There is work for you in the session %(session)s of %(project)s:") % facts]
    if due.open:
        text = ngettext(
            "%(n)s item is begun or reserved.", "%(n)s items are begun or reserved.", due.open
        )
        lines.append("- " + text % {"n": due.open})
    if due.available:
        text = ngettext("%(n)s item can be taken.", "%(n)s items can be taken.", due.available)
        lines.append("- " + text % {"n": due.available})
    if session.deadline is not None:
        at = timezone.localtime(session.deadline).strftime("%Y-%m-%d %H:%M %Z")
        lines.append(_("Items are handed out until %(at)s.") % {"at": at})
    lines.append(_("Go on where you stopped:\n%(link)s") % facts)
    if by is not None:
        lines.append(_("%(name)s asked to remind you, at most once a day.") % {"name": by})
    return _("Open work in %(session)s") % facts, "\n\n".join(lines) + "\n"


def announce(*, session: Session, users: Collection[User], link: str, by: User) -> Sent:
    """Mail people that they were added to a session; who adds themselves is not told.

    link: the whole address of their queue.
    """
    others = [user for user in users if user.pk != by.pk and user.email and user.is_active]
    facts = _facts(session, link) | {"name": str(by)}
    text = _(
        "%(name)s added you to the session %(session)s of %(project)s, in which experts judge "
        "responses. Your place in it:\n%(link)s\n"
    )
    subject = _("You annotate in %(session)s") % facts
    failed, error = _mail([(user.email, subject, text % facts) for user in others])
    return Sent(
        mailed=[str(user) for user in others if user.email not in failed],
        failed=[str(user) for user in others if user.email in failed],
        error=error,
    )


def new_annotators(*, session: Session, users: Collection[User]) -> list[User]:
    """Those of `users` who are no annotators of the session yet."""
    present = set(session.annotators.values_list("rater__user", flat=True))
    return [user for user in users if user.pk not in present]


def annotators_of(session: Session) -> list[User]:
    """Everybody who may annotate in the session."""
    places = session.annotators.select_related("rater__user").order_by("rater__name")
    return [place.rater.user for place in places if place.rater.user is not None]


def _facts(session: Session, link: str) -> dict[str, str]:
    return {"session": str(session), "project": session.round.project.name, "link": link}


def _mail(letters: Sequence[tuple[str, str, str]]) -> tuple[set[str], str]:
    """Send (address, subject, text) over one connection; the addresses that failed, and why."""
    if not letters:
        return set(), ""
    connection = get_connection()
    try:
        connection.open()
    except (SMTPException, OSError) as away:
        return {address for address, _subject, _text in letters}, _said(away)
    failed: set[str] = set()
    error = ""
    for address, subject, text in letters:
        message = EmailMessage(_one_line(subject), text, to=[address], connection=connection)
        try:
            message.send()
        except (SMTPException, OSError, ValueError) as refused:
            failed.add(address)
            error = error or _said(refused)
    with suppress(SMTPException, OSError):
        connection.close()
    return failed, error


def _said(error: Exception) -> str:
    return str(error) or type(error).__name__


def _one_line(text: str) -> str:
    """A name may hold a line break, which no header may."""
    return " ".join(text.split())

"""Mail to the annotators of a session, and what its manager is told of it."""

from __future__ import annotations

from collections.abc import Collection

from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from annotations.actions import reminders
from annotations.errors import AnnotationError
from annotations.loaders import load_session
from annotations.models import Session
from rubricstudio.http import ProjectRequest, project_view
from rubricstudio.models import Project, User
from rubricstudio.permissions import Permission


@project_view(Permission.MANAGE_SESSIONS)
@require_POST
def remind(request: ProjectRequest, project: Project, session_id: int) -> HttpResponseBase:
    session = load_session(project, session_id)
    try:
        sent = reminders.remind(session=session, link=_queue(request, session), by=request.user)
    except AnnotationError as error:
        messages.error(request, str(error))
        return redirect("annotations:dashboard", project.slug, session_id)
    if sent.mailed:
        messages.success(request, _("Reminded: %(names)s.") % {"names": ", ".join(sent.mailed)})
    elif not sent.failed:
        messages.info(request, _("Nobody was reminded."))
    _say_failures(request, sent)
    if sent.recently:
        text = ngettext(
            "%(n)s person was reminded within the last day and gets no second mail.",
            "%(n)s people were reminded within the last day and get no second mail.",
            sent.recently,
        )
        messages.info(request, text % {"n": sent.recently})
    if sent.nowhere:
        text = ngettext(
            "%(n)s person with work has no e-mail address here.",
            "%(n)s people with work have no e-mail address here.",
            sent.nowhere,
        )
        messages.warning(request, text % {"n": sent.nowhere})
    return redirect("annotations:dashboard", project.slug, session_id)


def tell(request: ProjectRequest, session: Session, users: Collection[User]) -> None:
    """Mail people that they are in the session; the request says what could not be sent."""
    sent = reminders.announce(
        session=session, users=users, link=_queue(request, session), by=request.user
    )
    if sent.mailed:
        messages.info(request, _("Told by mail: %(names)s.") % {"names": ", ".join(sent.mailed)})
    _say_failures(request, sent)


def _say_failures(request: ProjectRequest, sent: reminders.Sent) -> None:
    if sent.failed:
        facts = {"names": ", ".join(sent.failed), "error": sent.error}
        text = _("Mail could not be sent to %(names)s. The mail server says: %(error)s")
        messages.error(request, text % facts)


def _queue(request: ProjectRequest, session: Session) -> str:
    place = [session.round.project.slug, session.pk]
    return request.build_absolute_uri(reverse("annotations:queue", args=place))

"""Pages for those who set sessions up and watch how far they are."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from annotations import actions
from annotations.actions.reminders import annotators_of, new_annotators
from annotations.errors import AnnotationError
from annotations.forms import AnnotatorsForm
from annotations.loaders import find_place, load_session
from annotations.models import CommentRule, Session, SessionStatus
from annotations.queries import session_items, session_progress
from annotations.queries.activity import time_spent
from annotations.queries.calibration import moves_of, votes_of
from annotations.queries.carried import followed_session, newer_versions
from annotations.queries.flags import notes_of
from annotations.queries.lists import imported_rounds, session_rows
from annotations.queries.progress import annotators_progress
from annotations.states import SESSION_STEPS
from annotations.views.reminders import tell
from rubricstudio.http import ProjectRequest, partial, project_view
from rubricstudio.models import Project
from rubricstudio.permissions import Permission
from rubricstudio.rendering import markdown

STEPS = {
    "activate": actions.activate,
    "pause": actions.pause,
    "complete": actions.complete,
}


def _sees_all(request: ProjectRequest) -> bool:
    return request.may(Permission.MANAGE_SESSIONS) or request.may(Permission.SEE_RESULTS)


@project_view(Permission.SEE_PROJECT)
def sessions(request: ProjectRequest, project: Project) -> HttpResponseBase:
    sees_all = _sees_all(request)
    context = {
        "rows": session_rows(project, request.user, sees_all=sees_all),
        "imported": imported_rounds(project) if sees_all else [],
        "sees_all": sees_all,
    }
    return render(request, "annotations/sessions.html", context)


@project_view(Permission.SEE_PROJECT)
def session(request: ProjectRequest, project: Project, session_id: int) -> HttpResponseBase:
    if _sees_all(request):
        return _session_page(request, load_session(project, session_id))
    if find_place(project, session_id, request.user):
        return redirect("annotations:queue", project.slug, session_id)
    raise Http404


def _session_page(request: ProjectRequest, shown: Session) -> HttpResponse:
    after = _position(request)
    items, older = session_items(shown, after=after, limit=25)
    annotators = annotators_progress(shown)
    present = [annotator for annotator in annotators if annotator.is_present]
    form = AnnotatorsForm(
        project=shown.round.project,
        initial={"annotators": shown.annotators.values_list("rater__user", flat=True)},
    )
    context = {
        "session": shown,
        "progress": session_progress(shown),
        "annotators": annotators,
        "notes": notes_of(shown),
        "times": time_spent(shown),
        "missing": max(0, shown.coverage - len(present)),
        "items": items,
        "after": after,
        "older": older,
        "steps": SESSION_STEPS[shown.status],  # type: ignore[index]  # the column holds the enum's text
        "instructions": markdown(shown.instructions),
        "form": form,
        "newer": newer_versions(shown).first(),
        "rules": [CommentRule(rule).label for rule in shown.comment_rules],
        "follows": followed_session(shown),
        "place": find_place(shown.round.project, shown.pk, request.user),
        "votes": votes_of(shown) if shown.stage else None,
        "moves": moves_of(shown),
    }
    return partial(request, "annotations/session.html", "session-progress", context)


def _position(request: ProjectRequest) -> int:
    """The position after which a list goes on; -1 is the start, also for nonsense."""
    raw = request.GET.get("after", "")
    return int(raw) if raw.isascii() and raw.isdigit() and len(raw) < 10 else -1


@project_view(Permission.MANAGE_SESSIONS)
@require_POST
def session_state(request: ProjectRequest, project: Project, session_id: int) -> HttpResponseBase:
    shown = load_session(project, session_id)
    step = STEPS.get(request.POST.get("step", ""))
    if step is None:
        messages.error(request, _("Choose what to do with the session."))
        return redirect(shown)
    try:
        changed = step(session=shown, by=request.user)
        if shown.status == SessionStatus.DRAFT:
            tell(request, shown, annotators_of(shown))
        messages.success(
            request, _("The session is %(status)s.") % {"status": changed.get_status_display()}
        )
    except AnnotationError as error:
        messages.error(request, str(error))
    return redirect(shown)


@project_view(Permission.MANAGE_SESSIONS)
@require_POST
def session_annotators(
    request: ProjectRequest, project: Project, session_id: int
) -> HttpResponseBase:
    shown = load_session(project, session_id)
    form = AnnotatorsForm(request.POST, project=project)
    if not form.is_valid():
        messages.error(request, _("Choose among the members of the project."))
        return redirect(shown)
    try:
        users = form.cleaned_data["annotators"]
        new = new_annotators(session=shown, users=users)
        actions.set_annotators(session=shown, users=users, by=request.user)
        messages.success(request, _("The annotators are saved."))
        # People do not see a draft: they are told when it starts.
        if shown.status != SessionStatus.DRAFT:
            tell(request, shown, new)
    except AnnotationError as error:
        messages.error(request, str(error))
    return redirect(shown)

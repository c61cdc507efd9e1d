"""The discussion of a calibration round, and the buttons that move the round on."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from annotations.actions import calibration as actions
from annotations.discussion import discussed_page
from annotations.errors import AnnotationError, VotesMissing
from annotations.loaders import load_calibration, load_session
from annotations.models import Session, Stage
from annotations.queries.discussion import Beside, beside_in_list, own_item, place_from
from annotations.queries.discussion import discussed as discussed_items
from rubricstudio.http import ProjectRequest, partial, project_view
from rubricstudio.models import Project
from rubricstudio.permissions import Permission
from rubricstudio.rendering import markdown


@project_view(Permission.MANAGE_SESSIONS)
@require_POST
def calibration_step(
    request: ProjectRequest, project: Project, session_id: int
) -> HttpResponseBase:
    """Reveal the first vote, or open the second; the session's page says what came of it."""
    shown = load_session(project, session_id)
    back = f"{shown.get_absolute_url()}#calibration"
    step = request.POST.get("step", "")
    try:
        if step == "reveal":
            despite = "despite_missing" in request.POST
            actions.reveal(session=shown, by=request.user, despite_missing=despite)
            messages.success(
                request, _("The first vote is shown to those who took part. Discuss it now.")
            )
        elif step == "vote_again":
            actions.vote_again(session=shown, by=request.user)
            messages.success(request, _("The second vote is open."))
        else:
            messages.error(request, _("Choose what to do with the round."))
    except VotesMissing as error:
        messages.warning(request, str(error))
    except AnnotationError as error:
        messages.error(request, str(error))
    return redirect(back)


def _revealed(
    request: ProjectRequest, project: Project, session_id: int
) -> Session | HttpResponseBase:
    """The round of an address, or where those go who come before its votes are shown."""
    manages = request.may(Permission.MANAGE_SESSIONS)
    shown = load_calibration(project, session_id, request.user, manages=manages)
    if shown.revealed_at is not None:
        return shown
    messages.info(request, _("The votes are shown when the session's manager ends the first vote."))
    return redirect(shown)


@project_view(Permission.ANNOTATE)
def discussion(request: ProjectRequest, project: Project, session_id: int) -> HttpResponseBase:
    """The items of a revealed round, most disputed first."""
    shown = _revealed(request, project, session_id)
    if not isinstance(shown, Session):
        return shown
    after = place_from(request.GET.get("after", ""))
    context = {"session": shown, "page": discussed_items(shown, after=after), "after": after}
    return render(request, "annotations/discussion.html", context)


@project_view(Permission.ANNOTATE)
def discussed(
    request: ProjectRequest, project: Project, session_id: int, response_id: int
) -> HttpResponseBase:
    """An item with everybody's first votes; POST adds a note to a criterion."""
    shown = _revealed(request, project, session_id)
    if not isinstance(shown, Session):
        return shown
    beside = beside_in_list(shown, response_id)
    if beside is None:
        raise Http404
    if request.method != "POST":
        return _page(request, shown, response_id, beside)
    key, text = request.POST.get("criterion", ""), request.POST.get("text", "")
    try:
        actions.add_note(
            session=shown, response_id=response_id, criterion_key=key, text=text, by=request.user
        )
    except AnnotationError as error:
        shown.refresh_from_db(fields=["stage", "status"])
        refused = (key, text, str(error))
        return _page(request, shown, response_id, beside, typed=refused, status=422)
    if request.htmx:
        return _page(request, shown, response_id, beside)
    here = reverse("annotations:discussed", args=[project.slug, session_id, response_id])
    return redirect(f"{here}#criterion-{key}")


def _page(
    request: ProjectRequest,
    shown: Session,
    response_id: int,
    beside: Beside,
    *,
    typed: tuple[str, str, str] = ("", "", ""),
    status: int = 200,
) -> HttpResponse:
    page = discussed_page(shown, response_id, request.user.pk, typed=typed)
    key = request.POST.get("criterion", "")
    context = {
        "session": shown,
        "page": page,
        "response_id": response_id,
        "number": beside.number,
        "own_item": own_item(shown, response_id, request.user.pk),
        "before": beside.before,
        "following": beside.after,
        "turns": [(turn["role"], markdown(str(turn["content"]))) for turn in page.messages],
        "reference": markdown(page.reference),
        "may_note": shown.stage == Stage.DISCUSS and shown.status in actions.RUNNING,
        "longest": actions.LONGEST_NOTE,
        "row": next((one for one in page.blocks if one.criterion.key == key), None),
        "unplaced": typed if key and key not in {b.criterion.key for b in page.blocks} else None,
    }
    if context["row"] is None:
        return render(request, "annotations/discussed.html", context, status=status)
    return partial(request, "annotations/discussed.html", "notes", context, status=status)

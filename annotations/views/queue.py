"""An annotator's queue: where they stand, the next item, and what they skipped."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponseBase, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from annotations import actions
from annotations.errors import AnnotationError
from annotations.feedback import known_days, open_feedback
from annotations.forms import SkipForm
from annotations.loaders import Place, load_assignment, load_place
from annotations.models import SkipReason
from annotations.queries import queue_progress
from annotations.queries.activity import time_spent
from annotations.queries.calibration import own_votes
from annotations.queries.lists import own_items
from annotations.queries.own import own_pace
from rubricstudio.http import ProjectRequest, project_view
from rubricstudio.models import Project
from rubricstudio.permissions import Permission
from rubricstudio.rendering import markdown


@project_view(Permission.ANNOTATE)
def queue(request: ProjectRequest, project: Project, session_id: int) -> HttpResponseBase:
    place = load_place(project, session_id, request.user)
    raw = request.GET.get("after", "")
    after = int(raw) if raw.isascii() and raw.isdigit() and len(raw) < 10 else -1
    items, older = own_items(place.session, place.rater_id, after=after)
    context = {
        "session": place.session,
        "progress": queue_progress(place.session, place.rater_id),
        "pace": own_pace(place.session, place.rater_id),
        "items": items,
        "after": after,
        "older": older,
        "instructions": markdown(place.session.instructions),
        "votes": own_votes(place.session, place.rater_id) if place.session.stage else None,
        "known": known_days(place.session, place.rater_id),
        "told": open_feedback(place.session, items, request.user),
        "time": time_spent(place.session, rater_id=place.rater_id).get(place.rater_id),
    }
    return render(request, "annotations/queue.html", context)


@project_view(Permission.ANNOTATE)
@require_POST
def next_item(request: ProjectRequest, project: Project, session_id: int) -> HttpResponseBase:
    return go_on(request, load_place(project, session_id, request.user))


def go_on(request: ProjectRequest, place: Place) -> HttpResponseRedirect:
    """To the person's next item, or to the queue where there is none."""
    slug, session = place.session.round.project.slug, place.session
    try:
        following = actions.next_item(session=session, by=request.user)
    except AnnotationError as error:
        messages.info(request, str(error))
        following = None
    if following is None:
        return redirect("annotations:queue", slug, session.pk)
    return redirect("annotations:annotate", slug, session.pk, following.item_id)


@project_view(Permission.ANNOTATE)
def skip(
    request: ProjectRequest, project: Project, session_id: int, item_id: int
) -> HttpResponseBase:
    place = load_place(project, session_id, request.user)
    assignment = load_assignment(place, item_id)
    form = SkipForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.skip(
                assignment=assignment,
                reason=SkipReason(form.cleaned_data["reason"]),
                note=form.cleaned_data["note"],
                by=request.user,
            )
        except AnnotationError as error:
            messages.error(request, str(error))
        return go_on(request, place)
    context = {"session": place.session, "assignment": assignment, "form": form}
    status = 422 if form.errors else 200
    return render(request, "annotations/skip.html", context, status=status)


@project_view(Permission.ANNOTATE)
@require_POST
def take_up(
    request: ProjectRequest, project: Project, session_id: int, item_id: int
) -> HttpResponseBase:
    assignment = load_assignment(load_place(project, session_id, request.user), item_id)
    try:
        actions.take_up(assignment=assignment, by=request.user)
    except AnnotationError as error:
        messages.error(request, str(error))
        return redirect("annotations:queue", project.slug, session_id)
    return redirect("annotations:annotate", project.slug, session_id, item_id)

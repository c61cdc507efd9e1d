"""The quality page of a session, and what an annotator sees after a training item."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from annotations.actions.checks import set_checks, set_rules
from annotations.actions.quality import pass_person
from annotations.errors import AnnotationError
from annotations.feedback import beside_gold, open_feedback
from annotations.forms_quality import GoldImportForm, PassForm, RulesForm
from annotations.loaders import load_assignment, load_place, load_session
from annotations.models import ItemKind
from annotations.options import COMPARING
from annotations.queries.quality import candidates, people_quality
from rubricstudio.http import ProjectRequest, project_view
from rubricstudio.models import Project
from rubricstudio.permissions import Permission

KINDS = {kind.value: kind.value for kind in ItemKind if kind != ItemKind.WORK}


@project_view(Permission.EXPORT)
def quality(request: ProjectRequest, project: Project, session_id: int) -> HttpResponseBase:
    shown = load_session(project, session_id)
    initial = {
        "qualify_at": None if shown.qualify_at is None else round(100 * shown.qualify_at, 2),
        "gold_share": round(100 * shown.gold_share, 2),
        "pause_after": shown.pause_after,
        "shows_feedback": shown.shows_feedback,
    }
    context = {
        "session": shown,
        "has_gold": shown.mode not in COMPARING,
        "people": people_quality(shown),
        "candidates": candidates(shown),
        "rules": RulesForm(initial=initial),
        "gold_import": GoldImportForm(),
        "kinds": [(kind.value, kind.label) for kind in ItemKind if kind != ItemKind.WORK],
    }
    return render(request, "annotations/quality.html", context)


@project_view(Permission.MANAGE_SESSIONS)
@require_POST
def quality_rules(request: ProjectRequest, project: Project, session_id: int) -> HttpResponseBase:
    shown, form = load_session(project, session_id), RulesForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Enter shares from 0 to 100 and whole numbers from 1."))
        return redirect("annotations:quality", project.slug, session_id)
    data = form.cleaned_data
    try:
        set_rules(
            session=shown,
            by=request.user,
            qualify_at=None if data["qualify_at"] is None else data["qualify_at"] / 100,
            gold_share=data["gold_share"] / 100,
            pause_after=data["pause_after"],
            shows_feedback=data["shows_feedback"],
        )
        messages.success(request, _("The rules are saved."))
    except AnnotationError as error:
        messages.error(request, str(error))
    return redirect("annotations:quality", project.slug, session_id)


@project_view(Permission.MANAGE_SESSIONS)
@require_POST
def quality_checks(request: ProjectRequest, project: Project, session_id: int) -> HttpResponseBase:
    shown = load_session(project, session_id)
    chosen: dict[str, list[int]] = {kind: [] for kind in KINDS}
    for name, kind in request.POST.items():
        pk = name.removeprefix("kind:")
        if kind in chosen and pk.isascii() and pk.isdigit() and len(pk) < 10:
            chosen[str(kind)].append(int(pk))
    try:
        set_checks(session=shown, by=request.user, **chosen)
        messages.success(request, _("The checks are saved."))
    except AnnotationError as error:
        messages.error(request, str(error))
    return redirect("annotations:quality", project.slug, session_id)


@project_view(Permission.MANAGE_SESSIONS)
@require_POST
def quality_pass(request: ProjectRequest, project: Project, session_id: int) -> HttpResponseBase:
    shown, form = load_session(project, session_id), PassForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Give a reason: it is kept with the decision."))
        return redirect("annotations:quality", project.slug, session_id)
    try:
        rater, reason = form.cleaned_data["rater"], form.cleaned_data["reason"]
        place = pass_person(session=shown, rater_id=rater, reason=reason, by=request.user)
        messages.success(request, _("%(person)s can go on.") % {"person": place.rater.name})
    except AnnotationError as error:
        messages.error(request, str(error))
    return redirect("annotations:quality", project.slug, session_id)


@project_view(Permission.ANNOTATE)
def feedback(
    request: ProjectRequest, project: Project, session_id: int, item_id: int
) -> HttpResponseBase:
    """One's own answers to a known item beside the gold answers, where they may be seen."""
    place = load_place(project, session_id, request.user)
    assignment = load_assignment(place, item_id)
    if not open_feedback(place.session, [assignment], request.user):
        raise Http404
    rows = beside_gold(assignment)
    context = {
        "session": place.session,
        "item": assignment.item,
        "rows": rows,
        "matched": sum(row.same for row in rows),
    }
    return render(request, "annotations/feedback.html", context)

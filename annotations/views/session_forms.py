"""Pages that set a session up, change it, copy it, and go on with a new rubric version."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from annotations import actions
from annotations.errors import AnnotationError, InvalidSession
from annotations.forms_sessions import SessionForm, SettingsForm, initial_of, settled
from annotations.loaders import load_session
from annotations.models import Session, SessionStatus
from annotations.options import COMPARING
from annotations.queries.carried import adoption_of, newer_versions, submitted_sheets
from annotations.queries.choices import published_versions, responses_with_text
from annotations.queries.estimate import estimate
from annotations.selection import InvalidSelection
from annotations.session_file import kind_of
from rubricstudio.domain.assignment import InvalidSample
from rubricstudio.http import ProjectRequest, partial, project_view
from rubricstudio.models import Project
from rubricstudio.permissions import Permission
from rubricstudio.rendering import markdown

REFUSED = (AnnotationError, InvalidSelection, InvalidSample)


@project_view(Permission.MANAGE_SESSIONS)
def session_new(request: ProjectRequest, project: Project) -> HttpResponseBase:
    form = SessionForm(request.POST or None, request.FILES or None, project=project)
    if _is_saving(request) and form.is_valid():
        try:
            return redirect(
                actions.create_wanted(project=project, wanted=form.wanted(), by=request.user)
            )
        except REFUSED as error:
            _add(form, error)
    return _form_page(request, project, form, None)


@project_view(Permission.MANAGE_SESSIONS)
def session_edit(request: ProjectRequest, project: Project, session_id: int) -> HttpResponseBase:
    shown = load_session(project, session_id)
    if shown.status == SessionStatus.COMPLETED:
        messages.info(request, _("The session is completed: its settings stay as they are."))
        return redirect(shown)
    form = kind_of(shown)(
        request.POST or None,
        request.FILES or None,
        project=project,
        initial=initial_of(shown),
    )
    if _is_saving(request) and form.is_valid():
        try:
            actions.edit_wanted(session=shown, wanted=form.wanted(), by=request.user)
            messages.success(request, _("The session is saved."))
            return redirect(shown)
        except REFUSED as error:
            _add(form, error)
    return _form_page(request, project, form, shown)


def _is_saving(request: ProjectRequest) -> bool:
    return request.method == "POST" and "preview" not in request.POST


def _add(form: SettingsForm, error: Exception) -> None:
    """The message of a refusal at the field that it is about, else above the form."""
    field = error.field if isinstance(error, InvalidSession) else ""
    field = "calibration" if field == "stage" else field
    form.add_error(field if field in form.fields else None, str(error))


def _form_page(
    request: ProjectRequest, project: Project, form: SettingsForm, shown: Session | None
) -> HttpResponse:
    responses = responses_with_text(project)
    context: dict[str, Any] = {
        "form": form,
        "session": shown,
        "compares": shown is not None and shown.mode in COMPARING,
        "can_start": shown is not None or responses > 0,
        "has_versions": published_versions(project).exists(),
        "responses": responses,
        "is_whole": isinstance(form, SessionForm),
        "settled": [] if isinstance(form, SessionForm) else settled(form),
        "previewed": request.method == "POST" and "preview" in request.POST,
    }
    if isinstance(form, SessionForm):
        form.keep_file()
        context |= _preview(project, form)
    status = 422 if form.is_bound and form.errors and not context["previewed"] else 200
    template = "annotations/session_form.html"
    return partial(request, template, "session-preview", context, status=status)


def _preview(project: Project, form: SessionForm) -> dict[str, Any]:
    """What the form as it stands would make; no figures while a choice is wrong."""
    if not form.is_bound or not form.is_valid():
        return {}
    wanted, people = form.wanted(), len(form.cleaned_data["annotators"])
    figures = estimate(project, wanted.version, form.selection(), wanted.options, people)
    return {"estimate": figures, "guidelines": markdown(wanted.options["instructions"])}


@project_view(Permission.MANAGE_SESSIONS)
@require_POST
def session_clone(request: ProjectRequest, project: Project, session_id: int) -> HttpResponseBase:
    shown = load_session(project, session_id)
    try:
        copy = actions.clone_session(
            session=shown, by=request.user, same_responses="anew" not in request.POST
        )
    except REFUSED as error:
        messages.error(request, str(error))
        return redirect(shown)
    messages.success(request, _("This is the copy, a draft. Change what you like."))
    return redirect("annotations:session-edit", project.slug, copy.pk)


@project_view(Permission.MANAGE_SESSIONS)
def session_adopt(request: ProjectRequest, project: Project, session_id: int) -> HttpResponseBase:
    shown = load_session(project, session_id)
    versions = list(newer_versions(shown))
    asked = request.POST.get("version") or request.GET.get("version")
    version = next(
        (v for v in versions if str(v.number) == asked), versions[0] if versions else None
    )
    if request.method == "POST" and version is not None:
        try:
            made = actions.adopt_version(session=shown, version=version, by=request.user)
            messages.success(
                request, _("This session follows up the other one. Activate it when it is ready.")
            )
            return redirect(made)
        except AnnotationError as error:
            messages.error(request, str(error))
    context = {
        "session": shown,
        "versions": versions,
        "version": version,
        "adoption": adoption_of(shown, version) if version else None,
        "sheets": submitted_sheets(shown).count(),
    }
    return render(request, "annotations/session_adopt.html", context)

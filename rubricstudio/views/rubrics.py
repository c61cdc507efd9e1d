"""The list of rubrics, the editor of a rubric's draft, and what belongs to the whole of it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_GET, require_POST

from rubricstudio.actions.aggregator import choose_aggregator
from rubricstudio.actions.rubrics import NotADraft, create_rubric, describe_rubric
from rubricstudio.forms.rubrics import AggregatorForm, ListForm, RubricForm
from rubricstudio.http import ProjectRequest, partial, project_view
from rubricstudio.models import Project, Rubric, RubricVersion
from rubricstudio.permissions import Permission
from rubricstudio.queries.rubrics import newest_version, rubrics_page, versions_of
from rubricstudio.queries.sheet import Sheet, Typed, sheet, weighed_sheet
from rubricstudio.queries.unread import unread_counts

EDITOR = "rubricstudio/rubric.html"
READER = "rubricstudio/version.html"


def load_rubric(project: Project, rubric_id: int) -> Rubric:
    """The rubric, where it belongs to the project; Http404 otherwise."""
    rubrics = project.rubrics.select_related("task", "project", "created_by")
    return get_object_or_404(rubrics, pk=rubric_id)


def posted(request: ProjectRequest) -> QueryDict | None:
    """What a form is bound to: the fields of a POST, even of an empty one."""
    return request.POST if request.method == "POST" else None


@project_view(Permission.SEE_RUBRICS)
@require_GET
def rubrics(request: ProjectRequest, project: Project) -> HttpResponseBase:
    form = ListForm(request.GET)
    given = form.cleaned_data if form.is_valid() else {}
    page = rubrics_page(
        project,
        search=given.get("q", ""),
        before=given.get("before"),
        after=given.get("after"),
    )
    unread = unread_counts(request.user, [rubric.pk for rubric in page.rubrics])
    rows = [(rubric, unread.get(rubric.pk)) for rubric in page.rubrics]
    context = {"page": page, "rows": rows, "q": given.get("q", "")}
    return partial(request, "rubricstudio/rubrics.html", "list", context)


@project_view(Permission.AUTHOR)
def rubric_new(request: ProjectRequest, project: Project) -> HttpResponseBase:
    form = RubricForm(posted(request))
    if request.method != "POST" or not form.is_valid():
        status = 422 if form.errors else 200
        return render(request, "rubricstudio/rubric_new.html", {"form": form}, status=status)
    version = create_rubric(
        project=project,
        name=form.cleaned_data["name"],
        description=form.cleaned_data["description"],
        by=request.user,
    )
    return redirect(version.rubric)


@project_view(Permission.AUTHOR)
def rubric_edit(request: ProjectRequest, project: Project, rubric_id: int) -> HttpResponseBase:
    rubric = load_rubric(project, rubric_id)
    initial = {"name": rubric.name, "description": rubric.description}
    form = RubricForm(posted(request), initial=initial)
    if request.method == "POST" and form.is_valid():
        describe_rubric(rubric=rubric, by=request.user, **form.cleaned_data)
        return redirect(rubric)
    context = {"form": form, "rubric": rubric}
    status = 422 if form.errors else 200
    return render(request, "rubricstudio/rubric_edit.html", context, status=status)


@gzip_page
@project_view(Permission.SEE_RUBRICS)
@require_GET
def rubric(request: ProjectRequest, project: Project, rubric_id: int) -> HttpResponseBase:
    """The newest version: to edit for an author where it is a draft, to read otherwise."""
    return rubric_page(request, load_rubric(project, rubric_id))


def rubric_page(
    request: ProjectRequest,
    rubric: Rubric,
    *,
    typed: Typed | None = None,
    note: str = "",
    status: int = 200,
    extra: dict[str, Any] | None = None,
) -> HttpResponse:
    """The page of a rubric; `typed` and `note` say what could not be stored and why."""
    version = newest_version(rubric)
    context: dict[str, Any] = {"rubric": rubric, "version": version, "typed": typed, "note": note}
    context |= extra or {}
    if version is None:
        return render(request, "rubricstudio/rubric_empty.html", context, status=status)
    context |= editor_context(version, typed) | {"all_shares": "shares" in request.GET}
    context["versions"] = versions_of(rubric)
    edits = version.is_draft and request.may(Permission.AUTHOR)
    response = render(request, EDITOR if edits else READER, context, status=status)
    patch_vary_headers(response, ["HX-Request"])
    return response


def editor_context(version: RubricVersion, typed: Typed | None = None) -> dict[str, Any]:
    """What the editor needs."""
    return _context(version, sheet(version, typed=typed))


def totals_context(version: RubricVersion) -> dict[str, Any]:
    """What the totals by themselves need."""
    return _context(version, weighed_sheet(version))


def _context(version: RubricVersion, found: Sheet) -> dict[str, Any]:
    form = AggregatorForm(current=version.aggregator, params=version.params)
    return {"rubric": version.rubric, "version": version, "sheet": found, "aggregator_form": form}


@project_view(Permission.SEE_RUBRICS)
@require_GET
def rubric_totals(request: ProjectRequest, project: Project, rubric_id: int) -> HttpResponseBase:
    """The panel of totals and shares, which asks again when the rubric has changed."""
    rubric = load_rubric(project, rubric_id)
    version = newest_version(rubric)
    if version is None or not request.htmx:
        return redirect(rubric)
    context = totals_context(version) | {"all_shares": "shares" in request.GET}
    return partial(request, EDITOR, "totals", context)


@project_view(Permission.AUTHOR)
@require_POST
def aggregator(request: ProjectRequest, project: Project, rubric_id: int) -> HttpResponseBase:
    rubric = load_rubric(project, rubric_id)
    version = newest_version(rubric)
    if version is None:
        return redirect(rubric)
    form = AggregatorForm(request.POST, current=version.aggregator, params=version.params)
    if not form.is_valid():
        context = editor_context(version) | {"aggregator_form": form}
        context["versions"] = versions_of(rubric)
        return partial(request, EDITOR, "totals", context, status=422)
    try:
        version = choose_aggregator(
            version=version,
            aggregator=form.cleaned_data["aggregator"],
            params=form.params(),
            by=request.user,
        )
    except NotADraft as error:
        return refused(request, rubric, str(error))
    if request.htmx:
        return partial(request, EDITOR, "totals", totals_context(version))
    messages.success(request, _("Aggregator saved."))
    return redirect(rubric)


def refused(request: ProjectRequest, rubric: Rubric, message: str) -> HttpResponse:
    """What is answered where a version cannot be edited: the page, saying why."""
    if request.htmx:
        messages.error(request, message)
        return HttpResponse(status=204, headers={"HX-Redirect": rubric.get_absolute_url()})
    return rubric_page(request, rubric, note=message, status=409)

"""The versions of a rubric: read, compared, published, retired, and drafts of them."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from rubricstudio.actions.forks import fork_version, replace_draft
from rubricstudio.actions.rubrics import (
    DraftChanged,
    DraftExists,
    NotADraft,
    NotPublished,
    UnableToPublish,
    discard_draft,
    publish,
    retire,
    start_draft,
)
from rubricstudio.forms.rubrics import CompareForm, ForkForm, PublishForm, ReplaceForm
from rubricstudio.http import ProjectRequest, project_view
from rubricstudio.models import Project, Rubric, RubricVersion
from rubricstudio.permissions import Permission
from rubricstudio.queries.forks import forks_seen_by, projects_to_author
from rubricstudio.queries.rubrics import (
    Review,
    comparison,
    newest_version,
    replacement,
    review,
    version_numbered,
    versions_of,
)
from rubricstudio.queries.sheet import sheet
from rubricstudio.queries.wording import change_rows, reason_rows, reasons_json
from rubricstudio.views.rubrics import READER, load_rubric, posted, refused


def load_version(rubric: Rubric, number: int) -> RubricVersion:
    """A version of the rubric by its number; Http404 where there is none."""
    version = version_numbered(rubric, number)
    if version is None:
        raise Http404
    return version


@project_view(Permission.SEE_RUBRICS)
@require_GET
def versions(request: ProjectRequest, project: Project, rubric_id: int) -> HttpResponseBase:
    rubric = load_rubric(project, rubric_id)
    context = {
        "rubric": rubric,
        "versions": versions_of(rubric),
        "forks": forks_seen_by(request.user, rubric),
    }
    return render(request, "rubricstudio/versions.html", context)


@project_view(Permission.SEE_RUBRICS)
@require_GET
def version(
    request: ProjectRequest, project: Project, rubric_id: int, number: int
) -> HttpResponseBase:
    shown = load_version(load_rubric(project, rubric_id), number)
    context = {
        "rubric": shown.rubric,
        "version": shown,
        "sheet": sheet(shown),
        "versions": versions_of(shown.rubric),
    }
    return render(request, READER, context)


@project_view(Permission.SEE_RUBRICS)
@require_GET
def version_diff(request: ProjectRequest, project: Project, rubric_id: int) -> HttpResponseBase:
    rubric = load_rubric(project, rubric_id)
    form = CompareForm(request.GET)
    given = form.cleaned_data if form.is_valid() else {}
    found = comparison(rubric, given.get("old"), given.get("new"))
    if found is None and any(value is not None for value in given.values()):
        raise Http404
    context = {
        "rubric": rubric,
        "versions": versions_of(rubric),
        "comparison": found,
        "changes": change_rows(found.diff.changes) if found else [],
    }
    return render(request, "rubricstudio/version_diff.html", context)


@project_view(Permission.AUTHOR)
@require_POST
def draft(
    request: ProjectRequest, project: Project, rubric_id: int, number: int
) -> HttpResponseBase:
    """Start a draft that holds what version `number` holds; 0 for the newest."""
    rubric = load_rubric(project, rubric_id)
    source = load_version(rubric, number) if number else newest_version(rubric)
    try:
        start_draft(rubric=rubric, by=request.user, based_on=source)
    except DraftExists as error:
        if source is None or source.is_draft:
            return refused(request, rubric, str(error))
        return _replace(request, source, str(error))
    return redirect(rubric)


def _replace(request: ProjectRequest, source: RubricVersion, note: str) -> HttpResponse:
    """Offer to replace the content of the draft there is; where that is agreed to, do it."""
    newest = newest_version(source.rubric)
    if newest is None or not newest.is_draft:
        return refused(request, source.rubric, note)
    form = ReplaceForm(request.POST)
    if form.is_valid():
        agreed = form.cleaned_data["replace"]
        try:
            replace_draft(draft=newest, source=source, by=request.user, reviewed=agreed)
        except DraftChanged as error:
            note = str(error)
        except NotADraft as error:
            return refused(request, source.rubric, str(error))
        else:
            text = _("The draft now holds what version %(number)s holds.")
            messages.success(request, text % {"number": source.label})
            return redirect(source.rubric)
    found = replacement(newest, source)
    context = {
        "rubric": source.rubric,
        "version": newest,
        "source": source,
        "found": found,
        "changes": change_rows(found.diff.changes),
        "note": note,
    }
    return render(request, "rubricstudio/version_replace.html", context, status=409)


@project_view(Permission.SEE_RUBRICS)
def version_fork(
    request: ProjectRequest, project: Project, rubric_id: int, number: int
) -> HttpResponseBase:
    """Copy a version into a rubric of its own, wherever the person may write rubrics."""
    source = load_version(load_rubric(project, rubric_id), number)
    projects = projects_to_author(request.user)
    initial = {"name": source.rubric.name, "project": project.pk}
    form = ForkForm(posted(request), projects=projects, initial=initial)
    if request.method == "POST" and form.is_valid():
        made = fork_version(version=source, by=request.user, **form.cleaned_data)
        messages.success(request, _("The copy is a rubric of its own; this is its draft."))
        return redirect(made.rubric)
    context = {"rubric": source.rubric, "version": source, "form": form, "some": projects.exists()}
    status = 422 if form.errors else 200
    return render(request, "rubricstudio/version_fork.html", context, status=status)


@project_view(Permission.AUTHOR)
@require_POST
def discard(request: ProjectRequest, project: Project, rubric_id: int) -> HttpResponseBase:
    rubric = load_rubric(project, rubric_id)
    newest = newest_version(rubric)
    if newest is None:
        return redirect(rubric)
    try:
        discard_draft(version=newest, by=request.user)
    except NotADraft as error:
        return refused(request, rubric, str(error))
    messages.success(request, _("The draft is discarded."))
    return redirect(rubric)


@project_view(Permission.AUTHOR)
@require_POST
def version_retire(
    request: ProjectRequest, project: Project, rubric_id: int, number: int
) -> HttpResponseBase:
    rubric = load_rubric(project, rubric_id)
    try:
        retired = retire(version=load_version(rubric, number), by=request.user)
    except NotPublished as error:
        return refused(request, rubric, str(error))
    messages.success(request, _("Version %(number)s is retired.") % {"number": retired.label})
    return redirect(retired)


@project_view(Permission.AUTHOR)
def version_publish(request: ProjectRequest, project: Project, rubric_id: int) -> HttpResponseBase:
    """First the numbers: what changes, which verdicts stay; then the button."""
    rubric = load_rubric(project, rubric_id)
    newest = newest_version(rubric)
    if newest is None or not newest.is_draft:
        return refused(request, rubric, _("There is no draft to publish."))
    found = review(newest)
    form = PublishForm(posted(request), asks_why=found.asks_why)
    if request.method != "POST" or not form.is_valid():
        return _publish_page(request, found, form)
    try:
        published = publish(version=newest, by=request.user, **form.cleaned_data)
    except (DraftChanged, UnableToPublish) as error:
        form.add_error(None, str(error))
        return _publish_page(request, review(newest), form)
    except NotADraft as error:
        return refused(request, rubric, str(error))
    messages.success(request, _("Version %(number)s is published.") % {"number": published.label})
    return redirect(published)


def _publish_page(request: ProjectRequest, found: Review, form: PublishForm) -> HttpResponse:
    context = {
        "rubric": found.draft.rubric,
        "version": found.draft,
        "review": found,
        "reasons": reason_rows(reasons_json(found.number)),
        "changes": change_rows(found.diff.changes) if found.diff else [],
        "form": form,
    }
    status = 422 if form.errors else 200
    return render(request, "rubricstudio/version_publish.html", context, status=status)

"""The library beside a rubric: insert what was found, see what is similar, share what is good."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from rubricstudio.actions.indexing import ask_meaning
from rubricstudio.actions.library import (
    NotInTheLibrary,
    add_to_library,
    copy_template,
    insert_found,
    share_rubric,
)
from rubricstudio.actions.rubrics import NotADraft
from rubricstudio.domain.library import query_words
from rubricstudio.domain.outline import CannotMove
from rubricstudio.domain.rubric import InvalidRubric
from rubricstudio.forms.library import (
    InsertForm,
    NoteForm,
    ShareForm,
    TemplateForm,
    TemplateSearchForm,
)
from rubricstudio.http import ProjectRequest, partial, project_view
from rubricstudio.models import Criterion, Project, Rubric
from rubricstudio.permissions import Permission
from rubricstudio.queries.library import findable_criteria, findable_entries
from rubricstudio.queries.library_pages import (
    findable,
    hits,
    roles_of,
    row_with_key,
    shared_version,
    templates,
)
from rubricstudio.queries.library_search import SIMILAR, Sources, search
from rubricstudio.queries.rubrics import criterion_of, newest_version
from rubricstudio.views.library import PAGE_TEMPLATE, search_page
from rubricstudio.views.rubrics import load_rubric

MOST_SIMILAR = 5


@project_view(Permission.AUTHOR)
def rubric_library(request: ProjectRequest, project: Project, rubric_id: int) -> HttpResponseBase:
    """Find a criterion (GET) and insert it into the rubric's draft (POST)."""
    rubric = load_rubric(project, rubric_id)
    if request.method == "POST":
        return _insert(request, rubric)
    return search_page(request, _place(rubric, request.GET.get("after", "")), besides=rubric)


def _place(rubric: Rubric, after: str) -> dict[str, Any]:
    """The rubric that is written, and the row behind which to insert."""
    version = newest_version(rubric)
    draft = version if version is not None and version.is_draft else None
    return {
        "rubric": rubric,
        "version": version,
        "draft": draft,
        "behind": row_with_key(draft, after) if draft and after else None,
    }


def _insert(request: ProjectRequest, rubric: Rubric) -> HttpResponse:
    form = InsertForm(request.POST)
    if not form.is_valid():
        return _refused(request, rubric, " ".join(str(m) for e in form.errors.values() for m in e))
    found = findable(request.user, *form.cleaned_data["source"])
    version = newest_version(rubric)
    try:
        if found is None:
            raise NotInTheLibrary(_("This criterion is not to be found any more."))
        if version is None:
            raise NotADraft(_("This rubric has no version; start a draft first."))
        row = insert_found(version=version, found=found, after=form.behind, by=request.user)
    except (NotInTheLibrary, NotADraft, CannotMove, InvalidRubric) as error:
        return _refused(request, rubric, str(error), status=409)
    if request.htmx:
        return partial(
            request, PAGE_TEMPLATE, "inserted", {"rubric": rubric, "row": row, "behind": row}
        )
    messages.success(request, _("Inserted: %(text)s") % {"text": row.text})
    given = request.GET.copy()
    given["after"] = row.key
    here = reverse("rubricstudio:rubric-library", args=[rubric.project.slug, rubric.pk])
    return redirect(f"{here}?{urlencode(given, doseq=True)}")


def _refused(
    request: ProjectRequest, rubric: Rubric, reason: str, *, status: int = 422
) -> HttpResponse:
    if request.htmx:
        return partial(request, PAGE_TEMPLATE, "refused", {"reason": reason}, status=422)
    context = _place(rubric, request.POST.get("after", "")) | {"reason": reason}
    return search_page(request, context, besides=rubric, status=status)


def _load_criterion(rubric: Rubric, criterion_id: int) -> Criterion:
    row = criterion_of(rubric, criterion_id)
    if row is None:
        raise Http404
    return row


@project_view(Permission.AUTHOR)
def similar(
    request: ProjectRequest, project: Project, rubric_id: int, criterion_id: int
) -> HttpResponseBase:
    """The criteria of other rubrics, and of the library, that mean nearly the same.

    To a page that shows a row which somebody has deleted meanwhile: nothing, not an error.
    """
    rubric = load_rubric(project, rubric_id)
    if request.htmx and criterion_of(rubric, criterion_id) is None:
        return partial(request, "rubricstudio/library_similar.html", "gone", {"rubric": rubric})
    row = _load_criterion(rubric, criterion_id)
    given = request.GET.get("waits", "")
    waits = int(given) if given.isdecimal() and len(given) < 5 else 0
    asked = ask_meaning(text=row.text, waits=waits)
    sources = (findable_entries(), findable_criteria(request.user, besides=rubric))
    findings = search(Sources(sources), vector=asked.vector, limit=MOST_SIMILAR, farthest=SIMILAR)
    here = reverse("rubricstudio:criterion-similar", args=[project.slug, rubric.pk, row.pk])
    context = {
        "rubric": rubric,
        "row": row,
        "asked": asked,
        "findings": findings,
        "hits": hits(findings, roles_of(request.user)),
        "poll_url": f"{here}?waits={waits + 1}",
    }
    return partial(request, "rubricstudio/library_similar.html", "similar", context)


# -- sharing


@project_view(Permission.AUTHOR)
def criterion_share(
    request: ProjectRequest, project: Project, rubric_id: int, criterion_id: int
) -> HttpResponseBase:
    """Put one criterion into the shared library, with a note."""
    rubric = load_rubric(project, rubric_id)
    row = _load_criterion(rubric, criterion_id)
    form = NoteForm(request.POST if request.method == "POST" else None)
    if form.is_valid() and not row.is_group:
        made = add_to_library(criterion=row, note=form.cleaned_data["note"], by=request.user)
        messages.success(request, _("It is in the shared library now."))
        return redirect("rubricstudio:library-entry", made.pk)
    context = {"rubric": rubric, "row": row, "criterion": row.as_criterion(), "form": form}
    status = 422 if form.errors or (row.is_group and request.method == "POST") else 200
    return render(request, "rubricstudio/library_add.html", context, status=status)


@project_view(Permission.AUTHOR)
def rubric_share(request: ProjectRequest, project: Project, rubric_id: int) -> HttpResponseBase:
    """Let everybody who signs in read a rubric and copy it, or no longer."""
    rubric = load_rubric(project, rubric_id)
    form = ShareForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        share_rubric(rubric=rubric, shared=form.cleaned_data["shared"], by=request.user)
        said = _("Shared with everybody here.") if rubric.shared else _("No longer shared.")
        messages.success(request, said)
        return redirect("rubricstudio:rubric-share", project.slug, rubric.pk)
    context = {
        "rubric": rubric,
        "version": newest_version(rubric),
        "published": shared_version(request.user, rubric.pk),
        "form": form,
    }
    status = 422 if form.errors else 200
    return render(request, "rubricstudio/library_share.html", context, status=status)


# -- templates


@project_view(Permission.AUTHOR)
def rubric_templates(request: ProjectRequest, project: Project) -> HttpResponseBase:
    """Shared rubrics to start from (GET); a copy of one in this project (POST)."""
    if request.method == "POST":
        return _start_from(request, project)
    return _templates(request)


def _start_from(request: ProjectRequest, project: Project) -> HttpResponse:
    form = TemplateForm(request.POST)
    found = shared_version(request.user, form.cleaned_data["template"]) if form.is_valid() else None
    try:
        if found is None:
            raise NotInTheLibrary(_("Choose a rubric from the list."))
        draft = copy_template(rubric=found.rubric, project=project, by=request.user)
    except NotInTheLibrary as error:
        return _templates(request, reason=str(error), status=422)
    messages.success(request, _("Copied. The draft is yours to change."))
    return redirect(draft.rubric)


def _templates(request: ProjectRequest, *, reason: str = "", status: int = 200) -> HttpResponse:
    form = TemplateSearchForm(request.GET)
    query = form.cleaned_data["q"] if form.is_valid() else ""
    found = templates(request.user, words=query_words(query))
    context = {"templates": found, "q": query, "reason": reason}
    return partial(
        request, "rubricstudio/library_templates.html", "templates", context, status=status
    )

"""The library for whoever is signed in: search, entries, and rubrics that are shared."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import reswap, retarget

from rubricstudio.actions.indexing import Asked, Meaning, ask_meaning
from rubricstudio.actions.library import (
    NotInTheLibrary,
    NotYours,
    annotate_entry,
    copy_template,
    remove_entry,
)
from rubricstudio.forms.library import CopyForm, NoteForm, SearchForm
from rubricstudio.http import SignedInRequest, partial, signed_in
from rubricstudio.models import LibraryEntry, Rubric
from rubricstudio.queries.library import findable_criteria, findable_entries, findable_rubrics
from rubricstudio.queries.library_pages import (
    entry_with,
    hit_of_entry,
    hits,
    may_change_entry,
    my_projects,
    newest_entries,
    projects_to_write_in,
    roles_of,
    shared_version,
    templates_found,
)
from rubricstudio.queries.library_search import MOST_SHOWN, PAGE, Sources, search

PAGE_TEMPLATE = "rubricstudio/library.html"
MEANING_ID = "library-meaning"


@signed_in
@require_GET
def library(request: SignedInRequest) -> HttpResponseBase:
    """The shared library, and a search through everything the person may read."""
    return search_page(request, {"whole": True})


def search_page(
    request: SignedInRequest,
    context: dict[str, Any],
    *,
    besides: Rubric | None = None,
    status: int = 200,
) -> HttpResponse:
    """The page with what was found; for htmx the list, or the line that waits for a meaning.

    `besides` is the rubric that is written: its own criteria are not offered.
    """
    form = SearchForm(request.GET, projects=my_projects(request.user))
    context = {"form": form, **context}
    if not form.is_valid():
        return partial(request, PAGE_TEMPLATE, "results", context, status=422)
    asked = ask_meaning(text=form.cleaned_data["q"], waits=form.number("waits"))
    context |= _address(request, form) | {"asked": asked}
    if request.htmx.target == MEANING_ID and asked.meaning is Meaning.WAITING:
        return partial(request, PAGE_TEMPLATE, "meaning", context)
    context |= _found(request, form, asked, besides)
    response = partial(request, PAGE_TEMPLATE, "results", context, status=status)
    if request.htmx.target == MEANING_ID:
        return reswap(retarget(response, "#library-results"), "outerHTML")
    return response


def _address(request: SignedInRequest, form: SearchForm) -> dict[str, Any]:
    """Where the list goes on, and where the page asks again for a meaning."""

    def address(**changed: int | None) -> str:
        given = request.GET.copy()
        for name in ("waits", "show", "before"):
            given.pop(name, None)
        for name, value in changed.items():
            given[name] = str(value)
        return f"{request.path}?{given.urlencode()}"

    shown = form.number("show", PAGE)
    bare = {name: request.GET.get(name, "") for name in ("q", "after", "kind")}
    return {
        "poll_url": address(waits=form.number("waits") + 1, show=shown),
        "more_url": address(show=shown + PAGE) if shown + PAGE <= MOST_SHOWN else "",
        "bare_url": f"{request.path}?{urlencode(bare)}",
        "older_base": address(),
    }


def _found(
    request: SignedInRequest, form: SearchForm, asked: Asked, besides: Rubric | None
) -> dict[str, Any]:
    """What to list: the findings of a query, or without one what is shared, newest first."""
    narrowed, query = form.narrowed(), form.cleaned_data["q"]
    rubrics = form.cleaned_data["kind"] == "rubrics" and besides is None
    older = None
    if query.strip():
        sources: tuple[Any, ...] = (
            findable_entries(narrowed),
            findable_criteria(request.user, narrowed, besides=besides),
        )
        if rubrics:
            sources = (findable_rubrics(request.user, narrowed),)
        findings = search(
            Sources(sources),
            query=query,
            vector=asked.vector,
            limit=form.number("show", PAGE),
        )
    elif rubrics:
        findings = templates_found(request.user)
    else:
        page = newest_entries(narrowed, before=form.cleaned_data["before"])
        findings, older = page.findings, page.older
    return {
        "findings": findings,
        "hits": hits(findings, roles_of(request.user)),
        "narrowed": narrowed.is_on,
        "q": query.strip(),
        "rubrics": rubrics,
        "older": older,
    }


# -- one entry


def _load_entry(entry_id: int) -> LibraryEntry:
    entry = entry_with(entry_id)
    if entry is None:
        raise Http404
    return entry


@signed_in
def entry(request: SignedInRequest, entry_id: int) -> HttpResponseBase:
    """One entry of the shared library; its note can be changed by who may."""
    row = _load_entry(entry_id)
    form = NoteForm(request.POST or None, initial={"note": row.note})
    if request.method == "POST" and form.is_valid():
        try:
            annotate_entry(entry=row, note=form.cleaned_data["note"], by=request.user)
        except NotYours as error:
            raise PermissionDenied(str(error)) from error
        messages.success(request, _("Saved."))
        return redirect("rubricstudio:library-entry", row.pk)
    context = {
        "entry": row,
        "hit": hit_of_entry(row, roles_of(request.user)),
        "form": form if may_change_entry(row, request.user) else None,
    }
    status = 422 if form.errors else 200
    return render(request, "rubricstudio/library_entry.html", context, status=status)


@signed_in
@require_POST
def entry_remove(request: SignedInRequest, entry_id: int) -> HttpResponseBase:
    try:
        remove_entry(entry=_load_entry(entry_id), by=request.user)
    except NotYours as error:
        raise PermissionDenied(str(error)) from error
    messages.success(request, _("Removed from the shared library."))
    return redirect("rubricstudio:library")


# -- one shared rubric


@signed_in
def shared_rubric(request: SignedInRequest, rubric_id: int) -> HttpResponseBase:
    """The published version of a rubric that is shared, to read, and to copy (POST)."""
    version = shared_version(request.user, rubric_id)
    if version is None:
        raise Http404
    projects = projects_to_write_in(request.user)
    bound = request.POST if request.method == "POST" else None
    form = CopyForm(bound, projects=projects, initial={"name": version.rubric.name})
    if form.is_valid():
        chosen = next(p for p in projects if p.slug == form.cleaned_data["project"])
        name = form.cleaned_data["name"]
        try:
            draft = copy_template(rubric=version.rubric, project=chosen, name=name, by=request.user)
        except NotInTheLibrary as error:
            form.add_error(None, str(error))
        else:
            return redirect(draft.rubric)
    context = {
        "rubric": version.rubric,
        "version": version,
        "value": version.as_rubric(),
        "form": form if projects else None,
        "inside": version.rubric.project_id in roles_of(request.user),
    }
    status = 422 if form.errors else 200
    return render(request, "rubricstudio/library_rubric.html", context, status=status)

"""Edits of single criteria in a rubric's draft.

Every address works as a plain form first: it answers with a redirect, or with the page
that says what is wrong. htmx gets the fragment of the row, the place or the list.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from django_htmx.http import HttpResponseClientRedirect, reswap, retarget, trigger_client_event

from rubricstudio.actions.criteria import (
    CriterionGone,
    EditConflict,
    add_criterion,
    delete_criterion,
    duplicate_criterion,
    edit_criterion,
    move_criterion,
    order_criteria,
    place_criterion,
    restore_criteria,
)
from rubricstudio.actions.rubrics import NotADraft
from rubricstudio.domain.outline import CannotMove, Move
from rubricstudio.domain.rubric import InvalidRubric
from rubricstudio.forms.criteria import (
    CriterionForm,
    NewCriterionForm,
    PlaceForm,
    QuickCriterionForm,
    SaveForm,
    criterion_initial,
)
from rubricstudio.http import ProjectRequest, partial, project_view
from rubricstudio.models import Criterion, Project, Rubric
from rubricstudio.permissions import Permission
from rubricstudio.queries.rubrics import criterion_of, groups_of, newest_version
from rubricstudio.queries.sheet import Typed, row_of
from rubricstudio.queries.wording import clash_rows
from rubricstudio.views.rubrics import (
    EDITOR,
    editor_context,
    load_rubric,
    posted,
    refused,
    rubric_page,
)

DETAILS = "rubricstudio/rubric_criterion.html"
ADD = "rubricstudio/rubric_add.html"


class Edit(NamedTuple):
    """One attempt to store a criterion: where, what was typed, through which form."""

    request: ProjectRequest
    rubric: Rubric
    row: Criterion
    form: QuickCriterionForm

    @property
    def is_full(self) -> bool:
        return isinstance(self.form, CriterionForm)


@project_view(Permission.AUTHOR)
def criterion(
    request: ProjectRequest, project: Project, rubric_id: int, criterion_id: int
) -> HttpResponseBase:
    """A criterion with all its fields (GET), and where each edit of it goes (POST)."""
    rubric = load_rubric(project, rubric_id)
    row = criterion_of(rubric, criterion_id)
    if request.method == "POST":
        return _save(request, rubric, row or Criterion(pk=criterion_id))
    if row is None:
        raise Http404
    if not row.version.is_draft:
        return refused(request, rubric, _("This version is published; start a new draft to edit."))
    if "row" in request.GET:
        return _row(request, row) if request.htmx else redirect(rubric)
    form = CriterionForm(
        is_group=row.is_group, initial=criterion_initial(row), auto_id=f"c{row.pk}-%s"
    )
    return _details(Edit(request, rubric, row, form))


def _save(request: ProjectRequest, rubric: Rubric, row: Criterion) -> HttpResponse:
    kind = CriterionForm if "full" in request.POST else QuickCriterionForm
    form = kind(request.POST, is_group=row.is_group, auto_id=f"c{row.pk}-%s")
    edit, start = Edit(request, rubric, row, form), SaveForm(request.POST)
    if row.version_id is None:
        return _not_saved(edit, refused=_("This criterion was deleted meanwhile."))
    if not start.is_valid():
        return _not_saved(edit, errors=[_("The form is incomplete; load the page again.")])
    if not form.is_valid():
        return _not_saved(edit, errors=[m for found in form.errors.values() for m in found])
    try:
        stored = edit_criterion(
            criterion=row, changes=form.changes(), by=request.user, **start.cleaned_data
        )
    except EditConflict as conflict:
        return _not_saved(edit, clashes=conflict.clashes, seen=conflict.theirs.row_version)
    except (CriterionGone, NotADraft) as error:
        return _not_saved(edit, refused=str(error))
    except InvalidRubric as error:
        form.add_error(None, str(error))
        return _not_saved(edit, errors=[str(error)])
    return _saved(edit, stored, **start.cleaned_data)


def _saved(edit: Edit, stored: Criterion, row_version: int, settled: int | None) -> HttpResponse:
    """The place of the row that says so; the whole row where more than was typed changed."""
    if not edit.request.htmx:
        return redirect(f"{edit.rubric.get_absolute_url()}#criterion-{stored.pk}")
    joined = stored.row_version > row_version + 1
    row = row_of(stored, saved=True, joined=joined and settled is None)
    whole = edit.is_full or joined
    response = partial(
        edit.request, EDITOR, "row" if whole else "slot", {"rubric": edit.rubric, "row": row}
    )
    if whole:
        response = reswap(retarget(response, f"#row-{stored.pk}"), "outerHTML")
    return trigger_client_event(response, "rubric-changed")


def _not_saved(edit: Edit, **why: Any) -> HttpResponse:
    """What was typed stays, with the reason beside it: both texts where two edits clash."""
    values = {k: str(v) for k, v in edit.request.POST.items() if k != "csrfmiddlewaretoken"}
    typed = Typed(edit.row.pk, values, **why)
    context: dict[str, Any] = {"clash_rows": clash_rows(typed.clashes)}
    if edit.is_full and not typed.refused:
        return _details(edit, typed, context)
    if edit.request.htmx:
        row = row_of(edit.row, typed=typed)
        context |= {"rubric": edit.rubric, "row": row}
        return partial(edit.request, EDITOR, "slot", context, status=422)
    status = 422 if typed.errors else 409
    return rubric_page(edit.request, edit.rubric, typed=typed, status=status, extra=context)


def _row(request: ProjectRequest, row: Criterion) -> HttpResponse:
    return partial(request, EDITOR, "row", {"rubric": row.version.rubric, "row": row_of(row)})


def _details(
    edit: Edit, typed: Typed | None = None, extra: dict[str, Any] | None = None
) -> HttpResponse:
    context = {
        "rubric": edit.rubric,
        "row": row_of(edit.row, typed=typed),
        "form": edit.form,
        "groups": groups_of(edit.row),
        **(extra or {}),
    }
    status = 200 if typed is None else 409 if typed.clashes and not edit.request.htmx else 422
    return partial(edit.request, DETAILS, "details", context, status=status)


@project_view(Permission.AUTHOR)
def criterion_add(request: ProjectRequest, project: Project, rubric_id: int) -> HttpResponseBase:
    """A new criterion or group: behind another (`after`), in a group (`parent`) or last."""
    rubric = load_rubric(project, rubric_id)
    given = request.POST if request.method == "POST" else request.GET
    place = {"after": given.get("after", ""), "parent": given.get("parent", "")}
    is_group = given.get("kind") == "group"
    form = NewCriterionForm(posted(request), is_group=is_group)
    context = {"rubric": rubric, "form": form, "inline": True, **place}
    if request.method != "POST" or not form.is_valid():
        return partial(request, ADD, "add", context, status=422 if form.errors else 200)
    version = newest_version(rubric)
    try:
        if version is None:
            raise NotADraft(_("This rubric has no version; start a draft first."))
        row = add_criterion(
            version=version,
            fields=form.changes(),
            after=place["after"] or None,
            parent=place["parent"] or None,
            by=request.user,
        )
    except (NotADraft, CannotMove, InvalidRubric) as error:
        form.add_error(None, str(error))
        return partial(request, ADD, "add", context, status=422 if request.htmx else 409)
    return _added(request, rubric, row, context)


def _added(
    request: ProjectRequest, rubric: Rubric, row: Criterion, context: dict[str, Any]
) -> HttpResponse:
    """The new row, and behind it an empty form for the next one."""
    address = f"{rubric.get_absolute_url()}#criterion-{row.pk}"
    if "reload" in request.POST:
        return HttpResponseClientRedirect(address)
    if not request.htmx:
        return redirect(address)
    context |= {"row": row_of(row), "form": NewCriterionForm(), "is_last": "last" in request.POST}
    context["after"] = row.key if context["after"] else ""
    response = partial(request, EDITOR, "added", context)
    return trigger_client_event(response, "rubric-changed")


def _step(move: Move) -> Callable[[Criterion, ProjectRequest], Any]:
    return lambda row, request: move_criterion(criterion=row, move=move, by=request.user)


def _place(row: Criterion, request: ProjectRequest) -> Criterion:
    form = PlaceForm(request.POST)
    if not form.is_valid():
        raise CannotMove(_("Choose a group, or the top level."))
    parent = form.cleaned_data["parent"] or None
    return place_criterion(criterion=row, parent=parent, before=None, by=request.user)


ACTS: dict[str, Callable[[Criterion, ProjectRequest], Any]] = {
    **{move.value: _step(move) for move in Move},
    "place": _place,
    "duplicate": lambda row, request: duplicate_criterion(criterion=row, by=request.user),
    "delete": lambda row, request: delete_criterion(criterion=row, by=request.user),
}


@project_view(Permission.AUTHOR)
@require_POST
def criterion_act(
    request: ProjectRequest, project: Project, rubric_id: int, criterion_id: int
) -> HttpResponseBase:
    """Move, duplicate or delete: what the button `do` says."""
    rubric = load_rubric(project, rubric_id)
    row = criterion_of(rubric, criterion_id)
    act = ACTS.get(request.POST.get("do", ""))
    if act is None:
        raise BadRequest("Unknown value of the field `do`.")
    try:
        if row is None:
            raise CriterionGone(_("This criterion was deleted meanwhile."))
        done = act(row, request)
    except NotADraft as error:
        return refused(request, rubric, str(error))
    except (CriterionGone, CannotMove) as error:
        return _list(request, rubric, note=str(error))
    focus = done.pk if isinstance(done, Criterion) and done.pk != row.pk else None
    return _list(request, rubric, deleted=isinstance(done, tuple), focus=focus, row=row)


@project_view(Permission.AUTHOR)
@require_POST
def criteria_restore(request: ProjectRequest, project: Project, rubric_id: int) -> HttpResponseBase:
    """Bring back what was deleted: the field `key`, as often as there are keys."""
    rubric = load_rubric(project, rubric_id)
    version = newest_version(rubric)
    try:
        if version is None:
            raise NotADraft(_("This rubric has no version; start a draft first."))
        rows = restore_criteria(version=version, keys=request.POST.getlist("key"), by=request.user)
    except NotADraft as error:
        return refused(request, rubric, str(error))
    return _list(request, rubric, focus=rows[0].pk if rows else None)


@project_view(Permission.AUTHOR)
@require_POST
def criteria_order(request: ProjectRequest, project: Project, rubric_id: int) -> HttpResponseBase:
    """The order of what sits in one group, after dragging: the fields `order`."""
    rubric = load_rubric(project, rubric_id)
    version = newest_version(rubric)
    given = request.POST.getlist("order")
    pks = [int(value) for value in given if value.isdecimal() and len(value) < 19]
    try:
        if version is None:
            raise NotADraft(_("This rubric has no version; start a draft first."))
        order_criteria(
            version=version, parent=request.GET.get("parent") or None, pks=pks, by=request.user
        )
    except (NotADraft, CannotMove) as error:
        return HttpResponse(str(error), status=409, content_type="text/plain; charset=utf-8")
    return HttpResponse(status=204)


def _list(
    request: ProjectRequest,
    rubric: Rubric,
    *,
    note: str = "",
    deleted: bool = False,
    focus: int | None = None,
    row: Criterion | None = None,
) -> HttpResponse:
    """The list of criteria as it is now; without htmx the page, at the place in question."""
    version = newest_version(rubric)
    if request.htmx and version is not None and version.is_draft:
        context = editor_context(version) | {"note": note, "deleted": deleted, "focus": focus}
        response = partial(request, EDITOR, "list", context, status=422 if note else 200)
        return trigger_client_event(response, "rubric-changed")
    if note:
        return refused(request, rubric, note)
    if deleted:
        messages.success(request, _("Deleted. It can be restored below the list."))
        return redirect(f"{rubric.get_absolute_url()}#deleted")
    pk = focus or (row.pk if row else None)
    place = f"#criterion-{pk}" if pk else ""
    return redirect(reverse("rubricstudio:rubric", args=[rubric.project.slug, rubric.pk]) + place)

"""Single criteria in a rubric's draft: shown, saved, added.

Every address works as a plain form first: it answers with a redirect, or with the page
that says what is wrong. htmx gets the fragment of the row, the place or the list.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django_htmx.http import HttpResponseClientRedirect, reswap, retarget, trigger_client_event

from rubricstudio.actions.criteria import (
    CriterionGone,
    EditConflict,
    add_criterion,
    edit_criterion,
)
from rubricstudio.actions.rubrics import NotADraft
from rubricstudio.domain.outline import CannotMove
from rubricstudio.domain.rubric import InvalidRubric
from rubricstudio.forms.criteria import (
    CriterionForm,
    NewCriterionForm,
    QuickCriterionForm,
    SaveForm,
    criterion_initial,
    with_class,
)
from rubricstudio.http import ProjectRequest, partial, project_view
from rubricstudio.models import Criterion, Project, Rubric
from rubricstudio.permissions import Permission
from rubricstudio.queries.rubrics import criterion_of, groups_of, newest_version
from rubricstudio.queries.sheet import Typed, row_of
from rubricstudio.queries.wording import clash_rows
from rubricstudio.views.rubrics import (
    EDITOR,
    load_rubric,
    posted,
    refused,
    rubric_page,
)

DETAILS = "rubricstudio/rubric_criterion.html"
ADD = "rubricstudio/rubric_add.html"


class Edit(NamedTuple):
    """One attempt to store a criterion: where, what was typed, through which form.

    filled: a tier brought its weight with it.
    """

    request: ProjectRequest
    rubric: Rubric
    row: Criterion
    form: QuickCriterionForm
    filled: bool = False

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
        changes = form.changes()
        chosen = with_class(row.as_criterion(), changes, rubric.project.weight_classes)
        edit = edit._replace(filled=chosen != changes)
        stored = edit_criterion(
            criterion=row, changes=chosen, by=request.user, **start.cleaned_data
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
    whole = edit.is_full or edit.filled or joined
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
    classes = rubric.project.weight_classes
    form = NewCriterionForm(posted(request), is_group=is_group, classes=classes)
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
    context |= {
        "rows": [row_of(row, closes=[row] if row.is_group else [])],
        "form": NewCriterionForm(),
        "is_last": "last" in request.POST,
    }
    context["after"] = row.key if context["after"] else ""
    response = partial(request, EDITOR, "added", context)
    return trigger_client_event(response, "rubric-changed")

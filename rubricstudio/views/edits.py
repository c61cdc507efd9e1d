"""Edits that move, make or take away rows of a draft.

As a plain form each leads back to the page. htmx gets a patch: the rows that came or
changed, and where rows stand now, which static/js/rubric.js puts into the page; so the
answer is as long as the edit, however long the rubric.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from django_htmx.http import reswap, trigger_client_event

from rubricstudio.actions.criteria import (
    CriterionGone,
    delete_criterion,
    duplicate_criterion,
    move_criterion,
    order_criteria,
    place_criterion,
    restore_criteria,
)
from rubricstudio.actions.reshape import (
    CannotReshape,
    Reshaped,
    Weighing,
    merge_criterion,
    split_criterion,
)
from rubricstudio.actions.rubrics import NotADraft
from rubricstudio.actions.undo import Applied, CannotUndo, redo, undo
from rubricstudio.domain.outline import CannotMove, Move
from rubricstudio.domain.rubric import InvalidRubric
from rubricstudio.forms.reshaping import DropForm, PlaceForm, SplitForm
from rubricstudio.http import ProjectRequest, project_view
from rubricstudio.models import Criterion, Project, Rubric, RubricVersion
from rubricstudio.permissions import Permission
from rubricstudio.queries.rubrics import criterion_of, deletions, newest_version
from rubricstudio.queries.sheet import patch_of
from rubricstudio.queries.tree import tree_of
from rubricstudio.views.rubrics import EDITOR, load_rubric, refused

PATCH = "rubricstudio/rubric_patch.html"
SPLIT = "rubricstudio/rubric_split.html"


class Done(NamedTuple):
    """What an edit did: keys of rows that came, changed and moved, ids of those that went.

    note: what to tell. gone: keys that can be brought back. deletes: the list of deletions
    is another one now. focus: the row to go on with.
    """

    added: Sequence[str] = ()
    changed: Sequence[str] = ()
    moved: Sequence[str] = ()
    removed: Sequence[int] = ()
    note: str = ""
    gone: Sequence[str] = ()
    deletes: bool = False
    focus: int | None = None


# -- what the buttons do


def _step(move: Move) -> Callable[[Criterion, ProjectRequest], Done]:
    def act(row: Criterion, request: ProjectRequest) -> Done:
        move_criterion(criterion=row, move=move, by=request.user)
        return Done(moved=[row.key], focus=row.pk)

    return act


def _place(row: Criterion, request: ProjectRequest) -> Done:
    form = PlaceForm(request.POST)
    if not form.is_valid():
        raise CannotMove(_("Choose a group, or the top level."))
    parent = form.cleaned_data["parent"] or None
    place_criterion(criterion=row, parent=parent, before=None, by=request.user)
    return Done(moved=[row.key], focus=row.pk)


def _duplicate(row: Criterion, request: ProjectRequest) -> Done:
    copy = duplicate_criterion(criterion=row, by=request.user)
    inside = _below(copy.version, copy.key) if copy.is_group else [copy.key]
    return Done(added=inside, focus=copy.pk)


def _below(version: RubricVersion, key: str) -> list[str]:
    """A row and all that it holds."""
    inside = {key}
    for node in tree_of(version).order:
        if node.parent in inside:
            inside.add(node.key)
    return list(inside)


def _delete(row: Criterion, request: ProjectRequest) -> Done:
    gone = delete_criterion(criterion=row, by=request.user)
    return Done(removed=[row.pk], note=_("Deleted."), gone=gone, deletes=True)


def _merge(row: Criterion, request: ProjectRequest) -> Done:
    return _reshaped(merge_criterion(criterion=row, by=request.user), row)


def _reshaped(done: Reshaped, row: Criterion) -> Done:
    return Done(done.added, done.changed, removed=done.removed, focus=row.pk)


ACTS: dict[str, Callable[[Criterion, ProjectRequest], Done]] = {
    **{move.value: _step(move) for move in Move},
    "place": _place,
    "duplicate": _duplicate,
    "delete": _delete,
    "merge": _merge,
}


@project_view(Permission.AUTHOR)
@require_POST
def criterion_act(
    request: ProjectRequest, project: Project, rubric_id: int, criterion_id: int
) -> HttpResponseBase:
    """Move, duplicate, merge or delete: what the button `do` says."""
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
    except (CriterionGone, CannotMove, CannotReshape, InvalidRubric) as error:
        return _told(request, rubric, str(error))
    return patched(request, rubric, row.version, done)


@project_view(Permission.AUTHOR)
def criterion_split(
    request: ProjectRequest, project: Project, rubric_id: int, criterion_id: int
) -> HttpResponseBase:
    """One criterion made two: the form with both texts, and where it is sent."""
    rubric = load_rubric(project, rubric_id)
    row = criterion_of(rubric, criterion_id)
    if row is None:
        raise Http404
    form = SplitForm(request.POST) if request.method == "POST" else _split_at(request, row)
    context = {"rubric": rubric, "criterion": row, "form": form}
    if request.method != "POST" or not form.is_valid():
        return render(request, SPLIT, context, status=422 if form.errors else 200)
    given = form.cleaned_data
    try:
        done = split_criterion(
            criterion=row,
            texts=[given["first"], given["second"]],
            row_version=given["row_version"],
            weighing=Weighing(given["weighing"]),
            by=request.user,
        )
    except (NotADraft, CriterionGone, CannotReshape, InvalidRubric) as error:
        if request.htmx:
            return _told(request, rubric, str(error))
        form.add_error(None, str(error))
        return render(request, SPLIT, context, status=409)
    return patched(request, rubric, row.version, _reshaped(done, row))


def _split_at(request: ProjectRequest, row: Criterion) -> SplitForm:
    """The form with the text cut at the character `at`, or else behind its first sentence."""
    given = request.GET.get("at", "")
    at = int(given) if given.isdecimal() and len(given) < 7 else row.text.find(". ") + 1
    first, second = row.text[:at].strip(), row.text[at:].strip()
    return SplitForm(
        initial={
            "first": first or row.text,
            "second": second if first else "",
            "row_version": row.row_version,
            "weighing": Weighing.DIVIDE,
        }
    )


@project_view(Permission.AUTHOR)
@require_POST
def criteria_restore(request: ProjectRequest, project: Project, rubric_id: int) -> HttpResponseBase:
    """Bring back what was deleted: the field `key`, as often as there are keys."""
    rubric = load_rubric(project, rubric_id)
    try:
        version = _draft(rubric)
        rows = restore_criteria(version=version, keys=request.POST.getlist("key"), by=request.user)
    except NotADraft as error:
        return refused(request, rubric, str(error))
    focus = rows[0].pk if rows else None
    done = Done(added=[row.key for row in rows], focus=focus, deletes=True)
    return patched(request, rubric, version, done)


@project_view(Permission.AUTHOR)
@require_POST
def criteria_order(request: ProjectRequest, project: Project, rubric_id: int) -> HttpResponseBase:
    """After dragging: one row's new place (`moved`, `into`, `before`), or a group's `order`."""
    rubric = load_rubric(project, rubric_id)
    try:
        version = _draft(rubric)
        if "moved" in request.POST:
            _drop(request, rubric)
        else:
            given = request.POST.getlist("order")
            order_criteria(
                version=version,
                parent=request.GET.get("parent") or None,
                pks=[int(value) for value in given if value.isdecimal() and len(value) < 19],
                by=request.user,
            )
    except (NotADraft, CannotMove, CriterionGone) as error:
        return HttpResponse(str(error), status=409, content_type="text/plain; charset=utf-8")
    return HttpResponse(status=204)


def _drop(request: ProjectRequest, rubric: Rubric) -> None:
    form = DropForm(request.POST)
    row = criterion_of(rubric, form.cleaned_data["moved"]) if form.is_valid() else None
    if row is None:
        raise CriterionGone(_("This criterion was deleted meanwhile."))
    behind = form.cleaned_data["before"]
    before = criterion_of(rubric, behind) if behind else None
    place_criterion(
        criterion=row,
        parent=form.cleaned_data["into"] or None,
        before=before.key if before else None,
        by=request.user,
    )


def _draft(rubric: Rubric) -> RubricVersion:
    version = newest_version(rubric)
    if version is None:
        raise NotADraft(_("This rubric has no version; start a draft first."))
    return version


# -- undo and redo

TOLD = {
    "add": lambda: _("an addition"),
    "aggregator": lambda: _("the choice of the aggregator"),
    "delete": lambda: _("a deletion"),
    "duplicate": lambda: _("a copy"),
    "edit": lambda: _("a change"),
    "merge": lambda: _("a merge"),
    "move": lambda: _("a move"),
    "order": lambda: _("a new order"),
    "paste": lambda: _("what was pasted"),
    "restore": lambda: _("a restored deletion"),
    "split": lambda: _("a split"),
    "weights": lambda: _("new weights of tiers"),
}


@project_view(Permission.AUTHOR)
@require_POST
def draft_undo(request: ProjectRequest, project: Project, rubric_id: int) -> HttpResponseBase:
    """Take back one's own newest edit, or with `do=redo` do it again."""
    rubric = load_rubric(project, rubric_id)
    again = request.POST.get("do") == "redo"
    try:
        version = _draft(rubric)
        applied = (redo if again else undo)(version=version, by=request.user)
    except NotADraft as error:
        return refused(request, rubric, str(error))
    except CannotUndo as error:
        return _told(request, rubric, str(error))
    return patched(request, rubric, version, _undone(applied, again))


def _undone(applied: Applied, again: bool) -> Done:
    what = TOLD.get(applied.kind, lambda: _("a change"))()
    return Done(
        added=applied.added,
        changed=applied.changed,
        moved=applied.moved,
        removed=applied.removed,
        note=(_("Done again: %s") if again else _("Undone: %s")) % what,
        deletes=bool(applied.added or applied.removed),
    )


# -- answers


def patched(
    request: ProjectRequest, rubric: Rubric, version: RubricVersion, done: Done
) -> HttpResponse:
    """What the page has to change, for htmx; without it the page, at the place in question."""
    if not request.htmx:
        if done.note:
            hint = _("It can be restored below the list.") if done.gone else ""
            messages.success(request, f"{done.note} {hint}".strip())
        place = f"criterion-{done.focus}" if done.focus else "deleted" if done.gone else ""
        return redirect(rubric.get_absolute_url() + (f"#{place}" if place else ""))
    patch = patch_of(
        version,
        added=done.added,
        changed=done.changed,
        moved=done.moved,
        removed=done.removed,
    )
    context: dict[str, Any] = {"rubric": rubric, "version": version, "patch": patch, "done": done}
    if done.deletes:
        context["deletions"] = deletions(version)
    response = reswap(render(request, PATCH, context), "none")
    told = {"places": list(patch.places), "removed": list(patch.removed), "focus": done.focus}
    trigger_client_event(response, "rubric-patch", told, after="swap")
    return trigger_client_event(response, "rubric-changed")


def _told(request: ProjectRequest, rubric: Rubric, message: str) -> HttpResponse:
    """Why nothing was done."""
    if not request.htmx:
        return refused(request, rubric, message)
    context = {"rubric": rubric, "note": message}
    return reswap(render(request, f"{EDITOR}#note", context, status=422), "none")

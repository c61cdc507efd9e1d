"""What lint says of a rubric: a panel beside its rows, marks in them, and a page of its own."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from rubricstudio.actions.drafts import CriterionGone
from rubricstudio.actions.lint import (
    FixGone,
    Mended,
    RemarkGone,
    apply_fix,
    bring_back,
    dismiss,
)
from rubricstudio.actions.reshape import CannotReshape
from rubricstudio.actions.rubrics import NotADraft
from rubricstudio.domain.rubric import InvalidRubric
from rubricstudio.http import ProjectRequest, partial, project_view
from rubricstudio.models import Project, Rubric, RubricVersion
from rubricstudio.permissions import Permission
from rubricstudio.queries.lint import review
from rubricstudio.queries.rubrics import newest_version
from rubricstudio.views.edits import Done, patched
from rubricstudio.views.rubrics import load_rubric, refused

PAGE = "rubricstudio/lint.html"


@project_view(Permission.SEE_RUBRICS)
@require_GET
def lint(request: ProjectRequest, project: Project, rubric_id: int) -> HttpResponseBase:
    """The remarks on the newest version; for htmx the panel, with the marks of the rows."""
    rubric = load_rubric(project, rubric_id)
    version = newest_version(rubric)
    if version is None:
        return render(request, "rubricstudio/rubric_empty.html", {"rubric": rubric})
    return _remarks(request, rubric, version)


def _remarks(
    request: ProjectRequest, rubric: Rubric, version: RubricVersion, note: str = ""
) -> HttpResponseBase:
    found = review(version, judged=request.may(Permission.SEE_RESULTS))
    may_edit = request.may(Permission.AUTHOR)
    context = {
        "rubric": rubric,
        "version": version,
        "review": found,
        "marks": found.marks(),
        "can_fix": version.is_draft and may_edit,
        "can_dismiss": may_edit,
        "panel": bool(request.htmx),
        "note": note,
    }
    return partial(request, PAGE, "panel", context)


@project_view(Permission.AUTHOR)
@require_POST
def lint_fix(request: ProjectRequest, project: Project, rubric_id: int) -> HttpResponseBase:
    """Mend one remark, the field `finding`; for htmx what the rows have to change."""
    rubric = load_rubric(project, rubric_id)
    version = newest_version(rubric)
    if version is None:
        return redirect(rubric)
    try:
        done = _done(
            apply_fix(version=version, ident=request.POST.get("finding", ""), by=request.user)
        )
    except NotADraft as error:
        return refused(request, rubric, str(error))
    except (FixGone, CriterionGone, CannotReshape, InvalidRubric) as error:
        done = Done(note=str(error))
    if request.htmx:
        return patched(request, rubric, version, done)
    messages.info(request, done.note or _("Mended."))
    return redirect("rubricstudio:lint", project.slug, rubric.pk)


@project_view(Permission.AUTHOR)
@require_POST
def lint_dismiss(request: ProjectRequest, project: Project, rubric_id: int) -> HttpResponseBase:
    """Dismiss one remark, the field `finding`, for all authors; for htmx the panel anew."""
    rubric = load_rubric(project, rubric_id)
    version = newest_version(rubric)
    if version is None:
        return redirect(rubric)
    note = ""
    try:
        dismiss(version=version, ident=request.POST.get("finding", ""), by=request.user)
    except RemarkGone as error:
        note = str(error)
    if request.htmx:
        return _remarks(request, rubric, version, note)
    messages.info(request, note or _("Dismissed. It stands at the end of this page."))
    return redirect("rubricstudio:lint", project.slug, rubric.pk)


@project_view(Permission.AUTHOR)
@require_POST
def lint_bring_back(request: ProjectRequest, project: Project, rubric_id: int) -> HttpResponseBase:
    """Show the remark in the field `finding` again; for htmx the panel anew."""
    rubric = load_rubric(project, rubric_id)
    bring_back(rubric=rubric, ident=request.POST.get("finding", ""))
    version = newest_version(rubric)
    if request.htmx and version is not None:
        return _remarks(request, rubric, version)
    messages.info(request, _("The remark is back."))
    return redirect("rubricstudio:lint", project.slug, rubric.pk)


def _done(mended: Mended) -> Done:
    """What became of the rows, as the editor takes it."""
    row = mended.row
    if mended.gone:
        return Done(removed=[row.pk], note=_("Deleted."), gone=mended.gone, deletes=True)
    return Done(added=mended.added, changed=[row.key], focus=row.pk)

"""What lint says of a rubric: a panel beside its rows, marks in them, and a page of its own."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import trigger_client_event

from rubricstudio.actions.drafts import CriterionGone
from rubricstudio.actions.lint import FixGone, apply_fix
from rubricstudio.actions.reshape import CannotReshape
from rubricstudio.actions.rubrics import NotADraft
from rubricstudio.domain.rubric import InvalidRubric
from rubricstudio.http import ProjectRequest, partial, project_view
from rubricstudio.models import Project
from rubricstudio.permissions import Permission
from rubricstudio.queries.lint import review
from rubricstudio.queries.rubrics import newest_version
from rubricstudio.views.rubrics import EDITOR, editor_context, load_rubric, refused

PAGE = "rubricstudio/lint.html"


@project_view(Permission.SEE_RUBRICS)
@require_GET
def lint(request: ProjectRequest, project: Project, rubric_id: int) -> HttpResponseBase:
    """The remarks on the newest version; for htmx the panel, with the marks of the rows."""
    rubric = load_rubric(project, rubric_id)
    version = newest_version(rubric)
    if version is None:
        return render(request, "rubricstudio/rubric_empty.html", {"rubric": rubric})
    found = review(version, judged=request.may(Permission.SEE_RESULTS))
    context = {
        "rubric": rubric,
        "version": version,
        "review": found,
        "marks": found.marks(),
        "can_fix": version.is_draft and request.may(Permission.AUTHOR),
        "panel": bool(request.htmx),
    }
    return partial(request, PAGE, "panel", context)


@project_view(Permission.AUTHOR)
@require_POST
def lint_fix(request: ProjectRequest, project: Project, rubric_id: int) -> HttpResponseBase:
    """Mend one remark, the field `finding`; for htmx the list of rows as it is then."""
    rubric = load_rubric(project, rubric_id)
    version = newest_version(rubric)
    if version is None:
        return redirect(rubric)
    note = ""
    try:
        row = apply_fix(version=version, ident=request.POST.get("finding", ""), by=request.user)
    except NotADraft as error:
        return refused(request, rubric, str(error))
    except (FixGone, CriterionGone, CannotReshape, InvalidRubric) as error:
        note, row = str(error), None
    if not request.htmx:
        if note:
            messages.warning(request, note)
        else:
            messages.success(request, _("Mended."))
        return redirect("rubricstudio:lint", project.slug, rubric.pk)
    context = editor_context(version) | {"note": note, "focus": row.pk if row else None}
    response: HttpResponse = partial(request, EDITOR, "list", context)
    return trigger_client_event(response, "rubric-changed")

"""Many criteria at once from a pasted list or table: looked at first, then stored."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from rubricstudio.actions.reshape import paste_criteria
from rubricstudio.actions.rubrics import NotADraft
from rubricstudio.domain.outline import CannotMove
from rubricstudio.domain.pasted import MOST, Reading, read_pasted
from rubricstudio.domain.rubric import InvalidRubric
from rubricstudio.forms.criteria import LONGEST_TEXT
from rubricstudio.forms.reshaping import PasteForm
from rubricstudio.http import ProjectRequest, partial, project_view
from rubricstudio.models import Project
from rubricstudio.permissions import Permission
from rubricstudio.queries.rubrics import newest_version
from rubricstudio.views.edits import Done, patched
from rubricstudio.views.rubrics import load_rubric, posted

PASTE = "rubricstudio/rubric_paste.html"


@project_view(Permission.AUTHOR)
def criteria_paste(request: ProjectRequest, project: Project, rubric_id: int) -> HttpResponseBase:
    """The box, what its text would become (`do=preview`), and where it is stored (`do=store`)."""
    rubric = load_rubric(project, rubric_id)
    given = request.POST if request.method == "POST" else request.GET
    form = PasteForm(posted(request))
    context = {
        "rubric": rubric,
        "form": form,
        "after": given.get("after", ""),
        "parent": given.get("parent", ""),
    }
    if request.method != "POST" or not form.is_valid():
        return partial(request, PASTE, "paste", context, status=422 if form.errors else 200)
    reading = read_pasted(form.cleaned_data["pasted"], project.weight_classes)
    context |= {"reading": reading, "problems": [_problem(*p) for p in reading.problems]}
    if wrong := _wrong(reading):
        form.add_error("pasted", wrong)
    if request.POST.get("do") != "store" or wrong:
        return partial(request, PASTE, "paste", context, status=422 if form.errors else 200)
    version = newest_version(rubric)
    try:
        if version is None:
            raise NotADraft(_("This rubric has no version; start a draft first."))
        rows = paste_criteria(
            version=version,
            rows=reading.rows,
            after=str(context["after"]) or None,
            parent=str(context["parent"]) or None,
            by=request.user,
        )
    except (NotADraft, CannotMove, InvalidRubric) as error:
        form.add_error(None, str(error))
        return partial(request, PASTE, "paste", context, status=422 if request.htmx else 409)
    note = ngettext("%(n)s row was added.", "%(n)s rows were added.", len(rows)) % {"n": len(rows)}
    if not request.htmx:
        messages.success(request, note)
        return redirect(f"{rubric.get_absolute_url()}#criterion-{rows[0].pk}")
    done = Done(added=[row.key for row in rows], note=note, focus=rows[0].pk)
    return patched(request, rubric, version, done)


def _wrong(reading: Reading) -> str:
    """Why none of it can be stored, empty where it can."""
    if not reading.rows:
        return _("There is no text in it that could be a criterion.")
    longest = max((row.text for row in reading.rows), key=len)
    if len(longest) <= LONGEST_TEXT:
        return ""
    return _("“%(text)s” is longer than %(most)s characters. Split it.") % {
        "text": Truncator(longest).chars(60),
        "most": LONGEST_TEXT,
    }


def _problem(line: int, what: str) -> str:
    reasons = {
        "no text": _("Line %(line)s has no text and is left out."),
        "weight": _("Line %(line)s: the weight is no number; it becomes 1."),
        "tier": _("Line %(line)s: the tier is not known; it is left open."),
        "too many": _("Only the first %(most)s rows are read."),
    }
    return reasons[what] % {"line": line, "most": MOST}

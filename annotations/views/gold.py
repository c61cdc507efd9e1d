"""Gold answers: set by hand, imported, exported. Annotators never reach these pages."""

from __future__ import annotations

import csv
import io

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from annotations.actions.gold import InvalidGold, import_gold, set_gold
from annotations.actions.gold_sources import gold_from_source
from annotations.cards import cards, read_sheet
from annotations.errors import AnnotationError
from annotations.forms_quality import GoldImportForm, GoldSourceForm
from annotations.keys import Keymap
from annotations.loaders import load_response, load_session
from annotations.queries.gold import gold_of
from annotations.queries.gold_sources import count_gold, origins
from annotations.queries.quality import export_rows
from annotations.queries.sheets import criteria_of, rubric_of
from annotations.sheet import Entry, Sheet
from rubricstudio.domain.quality import Answer
from rubricstudio.domain.verdict import VerdictStatus
from rubricstudio.http import ProjectRequest, project_view
from rubricstudio.models import Project, Response, RubricVersion
from rubricstudio.permissions import Permission
from rubricstudio.rendering import markdown


@project_view(Permission.EXPORT)
def gold(
    request: ProjectRequest, project: Project, session_id: int, response_id: int
) -> HttpResponseBase:
    shown, response = load_session(project, session_id), load_response(project, response_id)
    version = shown.round.version
    if version is None:
        raise Http404
    if request.method == "POST":
        if not request.may(Permission.MANAGE_SESSIONS):
            raise PermissionDenied
        typed = read_sheet(request.POST, criteria_of(shown))
        problems = dict(typed.problems) or _save(request, response, version, typed.sheet)
        if not problems:
            return redirect("annotations:quality", project.slug, session_id)
        rows = cards(rubric_of(shown), typed.sheet, problems=problems, raw=typed.raw)
    else:
        known = gold_of(version, [response.pk]).get(response.pk, {})
        entries = {
            key: Entry(VerdictStatus(one.answer.status), one.answer.value, one.note, one.evidence)
            for key, one in known.items()
        }
        rows = cards(rubric_of(shown), Sheet(entries))
    context = {
        "session": shown,
        "response": response,
        "turns": [str(turn["content"]) for turn in response.task.messages],
        "text": markdown(response.text or ""),
        "rows": rows,
        "origins": origins(version, response.pk),
        "keys": Keymap(),
        "rules": [],
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "annotations/gold.html", context, status=status)


def _save(
    request: ProjectRequest, response: Response, version: RubricVersion, sheet: Sheet
) -> dict[str, str]:
    """Set what was typed; what is wrong with it by criterion key."""
    entries = sheet.entries
    try:
        changed = set_gold(
            response=response,
            version=version,
            answers={
                key: Answer(entry.status.value, entry.value) if entry.status else None
                for key, entry in entries.items()
            },
            notes={key: entry.rationale for key, entry in entries.items()},
            quotes={key: entry.evidence for key, entry in entries.items()},
            by=request.user,
        )
    except InvalidGold as error:
        return error.problems
    messages.success(request, _changed(changed))
    return {}


def _changed(n: int) -> str:
    return ngettext("%(n)d gold answer changed.", "%(n)d gold answers changed.", n) % {"n": n}


@project_view(Permission.MANAGE_SESSIONS)
@require_POST
def gold_import(request: ProjectRequest, project: Project, session_id: int) -> HttpResponseBase:
    shown, form = load_session(project, session_id), GoldImportForm(request.POST)
    if not form.is_valid() or shown.round.version is None:
        messages.error(request, _("Paste the CSV first."))
        return redirect("annotations:quality", project.slug, session_id)
    text = form.cleaned_data["text"]
    try:
        n = import_gold(version=shown.round.version, text=text, by=request.user)
    except InvalidGold as error:
        context = {"session": shown, "form": form, "problems": list(error.problems.items())[:20]}
        return render(request, "annotations/gold_import.html", context, status=422)
    messages.success(request, _changed(n))
    return redirect("annotations:quality", project.slug, session_id)


@project_view(Permission.MANAGE_SESSIONS)
def gold_from(request: ProjectRequest, project: Project, session_id: int) -> HttpResponseBase:
    """Gold answers made of what a finished session says: counted first, then made."""
    shown = load_session(project, session_id)
    version = shown.round.version
    if version is None:
        raise Http404
    form = GoldSourceForm(request.POST if request.method == "POST" else None, version=version)
    context = {"session": shown, "form": form, "found": None}
    if request.method == "POST":
        if not form.is_valid():
            return render(request, "annotations/gold_from.html", context, status=422)
        source, replaces = form.source(), form.cleaned_data["replaces"]
        if "make" in request.POST:
            try:
                n = gold_from_source(
                    version=version, source=source, replaces=replaces, by=request.user
                )
                messages.success(request, _changed(n))
            except AnnotationError as error:
                messages.error(request, str(error))
            return redirect("annotations:quality", project.slug, session_id)
        context["found"] = count_gold(version, source)
        context["replaces"] = replaces
    return render(request, "annotations/gold_from.html", context)


@project_view(Permission.EXPORT)
def gold_export(request: ProjectRequest, project: Project, session_id: int) -> HttpResponseBase:
    rows = export_rows(load_session(project, session_id))
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["response", "criterion", "answer", "note", "origin", "session", "expert"])
    # A cell that a spreadsheet would take for a formula gets a quotation mark before it.
    writer.writerows(
        ["'" + str(x) if str(x)[:1] in "=+-@\t\r" and str(x) else x for x in row] for row in rows
    )
    reply = HttpResponse(out.getvalue(), content_type="text/csv; charset=utf-8")
    reply["Content-Disposition"] = 'attachment; filename="gold.csv"'
    return reply

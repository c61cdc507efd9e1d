"""Exports: the page that explains them, and the streams themselves."""

from __future__ import annotations

from collections.abc import Iterator

from django.http import HttpResponseBase, QueryDict, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from annotations.adjudication import METHODS
from rubricstudio.domain.aggregation import Missing
from rubricstudio.domain.consensus import Method
from rubricstudio.http import ProjectRequest, project_view
from rubricstudio.models import Project
from rubricstudio.permissions import Permission
from rubricstudio.queries.images import has_images
from scoring.queries.exports import (
    ExportRefused,
    Wanted,
    consensus_csv,
    jsonl,
    plan_export,
    verdicts_csv,
    versions_to_choose,
)
from scoring.queries.selection import rounds_with_either
from scoring.score_page import MISSING_POLICIES, aggregators_to_choose


def read_wanted(asked: QueryDict) -> Wanted:
    """What an address asks for. Raises ExportRefused for a version that is no number."""
    number = asked.get("version", "").strip()
    if number and not (number.isascii() and number.isdigit() and len(number) < 9):
        raise ExportRefused(_("The version is a whole number, as on the rubric's page."))
    return Wanted(
        rubric=asked.get("rubric", ""),
        version=int(number) if number else None,
        sessions=tuple(asked.getlist("session")),
        runs=tuple(asked.getlist("run")),
        aggregator=asked.get("aggregator", ""),
        missing=asked.get("missing") or Missing.EXCLUDE.value,
        images=asked.get("images", "").lower() not in ("no", "false", "0"),
        consensus=_read_method(asked.get("consensus", "")),
        gold=asked.get("gold", "").lower() in ("yes", "true", "1"),
    )


def _read_method(name: str) -> Method | None:
    """A method of consensus, None for none. Raises ExportRefused."""
    if name in ("", "no"):
        return None
    if name not in list(Method):
        known = ", ".join(Method)
        raise ExportRefused(_("The consensus is one of %(known)s.") % {"known": known})
    return Method(name)


def download(project: Project, chunks: Iterator[bytes], ending: str, kind: str) -> HttpResponseBase:
    """A stream as a file that is saved, named by project and day."""
    file = f"{project.slug}-{timezone.localdate().isoformat()}.{ending}"
    headers = {
        "Content-Disposition": f'attachment; filename="{file}"',
        # A proxy that gathers the whole reply first would take the memory this saves.
        "X-Accel-Buffering": "no",
    }
    return StreamingHttpResponse(chunks, content_type=kind, headers=headers)


@project_view(Permission.EXPORT)
@require_safe
def export(request: ProjectRequest, project: Project) -> HttpResponseBase:
    """What an export holds, and the form that makes one."""
    return _page(request, project, "")


def _page(request: ProjectRequest, project: Project, problem: str) -> HttpResponseBase:
    context = {
        "pins": versions_to_choose(project),
        "rounds": rounds_with_either(project),
        "aggregators": aggregators_to_choose(),
        "policies": MISSING_POLICIES,
        "asked": request.GET,
        "asked_sessions": request.GET.getlist("session"),
        "asked_runs": request.GET.getlist("run"),
        "problem": problem,
        "has_images": has_images(project),
        "methods": METHODS.items(),
        "tab": "export",
    }
    return render(request, "scoring/export.html", context, status=422 if problem else 200)


@project_view(Permission.EXPORT)
@require_safe
def export_jsonl(request: ProjectRequest, project: Project) -> HttpResponseBase:
    """The export as native JSON Lines, streamed."""
    try:
        plan = plan_export(project, read_wanted(request.GET))
    except ExportRefused as error:
        return _page(request, project, str(error))
    return download(project, jsonl(plan), "jsonl", "application/x-ndjson")


@project_view(Permission.EXPORT)
@require_safe
def export_csv(request: ProjectRequest, project: Project) -> HttpResponseBase:
    """The verdicts as CSV for spreadsheets, streamed; ?table=consensus the people's consensus."""
    try:
        plan = plan_export(project, read_wanted(request.GET))
    except ExportRefused as error:
        return _page(request, project, str(error))
    kind = "text/csv; charset=utf-8"
    if request.GET.get("table") == "consensus":
        chunks = (text.encode() for text in consensus_csv(plan))
        return download(project, chunks, "consensus.csv", kind)
    return download(project, verdicts_csv(plan, mark=True), "csv", kind)

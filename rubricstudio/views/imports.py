"""Upload files, look at what is in them, import them, and watch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from rubricstudio.actions.import_jobs import (
    QUEUE,
    QueueUnreachable,
    Upload,
    cancel_import,
    create_import,
    restart_import,
    start_import,
)
from rubricstudio.forms.imports import ImportForm
from rubricstudio.http import ProjectRequest, partial, project_view
from rubricstudio.models import ImportJob, Project
from rubricstudio.permissions import Permission
from rubricstudio.queries.imports import job_progress, recent_imports
from rubricstudio.workers import worker_status

_LABELS = {
    "task": _("Tasks"),
    "response": _("Responses"),
    "rubric": _("Rubrics"),
    "verdict": _("Verdicts"),
    "preference": _("Preferences"),
    "image": _("Pictures"),
}


@project_view(Permission.IMPORT)
def import_(request: ProjectRequest, project: Project) -> HttpResponseBase:
    """Choose files; a valid upload leads to its preview."""
    posted = request.method == "POST"
    form = ImportForm(request.POST, request.FILES) if posted else ImportForm()
    if posted and form.is_valid():
        values = form.cleaned_data
        job = create_import(
            project=project,
            uploads=[Upload(str(file.name), file.chunks()) for file in values["uploads"]],
            by=request.user,
            mapping=values["mapping"],
            mapping_name=values["mapping_name"],
            kind=values["kind"],
            keep_good=values["mode"] == "good",
        )
        return redirect(job)
    context = {
        "form": form,
        "jobs": recent_imports(project),
        "limit": settings.UPLOAD_LIMIT_MB,
        "tab": "data",
    }
    status = 422 if form.errors else 200
    return render(request, "rubricstudio/import.html", context, status=status)


@project_view(Permission.IMPORT)
def import_job(request: ProjectRequest, project: Project, job_id: int) -> HttpResponseBase:
    """One import: its preview, then its progress, then its result; each button is a step."""
    jobs = project.imports.select_related("project", "created_by")
    job = get_object_or_404(jobs, pk=job_id)
    if request.method == "POST":
        _step(request, job)
        return redirect(job)
    context = {
        "job": job,
        "progress": job_progress(job) if job.is_waiting else None,
        "counts": _counts((job.report if job.is_finished else job.preview) or {}),
        "samples": _samples(job.preview),
        "served": QUEUE in worker_status().queues,
        "tab": "data",
    }
    return partial(request, "rubricstudio/import_job.html", "import-state", context)


def _counts(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Rows by type, for import_counts.html; those of which there are none left out."""
    looked_up = values.get("whole", True)
    rows = []
    for name, label in _LABELS.items():
        found = values.get("found", {}).get(name, 0)
        added, same = (values.get(key, {}).get(name, 0) for key in ("added", "unchanged"))
        if found or added or same:
            new = added if looked_up else None
            rows.append({"label": label, "added": new, "unchanged": same, "found": found})
    return rows


def _samples(preview: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """The first rows by type, in the order of _LABELS."""
    found = preview.get("samples", {})
    return [(name, found[name]) for name in _LABELS if name in found]


def _step(request: ProjectRequest, job: ImportJob) -> None:
    try:
        if "start" in request.POST or "start_good" in request.POST:
            good = True if "start_good" in request.POST else None
            start_import(job=job, by=request.user, keep_good=good)
        elif "restart" in request.POST:
            restart_import(job=job, by=request.user)
        elif "cancel" in request.POST and not cancel_import(job=job, by=request.user):
            messages.info(request, gettext("It had finished already."))
    except QueueUnreachable as error:
        messages.error(request, str(error))

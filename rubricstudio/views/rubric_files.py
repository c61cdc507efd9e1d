"""Rubrics from files and into files: import in three steps, and download."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET

from rubricstudio import rubric_files
from rubricstudio.actions.rubric_files import (
    append_to_draft,
    content_of,
    replace_draft,
    store_rubrics,
)
from rubricstudio.actions.rubrics import DraftChanged
from rubricstudio.forms.rubric_files import (
    FILE_LIMIT,
    Carried,
    DownloadForm,
    FileForm,
    StoreForm,
    pack,
    unpack,
)
from rubricstudio.http import ProjectRequest, project_view
from rubricstudio.models import Project, Rubric
from rubricstudio.permissions import Permission
from rubricstudio.queries.rubric_downloads import (
    OFFERED,
    Download,
    download,
    newest_rubrics,
    version_numbers,
    version_to_write,
    versions_to_write,
    writable,
)
from rubricstudio.queries.rubric_files import Chosen, Look, bounded, choose, look_at, readable
from rubricstudio.queries.rubrics import newest_version
from rubricstudio.views.rubrics import load_rubric

IMPORT = "rubricstudio/rubric_import.html"
PREVIEW = "rubricstudio/rubric_import_preview.html"


# -- in


@sensitive_post_parameters("packed")
@project_view(Permission.AUTHOR)
def rubric_import(request: ProjectRequest, project: Project) -> HttpResponseBase:
    """Choose a file or paste its text; look at what is in it; store it."""
    if request.method == "POST" and "packed" in request.POST:
        return _second_step(request, project)
    if request.method != "POST":
        return _first_step(request, project, FileForm(initial={"into": request.GET.get("into")}))
    form = FileForm(request.POST, request.FILES)
    if not form.is_valid():
        return _first_step(request, project, form)
    values = form.cleaned_data
    carried: Carried = values["carried"]
    look = _look(project, carried, values["format"])
    initial = {"into": values["into"], "format": values["format"]}
    fill = newest_rubrics(project, also=values["into"])
    initial["seen"] = _seen(fill, values["into"])
    return _preview(request, project, look, carried, StoreForm(rubrics=fill, initial=initial))


def _first_step(request: ProjectRequest, project: Project, form: FileForm) -> HttpResponse:
    into = form["into"].value()
    into = int(into) if str(into or "").isdecimal() and len(str(into)) < 19 else None
    context = {
        "form": form,
        "into": load_rubric(project, into) if into else None,
        "formats": readable(),
        "limit": FILE_LIMIT // 1_000_000,
    }
    return render(request, IMPORT, context, status=422 if form.errors else 200)


def _look(project: Project, carried: Carried, format_name: str) -> Look:
    return bounded(
        look_at(
            project=project,
            text=carried.text,
            file_name=carried.file_name,
            format_name=format_name,
        )
    )


def _seen(fill: list[Rubric], into: int | None) -> str:
    """What the rubric that is written into holds now, by its id and a hash."""
    rubric = next((rubric for rubric in fill if rubric.pk == into), None)
    newest = newest_version(rubric) if rubric else None
    return f"{newest.rubric_id}:{content_of(newest.as_rubric())}" if newest else ""


def _preview(
    request: ProjectRequest, project: Project, look: Look, carried: Carried, form: StoreForm
) -> HttpResponse:
    context = {
        "look": look,
        "form": form,
        "packed": pack(carried, project=project, by=request.user),
    }
    return render(request, PREVIEW, context, status=422 if form.errors else 200)


def _second_step(request: ProjectRequest, project: Project) -> HttpResponseBase:
    """Look again in another format, or store what is chosen."""
    carried = unpack(request.POST["packed"], project=project, by=request.user)
    if carried is None:
        messages.error(request, _("This preview is older than a day. Choose the file again."))
        return redirect("rubricstudio:rubric-import", project.slug)
    given = request.POST.get("into", "")
    into = int(given) if given.isdecimal() and len(given) < 19 else None
    fill = newest_rubrics(project, also=into)
    form = StoreForm(request.POST, rubrics=fill)
    valid = form.is_valid()
    look = _look(project, carried, form.cleaned_data.get("format", ""))
    if "store" not in request.POST:
        if "alike" in request.POST:
            look = form.alike(look)
        initial = {name: request.POST.get(name, "") for name in ("format", "into", "mode", "seen")}
        return _preview(request, project, look, carried, StoreForm(rubrics=fill, initial=initial))
    look = form.applied(look)
    if not valid or form.errors:
        return _preview(request, project, look, carried, form)
    chosen = [choose(found, look.origin) for found in look.rubrics if found.taken]
    target = next((rubric for rubric in fill if rubric.pk == form.cleaned_data["into"]), None)
    if target is None:
        return _store(request, project, chosen)
    try:
        return _write_into(request, target, chosen[0], form)
    except DraftChanged as error:
        form.add_error(None, str(error))
        return _preview(request, project, look, carried, form)


def _store(request: ProjectRequest, project: Project, chosen: list[Chosen]) -> HttpResponseBase:
    stored = store_rubrics(project=project, chosen=chosen, by=request.user)
    added = sum(each.added for each in stored)
    same = len(stored) - added
    if added:
        text = ngettext("%(n)s rubric imported.", "%(n)s rubrics imported.", added)
        messages.success(request, text % {"n": added})
    if same:
        text = ngettext(
            "%(n)s rubric is here already and stays as it is.",
            "%(n)s rubrics are here already and stay as they are.",
            same,
        )
        messages.info(request, text % {"n": same})
    if len(stored) == 1:
        return redirect(stored[0].version.rubric)
    return redirect("rubricstudio:rubrics", project.slug)


def _write_into(
    request: ProjectRequest, target: Rubric, chosen: Chosen, form: StoreForm
) -> HttpResponseBase:
    pk, _colon, seen = form.cleaned_data["seen"].partition(":")
    write = replace_draft if form.cleaned_data["mode"] == "replace" else append_to_draft
    written = write(
        rubric=target,
        value=chosen.value,
        by=request.user,
        seen=seen if pk == str(target.pk) else "",
    )
    if written.anything:
        text = _("Imported: %(added)s added, %(changed)s changed, %(removed)s removed.")
        facts = {"added": written.added, "changed": written.changed, "removed": written.removed}
        messages.success(request, text % facts)
    else:
        messages.info(request, _("All of it is here already; nothing changed."))
    return redirect(target)


# -- out


@project_view(Permission.SEE_RUBRICS)
@require_GET
def rubric_export(request: ProjectRequest, project: Project, rubric_id: int) -> HttpResponseBase:
    """Choose a format for a version, and see what it cannot hold."""
    rubric = load_rubric(project, rubric_id)
    form = DownloadForm(request.GET)
    given = form.cleaned_data if form.is_valid() else {}
    file = _file(rubric, given)
    context = {
        "rubric": rubric,
        "file": file,
        "formats": writable(),
        "chosen": given.get("format") or writable()[0].name,
        "number": given.get("number"),
        "numbers": version_numbers(rubric),
    }
    return render(request, "rubricstudio/rubric_export.html", context)


@project_view(Permission.SEE_RUBRICS)
@require_GET
def rubric_file(request: ProjectRequest, project: Project, rubric_id: int) -> HttpResponseBase:
    """The file itself."""
    rubric = load_rubric(project, rubric_id)
    form = DownloadForm(request.GET)
    if not form.is_valid():
        raise Http404
    file = _file(rubric, form.cleaned_data)
    if file is None:
        return redirect(rubric)
    return _attached(file)


def _file(rubric: Rubric, given: dict[str, Any]) -> Download | None:
    """The chosen version in the chosen format, None where the rubric has no version at all."""
    version = version_to_write(rubric, given.get("number"))
    if version is None and given.get("number") is not None:
        raise Http404
    format_ = rubric_files.FORMATS[given.get("format") or writable()[0].name]
    return download(format_, [version]) if version else None


def _attached(file: Download) -> HttpResponse:
    return HttpResponse(
        file.written.text.encode("utf-8"),
        content_type=f"{file.content_type}; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{file.file_name}"'},
    )


@project_view(Permission.SEE_RUBRICS)
@require_GET
def rubrics_export(request: ProjectRequest, project: Project) -> HttpResponseBase:
    """Choose several rubrics and a format for one file."""
    offered = newest_rubrics(project)
    form = DownloadForm(request.GET, rubrics=offered)
    given = form.cleaned_data if form.is_valid() else {}
    chosen = given.get("rubric") or []
    format_ = rubric_files.FORMATS[given.get("format") or writable()[0].name]
    versions = versions_to_write(project, chosen) if chosen else []
    context = {
        "offered": offered,
        "picked": chosen,
        "formats": writable(),
        "chosen": format_.name,
        "file": download(format_, versions) if versions else None,
        "versions": versions,
        "most": OFFERED,
    }
    return render(request, "rubricstudio/rubric_export_many.html", context)


@project_view(Permission.SEE_RUBRICS)
@require_GET
def rubrics_file(request: ProjectRequest, project: Project) -> HttpResponseBase:
    """Several rubrics as one file."""
    offered = newest_rubrics(project)
    form = DownloadForm(request.GET, rubrics=offered)
    if not form.is_valid():
        raise Http404
    versions = versions_to_write(project, form.cleaned_data["rubric"])
    if not versions:
        return redirect("rubricstudio:rubrics-export", project.slug)
    format_ = rubric_files.FORMATS[form.cleaned_data["format"] or writable()[0].name]
    return _attached(download(format_, versions))

"""The list of a person's projects, a new project, and a project's overview."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext

from rubricstudio.actions.projects import SlugTaken, create_project, edit_project
from rubricstudio.forms.projects import NewProjectForm, ProjectForm
from rubricstudio.http import ProjectRequest, SignedInRequest, project_view, signed_in
from rubricstudio.models import Project
from rubricstudio.permissions import Permission
from rubricstudio.queries.projects import project_counts, projects_of
from rubricstudio.queries.unread import unread_mentions
from rubricstudio.steps import loop_steps


@signed_in
def home(request: SignedInRequest) -> HttpResponseBase:
    rows = projects_of(request.user)
    context = {
        "projects": rows,
        "form": NewProjectForm() if not rows else None,
        "n_mentions": unread_mentions(request.user).count() if rows else 0,
    }
    return render(request, "rubricstudio/home.html", context)


@signed_in
def project_new(request: SignedInRequest) -> HttpResponseBase:
    form = NewProjectForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            project = create_project(by=request.user, **form.cleaned_data)
        except SlugTaken as error:
            form.add_error("slug", str(error))
        else:
            return redirect(project)
    status = 422 if form.errors else 200
    return render(request, "rubricstudio/project_new.html", {"form": form}, status=status)


@project_view(Permission.SEE_PROJECT)
def project(request: ProjectRequest, project: Project) -> HttpResponseBase:
    # Who annotates blind is not shown how the machines' and the others' verdicts grow.
    counts = project_counts(project) if request.may(Permission.SEE_DATA) else None
    context = {
        "steps": loop_steps(counts, request.may),
        "role_label": request.membership.get_role_display(),
        "tab": "overview",
    }
    return render(request, "rubricstudio/project.html", context)


@project_view(Permission.MANAGE_MEMBERS)
def project_edit(request: ProjectRequest, project: Project) -> HttpResponseBase:
    initial = {"name": project.name, "description": project.description}
    form = ProjectForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        edit_project(project=project, by=request.user, **form.cleaned_data)
        messages.success(request, gettext("Saved."))
        return redirect(project)
    status = 422 if form.errors else 200
    context = {"form": form, "tab": "overview"}
    return render(request, "rubricstudio/project_edit.html", context, status=status)

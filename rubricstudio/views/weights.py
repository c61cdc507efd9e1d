"""What the tiers of a project weigh, and which rows of drafts follow."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import ngettext

from rubricstudio.actions.weights import WeightsChanged, set_weight_classes
from rubricstudio.forms.weights import PageForm, WeightsForm
from rubricstudio.http import ProjectRequest, project_view
from rubricstudio.models import Project
from rubricstudio.permissions import Permission
from rubricstudio.queries.weights import weight_classes, weights_page
from rubricstudio.views.rubrics import posted


@project_view(Permission.AUTHOR)
def weights(request: ProjectRequest, project: Project) -> HttpResponseBase:
    """The weights, and what follows them; POST sets them."""
    form = WeightsForm(posted(request), classes=weight_classes(project))
    if request.method != "POST":
        return _page(request, project, form)
    if not form.is_valid():
        return _page(request, project, form, status=422)
    try:
        n = set_weight_classes(
            project=project,
            weights=form.weights(),
            seen=form.seen(),
            follow=form.cleaned_data["follow"],
            by=request.user,
        )
    except WeightsChanged as error:
        project.refresh_from_db()
        messages.error(request, str(error))
        # What was typed stays; the weights that the page has shown are now the others'.
        typed = {**form.weights(), "follow": form.cleaned_data["follow"]}
        fresh = WeightsForm(classes=weight_classes(project), initial=typed)
        return _page(request, project, fresh, status=409)
    text = ngettext("Saved; %(n)d row changed.", "Saved; %(n)d rows changed.", n) % {"n": n}
    messages.success(request, text)
    return redirect("rubricstudio:weights", project.slug)


def _page(
    request: ProjectRequest, project: Project, form: WeightsForm, *, status: int = 200
) -> HttpResponse:
    asked = PageForm(request.GET)
    before = asked.cleaned_data["before"] if asked.is_valid() else None
    page = weights_page(project, before=before)
    fields = [(use, form[use.tier]) for use in page.tiers]
    context = {"form": form, "fields": fields, "page": page, "tab": "rubrics"}
    return render(request, "rubricstudio/weights.html", context, status=status)

"""The pictures of a project, and each of them."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from rubricstudio.actions.images import RefusedImage, add_image, add_image_from, delete_image
from rubricstudio.forms.images import MOST_FILES, ImagesForm
from rubricstudio.http import ProjectRequest, project_view
from rubricstudio.models import Project
from rubricstudio.models.images import Image
from rubricstudio.permissions import Permission
from rubricstudio.queries.images import image_named, image_page
from rubricstudio.rendering import is_picture_key


@project_view(Permission.AUTHOR)
def images(request: ProjectRequest, project: Project) -> HttpResponseBase:
    """The pictures (GET), and where they are uploaded to (POST); a script gets JSON."""
    form = ImagesForm(request.POST or None, request.FILES or None)
    if request.method == "POST":
        form = ImagesForm(request.POST, request.FILES)
        added = _add(form, request, project) if form.is_valid() else []
        if request.accepts("application/json") and not request.accepts("text/html"):
            return _as_json(form, added)
        if not form.errors:
            text = ngettext("%(n)s picture kept.", "%(n)s pictures kept.", len(added))
            messages.success(request, text % {"n": len(added)})
            return redirect("rubricstudio:images", project.slug)
    before = request.GET.get("before", "")
    page = image_page(
        project, before=int(before) if before.isdecimal() and len(before) < 19 else None
    )
    context = {"page": page, "form": form, "tab": "data"}
    return render(request, "rubricstudio/images.html", context, status=422 if form.errors else 200)


def _add(form: ImagesForm, request: ProjectRequest, project: Project) -> list[Image]:
    """What could be kept; what could not stands in the form's errors, by file."""
    added = []
    for upload in form.cleaned_data["uploads"][:MOST_FILES]:
        try:
            image = add_image(
                project=project, data=upload.read(), name=upload.name, by=request.user
            )
        except RefusedImage as error:
            form.add_error("uploads", f"{upload.name}: {error}")
        else:
            added.append(image)
    if address := form.cleaned_data.get("address"):
        try:
            added.append(add_image_from(project=project, address=address, by=request.user))
        except RefusedImage as error:
            form.add_error("address", str(error))
    return added


def _as_json(form: ImagesForm, added: list[Image]) -> HttpResponse:
    """What a script puts into a text, or what is wrong."""
    if form.errors:
        found = [str(message) for errors in form.errors.values() for message in errors]
        return JsonResponse({"detail": " ".join(found)}, status=422)
    kept: list[dict[str, Any]] = [
        {"name": image.name, "markdown": f"![](image:{image.name})"} for image in added
    ]
    return JsonResponse({"images": kept})


@project_view(Permission.SEE_PROJECT)
@require_GET
def image(request: ProjectRequest, project: Project, name: str) -> HttpResponseBase:
    """The bytes, for authors and for whoever was shown a text that names the picture.

    A browser asks each time whether it is still there, and gets it once.
    """
    shown = is_picture_key(request.path, request.GET.get("key", ""))
    found = image_named(project, name) if shown or request.may(Permission.AUTHOR) else None
    if found is None:
        raise Http404
    etag = quote_etag(found.digest)
    response = get_conditional_response(request, etag=etag)
    if response is None:
        response = HttpResponse(bytes(found.data), content_type=found.media_type)
    response["ETag"] = etag
    response["Cache-Control"] = "private, no-cache"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Content-Disposition"] = f'inline; filename="{found.name}"'
    return response


@project_view(Permission.AUTHOR)
@require_POST
def image_delete(request: ProjectRequest, project: Project, name: str) -> HttpResponseBase:
    found = image_named(project, name)
    if found is None:
        raise Http404
    delete_image(image=found, by=request.user)
    return redirect("rubricstudio:images", project.slug)

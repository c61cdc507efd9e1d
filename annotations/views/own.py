"""Whose answers a browser sends: it may hold those of somebody who used it before."""

from __future__ import annotations

from django.http import HttpResponse, JsonResponse
from django.utils.translation import gettext as _

from rubricstudio.http import ProjectRequest


def is_own(request: ProjectRequest) -> bool:
    """Whether what is sent is of whoever is signed in now; a form without scripts is."""
    return request.POST.get("by", "") in ("", str(request.user.pk))


def someone_else() -> HttpResponse:
    """Tells a script that what it sent is another person's."""
    text = _("Somebody else is signed in in this browser now. Nothing was saved.")
    return JsonResponse({"message": text}, status=403)

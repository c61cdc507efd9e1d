"""What Django shows when a request fails: pages for people, JSON below /api/."""

from __future__ import annotations

import sys

from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext
from django.views import defaults


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if _is_api(request):
        return JsonResponse({"detail": gettext("The request cannot be read.")}, status=400)
    return defaults.bad_request(request, exception)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    if _is_api(request):
        return JsonResponse({"detail": gettext("Your role does not allow this.")}, status=403)
    return defaults.permission_denied(request, exception)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    if _is_api(request):
        return JsonResponse({"detail": gettext("There is nothing at this address.")}, status=404)
    return defaults.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    if isinstance(sys.exc_info()[1], OperationalError):
        return _database_away(request)
    if _is_api(request):
        return JsonResponse({"detail": gettext("The server failed; it is logged.")}, status=500)
    return defaults.server_error(request)


def _database_away(request: HttpRequest) -> HttpResponse:
    """503, so that clients and proxies try again instead of giving up."""
    if _is_api(request):
        text = gettext("The database cannot be reached; try again in a moment.")
        response: HttpResponse = JsonResponse({"detail": text}, status=503)
    else:
        response = defaults.server_error(request, "503.html")
        response.status_code = 503
    response["Retry-After"] = "10"
    return response


def _is_api(request: HttpRequest) -> bool:
    return request.path.startswith("/api/")

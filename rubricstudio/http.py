"""What views share: typed requests, access in the loader, fragments, keyset pages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial as part
from functools import wraps
from typing import Any, Concatenate, ParamSpec, cast

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django_htmx.middleware import HtmxDetails

from rubricstudio.models import Membership, Project, User
from rubricstudio.permissions import Permission, may
from rubricstudio.queries.projects import membership_of

P = ParamSpec("P")


class SignedInRequest(HttpRequest):
    """A request by a person who is signed in, with htmx details."""

    user: User
    htmx: HtmxDetails


class ProjectRequest(SignedInRequest):
    """A request inside a project, by a member."""

    project: Project
    membership: Membership
    may: Callable[[Permission], bool]


View = Callable[..., HttpResponseBase]


def signed_in(view: Callable[Concatenate[SignedInRequest, P], HttpResponseBase]) -> View:
    """A page for anyone who is signed in."""
    return cast(View, login_required(cast(Any, view)))


def project_view(
    permission: Permission,
) -> Callable[[Callable[Concatenate[ProjectRequest, Project, P], HttpResponseBase]], View]:
    """A page inside a project: the view gets (request, project, ...).

    A stranger gets 404, so that existence does not leak; a member without the
    permission gets 403.
    """

    def decorate(
        view: Callable[Concatenate[ProjectRequest, Project, P], HttpResponseBase],
    ) -> View:
        @wraps(view)
        def wrapper(
            request: HttpRequest, slug: str, *args: P.args, **kwargs: P.kwargs
        ) -> HttpResponseBase:
            membership = load_membership(cast(User, request.user), slug)
            if not may(membership.role, permission):
                raise PermissionDenied
            inside = cast(ProjectRequest, request)
            inside.project, inside.membership = membership.project, membership
            inside.may = part(may, membership.role)
            return view(inside, membership.project, *args, **kwargs)

        return cast(View, login_required(wrapper))

    return decorate


def load_membership(user: User, slug: str) -> Membership:
    """The user's membership of the project, project included. Raises Http404 for strangers."""
    membership = membership_of(user, slug)
    if membership is None:
        raise Http404
    return membership


def partial(
    request: HttpRequest,
    template: str,
    fragment: str,
    context: Mapping[str, Any],
    *,
    status: int = 200,
) -> HttpResponse:
    """The fragment for htmx, the whole page otherwise (also for boosted and restored pages)."""
    htmx = cast(SignedInRequest, request).htmx
    small = bool(htmx) and not htmx.boosted and not htmx.history_restore_request
    name = f"{template}#{fragment}" if small else template
    response = render(request, name, dict(context), status=status)
    patch_vary_headers(response, ["HX-Request"])
    return response

"""The HTTP API under /api/v1/: tokens, errors and limits; what a project holds, as JSON.

Other apps add their own routers in rubricstudio.urls: an operation takes a
`TokenRequest`, loads its project with `api_project`, and raises what pages raise.
"""

from __future__ import annotations

import logging
from datetime import datetime
from time import time
from typing import Annotated, Any, cast

from allauth.account.adapter import get_adapter as get_account_adapter
from django.conf import settings
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Field, NinjaAPI, Query, Schema, Status
from ninja.errors import HttpError
from ninja.security import HttpBearer
from ninja.throttling import BaseThrottle

from rubricstudio.actions.projects import SlugTaken, create_project
from rubricstudio.actions.tokens import note_use
from rubricstudio.http import load_membership
from rubricstudio.models import ApiToken, Project, Response, Role, RubricVersion, Task, User
from rubricstudio.permissions import Permission, may
from rubricstudio.queries.projects import projects_of
from rubricstudio.tokens import hash_token

log = logging.getLogger(__name__)
WRONG_TOKENS_PER_MINUTE = 30


class TokenRequest(HttpRequest):
    """A request whose token was accepted: `user` is the token's, `auth` the token."""

    user: User
    auth: ApiToken


def within_limit(key: str, per_minute: int) -> bool:
    """Count one more event of `key` in this minute; false once there are more than allowed."""
    name = f"limit:{key}:{int(time() // 60)}"
    cache.add(name, 0, timeout=120)
    return cache.incr(name) <= per_minute


class TokenAuth(HttpBearer):
    """`Authorization: Bearer <token>`; a token of scope read may only read."""

    def authenticate(self, request: HttpRequest, token: str) -> ApiToken | None:
        found = (
            ApiToken.objects.select_related("user")
            .filter(token_hash=hash_token(token), revoked_at__isnull=True, user__is_active=True)
            .first()
        )
        if found is None:
            key = f"api-wrong:{get_account_adapter().get_client_ip(request)}"
            if not within_limit(key, WRONG_TOKENS_PER_MINUTE):
                raise HttpError(429, "Too many wrong tokens; wait a minute.")
            return None
        if request.method not in ("GET", "HEAD") and found.scope != ApiToken.Scope.WRITE:
            raise HttpError(403, "This token may only read; make one that may write.")
        note_use(token=found)
        request.user = found.user
        return found


class TokenThrottle(BaseThrottle):
    """So many requests a minute per token (setting API_REQUESTS_PER_MINUTE)."""

    def allow_request(self, request: HttpRequest) -> bool:
        token = cast(TokenRequest, request).auth
        return within_limit(f"api:{token.pk}", settings.API_REQUESTS_PER_MINUTE)

    def wait(self) -> float:
        return 60 - time() % 60


# No docs page: Swagger's needs inline script, which the Content-Security-Policy forbids.
api = NinjaAPI(
    title="Rubric Studio",
    version="1",
    description="Projects, tasks, responses, rubrics, verdicts and scores.",
    urls_namespace="api",
    docs_url=None,
    auth=TokenAuth(),
    throttle=TokenThrottle(),
)


@api.exception_handler(PermissionDenied)
def _denied(request: HttpRequest, error: PermissionDenied) -> HttpResponse:
    detail = str(error) or "Your role in this project does not allow this."
    return api.create_response(request, {"detail": detail}, status=403)


@api.exception_handler(Http404)
def _not_found(request: HttpRequest, error: Http404) -> HttpResponse:
    return api.create_response(request, {"detail": "There is nothing at this address."}, status=404)


@api.exception_handler(Exception)
def _failed(request: HttpRequest, error: Exception) -> HttpResponse:
    log.exception("API request failed: %s %s", request.method, request.path, exc_info=error)
    return api.create_response(request, {"detail": "The server failed; it is logged."}, status=500)


def api_project(request: HttpRequest, slug: str, permission: Permission) -> Project:
    """The project, for a member with the permission.

    Raises Http404 for strangers, so that existence does not leak, and PermissionDenied.
    """
    membership = load_membership(cast(TokenRequest, request).user, slug)
    if not may(membership.role, permission):
        raise PermissionDenied
    return membership.project


# -- what comes and goes


class Me(Schema):
    email: str
    name: str
    scope: str


class NewProject(Schema):
    name: Annotated[str, Field(min_length=1, max_length=200)]
    slug: Annotated[str, Field(max_length=60, pattern=r"^[a-z0-9_-]*$")] = ""
    description: str = ""


class ProjectOut(Schema):
    slug: str
    name: str
    description: str
    role: Role
    created_at: datetime


class TaskOut(Schema):
    id: int
    external_id: str
    messages: list[dict[str, Any]]
    reference: str
    context: list[Any]
    tags: list[str]


class ResponseOut(Schema):
    id: int
    external_id: str
    task_id: int
    source: str
    text: str | None


class VersionOut(Schema):
    number: int
    semantic_number: str = Field(
        description="What changed, as 2.1.0; empty for drafts and where none was kept."
    )
    status: str
    aggregator: str
    content_hash: str
    published_at: datetime | None


class RubricOut(Schema):
    id: int
    external_id: str
    name: str
    description: str
    task_id: int | None
    versions: list[VersionOut]


class CriterionOut(Schema):
    key: str
    parent: str | None
    is_group: bool
    text: str
    description: str
    weight: float
    met_means: str
    scale: str = Field(alias="scale_kind")
    levels: list[dict[str, Any]]
    maximum: float
    tier: str
    gate: bool
    judged_by: str
    evidence_required: bool
    tags: list[str]
    category: str
    examples: list[dict[str, Any]]
    references: list[str]
    program: str
    origin: dict[str, str] | None

    @staticmethod
    def resolve_parent(row: Any) -> str | None:
        return row.parent.key if row.parent else None


class VersionWithCriteria(VersionOut):
    params: dict[str, Any]
    criteria: list[CriterionOut]


class TaskPage(Schema):
    items: list[TaskOut]
    next: int | None


class ResponsePage(Schema):
    items: list[ResponseOut]
    next: int | None


class Slice(Schema):
    """`after` is the `next` of the page before."""

    after: Annotated[int, Field(ge=0)] = 0
    limit: Annotated[int, Field(ge=1, le=500)] = 100


def _page(rows: QuerySet[Any], part: Slice) -> dict[str, Any]:
    found = list(rows.filter(pk__gt=part.after).order_by("pk")[: part.limit + 1])
    items = found[: part.limit]
    return {"items": items, "next": items[-1].pk if len(found) > part.limit else None}


# -- operations


@api.get("/me", response=Me, summary="Whose token this is")
def me(request: HttpRequest) -> dict[str, str]:
    token = cast(TokenRequest, request).auth
    return {"email": token.user.email, "name": str(token.user), "scope": token.scope}


@api.get("/projects", response=list[ProjectOut], summary="Your projects")
def list_projects(request: HttpRequest) -> list[dict[str, Any]]:
    rows = projects_of(cast(TokenRequest, request).user)
    return [_project(row.project, row.role) for row in rows]


@api.post("/projects", response={201: ProjectOut}, summary="Create a project that you own")
def post_project(request: HttpRequest, body: NewProject) -> Status[dict[str, Any]]:
    try:
        project = create_project(by=cast(TokenRequest, request).user, **body.dict())
    except SlugTaken as error:
        raise HttpError(409, str(error)) from error
    return Status(201, _project(project, Role.OWNER))


@api.get("/projects/{slug}", response=ProjectOut, summary="A project")
def get_project(request: HttpRequest, slug: str) -> dict[str, Any]:
    membership = load_membership(cast(TokenRequest, request).user, slug)
    return _project(membership.project, Role(membership.role))


def _project(project: Project, role: Role) -> dict[str, Any]:
    names = ("slug", "name", "description", "created_at")
    return {name: getattr(project, name) for name in names} | {"role": role}


@api.get("/projects/{slug}/tasks", response=TaskPage, summary="Tasks, in order of arrival")
def list_tasks(request: HttpRequest, slug: str, part: Query[Slice]) -> dict[str, Any]:
    project = api_project(request, slug, Permission.SEE_DATA)
    return _page(Task.objects.filter(project=project), part)


@api.get("/projects/{slug}/tasks/{task_id}", response=TaskOut, summary="A task")
def get_task(request: HttpRequest, slug: str, task_id: int) -> Task:
    project = api_project(request, slug, Permission.SEE_DATA)
    return get_object_or_404(Task, project=project, pk=task_id)


@api.get("/projects/{slug}/responses", response=ResponsePage, summary="Responses")
def list_responses(request: HttpRequest, slug: str, part: Query[Slice]) -> dict[str, Any]:
    project = api_project(request, slug, Permission.SEE_DATA)
    return _page(Response.objects.filter(project=project), part)


@api.get("/projects/{slug}/rubrics", response=list[RubricOut], summary="Rubrics and versions")
def list_rubrics(request: HttpRequest, slug: str) -> Any:
    project = api_project(request, slug, Permission.SEE_RUBRICS)
    return [
        {**_rubric(rubric), "versions": sorted(rubric.versions.all(), key=lambda v: v.number)}
        for rubric in project.rubrics.prefetch_related("versions").order_by("pk")
    ]


def _rubric(rubric: Any) -> dict[str, Any]:
    names = ("id", "external_id", "name", "description", "task_id")
    return {name: getattr(rubric, name) for name in names}


@api.get(
    "/projects/{slug}/rubrics/{rubric_id}/versions/{number}",
    response=VersionWithCriteria,
    summary="A version with its criteria",
)
def get_version(request: HttpRequest, slug: str, rubric_id: int, number: int) -> dict[str, Any]:
    project = api_project(request, slug, Permission.SEE_RUBRICS)
    rows = RubricVersion.objects.filter(rubric__project=project, rubric_id=rubric_id)
    version = get_object_or_404(rows, number=number)
    names = (
        *("number", "semantic_number", "status", "aggregator", "content_hash", "published_at"),
        "params",
    )
    criteria = version.criteria.select_related("parent").order_by("position")
    return {name: getattr(version, name) for name in names} | {"criteria": list(criteria)}

"""The HTTP API: tokens, errors as JSON, limits, pages, and what it says of a project."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from pytest_django import Settings

from rubricstudio.actions.projects import remove_member
from rubricstudio.actions.tokens import create_token, revoke_token
from rubricstudio.api import WRONG_TOKENS_PER_MINUTE, api
from rubricstudio.models import ApiToken, Project, Role, User
from tests.conftest import Cast, Data
from tests.rubricstudio.accounts import fresh_cache

__all__ = ["fresh_cache"]

READ, WRITE = ApiToken.Scope.READ, ApiToken.Scope.WRITE


def _token(user: User, scope: ApiToken.Scope = READ) -> str:
    return create_token(user=user, name="test", scope=scope)[1]


def _get(client: Client, path: str, token: str = "") -> Any:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return client.get(f"/api/v1{path}", headers=headers)


def _post(client: Client, path: str, body: dict[str, Any], token: str) -> Any:
    return client.post(
        f"/api/v1{path}",
        body,
        content_type="application/json",
        headers={"Authorization": f"Bearer {token}"},
    )


# -- tokens


def test_a_token_says_whose_it_is(client: Client, cast: Cast) -> None:
    reply = _get(client, "/me", _token(cast.author))

    assert reply.json() == {"email": "ada@example.com", "name": "Ada", "scope": "read"}
    assert ApiToken.objects.get().last_used_at is not None


def test_no_token_a_wrong_one_and_a_revoked_one_are_refused_alike(
    client: Client, cast: Cast
) -> None:
    token, text = create_token(user=cast.author, name="test", scope=READ)
    revoke_token(token=token, by=cast.author)

    for attempt in ("", "rs_wrong", text):
        reply = _get(client, "/me", attempt)
        assert (reply.status_code, reply.json()) == (401, {"detail": "Unauthorized"})


def test_signing_in_is_no_token(client: Client, cast: Cast) -> None:
    # A cookie would let any page that the person visits call the API.
    client.force_login(cast.owner)

    assert _get(client, "/me").status_code == 401


def test_a_token_of_a_closed_account_is_refused(client: Client, cast: Cast) -> None:
    text = _token(cast.author)
    User.objects.filter(pk=cast.author.pk).update(is_active=False)

    assert _get(client, "/me", text).status_code == 401


def test_a_reading_token_cannot_write(client: Client, cast: Cast) -> None:
    reply = _post(client, "/projects", {"name": "New"}, _token(cast.author, READ))

    assert reply.status_code == 403
    assert "may only read" in reply.json()["detail"]
    assert not Project.objects.filter(name="New").exists()


def test_who_left_a_project_loses_it_at_once(client: Client, cast: Cast) -> None:
    text = _token(cast.viewer)
    assert _get(client, "/projects/demo", text).status_code == 200

    remove_member(project=cast.project, user=cast.viewer, by=cast.owner)

    assert _get(client, "/projects/demo", text).status_code == 404


# -- limits


def test_wrong_tokens_cannot_be_tried_without_end(client: Client, cast: Cast) -> None:
    statuses = [_get(client, "/me", "rs_wrong").status_code for _ in range(70)]

    # A minute may end between two tries, so that the count begins again once.
    assert statuses[:WRONG_TOKENS_PER_MINUTE] == [401] * WRONG_TOKENS_PER_MINUTE
    assert 429 in statuses
    assert _get(client, "/me", _token(cast.author)).status_code == 200


def test_a_token_makes_so_many_requests_a_minute(
    client: Client, cast: Cast, settings: Settings
) -> None:
    settings.API_REQUESTS_PER_MINUTE = 3
    text, other = _token(cast.author), _token(cast.owner)

    replies = [_get(client, "/me", text) for _ in range(8)]

    # As above: at least one of eight calls is over a limit of three a minute.
    refused = [reply for reply in replies if reply.status_code == 429]
    assert replies[0].status_code == 200
    assert refused
    assert 0 < int(refused[0].headers["Retry-After"]) <= 61
    assert _get(client, "/me", other).status_code == 200


# -- errors


def test_an_unknown_address_is_answered_in_json(client: Client, cast: Cast) -> None:
    reply = _get(client, "/nothing", _token(cast.author))

    assert (reply.status_code, reply.json()) == (
        404,
        {"detail": "There is nothing at this address."},
    )


def test_a_body_that_is_not_json_is_refused(client: Client, cast: Cast) -> None:
    reply = client.post(
        "/api/v1/projects",
        "{",
        content_type="application/json",
        headers={"Authorization": f"Bearer {_token(cast.author, WRITE)}"},
    )

    assert reply.status_code == 400
    assert "detail" in reply.json()


def test_a_wrong_field_is_named(client: Client, cast: Cast) -> None:
    reply = _post(client, "/projects", {"slug": "A b"}, _token(cast.author, WRITE))

    assert reply.status_code == 422
    named = {problem["loc"][-1] for problem in reply.json()["detail"]}
    assert named == {"name", "slug"}


def test_a_failure_is_answered_in_json_and_tells_nothing(
    client: Client, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: User) -> None:
        raise RuntimeError("the secret is 42")

    monkeypatch.setattr("rubricstudio.api.projects_of", fail)

    reply = _get(client, "/projects", _token(cast.author))

    assert reply.status_code == 500
    assert reply.json() == {"detail": "The server failed; it is logged."}


# -- what it says


def test_it_lists_the_projects_of_the_token(client: Client, cast: Cast) -> None:
    listed = _get(client, "/projects", _token(cast.viewer)).json()

    assert [(row["slug"], row["role"]) for row in listed] == [("demo", "viewer")]


def test_it_creates_a_project(client: Client, cast: Cast) -> None:
    reply = _post(client, "/projects", {"name": "Dosing"}, _token(cast.viewer, WRITE))

    assert reply.status_code == 201
    assert (reply.json()["slug"], reply.json()["role"]) == ("dosing", "owner")
    made = Project.objects.get(slug="dosing")
    assert made.memberships.get(user=cast.viewer).role == Role.OWNER


def test_changes_over_the_api_are_recorded_with_their_author(client: Client, cast: Cast) -> None:
    _post(client, "/projects", {"name": "Dosing"}, _token(cast.viewer, WRITE))

    events: Any = Project.objects.get(slug="dosing").events  # type: ignore[attr-defined]  # pghistory adds it
    assert events.get().pgh_context.metadata["user"] == cast.viewer.pk


def test_a_short_name_that_is_taken_is_a_conflict(client: Client, cast: Cast) -> None:
    body = {"name": "Demo", "slug": "demo"}

    reply = _post(client, "/projects", body, _token(cast.viewer, WRITE))

    assert reply.status_code == 409


def test_pages_of_tasks_follow_each_other_without_gap(
    client: Client, cast: Cast, data: Data
) -> None:
    text = _token(cast.viewer)

    first = _get(client, "/projects/demo/tasks?limit=1", text).json()
    second = _get(client, f"/projects/demo/tasks?limit=1&after={first['next']}", text).json()

    names = [row["external_id"] for page in (first, second) for row in page["items"]]
    assert names == ["task-1", "task-2"]
    assert second["next"] is None


@pytest.mark.parametrize("query", ["limit=0", "limit=501", "after=-1", "after=x"])
def test_a_page_that_cannot_be_is_refused(
    client: Client, cast: Cast, data: Data, query: str
) -> None:
    reply = _get(client, f"/projects/demo/tasks?{query}", _token(cast.viewer))

    assert reply.status_code == 422


def test_a_response_without_text_stays_null(client: Client, cast: Cast, data: Data) -> None:
    from rubricstudio.actions.tasks import add_response

    add_response(task=data.tasks[0], external_id="gone", source="kite", text=None)

    items = _get(client, "/projects/demo/responses", _token(cast.viewer)).json()["items"]

    assert [row["text"] for row in items if row["external_id"] == "gone"] == [None]


def test_an_annotator_is_told_no_sources(client: Client, cast: Cast, data: Data) -> None:
    reply = _get(client, "/projects/demo/responses", _token(cast.annotator))

    assert reply.status_code == 403


def test_a_version_comes_with_its_criteria_in_order(client: Client, cast: Cast, data: Data) -> None:
    rubrics = _get(client, "/projects/demo/rubrics", _token(cast.annotator)).json()
    number = rubrics[0]["versions"][0]["number"]
    path = f"/projects/demo/rubrics/{rubrics[0]['id']}/versions/{number}"

    version = _get(client, path, _token(cast.annotator)).json()

    assert [row["key"] for row in version["criteria"]] == ["safety", "warns", "invents", "clarity"]
    assert [row["parent"] for row in version["criteria"]] == [None, "safety", None, None]
    assert [row["met_means"] for row in version["criteria"]] == ["good", "good", "bad", "good"]
    assert version["content_hash"] == data.version.content_hash
    listed = rubrics[0]["versions"][0]
    assert version["semantic_number"] == listed["semantic_number"] == "1.0.0"


def test_the_description_names_every_operation(client: Client, db: None) -> None:
    reply: HttpResponse = client.get("/api/v1/openapi.json")  # type: ignore[assignment]  # a test response

    described = reply.json()["paths"]  # type: ignore[attr-defined]  # only test responses have it
    assert "/api/v1/projects/{slug}/tasks" in described
    assert all("401" not in path for path in described)
    assert api.docs_url is None

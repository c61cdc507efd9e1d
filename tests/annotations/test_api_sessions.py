"""Sessions over the HTTP API: who sees which, setting them up, their steps and items."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from annotations.actions import create_session, next_item, skip, submit
from annotations.forms_sessions import SessionForm
from annotations.models import Session, SessionStatus, SkipReason
from rubricstudio.actions.tokens import create_token
from rubricstudio.models import ApiToken, User
from tests.annotations.calibration_cases import discussed_session, second_vote
from tests.annotations.conftest import COMPLETE
from tests.conftest import Cast, Data
from tests.rubricstudio.accounts import fresh_cache

__all__ = ["fresh_cache"]

SESSIONS = "/api/v1/projects/demo/sessions"


def call(user: User, method: str, path: str, body: object = None, *, scope: str = "write") -> Any:
    """One call with a fresh token of the user."""
    _, token = create_token(user=user, name="test", scope=ApiToken.Scope(scope))
    sent = "" if body is None else json.dumps(body)
    return Client().generic(
        method.upper(),
        path,
        sent,
        content_type="application/json",
        headers={"Authorization": f"Bearer {token}"},
    )


def _submit_one(session: Session, user: User) -> None:
    taken = next_item(session=session, by=user)
    assert taken
    submit(assignment=taken, sheet=COMPLETE, by=user)


# -- list and read


def test_a_manager_reads_progress_by_the_state_of_items(session: Session, cast: Cast) -> None:
    _submit_one(session, cast.annotator)
    _submit_one(session, cast.second_annotator)
    next_item(session=session, by=cast.annotator)

    read = call(cast.viewer, "get", f"{SESSIONS}/{session.pk}", scope="read").json()

    # Four items by two people: one submitted by both, one reserved, two untouched.
    assert read["progress"] == {
        "items": 4,
        "places": 8,
        "submitted": 2,
        "reserved": 1,
        "skipped": 0,
        "items_by_state": {
            "done": 1,
            "needs_others": 0,
            "running": 1,
            "pending": 2,
            "closed": 0,
        },
    }
    assert (read["name"], read["status"], read["mode"]) == ("First round", "active", "criteria")
    assert (read["settings"]["coverage"], read["settings"]["hide_source"]) == (2, True)
    assert {row["name"]: row["submitted"] for row in read["annotators"]} == {"Nuria": 1, "Nils": 1}
    assert read["own"] is read["queue"] is None


def test_a_calibration_round_says_where_it_stands(cast: Cast, data: Data) -> None:
    session = second_vote(cast, discussed_session(cast, data))

    read = call(cast.owner, "get", f"{SESSIONS}/{session.pk}", scope="read").json()
    again = call(cast.annotator, "post", f"{SESSIONS}/{session.pk}/next").json()

    assert (read["stage"], read["settings"]["calibration"]) == ("revote", True)
    # Their own first answers, to be confirmed or changed.
    assert again["answers"]["warns"]["value"] == 1


def test_an_annotator_reads_their_own_counts_and_no_others(session: Session, cast: Cast) -> None:
    _submit_one(session, cast.second_annotator)
    _submit_one(session, cast.annotator)
    next_item(session=session, by=cast.annotator)

    read = call(cast.annotator, "get", f"{SESSIONS}/{session.pk}").json()

    assert read["own"] == {"open": 1, "submitted": 1, "skipped": 0}
    assert (read["queue"]["available"], read["queue"]["stopped_by"]) == (2, None)
    assert read["instructions"] == "Judge *only* what is written."
    assert read["progress"] is read["annotators"] is read["settings"] is None
    assert "Nils" not in str(read)


def test_an_annotator_lists_the_sessions_that_they_are_in_and_no_drafts(
    session: Session, cast: Cast, data: Data
) -> None:
    others, draft = (
        create_session(
            project=cast.project, name=name, version=data.version, by=cast.owner, annotators=[user]
        )
        for name, user in (("Others", cast.second_annotator), ("Draft", cast.annotator))
    )

    mine = call(cast.annotator, "get", SESSIONS).json()
    every = call(cast.owner, "get", SESSIONS).json()

    assert [row["name"] for row in mine["items"]] == ["First round"]
    assert [row["name"] for row in every["items"]] == ["First round", "Others", "Draft"]
    for hidden in (others, draft):
        assert call(cast.annotator, "get", f"{SESSIONS}/{hidden.pk}").status_code == 404
        assert call(cast.annotator, "get", f"{SESSIONS}/{hidden.pk}/items").status_code == 404


def test_pages_of_sessions_follow_each_other_without_gap(
    session: Session, cast: Cast, data: Data
) -> None:
    create_session(project=cast.project, name="Second", version=data.version, by=cast.owner)

    first = call(cast.owner, "get", f"{SESSIONS}?limit=1").json()
    second = call(cast.owner, "get", f"{SESSIONS}?limit=1&after={first['next']}").json()

    assert [row["name"] for page in (first, second) for row in page["items"]] == [
        "First round",
        "Second",
    ]
    assert second["next"] is None


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=101", "after=-1", "after=x", "after=99999999999"]
)
def test_a_page_that_cannot_be_is_refused(session: Session, cast: Cast, query: str) -> None:
    assert call(cast.owner, "get", f"{SESSIONS}?{query}").status_code == 422
    assert call(cast.owner, "get", f"{SESSIONS}/{session.pk}/items?{query}").status_code == 422


def test_an_id_that_no_row_can_have_is_not_found(session: Session, cast: Cast) -> None:
    assert call(cast.owner, "get", f"{SESSIONS}/{10**30}").status_code == 404
    reply = call(cast.annotator, "get", f"{SESSIONS}/{session.pk}/items/{10**30}")
    assert reply.status_code == 404


def test_items_have_counts_for_managers_and_only_their_own_state_for_annotators(
    session: Session, cast: Cast
) -> None:
    _submit_one(session, cast.second_annotator)
    taken = next_item(session=session, by=cast.second_annotator)
    assert taken
    skip(assignment=taken, reason=SkipReason.OTHER, by=cast.second_annotator)
    mine = next_item(session=session, by=cast.annotator)
    assert mine

    page = call(cast.owner, "get", f"{SESSIONS}/{session.pk}/items?limit=3").json()
    rest = call(cast.owner, "get", f"{SESSIONS}/{session.pk}/items?after={page['next']}").json()
    own = call(cast.annotator, "get", f"{SESSIONS}/{session.pk}/items").json()

    rows = [*page["items"], *rest["items"]]
    assert [row["number"] for row in rows] == [1, 2, 3, 4]
    assert rest["next"] is None
    assert [row["state"] for row in rows] == ["needs_others", "pending", "pending", "pending"]
    assert [(row["submitted"], row["reserved"], row["skipped"]) for row in rows] == [
        (1, 1, 0),
        (0, 0, 1),
        (0, 0, 0),
        (0, 0, 0),
    ]
    assert own["items"] == [
        {"id": mine.item_id, "number": 1, "state": "pending"}
        | dict.fromkeys(("task", "places", "submitted", "reserved", "skipped"))
    ]


def _queries(user: User, path: str) -> int:
    """How many queries a call makes; the token is made outside, and marked as used once."""
    _, token = create_token(user=user, name="test", scope=ApiToken.Scope.READ)
    headers = {"Authorization": f"Bearer {token}"}
    client = Client()
    client.get(path, headers=headers)
    with CaptureQueriesContext(
        connection,
    ) as found:
        assert client.get(path, headers=headers).status_code == 200
    return len(found)


@pytest.mark.parametrize("role", ["owner", "annotator"])
def test_lists_ask_as_often_for_many_rows_as_for_one(
    session: Session, cast: Cast, data: Data, role: str
) -> None:
    user = cast.by_role()[role]
    next_item(session=session, by=cast.annotator)
    items = f"{SESSIONS}/{session.pk}/items"
    few = (_queries(user, SESSIONS), _queries(user, items))

    for number in range(4):
        more = create_session(
            project=cast.project,
            name=f"More {number}",
            version=data.version,
            by=cast.owner,
            annotators=[cast.annotator],
        )
        call(cast.owner, "post", f"{SESSIONS}/{more.pk}/activate")
    for _ in range(3):
        _submit_one(session, cast.annotator)
        _submit_one(session, cast.second_annotator)

    assert (_queries(user, SESSIONS), _queries(user, items)) == few
    assert max(few) <= 12


# -- set up


def test_it_sets_up_a_session_as_the_form_does(cast: Cast, data: Data) -> None:
    body = {
        "name": "Second round",
        "rubric": data.version.rubric.external_id,
        "version": data.version.number,
        "annotators": ["nuria@example.com"],
        "coverage": 1,
        "order": "random",
        "comment_rules": ["unmet"],
        "hide_judges": False,
        "amount": "sample",
        "number": 2,
    }

    reply = call(cast.author, "post", SESSIONS, body)

    made = Session.objects.get(pk=reply.json()["id"])
    assert reply.status_code == 201
    assert (made.status, made.coverage, made.order) == ("draft", 1, "random")
    assert (made.comment_rules, made.hide_judges, made.items.count()) == (["unmet"], False, 2)
    assert reply.json()["progress"]["items"] == 2
    assert [place.rater.user for place in made.annotators.all()] == [cast.annotator]


def test_the_same_name_twice_makes_one_session(cast: Cast, data: Data) -> None:
    body = {"name": "Second round", "annotators": []}

    first, again = (call(cast.owner, "post", SESSIONS, body) for _ in range(2))

    assert (first.status_code, again.status_code) == (201, 409)
    assert "There is a session of this name" in again.json()["detail"]
    assert Session.objects.count() == 1


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"coverage": 0}, "coverage"),
        ({"coverage": "many"}, "coverage"),
        ({"annotators": ["nobody@example.com"]}, "annotators"),
        ({"rubric": "no\x00ne"}, "rubric"),
        ({"rubric": "no\ud800ne"}, "rubric"),
        ({"version": 10**30}, "rubric"),
        ({"colour": "red"}, "colour"),
        ({"suggestions": "no run"}, "suggestions"),
        ({"comment_rules": {"a": [1]}}, "comment_rules"),
        ({"name": " "}, "name"),
        ({"deadline": "soon"}, "deadline"),
    ],
)
def test_a_wrong_setting_is_named(
    cast: Cast, data: Data, wrong: dict[str, object], field: str
) -> None:
    reply = call(cast.owner, "post", SESSIONS, {"name": "Wrong"} | wrong)

    assert reply.status_code == 422
    assert list(reply.json()["problems"]) == [field]
    assert not Session.objects.exists()


def test_no_value_of_a_setting_makes_it_fail(cast: Cast, data: Data) -> None:
    named = {"rubric", "version", "annotators", "suggestions"}
    fields = SessionForm.base_fields.keys() - named - {"list_file", "name"}

    for odd in (None, True, -1, 10**30, 1.5, "x\x00", "\ud800", [], [[1]], {"a": None}, ["x"]):
        bodies: list[dict[str, object]] = [{name: odd} for name in sorted(named | {"name"})]
        for body in (*bodies, dict.fromkeys(fields, odd)):
            reply = call(cast.owner, "post", SESSIONS, {"name": "Odd"} | body)
            assert reply.status_code in (201, 409, 422), (body, reply.content)


# -- steps


def test_a_session_goes_through_its_steps_each_safe_to_repeat(
    draft_session: Session, cast: Cast
) -> None:
    at = f"{SESSIONS}/{draft_session.pk}"
    statuses = [
        (reply.status_code, reply.json()["status"])
        for step in ("activate", "activate", "pause", "pause", "activate", "complete", "complete")
        for reply in [call(cast.owner, "post", f"{at}/{step}")]
    ]

    assert statuses == [
        (200, state)
        for state in ("active", "active", "paused", "paused", "active", "completed", "completed")
    ]
    again = call(cast.owner, "post", f"{at}/activate")
    assert again.status_code == 409
    assert again.json()["detail"] == "This is not possible: the session is completed."


def test_its_annotators_are_told_once_when_it_starts(draft_session: Session, cast: Cast) -> None:
    at = f"{SESSIONS}/{draft_session.pk}"

    told = [call(cast.owner, "post", f"{at}/{step}").json()["told"] for step in ("activate",) * 2]
    call(cast.owner, "post", f"{at}/pause")
    told += [call(cast.owner, "post", f"{at}/activate").json()["told"]]

    assert [sorted(names) for names in told] == [["Nils", "Nuria"], [], []]
    assert sorted(letter.to[0] for letter in mail.outbox) == [
        "nils@example.com",
        "nuria@example.com",
    ]
    assert f"/sessions/{draft_session.pk}/" in mail.outbox[0].body


def test_a_session_without_annotators_is_not_opened(cast: Cast, data: Data) -> None:
    made = create_session(project=cast.project, name="Empty", version=data.version, by=cast.owner)

    reply = call(cast.owner, "post", f"{SESSIONS}/{made.pk}/activate")

    assert (reply.status_code, reply.json()["detail"]) == (409, "Add an annotator first.")
    made.refresh_from_db()
    assert made.status == SessionStatus.DRAFT


STEPS = ("activate", "pause", "complete", "clone", "reveal", "vote-again")


def test_a_reading_token_changes_no_session(draft_session: Session, cast: Cast) -> None:
    at = f"{SESSIONS}/{draft_session.pk}"

    for method, path in (
        *(("post", SESSIONS), ("patch", at)),
        *(("post", f"{at}/{step}") for step in STEPS),
    ):
        reply = call(cast.owner, method, path, {"name": "New"}, scope="read")
        assert reply.status_code == 403, path

    draft_session.refresh_from_db()
    assert (draft_session.status, draft_session.round.name) == ("draft", "First round")
    assert Session.objects.count() == 1


def test_the_description_tells_what_a_new_session_takes(client: Client, db: None) -> None:
    paths = client.get("/api/v1/openapi.json").json()["paths"]

    told = paths["/api/v1/projects/{slug}/sessions"]["post"]
    assert "docs/sessions.md" in told["description"]
    content = told["requestBody"]["content"]["application/json"]
    assert content["schema"]["type"] == "object"

"""Changing, copying and comparing over the HTTP API, and the steps of a calibration round."""

from __future__ import annotations

from typing import Any

import pytest

from annotations.actions import activate, complete, create_session
from annotations.models import Session, Stage
from tests.annotations.calibration_cases import calibration, sheet, vote
from tests.annotations.test_api_sessions import SESSIONS, call
from tests.annotations.test_comparing import compared
from tests.conftest import Cast, Data
from tests.rubricstudio.accounts import fresh_cache

__all__ = ["fresh_cache"]


def _people(session: Session) -> list[str]:
    users = session.annotators.values_list("rater__user__email", flat=True)
    return sorted(str(address) for address in users)


# -- change


def test_what_is_named_changes_and_the_rest_stays(draft_session: Session, cast: Cast) -> None:
    at = f"{SESSIONS}/{draft_session.pk}"
    body = {"coverage": 1, "order": "random", "amount": "sample", "number": 2}

    reply = call(cast.author, "patch", at, body)

    draft_session.refresh_from_db()
    assert (reply.status_code, reply.json()["progress"]["places"]) == (200, 2)
    assert (draft_session.coverage, draft_session.order) == (1, "random")
    assert draft_session.instructions == "Judge *only* what is written."
    assert _people(draft_session) == ["nils@example.com", "nuria@example.com"]
    assert call(cast.author, "patch", at, body).json() == reply.json()


def test_a_running_session_keeps_what_people_are_asked(session: Session, cast: Cast) -> None:
    at = f"{SESSIONS}/{session.pk}"

    changed = call(cast.owner, "patch", at, {"annotators": ["nuria@example.com"], "coverage": 3})
    refused = {
        name: call(cast.owner, "patch", at, {name: value})
        for name, value in (("hide_source", False), ("rubric", "x"), ("coverage", 1), ("seed", 2))
    }

    assert changed.status_code == 200
    session.refresh_from_db()
    assert (session.coverage, _people(session)) == (3, ["nuria@example.com"])
    for name, reply in refused.items():
        assert (reply.status_code, list(reply.json()["problems"])) == (422, [name])
    assert "would differ" in refused["hide_source"].json()["detail"]


def test_who_may_no_longer_annotate_does_not_stand_in_the_way(
    draft_session: Session, cast: Cast
) -> None:
    cast.project.memberships.filter(user=cast.second_annotator).update(role="viewer")

    reply = call(cast.owner, "patch", f"{SESSIONS}/{draft_session.pk}", {"limit": 3})

    assert reply.status_code == 200
    assert _people(draft_session) == ["nils@example.com", "nuria@example.com"]


def test_a_taken_name_is_a_conflict_and_a_completed_session_stays(
    session: Session, cast: Cast, data: Data
) -> None:
    create_session(project=cast.project, name="Other", version=data.version, by=cast.owner)
    at = f"{SESSIONS}/{session.pk}"

    taken = call(cast.owner, "patch", at, {"name": "Other"})
    complete(session=session, by=cast.owner)
    late = call(cast.owner, "patch", at, {"limit": 3})

    assert (taken.status_code, late.status_code) == (409, 409)
    assert "of this name already" in taken.json()["detail"]
    assert late.json()["detail"] == "The session is completed: its settings stay as they are."


# -- copy


def test_a_copy_is_a_draft_with_the_same_items_or_ones_drawn_anew(
    session: Session, cast: Cast
) -> None:
    complete(session=session, by=cast.owner)
    at = f"{SESSIONS}/{session.pk}/clone"

    same, anew = (
        call(cast.owner, "post", at, body).json() for body in (None, {"name": "New", "anew": True})
    )
    again = call(cast.owner, "post", at, {"name": "New"})

    assert (same["name"], same["status"]) == ("First round (copy)", "draft")
    assert (anew["name"], again.status_code) == ("New", 409)
    copies = Session.objects.filter(cloned_from=session).order_by("pk")
    assert [copy.pk for copy in copies] == [same["id"], anew["id"]]
    assert [copy.selection["seed"] for copy in copies] == [0, 1]
    assert all(_people(copy) == _people(session) for copy in copies)


# -- compare


PAIRS = [["task-1/heron", "task-1/wren"]]


@pytest.mark.parametrize(
    ("body", "items"),
    [
        ({"mode": "pairwise"}, 2),
        ({"mode": "ranking", "how": "all", "coverage": 3}, 2),
        ({"mode": "pairwise", "how": "list", "listed": PAIRS}, 1),
        ({"mode": "pairwise", "how": "list", "listed": "task-2/wren, task-2/heron"}, 1),
        ({"mode": "pairwise", "tasks": ["task-1", "task-2"], "sample": 1}, 1),
    ],
)
def test_a_comparison_is_set_up_and_judged_as_on_the_pages(
    cast: Cast, data: Data, body: dict[str, Any], items: int
) -> None:
    body = {"name": "Compared", "annotators": ["nuria@example.com"]} | body

    made = call(cast.author, "post", SESSIONS, body)
    at = f"{SESSIONS}/{made.json()['id']}"
    call(cast.author, "post", f"{at}/activate")
    item = call(cast.annotator, "post", f"{at}/next").json()

    assert (made.status_code, made.json()["mode"]) == (201, body["mode"])
    assert made.json()["progress"]["items"] == items
    assert [row["letter"] for row in item["responses"]] == ["A", "B"]
    assert len(item["questions"]) == (4 if body["mode"] == "pairwise" else 3)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"how": "number"}, "number"),
        ({"coverage": 0}, "coverage"),
        ({"coverage": [1, 2]}, "coverage"),
        ({"order": "random"}, "order"),
        ({"how": "list", "listed": ["task-1/heron"]}, "listed"),
        ({"how": "list", "listed": [["task-1/heron", "task-2/wren"]]}, ""),
        ({"how": "list", "listed": '"' + "x" * 200_000}, ""),
        ({"mode": ["pairwise"]}, "mode"),
    ],
)
def test_a_wrong_comparison_is_refused_at_its_field(
    cast: Cast, data: Data, wrong: dict[str, Any], field: str
) -> None:
    reply = call(cast.owner, "post", SESSIONS, {"name": "C", "mode": "pairwise"} | wrong)

    assert reply.status_code == 422, reply.content
    assert list(reply.json()["problems"]) == ([field] if field else [])
    assert not Session.objects.exists()


def test_a_draft_of_a_comparison_keeps_what_is_compared(cast: Cast, data: Data) -> None:
    made = compared(cast, data)
    at = f"{SESSIONS}/{made.pk}"

    reply = call(cast.owner, "patch", at, {"instructions": "Compare."})
    settled = call(cast.owner, "patch", at, {"mode": "ranking"})

    made.refresh_from_db()
    assert (reply.status_code, made.instructions, made.mode) == (200, "Compare.", "pairwise")
    assert (settled.status_code, list(settled.json()["problems"])) == (422, ["mode"])


# -- calibration


def test_a_round_is_revealed_and_voted_on_again(cast: Cast, data: Data) -> None:
    session = calibration(cast, data)
    at = f"{SESSIONS}/{session.pk}"
    early = [call(cast.owner, "post", f"{at}/{step}") for step in ("reveal", "vote-again")]
    for person in (cast.annotator, cast.second_annotator):
        vote(session, person, sheet(1))

    missing = call(cast.owner, "post", f"{at}/reveal")
    still = call(cast.annotator, "get", at).json()["stage"]
    shown = [call(cast.owner, "post", f"{at}/reveal", {"despite_missing": True}) for _ in range(2)]
    again = [call(cast.owner, "post", f"{at}/vote-again") for _ in range(2)]
    late = call(cast.owner, "post", f"{at}/reveal")

    assert [reply.status_code for reply in (*early, missing, late)] == [409] * 4
    assert "6 votes are missing" in missing.json()["detail"]
    assert still == Stage.VOTE
    assert [(r.status_code, r.json()["stage"]) for r in shown] == [(200, Stage.DISCUSS)] * 2
    assert [(r.status_code, r.json()["stage"]) for r in again] == [(200, Stage.REVOTE)] * 2


def test_plain_work_has_no_votes_to_reveal(session: Session, cast: Cast) -> None:
    for step in ("reveal", "vote-again"):
        reply = call(cast.owner, "post", f"{SESSIONS}/{session.pk}/{step}")
        assert reply.status_code == 409
        assert reply.json()["detail"] == "This session is no calibration round."


def test_nobody_can_reveal_a_round_that_they_vote_in(cast: Cast, data: Data) -> None:
    session = activate(session=calibration(cast, data, starts=False), by=cast.owner)

    reply = call(cast.annotator, "post", f"{SESSIONS}/{session.pk}/reveal")

    assert reply.status_code == 403
    session.refresh_from_db()
    assert session.stage == Stage.VOTE

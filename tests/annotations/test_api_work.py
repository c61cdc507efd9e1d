"""An annotator's work over the HTTP API: pull, read, save, submit, skip, each safe to repeat."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db.models import Value
from django.db.models.functions import Concat
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from annotations.actions import activate, next_item, pause, save_draft, submit
from annotations.api_schemas import SubmitIn
from annotations.models import Assignment, AssignmentStatus, Session
from annotations.sheet import Entry, Sheet
from rubricstudio.actions.tokens import create_token
from rubricstudio.domain.verdict import VerdictStatus
from rubricstudio.models import ApiToken, Preference, Response, Verdict
from tests.annotations.conftest import COMPLETE
from tests.annotations.test_api_sessions import SESSIONS, call
from tests.annotations.test_comparing import PAIRS, RANKED, compared
from tests.conftest import Cast, Data
from tests.rubricstudio.accounts import fresh_cache
from tests.url_table import OPERATIONS

__all__ = ["fresh_cache"]

WHOLE = {
    "warns": {"value": 1, "comment": "Names the interaction."},
    "invents": {"value": 0},
    "clarity": {"cannot_assess": True},
}


def _pull(session: Session, cast: Cast) -> dict[str, Any]:
    reply = call(cast.annotator, "post", f"{SESSIONS}/{session.pk}/next")
    assert reply.status_code == 200
    found: dict[str, Any] = reply.json()
    return found


def _at(session: Session, item: dict[str, Any], what: str = "") -> str:
    return f"{SESSIONS}/{session.pk}/items/{item['id']}{what and '/'}{what}"


# -- pull and read


def test_the_next_item_says_all_that_is_asked_and_no_source(session: Session, cast: Cast) -> None:
    Response.objects.update(source="planted-secret", external_id=Concat(Value("planted"), "pk"))

    item = _pull(session, cast)

    assert (item["number"], item["state"], item["version"]) == (1, "pending", 0)
    assert item["messages"] == [{"role": "user", "content": "Question 1: may I take both drugs?"}]
    (shown,) = item["responses"]
    assert shown["source"] is None
    assert shown["text"] == Response.objects.get(session_items=item["id"]).text
    assert [row["key"] for row in item["questions"]] == ["warns", "invents", "clarity"]
    warns, invents, clarity = item["questions"]
    assert (warns["kind"], warns["group"], warns["bad"], invents["bad"]) == (
        *("binary", "Safety", False, True),
    )
    assert [row["value"] for row in warns["options"]] == [0, 1]
    assert [(row["value"], row["label"]) for row in clarity["options"]] == [
        *((1, "muddled"), (2, "clear"), (3, "crisp")),
    ]
    assert "planted" not in str(item)


def test_a_source_that_the_session_shows_is_told(draft_session: Session, cast: Cast) -> None:
    Session.objects.filter(pk=draft_session.pk).update(hide_source=False)
    activate(session=draft_session, by=cast.owner)

    item = _pull(draft_session, cast)
    (shown,) = item["responses"]

    assert shown["source"] == Response.objects.get(session_items=item["id"]).source


def test_pulling_again_gives_what_is_open(session: Session, cast: Cast) -> None:
    assert _pull(session, cast)["id"] == _pull(session, cast)["id"]
    assert Assignment.objects.count() == 1


def test_when_nothing_is_left_the_answer_is_empty(session: Session, cast: Cast) -> None:
    while (taken := next_item(session=session, by=cast.annotator)) is not None:
        submit(assignment=taken, sheet=COMPLETE, by=cast.annotator)

    reply = call(cast.annotator, "post", f"{SESSIONS}/{session.pk}/next")

    assert (reply.status_code, reply.content) == (204, b"")


def test_nothing_is_handed_out_while_a_session_pauses(session: Session, cast: Cast) -> None:
    pause(session=session, by=cast.owner)

    reply = call(cast.annotator, "post", f"{SESSIONS}/{session.pk}/next")

    assert reply.status_code == 409
    assert reply.json()["detail"].startswith("The session is paused.")


def test_an_item_of_another_person_is_not_found(session: Session, cast: Cast) -> None:
    theirs = next_item(session=session, by=cast.second_annotator)
    assert theirs
    item = {"id": theirs.item_id}

    for method, what, body in (
        ("get", "", None),
        ("put", "draft", {}),
        ("post", "submit", {}),
        ("post", "skip", {"reason": "other"}),
        ("post", "take-up", None),
    ):
        reply = call(cast.annotator, method, _at(session, item, what), body)
        assert reply.status_code == 404, what


def test_what_others_said_of_the_item_is_not_told(session: Session, cast: Cast) -> None:
    theirs = next_item(session=session, by=cast.second_annotator)
    assert theirs
    said = Sheet({**COMPLETE.entries, "warns": Entry(VerdictStatus.OK, 1.0, "planted-reason")})
    submit(assignment=theirs, sheet=said, by=cast.second_annotator)

    item = _pull(session, cast)

    assert item["id"] == theirs.item_id
    assert (item["answers"], item["comment"]) == ({}, "")
    assert "planted" not in str(item)


# -- save


def test_a_draft_is_kept_and_read_again(session: Session, cast: Cast) -> None:
    item = _pull(session, cast)
    text = item["responses"][0]["text"]
    quote = {"text": text[:3], "start": 0, "end": 3}
    answers = {"warns": {"value": 1, "quotes": [quote], "confidence": "high"}}

    saved = call(
        cast.annotator,
        "put",
        _at(session, item, "draft"),
        {"answers": answers, "comment": "So far.\r\n", "version": 0},
    ).json()
    read = call(cast.annotator, "get", _at(session, item)).json()

    expected = {"value": 1, "cannot_assess": False, "comment": "", "confidence": "high"}
    assert saved["answers"] == read["answers"] == {"warns": expected | {"quotes": [quote]}}
    assert (saved["comment"], saved["state"], saved["version"]) == ("So far.", "draft", 1)
    assert not Verdict.objects.exists()


def test_the_same_draft_again_changes_nothing(session: Session, cast: Cast) -> None:
    item = _pull(session, cast)
    body = {"answers": {"warns": {"value": 1}}, "version": 0}

    first, again = (
        call(cast.annotator, "put", _at(session, item, "draft"), body).json() for _ in range(2)
    )

    assert first["version"] == again["version"] == 1
    assert first["answers"] == again["answers"]


def test_answers_from_elsewhere_are_joined_and_contradictions_told(
    session: Session, cast: Cast
) -> None:
    item = _pull(session, cast)
    at = _at(session, item, "draft")
    call(cast.annotator, "put", at, {"answers": {"warns": {"value": 1}}, "version": 0})

    joined = call(cast.annotator, "put", at, {"answers": {"invents": {"value": 0}}, "version": 0})
    wrong = call(cast.annotator, "put", at, {"answers": {"warns": {"value": 0}}, "version": 0})

    assert set(joined.json()["answers"]) == {"warns", "invents"}
    assert wrong.status_code == 409
    told = wrong.json()
    assert (told["conflicts"], told["version"]) == (["warns"], 2)
    assert (told["answers"]["warns"]["value"], told["stored"]["warns"]["value"]) == (0, 1)
    kept = call(cast.annotator, "get", _at(session, item)).json()
    assert kept["answers"]["warns"]["value"] == 1


@pytest.mark.parametrize(
    ("answers", "key"),
    [
        ({"warns": {"value": 0.5}}, "warns"),
        ({"clarity": {"value": 4}}, "clarity"),
        ({"nothing": {"value": 1}}, "nothing"),
        ({"warns": {"value": 1, "cannot_assess": True}}, "warns"),
        ({"warns": {"value": 1, "comment": "x" * 20_001}}, "warns"),
        ({"warns": {"value": 1, "quotes": [{"text": "a"}] * 31}}, "warns"),
        ({"response:1": {"value": 1}}, "response:1"),
    ],
)
def test_a_wrong_answer_is_named(
    session: Session, cast: Cast, answers: dict[str, object], key: str
) -> None:
    item = _pull(session, cast)

    for method, what in (("put", "draft"), ("post", "submit")):
        reply = call(cast.annotator, method, _at(session, item, what), {"answers": answers})
        assert reply.status_code == 422
        assert list(reply.json()["problems"]) == [key]
    assert not Verdict.objects.exists()


@pytest.mark.parametrize(
    "body",
    [
        '{"answers": {"warns": {"value": NaN}}}',
        '{"answers": {"warns": {"value": 1e999}}}',
        '{"answers": {"warns": {"value": "met"}}}',
        '{"answers": {"warns": {"confidence": "certain"}}}',
        '{"answers": []}',
        '{"version": -1}',
        '{"version": 99999999999999999999}',
        '{"answers": {"warns": {"quotes": [{"text": "a", "start": -1, "end": 3}]}}}',
        "[]",
        '"nothing"',
        '{"answer": {"warns": {"value": 1}}}',
        '{"answers": {"warns": {"valu": 1}}}',
        "{",
    ],
)
def test_a_body_that_says_nothing_is_refused(session: Session, cast: Cast, body: str) -> None:
    item = _pull(session, cast)
    _, token = create_token(user=cast.annotator, name="odd", scope=ApiToken.Scope.WRITE)

    reply = Client().put(
        _at(session, item, "draft"),
        body,
        content_type="application/json",
        headers={"Authorization": f"Bearer {token}"},
    )

    assert reply.status_code in (400, 422)
    assert "detail" in reply.json()


@pytest.mark.parametrize("word", ["a\x00b", "a\ud800b", "\N{RIGHT-TO-LEFT OVERRIDE}x"])
def test_odd_characters_are_kept_or_replaced(session: Session, cast: Cast, word: str) -> None:
    item = _pull(session, cast)
    said = {"value": 1, "comment": word, "quotes": [{"text": word, "start": 0, "end": 2}]}

    reply = call(
        cast.annotator,
        "put",
        _at(session, item, "draft"),
        {"answers": {"warns": said}, "comment": word},
    )

    assert reply.status_code == 200
    assert "\x00" not in reply.json()["comment"]


# -- submit


def test_complete_answers_become_verdicts_once(session: Session, cast: Cast) -> None:
    item = _pull(session, cast)
    body = {"answers": WHOLE, "comment": "Reads well.", "version": 0}

    first, again = (
        call(cast.annotator, "post", _at(session, item, "submit"), body).json() for _ in range(2)
    )

    assert (first["state"], first["added"], again["added"]) == ("submitted", 3, 0)
    found = {row.criterion.key: row for row in Verdict.objects.select_related("criterion")}
    assert {key: (row.status, row.value) for key, row in found.items()} == {
        "warns": ("ok", 1.0),
        "invents": ("ok", 0.0),
        "clarity": ("cannot_assess", None),
    }
    assert found["warns"].rationale == "Names the interaction."
    assert found["warns"].rater.user == cast.annotator


def test_a_correction_is_a_new_revision_with_its_reason(session: Session, cast: Cast) -> None:
    item = _pull(session, cast)
    at = _at(session, item, "submit")
    call(cast.annotator, "post", at, {"answers": WHOLE})

    changed = WHOLE | {"warns": {"value": 0}}
    reply = call(cast.annotator, "post", at, {"answers": changed, "reason": "Misread."})

    assert reply.json()["added"] == 1
    newest = Verdict.objects.get(criterion__key="warns", revision=1)
    assert (newest.value, newest.provenance) == (0.0, {"reason": "Misread."})


def test_what_is_missing_is_named_and_the_answers_are_kept(session: Session, cast: Cast) -> None:
    item = _pull(session, cast)

    reply = call(
        cast.annotator, "post", _at(session, item, "submit"), {"answers": {"warns": {"value": 1}}}
    )

    assert reply.status_code == 422
    assert reply.json()["detail"] == "2 criteria still need a verdict."
    assert list(reply.json()["problems"]) == ["invents", "clarity"]
    kept = call(cast.annotator, "get", _at(session, item)).json()
    assert (kept["state"], kept["answers"]["warns"]["value"]) == ("draft", 1)
    assert not Verdict.objects.exists()


def test_a_quote_that_the_response_does_not_hold_is_refused(session: Session, cast: Cast) -> None:
    item = _pull(session, cast)
    said = {"value": 1, "quotes": [{"text": "zebras in the attic"}]}

    reply = call(
        cast.annotator, "post", _at(session, item, "submit"), {"answers": WHOLE | {"warns": said}}
    )

    assert reply.status_code == 422
    assert list(reply.json()["problems"]) == ["warns"]


# -- skip


def test_an_item_is_skipped_once_and_taken_up_again(session: Session, cast: Cast) -> None:
    item = _pull(session, cast)
    body = {"reason": "expertise", "note": "Not my field."}

    skipped = [
        call(cast.annotator, "post", _at(session, item, "skip"), body).json()["state"]
        for _ in range(2)
    ]
    stored = Assignment.objects.get()
    taken = [
        call(cast.annotator, "post", _at(session, item, "take-up")).json()["state"]
        for _ in range(2)
    ]

    assert (skipped, taken) == (["skipped"] * 2, ["draft"] * 2)
    assert (stored.skip_reason, stored.skip_note) == ("expertise", "Not my field.")


def test_a_reason_that_there_is_not_is_refused(session: Session, cast: Cast) -> None:
    item = _pull(session, cast)

    reply = call(cast.annotator, "post", _at(session, item, "skip"), {"reason": "bored"})

    assert reply.status_code == 422
    assert Assignment.objects.get().status == AssignmentStatus.PENDING


def test_what_is_submitted_is_not_skipped_any_more(session: Session, cast: Cast) -> None:
    item = _pull(session, cast)
    call(cast.annotator, "post", _at(session, item, "submit"), {"answers": WHOLE})

    for what, body in (("skip", {"reason": "other"}), ("take-up", None)):
        reply = call(cast.annotator, "post", _at(session, item, what), body)
        assert reply.status_code == 409
    assert Assignment.objects.get().status == AssignmentStatus.SUBMITTED


def test_a_reading_token_does_no_work(session: Session, cast: Cast) -> None:
    taken = next_item(session=session, by=cast.annotator)
    assert taken
    item = {"id": taken.item_id}

    assert call(cast.annotator, "get", _at(session, item), scope="read").status_code == 200
    for method, path, body in (
        ("post", f"{SESSIONS}/{session.pk}/next", None),
        ("put", _at(session, item, "draft"), {"answers": WHOLE}),
        ("post", _at(session, item, "submit"), {"answers": WHOLE}),
        ("post", _at(session, item, "skip"), {"reason": "other"}),
    ):
        assert call(cast.annotator, method, path, body, scope="read").status_code == 403
    taken.refresh_from_db()
    assert (taken.status, taken.draft) == ("pending", {})


# -- several responses


def test_a_pair_is_asked_by_letters_and_answered_as_it_was_shown(cast: Cast, data: Data) -> None:
    session = activate(session=compared(cast, data, PAIRS), by=cast.owner)
    item = _pull(session, cast)
    texts = [row["text"] for row in item["responses"]]
    answers = {row["key"]: {"value": 0} for row in item["questions"]} | {"whole": {"value": -2}}

    reply = call(
        cast.annotator,
        "post",
        _at(session, item, "submit"),
        {"answers": answers, "comment": "A says why."},
    )

    assert [row["letter"] for row in item["responses"]] == ["A", "B"]
    assert [row["key"] for row in item["questions"]] == [
        *("criterion:warns", "criterion:invents", "criterion:clarity", "whole"),
    ]
    assert {row["kind"] for row in item["questions"]} == {"strength"}
    assert (reply.status_code, reply.json()["added"]) == (200, 1)
    assert reply.json()["answers"]["whole"]["value"] == -2
    stored = Preference.objects.select_related("response_a", "response_b").get()
    better = stored.response_a if stored.preferred == "a" else stored.response_b
    assert better.text == texts[0]


def test_a_pair_shown_the_other_way_round_means_the_same_response(cast: Cast, data: Data) -> None:
    session = activate(session=compared(cast, data, PAIRS), by=cast.owner)
    replies = {}
    for user in (cast.annotator, cast.second_annotator):
        item = call(user, "post", f"{SESSIONS}/{session.pk}/next").json()
        texts = [row["text"] for row in item["responses"]]
        answers = {row["key"]: {"value": 0} for row in item["questions"]}
        side = -1 if texts[0] == min(texts) else 1
        answers["whole"] = {"value": side}
        reply = call(user, "post", _at(session, item, "submit"), {"answers": answers})
        replies[user.pk] = (side, reply.json()["answers"]["whole"]["value"])

    assert {said for said, _ in replies.values()} == {-1, 1}  # they saw it in both orders
    assert all(said == told for said, told in replies.values())
    assert len({row.preferred for row in Preference.objects.all()}) == 1


def test_a_ranking_is_answered_by_places_of_letters(cast: Cast, data: Data) -> None:
    session = activate(session=compared(cast, data, RANKED), by=cast.owner)
    item = _pull(session, cast)
    places = [row["key"] for row in item["questions"] if row["key"] != "whole"]
    answers = {key: {"value": number} for number, key in enumerate(places, start=1)}

    some = call(
        cast.annotator, "post", _at(session, item, "submit"), {"answers": {places[0]: {"value": 1}}}
    )
    inner = f"response:{Assignment.objects.get().shown_order[0]}"
    hidden = call(
        cast.annotator, "put", _at(session, item, "draft"), {"answers": {inner: {"value": 1}}}
    )
    whole = call(cast.annotator, "post", _at(session, item, "submit"), {"answers": answers})

    assert places[:2] == ["place:A", "place:B"]
    assert list(some.json()["problems"]) == places[1:]
    assert list(hidden.json()["problems"]) == [inner]
    assert {key: row["value"] for key, row in whole.json()["answers"].items()} == {
        key: number for number, key in enumerate(places, start=1)
    }
    assert whole.json()["added"] == len(places) * (len(places) - 1) / 2


def test_a_comparison_takes_no_quotes_and_one_comment(cast: Cast, data: Data) -> None:
    session = activate(session=compared(cast, data, PAIRS), by=cast.owner)
    item = _pull(session, cast)

    for said in ({"quotes": [{"text": "a"}]}, {"confidence": "low"}, {"comment": "here"}):
        reply = call(
            cast.annotator,
            "put",
            _at(session, item, "draft"),
            {"answers": {"whole": {"value": 0} | said}},
        )
        assert (reply.status_code, list(reply.json()["problems"])) == (422, ["whole"])


# -- what it costs


def test_reading_and_saving_ask_as_often_whatever_others_did(
    session: Session, cast: Cast, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    item = _pull(session, cast)
    _, token = create_token(user=cast.annotator, name="cost", scope=ApiToken.Scope.WRITE)
    headers = {"Authorization": f"Bearer {token}"}
    client = Client()
    client.get("/api/v1/me", headers=headers)

    def read_and_save(value: int) -> None:
        with django_assert_max_num_queries(17):
            client.get(_at(session, item), headers=headers)
        with django_assert_max_num_queries(17):
            client.put(
                _at(session, item, "draft"),
                {"answers": {"warns": {"value": value}}},
                content_type="application/json",
                headers=headers,
            )

    read_and_save(1)
    while (taken := next_item(session=session, by=cast.second_annotator)) is not None:
        save_draft(assignment=taken, sheet=COMPLETE, by=cast.second_annotator)
        submit(assignment=taken, sheet=COMPLETE, by=cast.second_annotator)
    read_and_save(0)


# -- the manual


def test_the_manual_names_every_operation_and_its_example_can_be_sent() -> None:
    manual = (Path(settings.BASE_DIR) / "docs" / "api-sessions.md").read_text(encoding="utf-8")
    table = manual.partition("| operation |")[2].partition("Lists come")[0]

    for operation in (one for one in OPERATIONS if "/sessions" in one):
        method, path = operation.split(" ", 1)
        end = path.rpartition("/")[2] if not path.endswith("}") else "<id>"
        assert any(method in row and end in row for row in table.splitlines()), operation
    example = manual.partition("/submit -d '")[2].partition("'\n")[0]
    assert set(SubmitIn.model_validate_json(example).answers) == {"warns", "invents", "clarity"}

"""The pages of a calibration round: the stages, the discussion, who meets what and when."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from annotations.actions import complete
from annotations.actions.calibration import add_note, reveal, vote_again
from annotations.discussion import discussed_page
from annotations.models import Assignment, DiscussionNote, Session, Stage
from annotations.queries.calibration import moves_of
from annotations.queries.discussion import (
    Place,
    beside_in_list,
    discussed,
    first_verdicts,
    letters,
    people_of,
    place_from,
)
from rubricstudio.models import Verdict
from tests.annotations.calibration_cases import (
    calibration,
    fresh,
    second_vote,
    sheet,
    vote,
    vote_by_response,
)
from tests.conftest import Cast, Data

# By response: what Nuria and Nils say. Weights 5, -4, 3 of 12.
HER = [sheet(1, 0, 2), sheet(1, 0, 1), sheet(1, 1, 1), sheet(1, 0, None)]
HIS = [sheet(1, 0, 2), sheet(1, 0, 3), sheet(0, 0, 3), sheet(0, 0, 2)]


def _url(name: str, session: Session, *more: object) -> str:
    return reverse(f"annotations:{name}", args=["demo", session.pk, *more])


@pytest.fixture
def voted(cast: Cast, data: Data) -> Session:
    """Everybody has voted on everything."""
    session = calibration(cast, data)
    for person, said in ((cast.annotator, HER), (cast.second_annotator, HIS)):
        vote_by_response(session, person, dict(zip(data.responses, said, strict=True)))
    return session


@pytest.fixture
def revealed(voted: Session, cast: Cast) -> Session:
    return fresh(reveal(session=voted, by=cast.owner))


# -- the list


def test_the_most_disputed_items_come_first(revealed: Session, data: Data) -> None:
    page = discussed(revealed)

    first, second, third, fourth = (response.pk for response in data.responses)
    # All three differ: 1. Warns alone, since clarity has one value: 5/12. Clarity: 3/12.
    assert [row.response for row in page.rows] == [third, fourth, second, first]
    assert [row.place.dispute for row in page.rows] == pytest.approx([1, 5 / 12, 3 / 12, 0])
    assert [(row.split, row.compared) for row in page.rows] == [(3, 3), (1, 2), (1, 3), (0, 3)]
    assert (page.total, page.disputed, page.more) == (4, 3, False)


def test_pages_of_the_list_follow_one_another(revealed: Session) -> None:
    every = [row.response for row in discussed(revealed).rows]
    seen, after = [], None
    for _n in range(3):
        page = discussed(revealed, after=after, limit=2)
        seen += [row.response for row in page.rows]
        after = place_from(str(page.rows[-1].place)) if page.rows else after

    assert seen == every
    assert discussed(revealed, after=Place(0.0, 2**40)).rows == []
    beside = [beside_in_list(revealed, response) for response in every]
    assert [one and one.after for one in beside] == [*every[1:], None]
    assert [one and one.before for one in beside] == [None, *every[:-1]]


@pytest.mark.parametrize(
    "text", ["", "x", "nan_1", "2_1", "0.5_", "0.5_x", "_3", "0.5_" + "9" * 30]
)
def test_a_place_that_makes_no_sense_is_none(text: str) -> None:
    assert place_from(text) is None


def test_letters_go_on_behind_z() -> None:
    assert [letters(n) for n in (0, 25, 26, 27, 701, 702)] == ["A", "Z", "AA", "AB", "ZZ", "AAA"]


# -- what is shown to whom


def test_before_the_reveal_nobody_reads_a_vote_here(
    voted: Session, cast: Cast, data: Data, client: Client
) -> None:
    for person in (cast.annotator, cast.owner):
        client.force_login(person)
        for url in (_url("discussion", voted), _url("discussed", voted, data.responses[0].pk)):
            told = client.get(url, follow=True)
            assert "The votes are shown when" in told.content.decode()
            assert told.redirect_chain


def test_only_those_who_take_part_or_manage_read_the_discussion(
    revealed: Session, cast: Cast, data: Data, client: Client
) -> None:
    expected = {
        cast.annotator: 200,
        cast.second_annotator: 200,
        cast.owner: 200,
        cast.author: 200,
        cast.reviewer: 404,  # sees results, but has no part in this round
        cast.viewer: 403,
        cast.stranger: 404,
    }
    for person, status in expected.items():
        client.force_login(person)
        for url in (
            _url("discussion", revealed),
            _url("discussed", revealed, data.responses[2].pk),
        ):
            assert client.get(url).status_code == status, person
            if status != 200:
                assert client.post(url, {"criterion": "warns", "text": "x"}).status_code == status
    assert not DiscussionNote.objects.exists()


def test_a_plain_session_has_no_discussion(session: Session, cast: Cast, client: Client) -> None:
    client.force_login(cast.owner)
    assert client.get(_url("discussion", session)).status_code == 404
    assert b"Calibration round" not in client.get(session.get_absolute_url()).content


def test_letters_stand_for_people_where_the_session_hides_them(
    revealed: Session, cast: Cast, data: Data, client: Client
) -> None:
    people = list(people_of(revealed, cast.annotator.pk).values())
    assert sorted(person.mark for person in people) == ["A", "B"]
    client.force_login(cast.annotator)

    shown = client.get(_url("discussed", revealed, data.responses[2].pk)).content.decode()

    assert str(cast.second_annotator) not in shown.replace("Nuria", "")
    assert "Annotator A" in shown and "Annotator B" in shown and "(you)" in shown
    assert "heron" not in shown.split("heron says")[0]  # the source stands in the text alone


def test_names_are_shown_where_the_session_does_not_hide_them(
    cast: Cast, data: Data, client: Client
) -> None:
    session = calibration(cast, data, hide_raters=False)
    (one,) = vote(session, cast.annotator, sheet(1))
    vote(session, cast.second_annotator, sheet(0, why="It names no drug.", comment="Thin."))
    reveal(session=session, by=cast.owner, despite_missing=True)
    client.force_login(cast.annotator)

    shown = client.get(_url("discussed", session, one.item.response_id)).content.decode()

    assert f"{cast.second_annotator}</bdi>" in shown
    assert "It names no drug." in shown and "Thin." in shown


def test_the_first_votes_stay_as_they_were_in_the_second(
    cast: Cast, data: Data, client: Client
) -> None:
    session = calibration(cast, data)
    (one,) = vote(session, cast.annotator, sheet(1, why="First words.", comment="First comment."))
    vote(session, cast.second_annotator, sheet(0))
    response = one.item.response_id
    before = [
        (v.rater_id, v.criterion_id, v.value)
        for v in first_verdicts(
            fresh(reveal(session=session, by=cast.owner, despite_missing=True)), response
        )
    ]
    session = second_vote(cast, session)
    vote(session, cast.annotator, sheet(0, why="zqNewWords", comment="zqNewComment"))
    client.force_login(cast.second_annotator)

    shown = client.get(_url("discussed", session, response)).content.decode()

    assert "First words." in shown and "First comment." in shown and "zqNew" not in shown
    after = [(v.rater_id, v.criterion_id, v.value) for v in first_verdicts(session, response)]
    assert after == before and Verdict.objects.filter(revision=1).exists()
    assert discussed(session).rows[0].place.dispute == pytest.approx(5 / 12)


# -- notes


def _note(client: Client, session: Session, response: int, **more: Any) -> HttpResponse:
    data = {"criterion": "warns", "text": "It names no drug."} | more.pop("data", {})
    return client.post(_url("discussed", session, response), data, **more)  # type: ignore[return-value]


def test_notes_are_added_with_and_without_scripts(
    revealed: Session, cast: Cast, data: Data, client: Client
) -> None:
    response = data.responses[2].pk
    client.force_login(cast.annotator)

    plain = _note(client, revealed, response)
    assert plain.status_code == 302
    assert plain["Location"].endswith("#criterion-warns")
    client.force_login(cast.owner)
    part = _note(client, revealed, response, headers={"hx-request": "true"}, data={"text": "Look."})

    body = part.content.decode()
    assert part.status_code == 200 and "<html" not in body
    assert "It names no drug." in body and "Look." in body
    assert f"<bdi>{cast.owner}</bdi>" in body  # who manages without voting is named
    assert discussed(revealed).rows[0].notes == 2


def test_no_text_is_lost_where_a_note_is_refused(
    revealed: Session, cast: Cast, data: Data, client: Client
) -> None:
    response = data.responses[2].pk
    client.force_login(cast.annotator)
    long = "zqLong " * 1000

    for headers in ({}, {"hx-request": "true"}):
        refused = _note(client, revealed, response, headers=headers, data={"text": long})
        assert refused.status_code == 422
        assert long.strip() in refused.content.decode() and b"Shorten" in refused.content
    unknown = _note(client, revealed, response, data={"criterion": "gone", "text": "zqKept"})
    assert unknown.status_code == 422 and b"zqKept" in unknown.content
    # The second vote opens in another tab while somebody writes.
    vote_again(session=revealed, by=cast.owner)
    late = _note(client, revealed, response, data={"text": "zqLate"})
    assert late.status_code == 422 and b"zqLate" in late.content
    assert not DiscussionNote.objects.exists()


# -- the stages


def test_a_manager_moves_the_round_on_from_the_sessions_page(
    cast: Cast, data: Data, client: Client
) -> None:
    session = calibration(cast, data)
    client.force_login(cast.owner)
    page, step = session.get_absolute_url(), _url("calibration-step", session)

    def after(**sent: str) -> str:
        return client.post(step, sent, follow=True).content.decode()

    assert "two people have voted on the same item" in client.get(page).content.decode()
    assert "Nobody has voted yet" in after(step="reveal")
    vote(session, cast.annotator, sheet(1))
    vote(session, cast.second_annotator, sheet(0))
    assert "Go on although 6 votes are missing" in client.get(page).content.decode()
    assert "6 votes are missing, of:" in after(step="reveal")
    assert "Discuss it now" in after(step="reveal", despite_missing="1")
    assert "The second vote is open" in after(step="vote_again")
    assert "is at its second vote" in after(step="reveal")
    assert "Choose what to do" in after(step="nonsense")
    assert fresh(session).stage == Stage.REVOTE
    shown = client.get(page).content.decode()
    assert "2 second votes are missing" in shown and f"<bdi>{cast.owner}</bdi>" in shown


def test_an_annotators_queue_says_what_comes_next(
    voted: Session, cast: Cast, data: Data, client: Client
) -> None:
    client.force_login(cast.annotator)
    queue = _url("queue", voted)
    assert "A calibration round." in client.get(queue).content.decode()

    reveal(session=voted, by=cast.owner)
    assert "Open the discussion" in client.get(queue).content.decode()
    vote_again(session=voted, by=cast.owner)
    assert "0 / 4" in client.get(queue).content.decode()
    taken = client.post(_url("next", voted), follow=True)
    assert "These are your first answers" in taken.content.decode()
    url = taken.redirect_chain[-1][0]
    draft = Assignment.objects.get(
        item=int(url.rstrip("/").rpartition("/")[2]), rater__user=cast.annotator
    )
    reply = client.post(
        url + "submit/",
        {
            "answer:warns": "1",
            "answer:invents": "0",
            "answer:clarity": "2",
            "revision": draft.draft_version,
        },
    )
    assert reply.status_code == 302
    assert "1 / 4" in client.get(queue).content.decode()
    assert "voted again on this item" in client.get(url).content.decode()
    complete(session=voted, by=cast.owner)
    assert "Before and after" in client.get(queue).content.decode()


def test_a_round_is_set_up_in_the_form(cast: Cast, data: Data, client: Client) -> None:
    client.force_login(cast.owner)
    sent = {
        "name": "Calibrate",
        "version": data.version.pk,
        "annotators": [cast.annotator.pk, cast.second_annotator.pk],
        "coverage": "3",
        "reservation_minutes": "60",
        "calibration": "on",
    }

    refused = client.post(reverse("annotations:session-new", args=["demo"]), sent | {"limit": "2"})
    assert refused.status_code == 422 and b"everybody votes once on every item" in refused.content
    client.post(reverse("annotations:session-new", args=["demo"]), sent)

    made = Session.objects.get(round__name="Calibrate")
    assert made.stage == Stage.VOTE
    edit = client.get(_url("session-edit", made)).content.decode()
    assert 'name="calibration"' in edit and "checked" in edit.split('name="calibration"')[1][:80]


def test_reading_an_item_takes_a_constant_number_of_queries(
    revealed: Session, cast: Cast, data: Data, django_assert_max_num_queries: Any
) -> None:
    add_note(
        session=revealed,
        response_id=data.responses[2].pk,
        criterion_key="warns",
        text="Why?",
        by=cast.owner,
    )
    with django_assert_max_num_queries(6):
        discussed_page(revealed, data.responses[2].pk, cast.annotator.pk)


def test_a_round_is_run_from_the_command_line(cast: Cast, data: Data) -> None:
    def run(name: str, *arguments: str) -> None:
        call_command(name, "demo", *arguments, stdout=StringIO())

    people = [cast.annotator, cast.second_annotator]
    named = [word for person in people for word in ("--annotator", person.email)]
    run("create_session", "--name", "Round", *named, "--set", "calibration=true", "--activate")
    session = fresh(Session.objects.get(round__name="Round"))
    assert (session.stage, session.coverage) == (Stage.VOTE, 2)
    with pytest.raises(CommandError, match="what people are asked"):
        run("edit_session", "Round", "--set", "calibration=false")
    vote(session, cast.annotator, sheet(1))
    vote(session, cast.second_annotator, sheet(0))

    with pytest.raises(CommandError, match="6 votes are missing"):
        run("edit_session", "Round", "--step", "reveal")
    with pytest.raises(CommandError, match="goes with --step reveal"):
        run("edit_session", "Round", "--step", "vote-again", "--despite-missing")
    run("edit_session", "Round", "--step", "reveal", "--despite-missing")
    run("edit_session", "Round", "--step", "vote-again")

    assert fresh(session).stage == Stage.REVOTE
    assert moves_of(fresh(session))[Stage.REVOTE].by == str(cast.owner)

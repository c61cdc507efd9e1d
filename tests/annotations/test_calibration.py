"""A calibration round: everybody votes, the votes are shown, everybody votes again."""

from __future__ import annotations

from functools import partial

import pytest
from django.db import connection

from annotations.actions import (
    clone_session,
    complete,
    edit_session,
    next_item,
    pause,
    set_annotators,
    submit,
)
from annotations.actions.calibration import add_note, reveal, vote_again
from annotations.errors import InvalidSession, NotPossible, VotesMissing
from annotations.models import Assignment, DiscussionNote, Item, Session, Stage
from annotations.queries.blind import blind_responses
from annotations.queries.calibration import moves_of, votes_of
from annotations.queries.disputes import disputes, scope_of
from annotations.queries.sheets import own_verdicts
from rubricstudio.actions.tasks import add_response
from rubricstudio.models import Verdict
from rubricstudio.queries.verdict_table import verdict_columns
from tests.annotations.calibration_cases import (
    calibration,
    discussed_session,
    fresh,
    second_vote,
    sheet,
    vote,
)
from tests.conftest import Cast, Data


def test_everybody_votes_on_every_item(cast: Cast, data: Data) -> None:
    session = calibration(cast, data)

    # The default of three people does not hold here: there are two annotators.
    assert session.coverage == 2
    assert set(session.items.values_list("places", flat=True)) == {2}
    vote(session, cast.annotator, *[sheet(1)] * 4)
    assert next_item(session=session, by=cast.annotator) is None


def test_who_joins_during_the_first_vote_gets_every_item(cast: Cast, data: Data) -> None:
    session = calibration(cast, data)
    vote(session, cast.second_annotator, *[sheet(1)] * 4)

    # Nils has voted and leaves, Rosa comes: his places are taken for good.
    set_annotators(session=session, users=[cast.annotator, cast.reviewer], by=cast.owner)

    assert set(session.items.values_list("places", flat=True)) == {3}
    vote(session, cast.annotator, *[sheet(1)] * 4)
    vote(session, cast.reviewer, *[sheet(0)] * 4)
    revealed = reveal(session=session, by=cast.owner)
    with pytest.raises(NotPossible, match="nobody can join"):
        set_annotators(
            session=revealed, users=[cast.annotator, cast.second_annotator], by=cast.owner
        )


def test_one_person_cannot_be_calibrated(cast: Cast, data: Data) -> None:
    with pytest.raises(NotPossible, match="second annotator"):
        calibration(cast, data, people=[cast.annotator])


@pytest.mark.parametrize(
    ("field", "options"),
    [
        ("limit", {"limit": 3}),
        ("target", {"target": 3}),
        ("extra_coverage", {"extra_coverage": 1, "extra_share": 0.5}),
        ("max_coverage", {"extra_below": 0.5, "max_coverage": 5}),
        ("repeat_share", {"repeat_share": 0.5}),
        ("skipped_to", {"skipped_to": "nobody"}),
        ("stage", {"stage": "discuss"}),
    ],
)
def test_what_would_keep_people_from_the_same_items_is_refused(
    cast: Cast, data: Data, field: str, options: dict[str, object]
) -> None:
    session = calibration(cast, data, starts=False)

    with pytest.raises(InvalidSession) as caught:
        edit_session(session=session, by=cast.owner, **options)  # type: ignore[arg-type]

    assert caught.value.field == field


def test_a_running_session_does_not_become_a_calibration(cast: Cast, data: Data) -> None:
    session = calibration(cast, data)
    with pytest.raises(InvalidSession, match="what people are asked"):
        edit_session(session=session, by=cast.owner, stage="")
    with pytest.raises(InvalidSession, match="everybody votes on every item"):
        edit_session(session=session, by=cast.owner, coverage=5)


def test_the_votes_are_not_shown_before_there_is_something_to_compare(
    cast: Cast, data: Data
) -> None:
    session = calibration(cast, data)
    with pytest.raises(NotPossible, match="Nobody has voted"):
        reveal(session=session, by=cast.owner, despite_missing=True)
    vote(session, cast.annotator, sheet(1))
    with pytest.raises(NotPossible, match="two people"):
        reveal(session=session, by=cast.owner, despite_missing=True)
    with pytest.raises(NotPossible, match="first vote|blind vote"):
        vote_again(session=session, by=cast.owner)

    vote(session, cast.second_annotator, sheet(1))
    with pytest.raises(VotesMissing, match="6 votes are missing"):
        reveal(session=session, by=cast.owner)
    assert fresh(session).stage == Stage.VOTE
    assert reveal(session=session, by=cast.owner, despite_missing=True).stage == Stage.DISCUSS


def test_steps_are_safe_to_repeat_and_never_go_back(cast: Cast, data: Data) -> None:
    session = discussed_session(cast, data)
    at = session.revealed_at

    assert reveal(session=session, by=cast.owner).revealed_at == at
    again = vote_again(session=session, by=cast.author)
    assert vote_again(session=session, by=cast.author).revote_at == again.revote_at
    with pytest.raises(NotPossible, match="second vote"):
        reveal(session=session, by=cast.owner)

    moves = moves_of(fresh(session))
    assert moves[Stage.DISCUSS].by == str(cast.owner)
    assert moves[Stage.REVOTE].by == str(cast.author)
    complete(session=session, by=cast.owner)
    with pytest.raises(NotPossible, match="completed"):
        vote_again(session=session, by=cast.owner)


def test_a_plain_session_has_no_stages(session: Session, cast: Cast) -> None:
    with pytest.raises(NotPossible, match="no calibration"):
        reveal(session=session, by=cast.owner)


def test_nothing_is_submitted_while_people_discuss(cast: Cast, data: Data) -> None:
    session = calibration(cast, data)
    (mine,) = vote(session, cast.annotator, sheet(1))
    vote(session, cast.second_annotator, sheet(0))
    late = next_item(session=session, by=cast.annotator)
    assert late is not None
    # Both pages were loaded before the reveal: what counts is the session as it is now.
    reveal(session=session, by=cast.owner, despite_missing=True)

    with pytest.raises(NotPossible, match="being discussed"):
        submit(assignment=late, sheet=sheet(1), by=cast.annotator)
    with pytest.raises(NotPossible, match="being discussed"):
        submit(assignment=mine, sheet=sheet(0), by=cast.annotator)
    with pytest.raises(NotPossible, match="discussion"):
        next_item(session=session, by=cast.annotator)
    vote_again(session=session, by=cast.owner)
    with pytest.raises(NotPossible, match="did not take part"):
        submit(assignment=late, sheet=sheet(1), by=cast.annotator)


def test_the_second_vote_hands_out_what_one_voted_on_from_ones_first_answers(
    cast: Cast, data: Data
) -> None:
    session = calibration(cast, data)
    vote(session, cast.annotator, sheet(1, comment="As I saw it first."), sheet(0))
    vote(session, cast.second_annotator, sheet(0))
    session = second_vote(cast, session)

    taken = next_item(session=session, by=cast.annotator)
    assert taken is not None
    assert own_verdicts(taken).sheet.entry("warns").value == 1
    submit(assignment=taken, sheet=sheet(0, comment="On reflection."), by=cast.annotator)
    following = next_item(session=session, by=cast.annotator)
    assert following is not None and following.pk != taken.pk
    # Nothing changed: it is confirmed without a new verdict.
    assert submit(assignment=following, sheet=sheet(0), by=cast.annotator).added == 0
    assert next_item(session=session, by=cast.annotator) is None

    votes = votes_of(session)
    assert {person.name: (person.first, person.second) for person in votes.people} == {
        str(cast.annotator): (2, 2),
        str(cast.second_annotator): (1, 0),
    }
    kept = Assignment.objects.get(pk=taken.pk)
    assert (kept.first_comment, kept.comment) == ("As I saw it first.", "On reflection.")


def test_the_second_answers_are_the_current_ones_everywhere(cast: Cast, data: Data) -> None:
    session = discussed_session(cast, data)
    vote_again(session=session, by=cast.owner)
    scope = scope_of(cast.project, [session.round])
    assert len(disputes(scope).rows) == 1

    (again,) = vote(session, cast.annotator, sheet(0))

    assert not disputes(scope).rows
    columns = verdict_columns(rounds=[session.pk])
    warns = data.version.criteria.get(key="warns").pk
    assert columns.value[columns.criterion == warns].tolist() == [0, 0]
    # The first vote stays, as it was.
    rows = Verdict.objects.filter(rater=again.rater_id, criterion=warns)
    assert list(rows.order_by("revision").values_list("value", flat=True)) == [1, 0]


def test_a_copy_begins_with_the_first_vote(cast: Cast, data: Data) -> None:
    session = discussed_session(cast, data)
    copy = clone_session(session=session, by=cast.owner)
    assert (copy.stage, copy.revealed_at) == (Stage.VOTE, None)


def test_people_are_blind_while_they_vote_even_to_what_they_submitted(
    cast: Cast, data: Data
) -> None:
    session = calibration(cast, data, people=[cast.reviewer, cast.second_annotator])
    every = set(Item.objects.filter(session=session).values_list("response", flat=True))
    vote(session, cast.reviewer, *[sheet(1)] * 4)
    vote(session, cast.second_annotator, *[sheet(0)] * 4)

    # A reviewer may see results, but could still change this vote.
    assert blind_responses(cast.project, cast.reviewer) == every
    reveal(session=session, by=cast.owner)
    assert blind_responses(cast.project, cast.reviewer) == set()
    vote_again(session=session, by=cast.owner)
    assert blind_responses(cast.project, cast.reviewer) == every
    complete(session=fresh(session), by=cast.owner)
    assert blind_responses(cast.project, cast.reviewer) == set()


# -- notes


def test_notes_are_written_while_people_discuss(cast: Cast, data: Data) -> None:
    session = discussed_session(cast, data)
    response = Assignment.objects.filter(item__session=session, status="submitted")[0]
    note = partial(
        add_note, session=session, response_id=response.item.response_id, criterion_key="warns"
    )

    made = note(text=" It names no drug. ", by=cast.annotator)
    assert made.text == "It names no drug."
    # A second click is the same note; the same words after another note are a new one.
    assert note(text="It names no drug.", by=cast.annotator) == made
    note(text="Where?", by=cast.second_annotator)
    assert note(text="It names no drug.", by=cast.annotator) != made
    assert DiscussionNote.objects.count() == 3


def test_notes_that_make_no_sense_are_refused(cast: Cast, data: Data) -> None:
    session = discussed_session(cast, data)
    voted = Assignment.objects.filter(item__session=session, status="submitted")
    response = voted[0].item.response_id
    untouched = add_response(task=data.tasks[0], external_id="new", source="wren", text="No.")

    def note(response_id: int = response, key: str = "warns", text: str = "Why?") -> None:
        add_note(
            session=session,
            response_id=response_id,
            criterion_key=key,
            text=text,
            by=cast.annotator,
        )

    for wrong, words in (
        ({"text": " \n"}, "Write something"),
        ({"text": "x" * 5001}, "Shorten"),
        ({"key": "safety"}, "not discussed"),
        ({"key": "nothing"}, "not discussed"),
        ({"response_id": untouched.pk}, "not discussed"),
    ):
        with pytest.raises(NotPossible, match=words):
            note(**wrong)
    pause(session=session, by=cast.owner)
    note()  # a pause stops votes, not talk
    vote_again(session=session, by=cast.owner)
    with pytest.raises(NotPossible, match="second vote"):
        note(text="Too late.")
    assert DiscussionNote.objects.count() == 1


def test_the_first_vote_ends_at_the_clock_that_dates_verdicts(cast: Cast, data: Data) -> None:
    session = discussed_session(cast, data)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT max(created_at) FROM studio_verdict WHERE round_id = %s", [session.pk]
        )
        (last,) = cursor.fetchone()
    assert session.revealed_at is not None and last < session.revealed_at

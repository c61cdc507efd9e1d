"""Reserving, saving, submitting and skipping items."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from annotations.actions import (
    activate,
    complete,
    next_item,
    pause,
    save_draft,
    set_annotators,
    skip,
    submit,
    submit_or_keep,
    take_up,
)
from annotations.actions.sheets import stored_sheet
from annotations.errors import (
    DraftConflict,
    IncompleteSheet,
    NotInSession,
    NotPossible,
    PlacesTaken,
)
from annotations.models import Assignment, AssignmentStatus, Item, Session, SkipReason
from annotations.queries import queue_progress, session_items, session_progress
from annotations.sheet import Entry, InvalidSheet, Sheet
from rubricstudio.domain.verdict import VerdictStatus
from rubricstudio.models import User, Verdict
from tests.annotations.conftest import COMPLETE
from tests.conftest import Cast

OK = VerdictStatus.OK
WARNS = Sheet({"warns": Entry(OK, 1.0)})
WARNS_NOT = Sheet({"warns": Entry(OK, 0.0)})


def _next(session: Session, by: User) -> Assignment:
    found = next_item(session=session, by=by)
    assert found is not None
    return found


def _expire(assignment: Assignment) -> None:
    Assignment.objects.filter(pk=assignment.pk).update(
        reserved_until=timezone.now() - timedelta(seconds=1)
    )


def _fill(item: Item, *people: User) -> None:
    """Have others submit an item, taking it out of order."""
    for person in people:
        while True:
            assignment = _next(item.session, person)
            submit(assignment=assignment, sheet=COMPLETE, by=person)
            if assignment.item_id == item.pk:
                break


@pytest.fixture
def three_people(draft_session: Session, cast: Cast) -> Session:
    """Coverage is 2, so a third person can take the place of someone whose time is up."""
    set_annotators(
        session=draft_session,
        users=[cast.annotator, cast.second_annotator, cast.reviewer],
        by=cast.owner,
    )
    return activate(session=draft_session, by=cast.owner)


# -- reserving


def test_a_person_gets_the_items_in_order_and_each_once(session: Session, cast: Cast) -> None:
    seen = []
    while (assignment := next_item(session=session, by=cast.annotator)) is not None:
        seen.append(assignment.item.position)
        submit(assignment=assignment, sheet=COMPLETE, by=cast.annotator)

    assert seen == [0, 1, 2, 3]


def test_what_is_open_comes_first(session: Session, cast: Cast) -> None:
    first = _next(session, cast.annotator)
    save_draft(assignment=first, sheet=WARNS, by=cast.annotator)

    assert _next(session, cast.annotator).pk == first.pk


def test_nobody_gets_an_item_whose_places_are_taken(three_people: Session, cast: Cast) -> None:
    first = _next(three_people, cast.annotator)
    second = _next(three_people, cast.second_annotator)
    third = _next(three_people, cast.reviewer)

    assert first.item_id == second.item_id != third.item_id
    assert {first.slot, second.slot} == {0, 1}


def test_a_reservation_that_expired_goes_to_the_next_person(
    three_people: Session, cast: Cast
) -> None:
    first = _next(three_people, cast.annotator)
    _next(three_people, cast.second_annotator)
    _expire(first)

    third = _next(three_people, cast.reviewer)

    first.refresh_from_db()
    assert third.item_id == first.item_id
    assert first.slot is None


def test_saving_renews_the_reservation(session: Session, cast: Cast) -> None:
    first = _next(session, cast.annotator)
    _expire(first)

    saved = save_draft(assignment=first, sheet=WARNS, by=cast.annotator)

    assert saved.reserved_until and saved.reserved_until > timezone.now()


def test_whoever_lost_the_place_gets_it_back_while_there_is_room(
    three_people: Session, cast: Cast
) -> None:
    first = _next(three_people, cast.annotator)
    _next(three_people, cast.second_annotator)
    _expire(first)
    third = _next(three_people, cast.reviewer)
    skip(assignment=third, reason=SkipReason.OTHER, by=cast.reviewer)

    again = _next(three_people, cast.annotator)

    assert again.pk == first.pk
    assert again.slot is not None


def test_a_lost_place_that_is_filled_is_passed_over_and_the_draft_kept(
    three_people: Session, cast: Cast
) -> None:
    first = _next(three_people, cast.annotator)
    save_draft(assignment=first, sheet=WARNS, by=cast.annotator)
    _expire(first)
    _fill(first.item, cast.second_annotator, cast.reviewer)

    other = _next(three_people, cast.annotator)
    with pytest.raises(PlacesTaken):
        submit_or_keep(
            assignment=first, sheet=COMPLETE, by=cast.annotator, version=1, tab="", reason=""
        )

    first.refresh_from_db()
    assert other.item_id != first.item_id
    assert stored_sheet(first).same_as(COMPLETE)
    assert first.status == "draft"


@pytest.mark.parametrize("step", [pause, complete])
def test_a_session_that_is_not_active_hands_out_nothing(
    session: Session, cast: Cast, step: object
) -> None:
    assert callable(step)
    step(session=session, by=cast.owner)
    with pytest.raises(NotPossible):
        next_item(session=session, by=cast.annotator)


def test_only_annotators_of_the_session_get_items(session: Session, cast: Cast) -> None:
    with pytest.raises(NotInSession):
        next_item(session=session, by=cast.owner)


# -- drafts


def test_a_draft_keeps_every_kind_of_entry(session: Session, cast: Cast) -> None:
    first = _next(session, cast.annotator)

    saved = save_draft(assignment=first, sheet=COMPLETE, by=cast.annotator, version=0)

    assert (saved.status, saved.draft_version) == ("draft", 1)
    assert stored_sheet(Assignment.objects.get(pk=first.pk)).same_as(COMPLETE)


def test_saving_the_same_again_is_no_new_version(session: Session, cast: Cast) -> None:
    first = _next(session, cast.annotator)
    save_draft(assignment=first, sheet=WARNS, by=cast.annotator, version=0)

    again = save_draft(assignment=first, sheet=WARNS, by=cast.annotator, version=0)

    assert again.draft_version == 1


def test_a_value_off_the_scale_is_not_kept(session: Session, cast: Cast) -> None:
    first = _next(session, cast.annotator)
    with pytest.raises(InvalidSheet):
        save_draft(assignment=first, sheet=Sheet({"clarity": Entry(OK, 9.0)}), by=cast.annotator)


def test_two_tabs_that_contradict_each_other_lose_nothing(session: Session, cast: Cast) -> None:
    first = _next(session, cast.annotator)
    save_draft(assignment=first, sheet=WARNS, by=cast.annotator, version=0, tab="one")

    with pytest.raises(DraftConflict) as caught:
        save_draft(assignment=first, sheet=WARNS_NOT, by=cast.annotator, version=0, tab="two")

    conflict = caught.value
    assert conflict.version == 1
    assert conflict.merge.conflicts == ("warns",)
    assert conflict.stored.entry("warns").value == 1.0
    assert conflict.merge.sheet.entry("warns").value == 0.0
    first.refresh_from_db()
    assert stored_sheet(first).same_as(WARNS)


def test_two_tabs_that_answer_different_criteria_are_merged(session: Session, cast: Cast) -> None:
    first = _next(session, cast.annotator)
    save_draft(assignment=first, sheet=WARNS, by=cast.annotator, version=0, tab="one")

    saved = save_draft(
        assignment=first,
        sheet=Sheet({"invents": Entry(OK, 0.0)}),
        by=cast.annotator,
        version=0,
        tab="two",
    )

    assert stored_sheet(saved).same_as(Sheet({"warns": Entry(OK, 1.0), "invents": Entry(OK, 0.0)}))


def test_a_tab_that_missed_the_reply_to_its_own_save_goes_on(session: Session, cast: Cast) -> None:
    first = _next(session, cast.annotator)
    save_draft(assignment=first, sheet=WARNS, by=cast.annotator, version=0, tab="one")

    saved = save_draft(assignment=first, sheet=WARNS_NOT, by=cast.annotator, version=0, tab="one")

    assert stored_sheet(saved).entry("warns").value == 0.0


def test_drafts_are_kept_while_paused_and_not_after_the_end(session: Session, cast: Cast) -> None:
    first = _next(session, cast.annotator)
    pause(session=session, by=cast.owner)
    save_draft(assignment=first, sheet=WARNS, by=cast.annotator)
    complete(session=session, by=cast.owner)
    with pytest.raises(NotPossible, match="completed"):
        save_draft(assignment=first, sheet=WARNS_NOT, by=cast.annotator)


# -- submitting


def test_submitting_makes_a_verdict_of_each_entry(session: Session, cast: Cast) -> None:
    first = _next(session, cast.annotator)

    done = submit(assignment=first, sheet=COMPLETE, by=cast.annotator)

    rows = Verdict.objects.values_list("criterion__key", "status", "value", "rationale")
    assert set(rows) == {
        ("warns", "ok", 1.0, "Names the interaction."),
        ("invents", "ok", 0.0, ""),
        ("clarity", "cannot_assess", None, ""),
    }
    assert done.added == 3
    assert (done.assignment.status, done.assignment.comment) == ("submitted", "Reads well.")
    verdict = Verdict.objects.first()
    assert verdict and verdict.rater_id == first.rater_id
    assert (verdict.round_id, verdict.response_id) == (session.pk, first.item.response_id)


def test_the_same_submit_again_changes_nothing(session: Session, cast: Cast) -> None:
    first = _next(session, cast.annotator)
    before = submit(assignment=first, sheet=COMPLETE, by=cast.annotator, version=0)

    again = submit(assignment=first, sheet=COMPLETE, by=cast.annotator, version=0)

    assert again.added == 0
    assert Verdict.objects.count() == 3
    assert again.assignment.draft_version == before.assignment.draft_version
    assert again.assignment.submitted_at == before.assignment.submitted_at


def test_an_open_criterion_refuses_the_submit_and_keeps_the_draft(
    session: Session, cast: Cast
) -> None:
    first = _next(session, cast.annotator)

    with pytest.raises(IncompleteSheet) as caught:
        submit_or_keep(
            assignment=first, sheet=WARNS, by=cast.annotator, version=0, tab="", reason=""
        )

    first.refresh_from_db()
    assert caught.value.keys == ["invents", "clarity"]
    assert Verdict.objects.count() == 0
    assert stored_sheet(first).same_as(WARNS)


def test_an_edit_adds_a_revision_of_what_changed_only(session: Session, cast: Cast) -> None:
    first = _next(session, cast.annotator)
    submit(assignment=first, sheet=COMPLETE, by=cast.annotator)
    edited = Sheet(dict(COMPLETE.entries) | {"invents": Entry(OK, 1.0, "The 5 mg.")}, "Better.")

    done = submit(assignment=first, sheet=edited, by=cast.annotator, reason="Read it again.")

    assert done.added == 1
    assert not done.assignment.has_unsent_changes
    newest = Verdict.objects.current().get(criterion__key="invents")
    assert (newest.revision, newest.value) == (1, 1.0)
    assert newest.provenance == {"reason": "Read it again."}
    assert Verdict.objects.count() == 4


def test_a_saved_edit_is_no_verdict_and_shows_as_not_sent(session: Session, cast: Cast) -> None:
    first = _next(session, cast.annotator)
    submit(assignment=first, sheet=COMPLETE, by=cast.annotator)
    edited = Sheet(dict(COMPLETE.entries) | {"invents": Entry(OK, 1.0)})

    saved = save_draft(assignment=first, sheet=edited, by=cast.annotator)

    assert saved.status == AssignmentStatus.SUBMITTED
    assert saved.has_unsent_changes
    assert Verdict.objects.count() == 3


def test_a_closed_session_takes_no_submit(session: Session, cast: Cast) -> None:
    first = _next(session, cast.annotator)
    submit(assignment=first, sheet=COMPLETE, by=cast.annotator)
    complete(session=session, by=cast.owner)
    with pytest.raises(NotPossible, match="completed"):
        submit(assignment=first, sheet=COMPLETE, by=cast.annotator)


def test_nobody_writes_on_another_persons_assignment(session: Session, cast: Cast) -> None:
    first = _next(session, cast.annotator)
    with pytest.raises(NotInSession):
        save_draft(assignment=first, sheet=WARNS, by=cast.second_annotator)
    with pytest.raises(NotInSession):
        submit(assignment=first, sheet=COMPLETE, by=cast.second_annotator)
    with pytest.raises(NotInSession):
        skip(assignment=first, reason=SkipReason.OTHER, by=cast.second_annotator)


def test_who_left_the_session_can_no_longer_write(session: Session, cast: Cast) -> None:
    first = _next(session, cast.annotator)
    set_annotators(session=session, users=[cast.second_annotator], by=cast.owner)
    with pytest.raises(NotInSession, match="no longer"):
        save_draft(assignment=first, sheet=WARNS, by=cast.annotator)


# -- skipping


def test_a_skipped_item_gives_its_place_back_and_does_not_return(
    session: Session, cast: Cast
) -> None:
    first = _next(session, cast.annotator)
    save_draft(assignment=first, sheet=WARNS, by=cast.annotator)

    skipped = skip(
        assignment=first, reason=SkipReason.EXPERTISE, by=cast.annotator, note="Paediatrics"
    )
    skip(assignment=first, reason=SkipReason.EXPERTISE, by=cast.annotator)

    assert (skipped.slot, skipped.skip_note) == (None, "Paediatrics")
    assert _next(session, cast.annotator).item.position == 1
    with pytest.raises(NotPossible):
        save_draft(assignment=first, sheet=WARNS, by=cast.annotator)


def test_a_skipped_item_can_be_taken_up_again_with_its_draft(session: Session, cast: Cast) -> None:
    first = _next(session, cast.annotator)
    save_draft(assignment=first, sheet=WARNS, by=cast.annotator)
    skip(assignment=first, reason=SkipReason.OTHER, by=cast.annotator)

    again = take_up(assignment=first, by=cast.annotator)

    assert (again.status, again.skip_reason) == ("draft", "")
    assert stored_sheet(again).same_as(WARNS)
    assert _next(session, cast.annotator).pk == first.pk


def test_a_skipped_item_that_others_filled_stays_skipped(three_people: Session, cast: Cast) -> None:
    first = _next(three_people, cast.annotator)
    skip(assignment=first, reason=SkipReason.OTHER, by=cast.annotator)
    _fill(first.item, cast.second_annotator, cast.reviewer)

    with pytest.raises(PlacesTaken):
        take_up(assignment=first, by=cast.annotator)


def test_what_was_submitted_cannot_be_skipped(session: Session, cast: Cast) -> None:
    first = _next(session, cast.annotator)
    submit(assignment=first, sheet=COMPLETE, by=cast.annotator)
    with pytest.raises(NotPossible, match="submitted"):
        skip(assignment=first, reason=SkipReason.OTHER, by=cast.annotator)


# -- progress


def test_progress_is_counted(session: Session, cast: Cast) -> None:
    submit(assignment=_next(session, cast.annotator), sheet=COMPLETE, by=cast.annotator)
    skip(assignment=_next(session, cast.annotator), reason=SkipReason.OTHER, by=cast.annotator)
    mine = _next(session, cast.annotator)
    _next(session, cast.second_annotator)

    whole = session_progress(session)
    own = queue_progress(session, mine.rater_id)
    items, more = session_items(session, limit=3)

    # 4 items x 2 people; Nuria submitted 1, skipped 1 and has 1 open, Nils has 1 open.
    assert (whole.places, whole.submitted, whole.reserved, whole.skipped) == (8, 1, 2, 1)
    assert whole.share == 0.125
    # 1 submitted + 1 open + 1 skipped + the last one, which she can still get.
    assert (own.submitted, own.open, own.available, own.skipped) == (1, 1, 1, 1)
    assert (own.total, own.is_done) == (4, False)
    assert [item.status for item in items] == ["needs_others", "pending", "running"]
    assert items[0].prompt.startswith("Question 1")
    assert more == 2
    assert session_items(session, after=2)[1] is None


def test_a_session_is_full_when_every_place_is_submitted(session: Session, cast: Cast) -> None:
    for person in (cast.annotator, cast.second_annotator):
        while (assignment := next_item(session=session, by=person)) is not None:
            submit(assignment=assignment, sheet=COMPLETE, by=person)

    assert session_progress(session).is_full
    assert {item.status for item in session_items(session)[0]} == {"done"}

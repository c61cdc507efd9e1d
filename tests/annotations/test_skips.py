"""Where a skip goes, limits, target and deadline, flags."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from annotations.actions import activate, next_item, skip, submit, take_up
from annotations.actions.flags import flag, settle
from annotations.actions.sheets import stored_sheet
from annotations.errors import InvalidFlag, NotInSession, NotPossible
from annotations.models import Assignment, Flag, Session, SessionStatus, SkipReason
from annotations.queries import queue_progress, session_progress
from annotations.queries.queue import Stop
from rubricstudio.models import User
from tests.annotations.conftest import COMPLETE
from tests.conftest import Cast


def _with(session: Session, **changes: object) -> Session:
    Session.objects.filter(pk=session.pk).update(**changes)
    return Session.objects.select_related("round__project", "round__version").get(pk=session.pk)


def _next(session: Session, by: User) -> Assignment:
    found = next_item(session=session, by=by)
    assert found is not None
    return found


def _skip(assignment: Assignment, by: User) -> Assignment:
    return skip(assignment=assignment, reason=SkipReason.EXPERTISE, by=by, note="Not mine.")


def _finish(session: Session, by: User) -> list[int]:
    done = []
    while (taken := next_item(session=session, by=by)) is not None:
        done.append(taken.item.position)
        submit(assignment=taken, sheet=COMPLETE, by=by)
    return done


def test_put_off_it_comes_back_last_with_its_reason(session: Session, cast: Cast) -> None:
    session = _with(session, skipped_to="me")
    first = _next(session, cast.annotator)

    put_off = _skip(first, cast.annotator)

    assert put_off.is_put_off
    assert (put_off.skip_reason, put_off.skip_note) == ("expertise", "Not mine.")
    assert _finish(session, cast.annotator) == [1, 2, 3, 0]


def test_what_is_put_off_can_be_taken_up_before(session: Session, cast: Cast) -> None:
    session = _with(session, skipped_to="me")
    first = _skip(_next(session, cast.annotator), cast.annotator)

    again = take_up(assignment=first, by=cast.annotator)

    assert not again.is_put_off
    assert again.skip_reason == ""
    assert _next(session, cast.annotator).pk == first.pk
    submit(assignment=again, sheet=COMPLETE, by=cast.annotator)
    with pytest.raises(NotPossible):
        take_up(assignment=again, by=cast.annotator)


def test_an_item_for_nobody_is_closed_until_the_skip_is_taken_back(
    session: Session, cast: Cast
) -> None:
    session = _with(session, skipped_to="nobody")
    first = _skip(_next(session, cast.annotator), cast.annotator)

    assert _next(session, cast.second_annotator).item.position == 1
    assert session_progress(session).places == 6  # three items of two people are left
    take_up(assignment=first, by=cast.annotator)
    first.item.refresh_from_db()
    assert not first.item.is_closed
    assert session_progress(session).places == 8


def test_a_limit_ends_what_a_person_gets(session: Session, cast: Cast) -> None:
    session = _with(session, limit=3)
    session.annotators.filter(rater__user=cast.second_annotator).update(limit=1)

    assert _finish(session, cast.annotator) == [0, 1, 2]
    assert _finish(session, cast.second_annotator) == [0]
    rater = session.annotators.get(rater__user=cast.second_annotator).rater_id
    progress = queue_progress(session, rater)
    assert (progress.available, progress.stopped_by, progress.limit) == (0, Stop.LIMIT, 1)


def test_a_target_is_met_and_not_passed(session: Session, cast: Cast) -> None:
    session = _with(session, target=3)
    taken = _next(session, cast.second_annotator)

    assert _finish(session, cast.annotator) == [0, 1]
    submit(assignment=taken, sheet=COMPLETE, by=cast.second_annotator)

    assert next_item(session=session, by=cast.second_annotator) is None
    assert Assignment.objects.filter(status="submitted").count() == 3
    assert queue_progress(session, taken.rater_id).stopped_by == Stop.TARGET


def test_a_target_counts_an_expired_place_as_free(session: Session, cast: Cast) -> None:
    session = _with(session, target=1)
    lost = _next(session, cast.second_annotator)
    assert next_item(session=session, by=cast.annotator) is None
    Assignment.objects.filter(pk=lost.pk).update(reserved_until=timezone.now() - timedelta(1))

    assert _finish(session, cast.annotator) == [0]
    lost.refresh_from_db()
    assert lost.slot is None


def test_after_the_deadline_only_what_is_open_goes_on(session: Session, cast: Cast) -> None:
    taken = _next(session, cast.annotator)
    session = _with(session, deadline=timezone.now() - timedelta(minutes=1))

    assert _next(session, cast.annotator).pk == taken.pk
    submit(assignment=taken, sheet=COMPLETE, by=cast.annotator)
    assert next_item(session=session, by=cast.annotator) is None
    assert queue_progress(session, taken.rater_id).stopped_by == Stop.DEADLINE


def test_random_order_differs_between_people_and_stays(draft_session: Session, cast: Cast) -> None:
    orders = set()
    session = _with(draft_session, order="random")
    activate(session=session, by=cast.owner)
    session = _with(session, status=SessionStatus.ACTIVE)
    for person in (cast.annotator, cast.second_annotator):
        orders.add(tuple(_finish(session, person)))
    assert all(sorted(order) == [0, 1, 2, 3] for order in orders)
    items = session.items.count()
    assert items == 4


# -- flags


def test_a_flag_keeps_the_draft_and_is_answered(
    session: Session, cast: Cast, client: Client
) -> None:
    taken = _next(session, cast.annotator)
    client.force_login(cast.annotator)
    base = f"/projects/{cast.project.slug}/sessions/{session.pk}"
    url = f"{base}/items/{taken.item_id}/flag/"

    kept = client.post(url, {"revision": "0", "tab": "t", "answer:warns": "1"}, follow=True)
    empty = client.post(url, {"note": "  "})
    client.post(url, {"note": "<b>The table is cut off.</b>"})
    client.post(url, {"note": "<b>The table is cut off.</b>"})

    taken.refresh_from_db()
    assert kept.status_code == 200
    assert stored_sheet(taken).entry("warns").value == 1.0
    assert (taken.status, empty.status_code) == ("draft", 422)
    only = Flag.objects.get()
    client.force_login(cast.owner)
    page = client.get(f"{base}/flags/").content.decode()
    assert "&lt;b&gt;The table is cut off." in page
    assert "1 flag waits for an answer" in client.get(f"{base}/").content.decode()
    client.post(f"{base}/flags/{only.pk}/settle/", {"answer": "Judge what is there."})
    assert "Judge what is there." in client.get(f"{base}/flags/?settled").content.decode()
    client.force_login(cast.annotator)
    assert "Judge what is there." in client.get(url).content.decode()


def test_a_flag_is_settled_once(session: Session, cast: Cast) -> None:
    made = flag(assignment=_next(session, cast.annotator), note="Odd", by=cast.annotator)
    with pytest.raises(InvalidFlag):
        settle(session=session, flag_id=made.pk, answer=" ", by=cast.owner)
    settle(session=session, flag_id=made.pk, answer="Fine", by=cast.owner)
    settle(session=session, flag_id=made.pk, answer="Fine", by=cast.author)

    with pytest.raises(NotPossible):
        settle(session=session, flag_id=made.pk, answer="Not fine", by=cast.author)
    with pytest.raises(InvalidFlag):
        settle(session=session, flag_id=made.pk + 1, answer="Fine", by=cast.owner)
    made.refresh_from_db()
    assert (made.answer, made.settled_by) == ("Fine", cast.owner)


def test_only_its_holder_flags_an_item(session: Session, cast: Cast) -> None:
    with pytest.raises(NotInSession):
        flag(assignment=_next(session, cast.annotator), note="Odd", by=cast.second_annotator)


def test_the_queue_says_why_there_is_nothing_more(
    session: Session, cast: Cast, client: Client
) -> None:
    session = _with(session, limit=1)
    _finish(session, cast.annotator)
    client.force_login(cast.annotator)
    url = f"/projects/{cast.project.slug}/sessions/{session.pk}/queue/"

    assert "Your share is done" in client.get(url).content.decode()
    _with(session, deadline=timezone.now())
    assert "The deadline has passed" in client.get(url).content.decode()

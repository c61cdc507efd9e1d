"""Many people at once: every place is filled once."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest
from django.apps import apps
from django.db import connections

from annotations.actions import activate, create_session, next_item, submit
from annotations.actions.calibration import reveal
from annotations.errors import NotPossible
from annotations.models import Assignment, Session
from rubricstudio.actions.projects import set_member
from rubricstudio.actions.tasks import add_response
from rubricstudio.models import Response, Role, User, Verdict
from tests.annotations.calibration_cases import calibration, vote
from tests.annotations.conftest import COMPLETE
from tests.conftest import Cast, Data


def _work(session: Session, person: User) -> int:
    """Pull and submit until nothing is left, on a connection of one's own."""
    try:
        done = 0
        while (assignment := next_item(session=session, by=person)) is not None:
            submit(assignment=assignment, sheet=COMPLETE, by=person)
            done += 1
        return done
    finally:
        connections.close_all()


@pytest.fixture
def crowded(cast: Cast, data: Data) -> tuple[Session, list[User]]:
    """Forty items, three people each, eight annotators."""
    for n in range(36):
        add_response(task=data.tasks[n % 2], external_id=f"r{n}", source="wren", text="Yes.")
    people = [
        User.objects.create_user(username=f"p{n}", email=f"p{n}@example.com") for n in range(8)
    ]
    for person in people:
        set_member(project=cast.project, user=person, role=Role.ANNOTATOR, by=cast.owner)
    session = create_session(
        project=cast.project,
        name="Crowd",
        version=data.version,
        by=cast.owner,
        coverage=3,
        annotators=people,
    )
    return activate(session=session, by=cast.owner), people


@pytest.mark.django_db(transaction=True)
def test_eight_people_fill_forty_items_three_times_and_no_more(
    crowded: tuple[Session, list[User]],
) -> None:
    session, people = crowded

    with ThreadPoolExecutor(len(people)) as pool:
        done = list(pool.map(lambda person: _work(session, person), people))

    pairs = list(Assignment.objects.values_list("item", "rater"))
    assert sum(done) == 120
    assert set(Counter(item for item, _rater in pairs).values()) == {3}
    assert len(set(pairs)) == len(pairs) == 120
    assert Assignment.objects.filter(status="submitted").count() == 120
    assert Verdict.objects.count() == 120 * 3


@pytest.mark.django_db(transaction=True)
def test_a_double_click_reserves_one_item(crowded: tuple[Session, list[User]]) -> None:
    session, people = crowded

    def pull(_: int) -> int | None:
        try:
            assignment = next_item(session=session, by=people[0])
            return assignment.pk if assignment else None
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as pool:
        taken = set(pool.map(pull, range(6)))

    assert len(taken) == 1


@pytest.mark.django_db(transaction=True)
def test_a_submit_sent_six_times_at_once_is_one_submission(
    crowded: tuple[Session, list[User]],
) -> None:
    session, people = crowded
    assignment = next_item(session=session, by=people[0])
    assert assignment

    def send(_: int) -> int:
        try:
            return submit(
                assignment=assignment, sheet=COMPLETE, by=people[0], version=0, tab="t"
            ).added
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as pool:
        added = sorted(pool.map(send, range(6)))

    assert added == [0, 0, 0, 0, 0, 3]
    assert Verdict.objects.count() == 3


def _fill(cast: Cast, data: Data, *, items: int, clients: int) -> Session:
    """Clients that all pull and submit at once until a session of three people each is full."""
    task = data.tasks[0]
    Response.objects.bulk_create(
        Response(project=cast.project, task=task, external_id=f"x{n}", source="wren", text="Yes.")
        for n in range(items - 4)
    )
    people = [
        User.objects.create_user(username=f"c{n}", email=f"c{n}@example.com")
        for n in range(clients)
    ]
    for person in people:
        set_member(project=cast.project, user=person, role=Role.ANNOTATOR, by=cast.owner)
    session = create_session(
        project=cast.project,
        name="Rush",
        version=data.version,
        by=cast.owner,
        coverage=3,
        annotators=people,
    )
    activate(session=session, by=cast.owner)
    with ThreadPoolExecutor(clients) as pool:
        assert sum(pool.map(lambda person: _work(session, person), people)) == items * 3
    return session


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("items", "clients"), [(40, 25), pytest.param(2_000, 50, marks=pytest.mark.slow)]
)
def test_every_item_ends_with_three_people_however_many_pull(
    cast: Cast, data: Data, items: int, clients: int
) -> None:
    session = _fill(cast, data, items=items, clients=clients)

    rows = list(Assignment.objects.filter(item__session=session).values_list("item", "rater"))
    assert len(set(rows)) == len(rows) == items * 3
    assert Counter(Counter(item for item, _rater in rows).values()) == {3: items}
    assert set(session.items.values_list("held", flat=True)) == {3}


@pytest.mark.django_db(transaction=True)
def test_a_vote_comes_before_the_reveal_or_is_refused(cast: Cast, data: Data) -> None:
    people = [cast.annotator, cast.second_annotator, cast.reviewer]
    for n in range(30):
        add_response(task=data.tasks[n % 2], external_id=f"v{n}", source="wren", text="Yes.")
    session = calibration(cast, data, people=people)
    vote(session, people[0], COMPLETE)
    vote(session, people[1], COMPLETE)

    def work(person: User) -> bool:
        """Vote until there is nothing left, or the first vote is over."""
        try:
            _work(session, person)
        except NotPossible:
            return True
        return False

    def end(by: User) -> datetime | None:
        """End the vote while the others are at it; two managers at once."""
        try:
            return reveal(session=session, by=by, despite_missing=True).revealed_at
        finally:
            connections.close_all()

    with ThreadPoolExecutor(5) as pool:
        working = [pool.submit(work, person) for person in people]
        ended = [pool.submit(end, by) for by in (cast.owner, cast.author)]
        times = {one.result() for one in ended}
        for one in working:
            one.result()

    (revealed,) = times
    assert revealed is not None
    assert not Verdict.objects.filter(created_at__gt=revealed).exists()
    assert all(work(person) for person in people)
    moves = apps.get_model("annotations", "SessionEvent")._default_manager
    assert moves.filter(pgh_obj=session.pk, stage="discuss").count() == 1

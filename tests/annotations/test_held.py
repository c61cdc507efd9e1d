"""The count of places in use is the database's own, and leads to what has room."""

from __future__ import annotations

import pytest
from django.db.models import Count, F

from annotations.actions import next_item, skip, submit, take_up
from annotations.models import Assignment, Item, Session, SkipReason
from tests.annotations.conftest import COMPLETE
from tests.conftest import Cast


def _counts_agree() -> bool:
    return not Item.objects.annotate(n=Count("assignments__slot")).exclude(n=F("held")).exists()


def test_it_follows_each_step_of_an_assignment(session: Session, cast: Cast) -> None:
    held: list[int] = []
    taken = next_item(session=session, by=cast.annotator)
    assert taken
    item = Item.objects.filter(pk=taken.item_id)
    held += item.values_list("held", flat=True)
    skip(assignment=taken, reason=SkipReason.OTHER, by=cast.annotator)
    held += item.values_list("held", flat=True)
    again = take_up(assignment=taken, by=cast.annotator)
    held += item.values_list("held", flat=True)
    submit(assignment=again, sheet=COMPLETE, by=cast.annotator)
    held += item.values_list("held", flat=True)
    again.activity.all().delete()
    Assignment.objects.filter(pk=again.pk).delete()
    held += item.values_list("held", flat=True)

    assert held == [1, 0, 1, 1, 0]


def test_it_counts_rows_that_come_and_go_together(session: Session, cast: Cast) -> None:
    items = list(session.items.all())
    rater = session.annotators.first()
    assert rater
    Assignment.objects.bulk_create(
        Assignment(item=item, rater_id=rater.rater_id, slot=n % 2 or None, is_given=True)
        for n, item in enumerate(items)
    )
    assert _counts_agree()
    assert sum(Item.objects.values_list("held", flat=True)) == 2

    Assignment.objects.update(slot=1)
    assert _counts_agree()
    assert sum(Item.objects.values_list("held", flat=True)) == 4

    Assignment.objects.all().delete()
    assert sum(Item.objects.values_list("held", flat=True)) == 0


@pytest.mark.parametrize("done", [0, 3])
def test_the_queries_of_the_next_item_do_not_grow(
    session: Session, cast: Cast, done: int, django_assert_num_queries: object
) -> None:
    for _ in range(done):
        taken = next_item(session=session, by=cast.annotator)
        assert taken
        submit(assignment=taken, sheet=COMPLETE, by=cast.annotator)

    # Savepoint, session, place, what is open, next item, its slots, insert, release.
    with django_assert_num_queries(8):  # type: ignore[operator]
        assert next_item(session=session, by=cast.annotator)

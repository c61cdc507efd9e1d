"""What an annotator's pages read: the same rows as by the ORM, in few queries."""

from __future__ import annotations

import pytest
from django.db.models import Model
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from annotations.actions import next_item, reserve_ahead
from annotations.loaders import load_assignment, load_place
from annotations.models import Assignment, Item, Session
from annotations.queries.sheets import criteria_of, criterion_ids
from rubricstudio.models import Membership, Project, Round, RubricVersion
from rubricstudio.queries.projects import membership_of
from tests.conftest import Cast


def _values(row: Model) -> dict[str, object]:
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


def test_every_column_reads_as_the_orm_reads_it(session: Session, cast: Cast) -> None:
    taken = next_item(session=session, by=cast.annotator)
    assert taken
    Assignment.objects.filter(pk=taken.pk).update(draft={"a": {"value": 1.5}}, shown_order=[3, 1])
    Session.objects.filter(pk=session.pk).update(selection={"tags": ["x"]}, comment_rules=["unmet"])

    membership = membership_of(cast.annotator, "demo")
    place = load_place(cast.project, session.pk, cast.annotator)
    found = load_assignment(place, taken.item_id)

    assert membership
    version = place.session.round.version
    assert version
    for model, row in (
        (Membership, membership),
        (Project, membership.project),
        (Session, place.session),
        (Round, place.session.round),
        (RubricVersion, version),
        (Assignment, found),
        (Item, found.item),
    ):
        assert _values(row) == _values(model._default_manager.get(pk=row.pk)), model


@pytest.mark.parametrize("slug", ["other", "nowhere", "demo'--", ""])
def test_a_stranger_has_no_membership(cast: Cast, slug: str) -> None:
    assert membership_of(cast.annotator, slug) is None


def test_a_submit_and_the_next_page_keep_to_their_queries(
    client: Client, session: Session, cast: Cast, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    item = next_item(session=session, by=cast.annotator)
    assert item
    ahead = reserve_ahead(assignment=item, by=cast.annotator)
    assert ahead
    client.force_login(cast.annotator)
    where = ["demo", session.pk, item.item_id]
    # Of a published version, known for as long as the process lives.
    assert criteria_of(session) and criterion_ids(session)
    form = {"answer:warns": "1", "answer:invents": "0", "answer:clarity": "2", "revision": "0"}

    # Sign-in 2, membership, place, assignment. Then session, item, assignment, verdicts,
    # texts and write; session, place, next and its reservation; two beginnings and two ends.
    with django_assert_num_queries(19):
        answer = client.post(reverse("annotations:submit", args=where), form)
    assert answer["location"].endswith(f"/items/{ahead.item_id}/")
    # The same five, texts, neighbours, counts and keys.
    with django_assert_num_queries(9):
        client.get(answer["location"])

"""Each invariant of the database, and an attempt to break it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import IntegrityError, connection, transaction

from rubricstudio.actions.rounds import open_round, rater_for_user
from rubricstudio.actions.rubrics import create_rubric, publish
from rubricstudio.domain import rubric as domain
from rubricstudio.models import Rater, RaterKind, Round, RoundKind, Verdict
from tests.conftest import Cast, Data


@contextmanager
def refused(*messages: str) -> Iterator[None]:
    """The body breaks an invariant; the database says one of `messages`."""
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        yield
        connection.check_constraints()
    assert any(message in str(caught.value) for message in messages), caught.value


@pytest.fixture
def round_(cast: Cast, data: Data) -> Round:
    return open_round(
        project=cast.project,
        kind=RoundKind.SESSION,
        name="first",
        version=data.version,
        by=cast.owner,
    )


def _verdict(cast: Cast, data: Data, round_: Round, **changes: object) -> Verdict:
    fields: dict[str, object] = {
        "round": round_,
        "rater": rater_for_user(project=cast.project, user=cast.annotator),
        "response": data.responses[0],
        "criterion": data.version.criteria.get(key="warns"),
        "status": "ok",
        "value": 1.0,
    }
    return Verdict.objects.create(**(fields | changes))


def test_a_verdict_that_keeps_the_rules_is_taken(cast: Cast, data: Data, round_: Round) -> None:
    assert _verdict(cast, data, round_).pk
    assert _verdict(cast, data, round_, revision=1, value=0.0).pk


def test_a_verdict_cannot_be_changed_or_deleted(cast: Cast, data: Data, round_: Round) -> None:
    verdict = _verdict(cast, data, round_)
    with refused("append-only"):
        Verdict.objects.filter(pk=verdict.pk).update(value=0)
    with refused("append-only"):
        verdict.delete()


def test_one_answer_is_stored_once(cast: Cast, data: Data, round_: Round) -> None:
    _verdict(cast, data, round_)
    with refused("verdict_once"):
        _verdict(cast, data, round_)


@pytest.mark.parametrize(
    ("changes", "constraint"),
    [
        ({"value": None}, "verdict_value_iff_ok"),
        ({"status": "timeout"}, "verdict_value_iff_ok"),
        ({"status": "no idea", "value": None}, "verdict_status_known"),
        ({"confidence": 1.5}, "verdict_confidence_range"),
        ({"value": 0.5}, "off the scale"),
    ],
)
def test_a_verdict_has_a_value_on_its_scale_exactly_when_ok(
    cast: Cast, data: Data, round_: Round, changes: dict[str, object], constraint: str
) -> None:
    with refused(constraint):
        _verdict(cast, data, round_, **changes)


def test_a_verdict_names_rows_of_its_own_project(cast: Cast, data: Data, round_: Round) -> None:
    foreign = Rater.objects.create(
        project=cast.other_project, kind=RaterKind.PERSON, name="Somebody"
    )
    with refused("foreign round, rater"):
        _verdict(cast, data, round_, rater=foreign)
    with refused("foreign round, rater"):
        _verdict(cast, data, round_, response_id=10**9)


def test_a_task_s_own_rubric_judges_that_task_alone(cast: Cast, data: Data) -> None:
    value = domain.Rubric((domain.Criterion("named", "Names the colour."),))
    own = create_rubric(
        project=cast.project, name="First task", by=cast.author, value=value, task=data.tasks[0]
    )
    version = publish(version=own, by=cast.author)
    round_ = Round.objects.create(
        project=cast.project, kind=RoundKind.SESSION, name="own", created_by=cast.owner
    )
    criterion = version.criteria.get()
    mine = data.tasks[0].responses.order_by("pk")[0]
    other = data.tasks[1].responses.order_by("pk")[0]

    assert _verdict(cast, data, round_, response=mine, criterion=criterion).pk
    with refused("1 of 1 verdicts"):
        _verdict(cast, data, round_, response=other, criterion=criterion)


def test_every_bad_row_of_many_is_found(cast: Cast, data: Data, round_: Round) -> None:
    rater = rater_for_user(project=cast.project, user=cast.annotator)
    shared = {"round": round_, "rater": rater, "status": "ok"}
    criterion = data.version.criteria.get(key="warns")
    rows = [
        Verdict(**shared, response=response, criterion=criterion, value=value)
        for response, value in zip(data.responses, (1, 0, 7, 1), strict=True)
    ]
    with refused("1 of 4 verdicts"):
        Verdict.objects.bulk_create(rows)


def test_a_group_carries_no_verdict(cast: Cast, data: Data, round_: Round) -> None:
    with refused("foreign round, rater"):
        _verdict(cast, data, round_, criterion=data.version.criteria.get(key="safety"))


def test_a_row_with_verdicts_cannot_be_deleted(cast: Cast, data: Data, round_: Round) -> None:
    verdict = _verdict(cast, data, round_)
    for table, pk in (
        ("studio_response", verdict.response_id),
        ("studio_rater", verdict.rater_id),
        ("studio_round", verdict.round_id),
    ):
        with refused("has verdicts"), connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM {table} WHERE id = %s", [pk])


def test_a_published_version_is_frozen(cast: Cast, data: Data) -> None:
    version, criterion = data.version, data.version.criteria.get(key="warns")
    with refused("frozen"):
        type(version).objects.filter(pk=version.pk).update(aggregator="other")
    with refused("frozen"):
        type(criterion).objects.filter(pk=criterion.pk).update(weight=1)
    with refused("frozen"):
        criterion.delete()
    with refused("frozen"):
        type(criterion).objects.create(version=version, key="new", text="New", position=9)

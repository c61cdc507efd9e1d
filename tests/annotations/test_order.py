"""Most uncertain first: the order, its random share, and the weights that come of it."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from annotations.actions import activate, complete, next_item, submit
from annotations.actions.order import refresh_order
from annotations.errors import NotPossible
from annotations.models import Session
from annotations.queries.uncertainty import uncertainty_of
from rubricstudio.actions.rounds import open_round
from rubricstudio.models import Rater, RoundKind, User, Verdict
from tests.annotations.conftest import COMPLETE
from tests.conftest import Cast, Data


def _says(
    cast: Cast, data: Data, judge: str, answers: dict[int, tuple[float, float | None]]
) -> None:
    """A judge's verdicts on `warns` by the number of the response: value and probability."""
    opened = open_round(
        project=cast.project, kind=RoundKind.RUN, name=judge, version=data.version, by=cast.owner
    )
    rater = Rater.objects.create(project=cast.project, kind="judge", name=judge)
    Verdict.objects.bulk_create(
        Verdict(
            round=opened,
            response=data.responses[number],
            criterion=data.version.criteria.get(key="warns"),
            rater=rater,
            status="ok",
            value=value,
            confidence=confidence,
        )
        for number, (value, confidence) in answers.items()
    )


@pytest.fixture
def uncertain(draft_session: Session, cast: Cast, data: Data) -> Session:
    """Of the four responses nothing is known of the last; the third splits two judges."""
    _says(cast, data, "One", {0: (1, 0.9), 1: (1, 0.6), 2: (1, None)})
    _says(cast, data, "Two", {0: (1, 0.8), 2: (0, None)})
    Session.objects.filter(pk=draft_session.pk).update(order="uncertain", random_share=0)
    return Session.objects.select_related("round__version", "round__project").get(
        pk=draft_session.pk
    )


def _by_response(session: Session, data: Data) -> list[float | None]:
    found = uncertainty_of(session)
    items = dict(session.items.values_list("response", "pk"))
    return [found[items[response.pk]] for response in data.responses]


def test_uncertainty_of_each_response(uncertain: Session, data: Data) -> None:
    # Doubts 1 - |2p - 1|: 0.2 and 0.4, mean 0.3, no split; 0.8; one against one is 1.
    assert _by_response(uncertain, data) == [
        pytest.approx(0.3),
        pytest.approx(0.8),
        1.0,
        None,
    ]


def _judged(session: Session, by: User) -> list[int]:
    order = []
    while (taken := next_item(session=session, by=by)) is not None:
        order.append(taken.item.response_id)
        submit(assignment=taken, sheet=COMPLETE, by=by)
    return order


def test_the_most_uncertain_come_first(uncertain: Session, cast: Cast, data: Data) -> None:
    activate(session=uncertain, by=cast.owner)

    numbers = [
        [r.pk for r in data.responses].index(pk) for pk in _judged(uncertain, cast.annotator)
    ]

    assert numbers == [2, 1, 0, 3]


def test_weights_until_the_end_and_after_it(uncertain: Session, cast: Cast) -> None:
    Session.objects.filter(pk=uncertain.pk).update(random_share=0.5)
    uncertain.random_share = 0.5

    activate(session=uncertain, by=cast.owner)

    weights = list(uncertain.items.values_list("weight", flat=True))
    assert sorted(weights, key=lambda w: w or 0) == [None, None, 2.0, 2.0]
    _judged(uncertain, cast.annotator)
    complete(session=uncertain, by=cast.owner)
    assert set(uncertain.items.values_list("weight", "own_weight")) == {(1.0, None)}


def test_closed_before_all_is_judged_the_random_share_alone_counts(
    uncertain: Session, cast: Cast
) -> None:
    activate(session=uncertain, by=cast.owner)
    taken = next_item(session=uncertain, by=cast.annotator)
    assert taken
    submit(assignment=taken, sheet=COMPLETE, by=cast.annotator)

    complete(session=uncertain, by=cast.owner)

    assert set(uncertain.items.values_list("weight", flat=True)) == {None}


def test_refreshing_follows_new_verdicts(uncertain: Session, cast: Cast, data: Data) -> None:
    activate(session=uncertain, by=cast.owner)
    _says(cast, data, "Three", {3: (1, 0.5)})

    assert refresh_order(session=uncertain, by=cast.owner) == 4

    # The last is now as uncertain as the third; of equals the first by position comes first.
    assert _by_response(uncertain, data)[3] == 1.0
    first = uncertain.items.order_by("rank").values_list("response", flat=True)[:2]
    assert set(first) == {data.responses[2].pk, data.responses[3].pk}


def test_the_command_refreshes_and_refuses(session: Session) -> None:
    said = StringIO()
    with pytest.raises(CommandError, match="not put in order"):
        call_command("refresh_order", session.pk)
    Session.objects.filter(pk=session.pk).update(order="uncertain")
    call_command("refresh_order", session.pk, stdout=said)
    assert "4 items" in said.getvalue()
    with pytest.raises(CommandError, match="no session"):
        call_command("refresh_order", 0)


def test_only_a_running_session_of_this_order_is_refreshed(uncertain: Session, cast: Cast) -> None:
    with pytest.raises(NotPossible):
        refresh_order(session=uncertain, by=cast.owner)

"""Training, qualification, hidden gold items and repeats, as they are handed out."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections
from django.test import Client
from django.urls import reverse

from annotations.actions import activate, create_session, next_item, save_draft, submit
from annotations.actions.checks import set_checks, set_rules
from annotations.actions.gold import InvalidGold, set_gold
from annotations.actions.quality import pass_person
from annotations.errors import InvalidSession, NotPossible, NotQualified
from annotations.models import (
    Assignment,
    Gold,
    Item,
    Qualification,
    Session,
    SessionAnnotator,
)
from annotations.queries import queue_progress, session_progress
from annotations.queries.gold import gold_of, results
from rubricstudio.actions.tasks import add_response
from rubricstudio.domain.quality import REPEAT_GAP, Answer
from rubricstudio.models import User, Verdict
from rubricstudio.queries.verdict_table import verdict_columns
from tests.annotations.quality_cases import (
    GOLD,
    add_responses,
    answer,
    checked_session,
    sheet,
    take,
)
from tests.conftest import Cast, Data


def _place(session: Session, person: User) -> SessionAnnotator:
    return SessionAnnotator.objects.get(session=session, rater__user=person)


# -- training and qualification


def test_training_comes_first_and_then_qualification_and_then_work(cast: Cast, data: Data) -> None:
    a, b, _c, _d = data.responses
    session = checked_session(
        cast, data, people=[cast.annotator], training=[b], qualification=[a], qualify_at=0.5
    )

    kinds = [answer(session, cast.annotator).item.kind for _ in range(4)]

    assert kinds == ["training", "qualification", "work", "work"]
    assert next_item(session=session, by=cast.annotator) is None
    assert _place(session, cast.annotator).qualification == Qualification.PASSED


def test_checks_count_neither_as_progress_nor_as_verdicts_of_people(cast: Cast, data: Data) -> None:
    a, b, c, _d = data.responses
    session = checked_session(
        cast,
        data,
        people=[cast.annotator],
        training=[a],
        qualification=[b],
        gold=[c],
        qualify_at=0.5,
        gold_share=0.5,
    )
    for _ in range(4):
        answer(session, cast.annotator)

    progress = session_progress(session)
    assert (progress.items, progress.places, progress.submitted) == (1, 1, 1)
    columns = verdict_columns(rounds=[session.pk])
    assert set(columns.response.tolist()) == {data.responses[3].pk}
    kept = Verdict.objects.filter(round=session.pk).values_list("response", "sample")
    assert set(kept) == {(a.pk, 2), (b.pk, 2), (c.pk, 2), (data.responses[3].pk, 0)}


def test_under_the_threshold_there_is_no_work_until_someone_passes_the_person(
    cast: Cast, data: Data
) -> None:
    a, b, *_ = data.responses
    session = checked_session(
        cast, data, people=[cast.annotator], qualification=[a, b], qualify_at=0.8
    )
    answer(session, cast.annotator)  # 2 of 2
    answer(session, cast.annotator, sheet(warns=0))  # 1 of 2: 3 of 4 are 75 %

    with pytest.raises(NotQualified, match="known to be right"):
        next_item(session=session, by=cast.annotator)
    place = _place(session, cast.annotator)
    assert place.qualification == Qualification.FAILED
    with pytest.raises(InvalidSession, match="reason"):
        pass_person(session=session, rater_id=place.rater_id, reason=" ", by=cast.owner)
    pass_person(session=session, rater_id=place.rater_id, reason="A slip.", by=cast.owner)

    assert take(session, cast.annotator).item.kind == "work"
    place.refresh_from_db()
    assert (place.qualified_by, place.qualification_note) == (cast.owner, "A slip.")


def test_answers_to_training_and_qualification_are_final(cast: Cast, data: Data) -> None:
    session = checked_session(cast, data, people=[cast.annotator], training=[data.responses[0]])
    done = answer(session, cast.annotator, sheet(warns=0))
    done.refresh_from_db()

    with pytest.raises(NotPossible, match="final"):
        submit(assignment=done, sheet=sheet(), by=cast.annotator)


# -- hidden gold items


def test_hidden_gold_items_come_at_the_chosen_rate(cast: Cast, data: Data) -> None:
    more = add_responses(data, 20)  # 24 responses: 4 gold, 20 of work
    session = checked_session(cast, data, people=[cast.annotator], gold=more[:4], gold_share=0.2)

    kinds = []
    while (found := next_item(session=session, by=cast.annotator)) is not None:
        kinds.append(found.item.kind)
        submit(assignment=found, sheet=sheet(), by=cast.annotator)

    # One in five: four items of work to one of gold, at a random place of each stretch.
    work = [n for n, kind in enumerate(kinds) if kind == "work"]
    before = [sum(w < n for w in work) for n, kind in enumerate(kinds) if kind == "gold"]
    assert len(work) == 20
    assert [4 * n < place <= 4 * n + 4 for n, place in enumerate(before)] == [True] * 4


def _seen(client: Client, session: Session, found: Assignment) -> list[str]:
    """All an annotator can fetch of an item, without the tokens that change by the request."""
    item = ["demo", session.pk, found.item_id]
    pages = [
        client.get(reverse("annotations:annotate", args=item)),
        client.get(reverse("annotations:skip", args=item)),
        client.get(reverse("annotations:queue", args=item[:2])),
        client.get(reverse("annotations:sessions", args=item[:1])),
        client.post(
            reverse("annotations:draft", args=item),
            {"answer:warns": "1", "revision": "0"},
            headers={"accept": "application/json"},
        ),
    ]
    token = re.compile(r"\b[A-Za-z0-9]{64}\b")
    return [token.sub("", page.content.decode()) for page in pages]


def test_a_hidden_gold_item_looks_like_work_to_the_last_byte(
    cast: Cast, data: Data, client: Client
) -> None:
    more = add_responses(data, 30)
    session = checked_session(cast, data, people=[cast.annotator], gold=more[:6], gold_share=0.3)
    client.force_login(cast.annotator)
    rater = _place(session, cast.annotator).rater_id
    totals, met = set(), 0

    while (found := next_item(session=session, by=cast.annotator)) is not None:
        totals.add(queue_progress(session, rater).total)
        if found.item.kind == "gold":
            met += 1
            item = Item.objects.filter(pk=found.item_id)
            _seen(client, session, found)
            as_gold = _seen(client, session, found)
            # The same item as if it were work, among others that are just as hidden.
            item.update(kind="work", sample=1)
            as_work = _seen(client, session, found)
            item.update(kind="gold", sample=0)
            assert as_gold == as_work
        submit(assignment=found, sheet=sheet(), by=cast.annotator)

    assert met == 6
    assert totals == {34}  # no counter jumps when a gold item comes or goes


def test_ids_and_numbers_of_gold_items_lie_among_those_of_work(cast: Cast, data: Data) -> None:
    work = add_responses(data, 30)
    session = create_session(
        project=cast.project,
        name="Later",
        version=data.version,
        by=cast.owner,
        annotators=[cast.annotator],
    )
    late = [  # not part of the session's selection
        add_response(task=data.tasks[0], external_id=f"late-{k}", source="wren", text="Late.")
        for k in range(5)
    ]
    for response in late:
        set_gold(response=response, version=data.version, answers=GOLD, notes={}, by=cast.owner)
    before = list(
        Item.objects.filter(session=session).order_by("position").values_list("response", flat=True)
    )

    set_checks(
        session=session, training=[], qualification=[], gold=[r.pk for r in late], by=cast.owner
    )

    items = list(Item.objects.filter(session=session).order_by("position"))
    newest = sorted(item.pk for item in items)[-5:]
    gold = [item for item in items if item.kind == "gold"]
    assert len(items) == 39 and len(gold) == 5
    assert not {item.pk for item in gold} & set(newest)
    assert [item.position for item in gold] != list(range(34, 39))
    assert [item.position for item in items] == list(range(39))
    assert [item.response_id for item in items if item.kind == "work"] == before
    assert len(work) == 30


def test_who_misses_the_last_gold_items_is_paused_and_gives_back_what_is_reserved(
    cast: Cast, data: Data
) -> None:
    more = add_responses(data, 10)
    session = checked_session(
        cast,
        data,
        people=[cast.annotator],
        gold=more[:4],
        gold_share=0.5,
        qualify_at=0.8,
        pause_after=2,
    )
    missed, seen = 0, 0
    while missed < 2:
        found = take(session, cast.annotator)
        save_draft(assignment=found, sheet=sheet(), by=cast.annotator)
        is_gold = found.item.kind == "gold"
        missed, seen = missed + is_gold, seen + 1
        submit(assignment=found, sheet=sheet(warns=0 if is_gold else 1), by=cast.annotator)

    assert _place(session, cast.annotator).qualification == Qualification.FAILED
    with pytest.raises(NotQualified):
        next_item(session=session, by=cast.annotator)
    rater = _place(session, cast.annotator).rater_id
    assert not Assignment.objects.filter(
        rater=rater, status__in=["pending", "draft"], slot__isnull=False
    ).exists()
    pass_person(session=session, rater_id=rater, reason="Talked to her.", by=cast.owner)
    for _ in range(2):  # what was missed before counts no longer
        answer(session, cast.annotator)
    assert _place(session, cast.annotator).qualification == Qualification.PASSED
    shares = [result.score.share for result in results(session, kinds=["gold"])]
    assert shares[:2] == [0.5, 0.5]


def test_who_is_paused_cannot_submit_what_was_open(cast: Cast, data: Data) -> None:
    session = checked_session(cast, data, people=[cast.annotator])
    found = take(session, cast.annotator)
    SessionAnnotator.objects.filter(session=session).update(qualification="failed")

    with pytest.raises(NotQualified):
        submit(assignment=found, sheet=sheet(), by=cast.annotator)


def test_checks_are_chosen_before_the_start_among_responses_with_gold(
    cast: Cast, data: Data
) -> None:
    session = checked_session(cast, data, people=[cast.annotator], starts=False)
    a = data.responses[0].pk
    with pytest.raises(InvalidSession, match="needs a gold answer"):
        set_checks(session=session, training=[a], qualification=[], gold=[], by=cast.owner)
    set_gold(
        response=data.responses[0], version=data.version, answers=GOLD, notes={}, by=cast.owner
    )
    with pytest.raises(InvalidSession, match="either"):
        set_checks(session=session, training=[a], qualification=[a], gold=[], by=cast.owner)
    set_checks(session=session, training=[a], qualification=[], gold=[], by=cast.owner)
    assert Item.objects.filter(session=session, kind="work").count() == 3
    set_checks(session=session, training=[], qualification=[], gold=[], by=cast.owner)
    assert Item.objects.filter(session=session, kind="work", is_closed=False).count() == 4
    with pytest.raises(InvalidSession):
        set_rules(
            session=session,
            by=cast.owner,
            qualify_at=None,
            gold_share=0,
            pause_after=3,
            shows_feedback=False,
        )
    activate(session=session, by=cast.owner)
    with pytest.raises(NotPossible, match="before the session starts"):
        set_checks(session=session, training=[a], qualification=[], gold=[], by=cast.owner)


# -- repeats


def test_repeats_come_to_the_same_person_after_five_others_as_another_sample(
    cast: Cast, data: Data
) -> None:
    add_responses(data, 16)
    session = checked_session(cast, data, people=[cast.annotator], starts=False)
    Session.objects.filter(pk=session.pk).update(repeat_share=0.25)
    activate(session=session, by=cast.owner)

    order = []
    rater = _place(session, cast.annotator).rater_id
    totals = [queue_progress(session, rater).total]
    while (found := next_item(session=session, by=cast.annotator)) is not None:
        order.append((found.item.response_id, found.item.sample))
        submit(assignment=found, sheet=sheet(warns=found.item.sample), by=cast.annotator)
        totals.append(queue_progress(session, rater).total)

    repeats = [n for n, (_response, sample) in enumerate(order) if sample == 1]
    assert 0 < len(repeats) <= 5 == round(0.25 * 20)
    for place in repeats:
        first = order.index((order[place][0], 0))
        assert place - first - 1 >= REPEAT_GAP
    assert queue_progress(session, rater).is_done
    assert Verdict.objects.filter(round=session.pk, sample=1).count() == 3 * len(repeats)
    # Only the first answers are read where people's verdicts are.
    columns = verdict_columns(rounds=[session.pk])
    assert set(columns.sample.tolist()) == {0}
    assert len(columns) == 60
    assert session_progress(session).submitted == 20


# -- more people where they disagree


@pytest.mark.django_db(transaction=True)
def test_an_item_gets_one_more_place_each_time_people_disagree_and_no_more(
    cast: Cast, data: Data
) -> None:
    people = [cast.annotator, cast.second_annotator, cast.reviewer, cast.author]
    session = checked_session(cast, data, people=people, coverage=2, starts=False)
    Session.objects.filter(pk=session.pk).update(extra_below=0.9, max_coverage=3)
    activate(session=session, by=cast.owner)
    session = Session.objects.select_related("round__version").get(pk=session.pk)
    pairs = [
        (take(session, person), value) for person, value in zip(people[:2], (0, 1), strict=True)
    ]
    assert pairs[0][0].item_id == pairs[1][0].item_id

    def send(pair: tuple[Assignment, int]) -> None:
        try:
            assignment, value = pair
            submit(assignment=assignment, sheet=sheet(warns=value), by=assignment.rater.user)  # type: ignore[arg-type]
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(send, pairs))

    item = Item.objects.get(pk=pairs[0][0].item_id)
    assert item.places == 3
    third = take(session, people[2])
    assert third.item_id == item.pk
    submit(assignment=third, sheet=sheet(warns=0), by=people[2])
    item.refresh_from_db()
    assert item.places == 3  # max_coverage


# -- gold answers


def test_gold_is_set_changed_and_taken_away(cast: Cast, data: Data) -> None:
    response, version = data.responses[0], data.version

    def put(answers: dict[str, Answer | None]) -> int:
        return set_gold(
            response=response, version=version, answers=answers, notes={}, by=cast.owner
        )

    assert put({"warns": Answer("ok", 1.0), "clarity": Answer("cannot_assess")}) == 2
    assert put({"warns": Answer("ok", 1.0)}) == 0
    assert put({"warns": Answer("ok", 0.0), "clarity": None}) == 2
    assert gold_of(version, [response.pk])[response.pk]["warns"].answer == Answer("ok", 0.0)
    for bad in (Answer("ok", 7.0), Answer("ok"), Answer("timeout")):
        with pytest.raises(InvalidGold) as raised:
            put({"warns": bad})
        assert set(raised.value.problems) == {"warns"}
    with pytest.raises(InvalidGold):
        put({"unknown": Answer("ok", 1.0)})
    assert Gold.objects.count() == 1

"""Gold answers made of adjudications, unanimous people or one expert, with where they come from."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from annotations.actions import activate, complete, create_session, next_item, submit
from annotations.actions.adjudication import Case, adopt, leave_unresolved, override
from annotations.actions.checks import set_checks
from annotations.actions.gold import set_gold
from annotations.actions.gold_sources import gold_from_source
from annotations.errors import InvalidSession
from annotations.models import Gold, Origin, Session
from annotations.queries.disputes import Unit, scope_of
from annotations.queries.gold_sources import Found, GoldSource, count_gold
from annotations.sheet import Entry, Sheet
from rubricstudio.actions.rubrics import create_rubric, publish, start_draft, write_criteria
from rubricstudio.domain.quality import Answer
from rubricstudio.domain.verdict import Quote, VerdictStatus
from rubricstudio.models import Rater, User, Verdict
from tests.conftest import SMALL_RUBRIC, Cast, Data

OK, CANNOT = VerdictStatus.OK, VerdictStatus.CANNOT_ASSESS


def _sheet(warns: float, clarity: float | None) -> Sheet:
    return Sheet(
        {
            "warns": Entry(OK, warns, "Because of the first line.", (Quote("your doctor"),)),
            "invents": Entry(OK, 0.0),
            "clarity": Entry(OK if clarity is not None else CANNOT, clarity),
        }
    )


def _judge_all(session: Session, person: User, said: Sheet) -> None:
    while (assignment := next_item(session=session, by=person)) is not None:
        submit(assignment=assignment, sheet=said, by=person)


@pytest.fixture
def judged(session: Session, cast: Cast, data: Data) -> Session:
    """Of four responses: all say nothing is invented, they differ on the rest.

    On the first response "warns" was decided, and "clarity" left open.
    """
    _judge_all(session, cast.annotator, _sheet(1, None))
    _judge_all(session, cast.second_annotator, _sheet(0, None))
    scope = scope_of(cast.project, [session.round])
    warns, clarity = (data.version.criteria.get(key=key).pk for key in ("warns", "clarity"))
    first = data.responses[0].pk
    case = Case(scope, Unit(first, warns))
    override(case=case, entry=Entry(OK, 1.0), reason="It names it.", by=cast.reviewer)
    leave_unresolved(case=Case(scope, Unit(first, clarity)), by=cast.reviewer)
    return session


@pytest.fixture
def done(judged: Session, cast: Cast) -> Session:
    return complete(session=judged, by=cast.owner)


def _source(session: Session, origin: Origin) -> GoldSource:
    return GoldSource(session.pk, origin)


def _make(data: Data, source: GoldSource, by: User, *, replaces: bool = False) -> int:
    return gold_from_source(version=data.version, source=source, replaces=replaces, by=by)


def test_what_was_decided_becomes_gold_and_what_was_left_open_does_not(
    done: Session, cast: Cast, data: Data
) -> None:
    source = _source(done, Origin.ADJUDICATED)

    assert _make(data, source, cast.owner) == 1
    assert _make(data, source, cast.owner) == 0
    gold = Gold.objects.get()
    assert (gold.response, gold.criterion.key) == (data.responses[0], "warns")
    assert (gold.status, gold.value, gold.note) == ("ok", 1.0, "")
    assert (gold.origin, gold.origin_round, gold.added_by) == (
        Origin.ADJUDICATED,
        done.round,
        cast.owner,
    )

    noted = replace(source, with_notes=True)
    assert _make(data, noted, cast.owner) == 0  # it has an answer, which stays as it is
    assert _make(data, noted, cast.owner, replaces=True) == 1
    assert Gold.objects.get().note == "It names it."


def test_the_newest_decision_counts(judged: Session, cast: Cast, data: Data) -> None:
    scope = scope_of(cast.project, [judged.round])
    unit = Unit(data.responses[0].pk, data.version.criteria.get(key="warns").pk)
    seen = judged.round.adjudications.get(criterion__key="warns").pk
    leave_unresolved(case=Case(scope, unit, seen), by=cast.owner)
    complete(session=judged, by=cast.owner)

    assert count_gold(data.version, _source(judged, Origin.ADJUDICATED)) == Found(0, 0, 0)


def test_what_all_answered_alike_becomes_gold_with_how_many_they_were(
    done: Session, cast: Cast, data: Data
) -> None:
    source = _source(done, Origin.UNANIMOUS)
    # "invents" on four responses; that both cannot assess clarity makes no answer known.
    assert count_gold(data.version, source) == Found(4, 4, 0)
    assert count_gold(data.version, replace(source, at_least=3)) == Found(0, 0, 0)

    assert _make(data, source, cast.owner) == 4
    assert set(Gold.objects.values_list("criterion__key", "value", "origin", "origin_n")) == {
        ("invents", 0.0, "unanimous", 2)
    }


def test_an_adopted_answer_takes_its_quotes_along(judged: Session, cast: Cast, data: Data) -> None:
    scope = scope_of(cast.project, [judged.round])
    unit = Unit(data.responses[1].pk, data.version.criteria.get(key="warns").pk)
    said = Verdict.objects.get(
        response=unit.response, criterion=unit.criterion, rater__user=cast.annotator
    )
    adopt(case=Case(scope, unit), verdict_id=said.pk, by=cast.owner)
    complete(session=judged, by=cast.owner)
    source = _source(judged, Origin.ADJUDICATED)

    _make(data, source, cast.owner)
    assert {*map(str, Gold.objects.values_list("evidence", flat=True))} == {"[]"}
    _make(data, replace(source, with_notes=True), cast.owner, replaces=True)
    adopted, overridden = Gold.objects.order_by("-response")
    assert [quote["text"] for quote in adopted.evidence] == ["your doctor"]
    assert overridden.evidence == []


def test_votes_on_what_was_adjudicated_are_not_taken(
    session: Session, cast: Cast, data: Data
) -> None:
    _judge_all(session, cast.annotator, _sheet(1, 2))
    _judge_all(session, cast.second_annotator, _sheet(1, 2))
    scope = scope_of(cast.project, [session.round])
    unit = Unit(data.responses[0].pk, data.version.criteria.get(key="warns").pk)
    override(case=Case(scope, unit), entry=Entry(OK, 0.0), reason="Both err.", by=cast.owner)
    complete(session=session, by=cast.owner)

    _make(data, _source(session, Origin.UNANIMOUS), cast.owner)

    warned = Gold.objects.filter(criterion__key="warns")
    assert warned.count() == 3
    assert not warned.filter(response=data.responses[0]).exists()


def test_one_experts_current_answers_become_gold(session: Session, cast: Cast, data: Data) -> None:
    _judge_all(session, cast.annotator, _sheet(1, None))
    first = session.items.get(response=data.responses[0]).assignments.get()
    submit(assignment=first, sheet=_sheet(0, 1), by=cast.annotator)  # a correction
    complete(session=session, by=cast.owner)
    nuria = Rater.objects.get(user=cast.annotator)
    source = GoldSource(session.pk, Origin.EXPERT, rater_id=nuria.pk, with_notes=True)

    assert _make(data, source, cast.owner) == 12

    warned = Gold.objects.filter(criterion__key="warns")
    assert warned.get(response=data.responses[0]).value == 0
    assert set(warned.values_list("note", "origin_rater")) == {
        ("Because of the first line.", nuria.pk)
    }
    assert {quote["text"] for row in warned for quote in row.evidence} == {"your doctor"}
    unclear = Gold.objects.filter(criterion__key="clarity", status="cannot_assess", value=None)
    assert unclear.count() == 3


def _by_hand(cast: Cast, data: Data, value: float, note: str = "") -> None:
    """The answer to "invents" on the second response."""
    set_gold(
        response=data.responses[1],
        version=data.version,
        answers={"invents": Answer("ok", value)},
        notes={"invents": note},
        by=cast.author,
    )


def test_gold_answers_that_exist_stay_unless_they_are_to_be_replaced(
    done: Session, cast: Cast, data: Data
) -> None:
    _by_hand(cast, data, 1.0, "It does.")
    source = _source(done, Origin.UNANIMOUS)
    assert count_gold(data.version, source) == Found(4, 4, 1)

    assert _make(data, source, cast.owner) == 3
    mine = Gold.objects.get(response=data.responses[1])
    assert (mine.value, mine.origin, mine.added_by) == (1.0, "hand", cast.author)
    assert _make(data, source, cast.owner, replaces=True) == 1
    mine.refresh_from_db()
    assert (mine.value, mine.origin, mine.note) == (0.0, "unanimous", "")

    # Saved again by hand as it stands it keeps where it comes from; changed, it is by hand.
    _by_hand(cast, data, 0.0)
    mine.refresh_from_db()
    assert mine.origin == "unanimous"
    _by_hand(cast, data, 1.0)
    mine.refresh_from_db()
    assert (mine.origin, mine.origin_round, mine.origin_n) == ("hand", None, None)


def test_only_criteria_that_read_the_same_are_taken(done: Session, cast: Cast, data: Data) -> None:
    criteria = [
        replace(c, text="Invents a study.") if c.key == "invents" else c
        for c in SMALL_RUBRIC.criteria
    ]
    draft = start_draft(rubric=data.version.rubric, by=cast.author)
    write_criteria(version=draft, value=replace(SMALL_RUBRIC, criteria=tuple(criteria)))
    newer = publish(version=draft, by=cast.author)

    # All agreed on "invents", which asks something else now; "warns" reads as before.
    assert count_gold(newer, _source(done, Origin.UNANIMOUS)) == Found(0, 0, 0)
    decided = _source(done, Origin.ADJUDICATED)
    made = gold_from_source(version=newer, source=decided, replaces=False, by=cast.owner)
    assert made == 1 and Gold.objects.get().criterion.version == newer
    # The same words have their gold answer, whichever version it was set on.
    assert count_gold(data.version, decided) == Found(1, 1, 1)


def test_a_session_of_another_rubric_is_refused(done: Session, cast: Cast) -> None:
    other = create_rubric(project=cast.project, name="Other", by=cast.owner, value=SMALL_RUBRIC)
    version = publish(version=other, by=cast.owner)

    with pytest.raises(InvalidSession):
        gold_from_source(
            version=version,
            source=_source(done, Origin.UNANIMOUS),
            replaces=False,
            by=cast.owner,
        )


@pytest.mark.parametrize("change", ["running", "hand", "nobody", "a_rater_too_many", "one"])
def test_what_cannot_be_a_source_is_refused(
    done: Session, cast: Cast, data: Data, change: str
) -> None:
    source = _source(done, Origin.UNANIMOUS)
    nuria = Rater.objects.get(user=cast.annotator).pk
    if change == "running":
        Session.objects.filter(pk=done.pk).update(status="active")
    wrong = {
        "running": source,
        "hand": replace(source, origin=Origin.HAND),
        "nobody": replace(source, origin=Origin.EXPERT, rater_id=0),
        "a_rater_too_many": replace(source, rater_id=nuria),
        "one": replace(source, at_least=1),
    }[change]

    with pytest.raises(InvalidSession):
        _make(data, wrong, cast.owner)
    assert not Gold.objects.exists()


# -- the page


@pytest.fixture
def next_session(done: Session, cast: Cast, data: Data) -> Session:
    return create_session(
        project=cast.project,
        name="Second round",
        version=data.version,
        by=cast.owner,
        coverage=1,
        annotators=[cast.annotator],
    )


def _url(name: str, session: Session, *more: int) -> str:
    return reverse(f"annotations:{name}", args=["demo", session.pk, *more])


def test_a_manager_counts_first_then_makes_them_and_sees_where_they_come_from(
    next_session: Session, done: Session, cast: Cast, data: Data, client: Client
) -> None:
    client.force_login(cast.owner)
    url = _url("gold-from", next_session)
    assert f'href="{url}"' in client.get(_url("quality", next_session)).content.decode()
    form = {"round": done.pk, "origin": "unanimous", "at_least": 2, "rater": ""}

    counted = client.post(url, {**form, "count": ""}).content.decode()
    assert "4 answers, on 4 responses; 0 have a gold answer already." in counted
    assert not Gold.objects.exists()
    client.post(url, {**form, "make": ""})
    assert Gold.objects.count() == 4

    shown = client.get(_url("gold", next_session, data.responses[0].pk)).content.decode()
    assert "unanimous answers" in shown and "of 2 people" in shown and "First round" in shown
    out = client.get(_url("gold-export", next_session)).content.decode()
    assert f"{data.responses[0].external_id},invents,0.0,,unanimous,First round," in out


@pytest.mark.parametrize(
    "wrong",
    [
        {"round": "0"},
        {"round": "x"},
        {"origin": "hand"},
        {"origin": "expert"},
        {"origin": "expert", "rater": "99999999"},
        {"at_least": "1"},
        {"at_least": "9" * 30},
    ],
)
def test_a_form_that_cannot_be_used_says_why(
    next_session: Session, done: Session, cast: Cast, client: Client, wrong: dict[str, str]
) -> None:
    client.force_login(cast.owner)
    form = {"round": str(done.pk), "origin": "unanimous", "at_least": "2", "rater": ""}

    reply = client.post(_url("gold-from", next_session), {**form, **wrong, "make": ""})

    assert reply.status_code == 422
    assert not Gold.objects.exists()


def test_a_session_that_runs_is_not_offered(
    next_session: Session, cast: Cast, client: Client
) -> None:
    Session.objects.update(status="active")
    client.force_login(cast.owner)
    assert b"No finished session yet" in client.get(_url("gold-from", next_session)).content


def test_the_number_of_queries_does_not_grow_with_the_answers(
    next_session: Session, done: Session, cast: Cast, data: Data
) -> None:
    few, many = _source(done, Origin.ADJUDICATED), _source(done, Origin.UNANIMOUS)
    asked = []
    for source in (few, many):
        with CaptureQueriesContext(connection) as queries:
            _make(data, source, cast.owner)
        asked.append(len(queries))
    assert asked[0] == asked[1]


def test_made_gold_serves_as_a_check(
    next_session: Session, done: Session, cast: Cast, data: Data
) -> None:
    _make(data, _source(done, Origin.UNANIMOUS), cast.owner)
    chosen = data.responses[0].pk
    set_checks(session=next_session, training=[chosen], qualification=[], gold=[], by=cast.owner)
    activate(session=next_session, by=cast.owner)
    assert next_session.items.get(kind="training").response_id == chosen

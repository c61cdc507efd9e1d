"""Adjudication: the order of the queue, decisions, what stays blind, the pages."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse

from annotations.actions import next_item, submit
from annotations.actions.adjudication import (
    Case,
    DecidedMeanwhile,
    NotDecidable,
    adopt,
    leave_unresolved,
    override,
)
from annotations.models import Adjudication, Cause, Session
from annotations.queries.consensus import people_consensus
from annotations.queries.dispute import current_verdicts
from annotations.queries.disputes import ALL, DECIDED, Filter, Scope, Unit, disputes, scope_of
from annotations.sheet import Entry, Sheet
from rubricstudio.domain.consensus import Method, Provenance
from rubricstudio.domain.verdict import VerdictStatus
from rubricstudio.models import Comment, Round, User, Verdict
from tests.conftest import Cast, Data

OK = VerdictStatus.OK


def sheet(warns: float, invents: float, clarity: float | None) -> Sheet:
    status = OK if clarity is not None else VerdictStatus.CANNOT_ASSESS
    return Sheet(
        {
            "warns": Entry(OK, warns, "Because of the first line."),
            "invents": Entry(OK, invents),
            "clarity": Entry(status, clarity),
        }
    )


def judge_all(session: Session, person: User, said: Sheet) -> None:
    while (assignment := next_item(session=session, by=person)) is not None:
        submit(assignment=assignment, sheet=said, by=person)


@pytest.fixture
def judged(session: Session, cast: Cast) -> Session:
    """Nuria and Nils agree that nothing is invented, and on nothing else."""
    judge_all(session, cast.annotator, sheet(1, 0, 1))
    judge_all(session, cast.second_annotator, sheet(0, 0, 3))
    return session


@pytest.fixture
def scope(judged: Session, cast: Cast) -> Scope:
    return scope_of(cast.project, [judged.round])


def key_of(data: Data, key: str) -> int:
    return int(data.version.criteria.get(key=key).pk)


def first(scope: Scope) -> Unit:
    return disputes(scope).rows[0].unit


# -- the queue


def test_the_heaviest_disagreements_come_first(scope: Scope, data: Data) -> None:
    page = disputes(scope)

    # Weights 5, -4 and 3: of 12 the gate has 5/12, clarity 3/12. One pair, which disagrees.
    warns, clarity = key_of(data, "warns"), key_of(data, "clarity")
    assert [row.unit.criterion for row in page.rows] == [warns] * 4 + [clarity] * 4
    assert page.rows[0].priority == pytest.approx(5 / 12)
    assert page.rows[-1].priority == pytest.approx(3 / 12)
    assert {row.n for row in page.rows} == {2}
    assert page.count(criterion=key_of(data, "invents")) == 0


def test_pages_follow_one_another_without_a_gap(scope: Scope) -> None:
    whole = [row.unit for row in disputes(scope).rows]
    walked: list[Unit] = []
    after = None
    while True:
        page = disputes(scope, after=after, limit=3)
        walked += [row.unit for row in page.rows]
        if not page.more:
            break
        after = (page.rows[-1].priority, page.rows[-1].unit)

    assert walked == whole


def test_a_third_rater_changes_the_share_of_disagreeing_pairs(
    scope: Scope, data: Data, cast: Cast
) -> None:
    _say(scope, data, cast, "warns", 1.0)
    page = disputes(scope)

    # met, not met, met: two of three pairs disagree, times 5/12.
    shared = next(r for r in page.rows if r.n == 3)
    assert shared.disagreement == pytest.approx(2 / 3)
    assert shared.priority == pytest.approx(10 / 36)


def _say(scope: Scope, data: Data, cast: Cast, key: str, value: float) -> None:
    rater = cast.project.raters.create(kind="person", name="Third")
    Verdict.objects.create(
        round=scope.rounds[0],
        response=data.responses[0],
        criterion=data.version.criteria.get(key=key),
        rater=rater,
        status="ok",
        value=value,
    )


def test_what_was_corrected_no_longer_counts(scope: Scope, data: Data) -> None:
    unit = Unit(data.responses[0].pk, key_of(data, "warns"))
    old = current_verdicts(scope, [unit])[unit][0]
    Verdict.objects.create(
        round=old.round,
        response=old.response,
        criterion=old.criterion,
        rater=old.rater,
        revision=1,
        status="ok",
        value=1.0 - (old.value or 0.0),
    )

    assert unit not in [row.unit for row in disputes(scope).rows]


def test_decided_units_are_found_by_state_and_cause(scope: Scope, cast: Cast) -> None:
    unit = first(scope)
    leave_unresolved(case=Case(scope, unit), by=cast.reviewer, cause=Cause.EDGE_CASE)

    assert unit not in [row.unit for row in disputes(scope).rows]
    decided = disputes(scope, chosen=Filter(state=DECIDED, cause=Cause.EDGE_CASE))
    assert [row.unit for row in decided.rows] == [unit]
    assert decided.count(state=DECIDED) == 1
    assert decided.count(state=ALL) == 8
    assert disputes(scope, chosen=Filter(state=ALL, cause=Cause.AMBIGUOUS)).rows == []


def test_the_number_of_queries_does_not_grow(
    client: Client, scope: Scope, cast: Cast, django_assert_max_num_queries: object
) -> None:
    client.force_login(cast.reviewer)
    address = reverse("annotations:adjudication", args=["demo"])

    with django_assert_max_num_queries(22):  # type: ignore[operator]
        page = client.get(address)

    assert page.status_code == 200
    assert page.content.count(b"adjudication-prompt") == 8


# -- decisions


def test_adopting_takes_a_raters_answer_with_its_round(scope: Scope, cast: Cast) -> None:
    unit = first(scope)
    chosen = current_verdicts(scope, [unit])[unit][0]

    made = adopt(case=Case(scope, unit), verdict_id=chosen.pk, by=cast.reviewer)

    assert (made.decision, made.value, made.adopted) == ("adopted", chosen.value, chosen.rater)
    assert (made.round_id, made.revision, made.by) == (scope.ids[0], 0, cast.reviewer)


def test_a_double_click_decides_once(scope: Scope, cast: Cast) -> None:
    unit = first(scope)
    chosen = current_verdicts(scope, [unit])[unit][0]

    one = adopt(case=Case(scope, unit), verdict_id=chosen.pk, by=cast.reviewer)
    other = adopt(case=Case(scope, unit), verdict_id=chosen.pk, by=cast.reviewer)

    assert one == other
    assert Adjudication.objects.count() == 1


def test_the_second_of_two_adjudicators_sees_the_first(scope: Scope, cast: Cast) -> None:
    unit = first(scope)
    first_one = leave_unresolved(case=Case(scope, unit), by=cast.reviewer)

    with pytest.raises(DecidedMeanwhile) as refused:
        override(case=Case(scope, unit), entry=Entry(OK, 1.0), reason="Clear.", by=cast.owner)

    assert refused.value.decision == first_one
    changed = override(
        case=Case(scope, unit, first_one.pk), entry=Entry(OK, 1.0), reason="Clear.", by=cast.owner
    )
    assert changed.revision == 1


@pytest.mark.parametrize(
    ("entry", "reason"),
    [(Entry(OK, 1.0), "  "), (Entry(), "Clear."), (Entry(OK, 0.5), "Off the scale.")],
)
def test_an_override_needs_an_answer_and_a_reason(
    scope: Scope, cast: Cast, entry: Entry, reason: str
) -> None:
    with pytest.raises(NotDecidable):
        override(case=Case(scope, first(scope)), entry=entry, reason=reason, by=cast.reviewer)

    assert not Adjudication.objects.exists()


def test_a_verdict_of_another_unit_cannot_be_adopted(scope: Scope, cast: Cast) -> None:
    one, other = (row.unit for row in disputes(scope).rows[:2])
    foreign = current_verdicts(scope, [other])[other][0]

    with pytest.raises(NotDecidable):
        adopt(case=Case(scope, one), verdict_id=foreign.pk, by=cast.reviewer)


def test_a_decision_goes_before_every_vote(scope: Scope, cast: Cast) -> None:
    unit = first(scope)
    override(case=Case(scope, unit), entry=Entry(OK, 1.0), reason="Clear.", by=cast.reviewer)

    found = people_consensus(scope.ids, Method.MAJORITY)

    counts = found.consensus.counts()
    # Four units unanimous, eight ties, of which one was decided.
    assert counts[Provenance.UNANIMOUS] == 4
    assert counts[Provenance.ADJUDICATED] == 1
    assert counts[Provenance.UNRESOLVED] == 7
    place = (found.responses == unit.response) & (found.criterion_ids == unit.criterion)
    assert found.consensus.values[place].tolist() == [1.0]
    assert (
        people_consensus(scope.ids, Method.MAJORITY, adjudicated=False).consensus.counts()[
            Provenance.UNRESOLVED
        ]
        == 8
    )


# -- pages


def _address(unit: Unit, name: str = "adjudicate") -> str:
    return reverse(f"annotations:{name}", args=["demo", unit.response, unit.criterion])


def test_the_page_shows_who_said_what_and_goes_on(client: Client, scope: Scope, cast: Cast) -> None:
    client.force_login(cast.reviewer)
    one, other = (row.unit for row in disputes(scope).rows[:2])
    client.get(reverse("annotations:adjudication", args=["demo"]))
    page = client.get(_address(one)).content.decode()

    assert "Because of the first line." in page
    assert page.count('name="adopt"') == 2
    verdict = re.search(r'name="adopt" value="(\d+)"', page)
    assert verdict
    reply = client.post(_address(one), {"adopt": verdict[1], "seen": "0", "cause": "edge_case"})
    assert reply.status_code == 302
    assert reply["Location"].startswith(_address(other))
    assert Adjudication.objects.get().cause == "edge_case"


def test_a_decision_made_meanwhile_is_shown(client: Client, scope: Scope, cast: Cast) -> None:
    client.force_login(cast.owner)
    unit = first(scope)
    leave_unresolved(case=Case(scope, unit), by=cast.reviewer, reason="Nobody can know.")

    reply = client.post(
        _address(unit), {"seen": "0", "value": "1", "reason": "My own words", "override": "1"}
    )

    page = reply.content.decode()
    assert reply.status_code == 409
    assert "Nobody can know." in page
    assert "My own words" in page


@pytest.mark.parametrize(
    "sent",
    [
        {"value": "1", "override": "1"},
        {"value": "", "reason": "Why"},
        {"value": "seven", "reason": "Why"},
        {"adopt": "9" * 18},
        {"unresolved": "1", "cause": "the weather"},
        {"adopt": "x", "seen": "-1"},
    ],
)
def test_what_cannot_be_stored_is_said_in_words(
    client: Client, scope: Scope, cast: Cast, sent: dict[str, str]
) -> None:
    client.force_login(cast.reviewer)

    reply = client.post(_address(first(scope)), sent)

    assert reply.status_code == 422
    assert 'role="alert"' in reply.content.decode()
    assert not Adjudication.objects.exists()


def test_an_annotator_of_the_session_judges_first(
    client: Client, session: Session, cast: Cast, data: Data
) -> None:
    session.annotators.create(
        rater=cast.project.raters.create(kind="person", name="Rosa", user=cast.reviewer)
    )
    judge_all(session, cast.annotator, sheet(1, 0, 1))
    judge_all(session, cast.second_annotator, sheet(0, 0, 3))
    client.force_login(cast.reviewer)
    unit = Unit(data.responses[0].pk, key_of(data, "warns"))

    listed = client.get(reverse("annotations:adjudication", args=["demo"])).content.decode()

    assert "8 disagreements are not shown" in listed
    assert "adjudication-prompt" not in listed
    assert client.get(_address(unit)).status_code == 403
    assert client.post(_address(unit), {"unresolved": "1"}).status_code == 403
    assert client.get(_address(unit, "adjudicate-next")).status_code == 403
    assert client.post(_address(unit, "adjudicate-propose"), {"proposal": "x"}).status_code == 403


def test_judges_are_not_read_unless_asked_for(
    client: Client, scope: Scope, cast: Cast, data: Data
) -> None:
    unit = first(scope)
    run = Round.objects.create(
        project=cast.project, kind="run", name="Run", version=data.version, created_by=cast.owner
    )
    Verdict.objects.create(
        round=run,
        response_id=unit.response,
        criterion_id=unit.criterion,
        rater=cast.project.raters.create(kind="judge", name="planted-judge"),
        status="ok",
        value=1.0,
        rationale="planted reason",
    )
    client.force_login(cast.reviewer)

    assert b"planted" not in client.get(_address(unit)).content
    assert b"planted reason" in client.get(_address(unit) + "?judges=on").content


def test_a_viewer_reads_and_decides_nothing(client: Client, scope: Scope, cast: Cast) -> None:
    client.force_login(cast.viewer)
    unit = first(scope)

    page = client.get(_address(unit))

    assert page.status_code == 200
    assert b'name="adopt"' not in page.content
    assert client.post(_address(unit), {"unresolved": "1"}).status_code == 403


def test_suggestions_come_with_a_probability(client: Client, scope: Scope, cast: Cast) -> None:
    client.force_login(cast.reviewer)

    page = client.get(_address(first(scope)) + "?estimate=on").content.decode()

    assert "Majority" in page
    assert "Dawid" in page
    assert "a tie" in page


def test_a_proposal_becomes_a_thread_on_the_criterion(
    client: Client, scope: Scope, cast: Cast
) -> None:
    client.force_login(cast.reviewer)
    unit = first(scope)
    address = _address(unit, "adjudicate-propose")

    assert client.post(address, {"proposal": " "}).status_code == 422
    client.post(address, {"proposal": "Say which interaction.", "passage": "line one\nline two"})
    client.post(address, {"proposal": "Say which interaction.", "passage": "line one\nline two"})

    comment = Comment.objects.get()
    assert comment.criterion_key == "warns"
    assert comment.text.startswith("Say which interaction.\n\n> line one\n> line two\n\n[")
    assert _address(unit) in comment.text


def test_an_address_of_nonsense_is_the_whole_queue(
    client: Client, scope: Scope, cast: Cast
) -> None:
    client.force_login(cast.reviewer)
    address = reverse("annotations:adjudication", args=["demo"])
    odd = "?round=x&criterion=abc&state=&cause=zz&after=nan_1-2&after=1e999_3-4"

    assert b"adjudication-prompt" in client.get(address + odd).content
    assert client.get(_address(Unit(10**15, 10**15))).status_code == 404
    assert client.get(address + "?after=0.25_" + "9" * 30 + "-1").status_code == 200


def test_the_consensus_page_counts(client: Client, scope: Scope, cast: Cast) -> None:
    client.force_login(cast.viewer)
    address = reverse("annotations:consensus", args=["demo"])

    for method in ("", "?method=weighted", "?method=dawid_skene", "?method=unanimous", "?method=x"):
        page = client.get(address + method)
        assert page.status_code == 200
        assert b"of 12 units" in page.content


def test_an_empty_project_says_so(client: Client, cast: Cast) -> None:
    client.force_login(cast.owner)

    for name in ("adjudication", "consensus"):
        page = client.get(reverse(f"annotations:{name}", args=["demo"]))
        assert b"Nobody has judged anything yet" in page.content

"""Agreement before and after the discussion of a calibration round."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from annotations.actions import complete, create_session, next_item, submit
from annotations.models import Session
from rubricstudio.models import User
from scoring.calibration_page import calibration_page
from scoring.queries.people import people_of_verdicts
from scoring.queries.votes import BothVotes, both_votes
from tests.annotations.calibration_cases import (
    calibration,
    fresh,
    second_vote,
    sheet,
    vote,
    vote_by_response,
)
from tests.conftest import Cast, Data

HER_FIRST = [sheet(1, 0, 1), sheet(1, 0, 1), sheet(1, 0, 2), sheet(0, 1, None)]
HIS_FIRST = [sheet(0, 0, 3), sheet(1, 0, 1), sheet(0, 0, 2), sheet(0, 0, 2)]
HER_AGAIN = [sheet(0, 0, 2), sheet(1, 0, 1), sheet(1, 0, 2), sheet(0, 0, 2)]


@pytest.fixture
def again(cast: Cast, data: Data) -> Session:
    """Nuria has voted again on all four responses, Nils has confirmed three of his."""
    session = calibration(cast, data)

    def say(person: User, said: list[object]) -> None:
        vote_by_response(session, person, dict(zip(data.responses, said, strict=True)))  # type: ignore[arg-type]

    say(cast.annotator, list(HER_FIRST))
    say(cast.second_annotator, list(HIS_FIRST))
    session = second_vote(cast, session)
    say(cast.annotator, list(HER_AGAIN))
    his = {response.pk: one for response, one in zip(data.responses, HIS_FIRST, strict=True)}
    for _n in range(3):
        found = next_item(session=session, by=cast.second_annotator)
        assert found is not None
        submit(assignment=found, sheet=his[found.item.response_id], by=cast.second_annotator)
    return session


@pytest.fixture
def votes(again: Session) -> BothVotes:
    return both_votes(again)


def test_only_answers_given_in_both_votes_count(votes: BothVotes, data: Data) -> None:
    lines = {line.criterion.key: line.row for line in votes.lines if line.criterion}

    # He left out the fourth response, so its units have one person.
    warns = lines["warns"]
    assert (warns.n, warns.changes.n) == (3, 7)
    # Units (her, him) before: 1-0, 1-1, 1-0; after: 0-0, 1-1, 1-0.
    assert warns.figures["percent"].before.value == pytest.approx(1 / 3)
    assert warns.figures["percent"].after.value == pytest.approx(2 / 3)
    # Alpha before: values 1 1 1 0 1 0, 4 ones and 2 zeros; two units disagree, o = 4;
    # expected 2*4*2/5 = 3.2; 1 - 4/3.2. After: 0 0 1 1 1 0, o = 2; 2*3*3/5 = 3.6.
    assert warns.figures["alpha"].before.value == pytest.approx(1 - 4 / 3.2)
    assert warns.figures["alpha"].after.value == pytest.approx(1 - 2 / 3.6)
    assert warns.figures["alpha"].difference.value == pytest.approx(4 / 3.2 - 2 / 3.6)
    # She came to his answer on the first response; nothing else changed.
    assert (warns.changes.changed, warns.changes.towards, warns.changes.away) == (1, 1, 0)
    # On clarity she could not assess the fourth at first: no value in one vote.
    assert lines["clarity"].changes.n == 6 and votes.unassessed == 1
    assert (lines["clarity"].changes.changed, lines["clarity"].changes.towards) == (1, 1)


def test_overall_figures_are_over_one_scale(votes: BothVotes) -> None:
    page = calibration_page(votes, floor=1)
    # Warns and invents, not the ordinal clarity: 3 units each with both people.
    assert page.overall.n == 6 and page.scope
    assert page.everything.changed == 3 and page.everything.n == 20
    assert page.low <= (page.overall.alpha.before.low or 0)
    assert page.ticks[-1] == 1.0


def test_under_the_floor_figures_are_withheld_and_n_stays(votes: BothVotes) -> None:
    page = calibration_page(votes, floor=20)
    assert page.overall.alpha.before.withheld and page.overall.alpha.before.n == 6
    assert page.overall.alpha.before.value is None


def test_the_agreement_page_counts_the_second_answers(again: Session, cast: Cast) -> None:
    people = people_of_verdicts(cast.project, [again.round])
    lines = {line.criterion.key: line for line in people._criteria() if line.criterion}
    # All four responses, his first answer where he has not voted again: 0-0, 1-1, 1-0, 0-0.
    assert lines["warns"].row.figure("percent").value == pytest.approx(3 / 4)


def test_who_sees_both_votes_and_when(
    again: Session, cast: Cast, client: Client, settings: object
) -> None:
    url = reverse("scoring:calibration", args=["demo", again.pk])

    def status(person: User) -> int:
        client.force_login(person)
        return client.get(url).status_code

    assert [status(one) for one in (cast.owner, cast.reviewer, cast.viewer)] == [200, 200, 200]
    # Figures of two people would tell each what the other answered.
    assert status(cast.annotator) == 302
    assert status(cast.stranger) == 404
    complete(session=again, by=cast.owner)
    assert status(cast.annotator) == 200
    client.force_login(cast.owner)
    shown = client.get(url).content.decode()
    assert "too few" in shown and "of 20: 2 towards the others, 1 away" not in shown
    assert "3 of 20" not in shown and "of 20:" in shown


def test_a_round_without_second_votes_says_so(cast: Cast, data: Data, client: Client) -> None:
    round_ = calibration(cast, data)
    client.force_login(cast.owner)
    url = reverse("scoring:calibration", args=["demo", round_.pk])
    assert b"Nothing to compare yet" in client.get(url).content
    vote(round_, cast.annotator, sheet(1))
    vote(round_, cast.second_annotator, sheet(1))
    second_vote(cast, round_)
    assert b"Nothing to compare yet" in client.get(url).content
    vote(fresh(round_), cast.annotator, sheet(1))
    assert b"Nothing to compare yet" not in client.get(url).content
    other = create_session(project=cast.project, name="Plain", version=data.version, by=cast.owner)
    plain = reverse("scoring:calibration", args=["demo", other.pk])
    assert client.get(plain).status_code == 404

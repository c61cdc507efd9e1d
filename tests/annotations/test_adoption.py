"""A session goes on with a new version of its rubric; what holds is not asked again."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from annotations.actions import (
    activate,
    adopt_version,
    clone_session,
    edit_session,
    next_item,
    set_annotators,
    submit,
)
from annotations.actions.sheets import stored_sheet
from annotations.carry import Fate, adopt
from annotations.errors import InvalidSession, NotPossible
from annotations.models import Session
from annotations.queries.carried import adoption_of, newer_versions
from annotations.selection import Selection
from annotations.sheet import Entry, Sheet
from rubricstudio.actions.rubrics import publish, start_draft, write_criteria
from rubricstudio.domain.rubric import Criterion, Rubric
from rubricstudio.domain.verdict import VerdictStatus
from rubricstudio.models import RubricVersion, Verdict
from tests.annotations.conftest import COMPLETE
from tests.conftest import SMALL_RUBRIC, Cast, Data

MET = Entry(VerdictStatus.OK, 1.0)


def _next_version(cast: Cast, data: Data, rubric: Rubric) -> RubricVersion:
    draft = start_draft(rubric=data.version.rubric, by=cast.author)
    write_criteria(version=draft, value=rubric)
    return publish(version=draft, by=cast.author)


def _edited(key: str, **changes: Any) -> Rubric:
    criteria = tuple(replace(c, **changes) if c.key == key else c for c in SMALL_RUBRIC.criteria)
    return replace(SMALL_RUBRIC, criteria=criteria)


@pytest.fixture
def changed(cast: Cast, data: Data) -> RubricVersion:
    """Version 2: "warns" asks something else, "invents" weighs more, "length" is new."""
    criteria = [
        replace(c, text="Warns of it in the first sentence.") if c.key == "warns" else c
        for c in SMALL_RUBRIC.criteria
    ]
    criteria = [replace(c, weight=-9) if c.key == "invents" else c for c in criteria]
    new = Criterion(key="length", text="Stays under a page.")
    return _next_version(cast, data, replace(SMALL_RUBRIC, criteria=(*criteria, new)))


@pytest.fixture
def judged(session: Session, cast: Cast) -> Session:
    """Nuria submitted two items and corrected one answer of the first, Nils one."""
    for person, count in ((cast.annotator, 2), (cast.second_annotator, 1)):
        for n in range(count):
            assignment = next_item(session=session, by=person)
            assert assignment
            submit(assignment=assignment, sheet=COMPLETE, by=person)
            if person == cast.annotator and n == 0:
                again = Sheet(dict(COMPLETE.entries) | {"invents": MET}, COMPLETE.comment)
                submit(assignment=assignment, sheet=again, by=person)
    return session


def test_what_a_rater_sees_decides_what_is_asked_again() -> None:
    after = replace(
        _edited("warns", text="Warns at once."),
        criteria=(
            *(c for c in _edited("warns", text="Warns at once.").criteria if c.key != "clarity"),
            Criterion(key="length", text="Stays under a page."),
        ),
    )
    adoption = adopt(SMALL_RUBRIC, after, {"warns": 5, "invents": 4, "clarity": 3})

    assert {row.key: row.fate for row in adoption.criteria} == {
        "warns": Fate.AGAIN,
        "invents": Fate.KEPT,
        "length": Fate.NEW,
        "clarity": Fate.GONE,
    }
    assert (adoption.kept, adoption.again, adoption.gone) == (4, 5, 3)


def test_the_impact_counts_answers_and_not_corrections(
    judged: Session, changed: RubricVersion
) -> None:
    adoption = adoption_of(judged, changed)
    # three sheets of three answers; one answer was corrected
    assert (adoption.kept, adoption.again) == (6, 3)
    assert list(newer_versions(judged)) == [changed]


def test_people_get_their_items_again_with_the_answers_that_hold(
    judged: Session, changed: RubricVersion, cast: Cast
) -> None:
    follow_up = activate(
        session=adopt_version(session=judged, version=changed, by=cast.owner), by=cast.owner
    )

    mine = next_item(session=follow_up, by=cast.annotator)
    assert mine
    sheet = stored_sheet(mine)

    assert follow_up.round.name == "First round on v2"
    assert follow_up.selection["follows"] == judged.pk
    assert follow_up.items.count() == 4
    assert (mine.is_given, mine.item.position) == (True, 0)
    # the correction counts, "warns" changed, "length" is new
    assert sheet.entries == {"invents": MET, "clarity": COMPLETE.entry("clarity")}
    assert sheet.comment == "Reads well."


def test_what_is_left_as_it_was_says_where_it_comes_from(
    judged: Session, changed: RubricVersion, cast: Cast
) -> None:
    follow_up = activate(
        session=adopt_version(session=judged, version=changed, by=cast.owner), by=cast.owner
    )
    mine = next_item(session=follow_up, by=cast.annotator)
    assert mine
    sheet = stored_sheet(mine)
    unclear = Entry(VerdictStatus.OK, 2.0, "On second thoughts.")
    entries = dict(sheet.entries) | {"warns": MET, "length": MET, "clarity": unclear}

    submit(assignment=mine, sheet=Sheet(entries, sheet.comment), by=cast.annotator)

    told = dict(
        Verdict.objects.filter(round=follow_up.pk).values_list("criterion__key", "provenance")
    )
    earlier = Verdict.objects.get(
        round=judged.pk,
        response=mine.item.response_id,
        rater=mine.rater_id,
        criterion__key="invents",
        revision=1,
    )
    assert told == {
        "invents": {"carried_from": earlier.pk},
        "warns": None,
        "length": None,
        "clarity": None,
    }
    assert Verdict.objects.filter(round=judged.pk).count() == 10


def test_places_that_nobody_filled_are_open_to_everybody(
    judged: Session, changed: RubricVersion, cast: Cast
) -> None:
    follow_up = activate(
        session=adopt_version(session=judged, version=changed, by=cast.owner), by=cast.owner
    )
    set_annotators(
        session=follow_up,
        users=[cast.annotator, cast.second_annotator, cast.reviewer],
        by=cast.owner,
    )
    assignment = next_item(session=follow_up, by=cast.reviewer)
    assert assignment
    # Nuria and Nils hold both places of the first item, Nuria one of the second.
    assert assignment.item.position == 1
    assert stored_sheet(assignment) == Sheet()


def test_who_left_gets_nothing_and_where_more_people_judged_all_keep_their_place(
    judged: Session, changed: RubricVersion, cast: Cast
) -> None:
    edit_session(session=judged, by=cast.owner, coverage=3)
    set_annotators(
        session=judged, users=[cast.annotator, cast.second_annotator, cast.reviewer], by=cast.owner
    )
    third = next_item(session=judged, by=cast.reviewer)
    assert third
    submit(assignment=third, sheet=COMPLETE, by=cast.reviewer)
    Session.objects.filter(pk=judged.pk).update(coverage=1)
    judged.refresh_from_db()

    everyone = adopt_version(session=judged, version=changed, by=cast.owner, name="All")
    set_annotators(session=judged, users=[cast.reviewer], by=cast.owner)
    one = adopt_version(session=judged, version=changed, by=cast.owner, name="One")

    first = everyone.items.get(position=0)
    assert (first.places, first.assignments.count()) == (3, 3)
    assert [a.rater.user for a in one.items.get(position=0).assignments.all()] == [cast.reviewer]


def test_only_a_newer_version_that_asks_something_else_is_adopted(
    judged: Session, cast: Cast, data: Data
) -> None:
    with pytest.raises(InvalidSession, match="newer"):
        adopt_version(session=judged, version=data.version, by=cast.owner)
    reweighted = _next_version(cast, data, _edited("warns", weight=1))
    with pytest.raises(NotPossible, match="every verdict holds"):
        adopt_version(session=judged, version=reweighted, by=cast.owner)


def test_a_follow_up_keeps_its_version_and_its_places(
    judged: Session, changed: RubricVersion, cast: Cast
) -> None:
    follow_up = adopt_version(session=judged, version=changed, by=cast.owner)
    for changes in ({"selection": Selection(sample=1)}, {"coverage": 1}, {"extra_coverage": 1}):
        with pytest.raises(InvalidSession, match="follows up"):
            edit_session(session=follow_up, by=cast.owner, **changes)
    copy = clone_session(session=follow_up, by=cast.owner)
    assert "follows" not in copy.selection

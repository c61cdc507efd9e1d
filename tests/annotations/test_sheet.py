"""Sheets: reading, merging, what is missing and what changed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotations.sheet import (
    BLANK,
    Entry,
    InvalidSheet,
    Sheet,
    asked_of_people,
    changed,
    check,
    from_json,
    merge,
    read_entry,
    to_json,
    undecided,
)
from rubricstudio.domain.rubric import Criterion, JudgedBy, Rubric, Scale, ScaleKind
from rubricstudio.domain.verdict import VerdictStatus
from tests.conftest import SMALL_RUBRIC

OK = VerdictStatus.OK
POINTS = Criterion(key="points", text="Points", scale=Scale(ScaleKind.POINTS, maximum=2.5))

entries = st.one_of(
    st.builds(Entry, st.just(OK), st.sampled_from([0.0, 1.0, 0.1, 2.5]), st.text(max_size=3)),
    st.builds(Entry, st.just(VerdictStatus.CANNOT_ASSESS), st.none(), st.text(max_size=3)),
    st.builds(Entry, st.none(), st.none(), st.text(max_size=3)),
)
sheets = st.builds(
    Sheet, st.dictionaries(st.sampled_from(["a", "b", "c"]), entries), st.text(max_size=3)
)


@given(sheets)
def test_a_stored_sheet_reads_back_as_it_was(sheet: Sheet) -> None:
    assert from_json(to_json(sheet), sheet.comment).same_as(sheet)


@given(st.floats(0, 2.5), st.text(max_size=5))
def test_a_choice_reads_back_as_the_entry_it_came_from(value: float, why: str) -> None:
    entry = Entry(OK, value, why)
    assert read_entry(POINTS, entry.choice, Entry(rationale=why)) == entry


@pytest.mark.parametrize("choice", ["3", "-0.1", "nan", "inf", "many", "1e999"])
def test_a_choice_off_the_scale_is_refused_with_the_range(choice: str) -> None:
    with pytest.raises(InvalidSheet, match=r"points: .*from 0 to 2\.5"):
        read_entry(POINTS, choice)


def test_a_decimal_comma_is_read() -> None:
    assert read_entry(POINTS, "1,5").value == 1.5


def test_an_ordinal_choice_off_its_levels_names_the_levels() -> None:
    with pytest.raises(InvalidSheet, match="muddled, clear, crisp"):
        read_entry(SMALL_RUBRIC.by_key["clarity"], "2.5")


def test_people_are_asked_the_leaves_that_are_not_for_machines_alone() -> None:
    rubric = Rubric(
        (
            Criterion(key="g", text="Group", is_group=True),
            Criterion(key="any", text="Any", parent="g"),
            Criterion(key="people", text="People", judged_by=JudgedBy.PEOPLE),
            Criterion(key="model", text="Model", judged_by=JudgedBy.MODEL),
            Criterion(key="program", text="Program", judged_by=JudgedBy.PROGRAM),
        )
    )
    assert [c.key for c in asked_of_people(rubric)] == ["any", "people"]


def test_a_comment_alone_decides_nothing() -> None:
    criteria = asked_of_people(SMALL_RUBRIC)
    sheet = Sheet({"warns": Entry(OK, 0.0), "invents": Entry(rationale="Hm.")})
    assert undecided(criteria, sheet) == ["invents", "clarity"]


def test_a_sheet_with_a_strange_criterion_or_value_is_refused() -> None:
    sheet = Sheet({"warns": Entry(OK, 0.5), "safety": Entry(OK, 1.0)})
    with pytest.raises(InvalidSheet) as caught:
        check(asked_of_people(SMALL_RUBRIC), sheet)
    assert set(caught.value.problems) == {"warns", "safety"}


def test_only_what_people_can_say_is_an_entry() -> None:
    with pytest.raises(ValueError, match="timeout"):
        Entry(VerdictStatus.TIMEOUT)
    with pytest.raises(ValueError, match="exactly when"):
        Entry(OK)


def test_only_decided_entries_that_differ_count_as_changed() -> None:
    before = Sheet({"a": Entry(OK, 1.0), "b": Entry(OK, 0.0), "c": Entry(OK, 1.0)})
    after = Sheet({"a": Entry(OK, 1.0), "b": Entry(OK, 0.0, "because"), "c": BLANK})
    assert changed(before, after) == ["b"]


@given(sheets)
def test_merging_with_nothing_or_with_itself_changes_nothing(sheet: Sheet) -> None:
    for other in (Sheet(), sheet):
        merged = merge(sheet, other)
        assert merged.conflicts == ()
        assert merged.sheet.same_as(sheet)


@given(sheets, sheets)
def test_a_merge_loses_no_entry_or_says_so(mine: Sheet, theirs: Sheet) -> None:
    merged = merge(mine, theirs)

    for side in (mine, theirs):
        for key, entry in side.entries.items():
            kept = merged.sheet.entry(key)
            assert key in merged.conflicts or (
                (not entry.is_decided or (kept.status, kept.value) == (entry.status, entry.value))
                and (not entry.rationale or kept.rationale == entry.rationale)
            )
        assert "" in merged.conflicts or not side.comment or merged.sheet.comment == side.comment


@given(sheets, sheets)
def test_both_tabs_see_the_same_conflicts(mine: Sheet, theirs: Sheet) -> None:
    assert set(merge(mine, theirs).conflicts) == set(merge(theirs, mine).conflicts)

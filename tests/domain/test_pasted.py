"""Pasted lists and tables: worked examples, and what holds for any text."""

from __future__ import annotations

import csv
import io
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubricstudio.domain.pasted import MOST, Pasted, read_pasted, strip_bullet
from rubricstudio.domain.rubric import MetMeans, Tier


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("- Names the drug", "Names the drug"),
        ("* **Bold** stays", "**Bold** stays"),
        ("12. Names the drug", "Names the drug"),
        ("3) Names the drug", "Names the drug"),
        ("(a) Names the drug", "Names the drug"),
        ("1.2. Names the drug", "Names the drug"),
        ("iv. Names the drug", "Names the drug"),
        ("- [ ] Names the drug", "Names the drug"),
        ("• 2. Names the drug", "Names the drug"),
        ("2.5 mg is the dose", "2.5 mg is the dose"),
        ("3 drugs are named", "3 drugs are named"),
        ("A. baumannii is named", "A. baumannii is named"),
        ("-40 °C is named", "-40 °C is named"),
        ("A response names it", "A response names it"),
        ("-", ""),
        ("1.", ""),
    ],
)
def test_bullets_and_numbers_go(line: str, text: str) -> None:
    assert strip_bullet(line) == text


def shape(text: str) -> list[tuple[int, bool, str]]:
    return [(row.depth, row.is_group, row.text) for row in read_pasted(text).rows]


def test_a_line_is_a_criterion() -> None:
    assert shape("Names it\n\n - Warns\r\n") == [(0, False, "Names it"), (0, False, "Warns")]


def test_indentation_makes_groups() -> None:
    text = "Safety\n  - Warns\n  - Refers\n\tDose\n\t\t1. Names it\nClear"

    assert shape(text) == [
        (0, True, "Safety"),
        (1, False, "Warns"),
        (1, True, "Refers"),
        (2, True, "Dose"),
        (3, False, "Names it"),
        (0, False, "Clear"),
    ]


def test_a_table_with_tabs_names_its_columns() -> None:
    text = (
        "Group\tCriterion\tPoints\tTier\tTags\n"
        "Safety\tWarns\t5\tessential\ta, b\n"
        "Safety\tInvents a dose\t−2,5\tpitfall\t\n"
        "\tIs clear\t\timportant\t\n"
    )

    found = read_pasted(text, {"important": 3.0})

    assert found.columns == ("group", "text", "weight", "tier", "tags")
    assert found.problems == ()
    assert found.rows == (
        Pasted("Safety", is_group=True),
        Pasted("Warns", 1, weight=5, tier=Tier.ESSENTIAL, tags=("a", "b")),
        Pasted("Invents a dose", 1, weight=-2.5, met_means=MetMeans.BAD, tier=Tier.PITFALL),
        Pasted("Is clear", weight=3, tier=Tier.IMPORTANT),
    )


def test_a_table_says_which_line_it_could_not_read() -> None:
    text = 'text,weight,tier\n"Warns, at once",many,\n,3,\nRefers,1,urgent\n'

    found = read_pasted(text)

    assert [row.text for row in found.rows] == ["Warns, at once", "Refers"]
    assert [row.weight for row in found.rows] == [1, 1]
    assert found.problems == ((2, "weight"), (3, "no text"), (4, "tier"))


def test_a_sentence_with_a_comma_is_no_table() -> None:
    assert shape("Text, in short\nMore") == [(0, False, "Text, in short"), (0, False, "More")]


def test_a_text_without_end_is_cut_and_says_so() -> None:
    found = read_pasted("line\n" * (MOST + 5))

    assert len(found.rows) == MOST
    assert found.problems == ((MOST + 1, "too many"),)


def test_bullets_alone_are_no_criteria() -> None:
    assert read_pasted("- \n*\n1.").rows == ()


@given(st.text(st.characters(codec="utf-8"), max_size=300))
def test_any_text_makes_a_whole_tree(text: str) -> None:
    above = -1
    rows = read_pasted(text).rows
    for row, behind in zip(rows, [*rows[1:], None][: len(rows)], strict=True):
        assert row.text.strip()
        assert "\0" not in row.text
        assert row.depth <= above + 1
        assert math.isfinite(row.weight)
        if behind is not None and behind.depth > row.depth:
            assert row.is_group
        above = row.depth if row.is_group else row.depth - 1


WORDS = st.text(st.sampled_from("abcdé ,;\"'"), min_size=1, max_size=20).filter(str.strip)


@given(st.lists(st.tuples(WORDS, st.integers(-99, 99)), min_size=1, max_size=8))
def test_a_written_table_is_read_as_it_was(rows: list[tuple[str, int]]) -> None:
    written = io.StringIO()
    csv.writer(written, delimiter="\t").writerows([("text", "weight"), *rows])

    found = read_pasted(written.getvalue())

    assert [(row.text, row.weight) for row in found.rows] == [(t.strip(), w) for t, w in rows]

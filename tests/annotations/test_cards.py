"""Cards: words for answers, headings for groups, and forms that read back."""

from __future__ import annotations

import pytest
from django.http import QueryDict

from annotations.cards import Card, Heading, cards, fields_of, in_words, read_sheet
from annotations.sheet import Entry, Sheet, asked_of_people
from rubricstudio.domain.rubric import Criterion, JudgedBy, Level, Rubric, Scale, ScaleKind
from rubricstudio.domain.verdict import VerdictStatus
from tests.conftest import SMALL_RUBRIC

OK = VerdictStatus.OK
POINTS = Criterion(key="p", text="Points", scale=Scale(ScaleKind.POINTS, maximum=4))
THIRDS = Criterion(
    key="t",
    text="Thirds",
    scale=Scale(ScaleKind.ORDINAL, (Level(0, "none"), Level(1 / 3, "some"), Level(1, "all"))),
)


@pytest.mark.parametrize(
    ("criterion", "entry", "words"),
    [
        (SMALL_RUBRIC.by_key["warns"], Entry(OK, 1.0), "met"),
        (SMALL_RUBRIC.by_key["warns"], Entry(OK, 0.0), "not met"),
        (SMALL_RUBRIC.by_key["warns"], Entry(), "no answer"),
        (POINTS, Entry(VerdictStatus.CANNOT_ASSESS), "cannot assess"),
        (POINTS, Entry(OK, 2.5), "2.5"),
        (THIRDS, Entry(OK, 1 / 3), "some"),
    ],
)
def test_an_answer_is_said_in_words(criterion: Criterion, entry: Entry, words: str) -> None:
    assert in_words(criterion, entry) == words


def test_what_a_page_shows_reads_back_as_it_was() -> None:
    # 1/3 has no end; the page spells it 0.333333 and it must still be the level.
    criteria = (POINTS, THIRDS, SMALL_RUBRIC.by_key["warns"])
    sheet = Sheet(
        {
            "p": Entry(OK, 2.125, "Half."),
            "t": Entry(OK, 1 / 3),
            "warns": Entry(VerdictStatus.CANNOT_ASSESS),
        },
        "All in all.",
    )
    post = QueryDict(mutable=True)
    for name, value in fields_of(criteria, sheet):
        post.appendlist(name, value)

    typed = read_sheet(post, criteria)

    assert typed.problems == {}
    assert typed.sheet.same_as(sheet)


def test_points_and_cannot_assess_together_are_asked_back() -> None:
    post = QueryDict("answer:p=3&answer:p=cannot_assess&comment:p=Hm")

    typed = read_sheet(post, (POINTS,))

    assert "not both" in typed.problems["p"]
    assert typed.sheet.entry("p") == Entry(rationale="Hm")


def test_groups_are_headings_unless_nothing_in_them_is_for_people() -> None:
    rubric = Rubric(
        (
            Criterion(key="outer", text="Outer", is_group=True),
            Criterion(key="inner", text="Inner", is_group=True, parent="outer"),
            Criterion(key="a", text="A", parent="inner"),
            Criterion(key="machines", text="For machines", is_group=True),
            Criterion(key="m", text="M", parent="machines", judged_by=JudgedBy.PROGRAM),
        )
    )

    rows = cards(rubric, Sheet())

    assert [(type(row), getattr(row, "level", None)) for row in rows] == [
        (Heading, 3),
        (Heading, 4),
        (Card, None),
    ]
    assert [c.key for c in asked_of_people(rubric)] == ["a"]

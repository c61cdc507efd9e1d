"""What is a program and what is none: errors by position, with advice; scales."""

from __future__ import annotations

import pytest

from rubricstudio.domain.programs import InvalidProgram, check, parse
from rubricstudio.domain.rubric import BINARY, Level, Scale, ScaleKind
from rubricstudio.domain.verdict import VerdictStatus
from rubricstudio.program_tools import check_program
from tests.domain.programs.conftest import ask

POINTS = Scale(ScaleKind.POINTS, maximum=10.0)
LEVELS = Scale(ScaleKind.ORDINAL, (Level(0.1, "poor"), Level(0.3, "fair"), Level(2.0, "good")))

WRONG = [
    ("", 1, 1, "the program is empty"),
    ("   ", 1, 1, "the program is empty"),
    ("word > 3", 1, 1, "unknown check “word”; did you mean words?"),
    ("words >\n  wrods", 2, 3, "unknown check “wrods”; did you mean words?"),
    ('contains("a', 1, 10, 'the text that begins here has no closing "'),
    ("(words", 1, 7, "the program ends too early: a bracket that was opened is not closed"),
    ("words words", 1, 7, "the program should end here"),
    ("words && words", 1, 7, "write “and”"),
    ("words ≥ 3", 1, 7, "write >="),
    ("contains(“a”)", 1, 10, "write straight quotation marks"),
    ('"abc"', 1, 1, 'did you mean contains("abc")?'),
    ("words and json", 1, 1, "this is a number: compare it, such as words >= 100"),
    ("not words", 1, 5, "this is a number"),
    ("contains()", 1, 1, "contains needs “text”, a text in quotation marks: contains(text, "),
    ("contains(words)", 1, 10, "texts in quotation marks and numbers"),
    ("contains(3)", 1, 10, "“text” of contains is a text in quotation marks"),
    ('contains("")', 1, 10, "“text” of contains is empty"),
    ('contains("a", ignore_cas=true)', 1, 15, "did you mean ignore_case?"),
    ('contains("a", text="b")', 1, 15, "“text” is given twice"),
    ('words("a")', 1, 7, "words takes no more: words"),
    ('number(3, which="middle")', 1, 11, "one of last, first, any"),
    ("number(3, tolerance=-1)", 1, 11, "0 or more"),
    ("forbids()", 1, 1, "forbids needs at least one text"),
    ('citations("foo")', 1, 11, "is one of brackets, author_year, links, dois, not “foo”"),
    ('matches("a", "q")', 1, 14, "are among i"),
    ('matches("(")', 1, 1, "the regular expression cannot be used: missing )"),
    ('matches("(?R)?a")', 1, 1, "a pattern may not call itself"),
    ('matches("((a{99}){99}){99}")', 1, 1, "counted repeats come to more than 10000"),
    ('matches("(?:word){e<=2}")', 1, 1, "approximate matching is not on offer"),
    ('json_schema({"type": "objekt"})', 1, 1, "the JSON Schema cannot be used"),
    ('json_schema({"$ref": "https://a.org/s.json"})', 1, 1, "may only point into the schema"),
    ('json_schema({"$ref": "#/nowhere"})', 1, 1, "leads nowhere"),
    ('json_schema({"items": {"pattern": "("}})', 1, 1, "its pattern: missing )"),
    ('json_schema({"a": 1', 1, 20, "an object has commas"),
    ('json_schema("x")', 1, 13, "an object such as"),
    ('language("xx")', 1, 1, "“xx” is no language that can be told"),
    ("1e999 > 2", 1, 1, "the number is too large"),
    ("2 if json", 1, 10, "“if” needs an “else”"),
    ("2 if json else json", 1, 16, "both sides of “else” have to be numbers"),
    ("(" * 40 + "words" + ")" * 40, 1, 31, "nested more than 30 deep"),
    ("words" + "+1" * 500, 1, 805, "a program has at most 400 parts"),
    ("#" + "x" * 10_000, 1, 10_001, "a program has at most 10000 characters"),
]


@pytest.mark.parametrize(("text", "line", "column", "words"), WRONG, ids=[w[0][:30] for w in WRONG])
def test_an_error_says_what_and_where(text: str, line: int, column: int, words: str) -> None:
    errors = check_program(text)

    assert words in errors[0].message
    assert errors[0].place(text) == (line, column)
    assert 0 <= errors[0].start <= errors[0].end <= len(text)


def test_it_tells_every_error_of_sense_at_once() -> None:
    errors = check('contains() and wrods > 3 and citations("x") > 1')

    assert [error.start for error in errors] == [0, 15, 39]


def test_a_broken_program_cannot_be_read() -> None:
    with pytest.raises(InvalidProgram) as caught:
        parse("wrods")

    assert caught.value.errors[0].message == "unknown check “wrods”; did you mean words?"


@pytest.mark.parametrize(
    ("text", "scale", "words"),
    [
        ("words", BINARY, "compare the number"),
        ("json", POINTS, "wants a number, such as 10 if … else 0"),
        ("json", LEVELS, "wants a number, such as 2 if … else 0.1"),
        ("3 if json else 11", POINTS, "the scale has no 11"),
        ("2 if json else -1", LEVELS, "the scale has no -1"),
    ],
)
def test_a_program_has_to_fit_its_scale(text: str, scale: Scale, words: str) -> None:
    (error,) = check(text, scale)

    assert words in error.message


@pytest.mark.parametrize(
    ("program", "scale", "value"),
    [
        ("json", BINARY, 0.0),
        ("words > 1", BINARY, 1.0),
        ("min(10, words)", POINTS, 4.0),
        ("words / 3", POINTS, 4 / 3),
        ("0.1 + 0.2", LEVELS, 0.3),
        ('2 if contains("a") else 0.1 if json else 0.3', LEVELS, 2.0),
    ],
)
def test_a_value_is_one_of_the_scale(program: str, scale: Scale, value: float) -> None:
    assert check(program, scale) == []
    outcome = ask(program, "a b c d", scale)

    assert (outcome.status, outcome.value) == (VerdictStatus.OK, value)


@pytest.mark.parametrize(("program", "scale"), [("words * 9", POINTS), ("words", LEVELS)])
def test_a_value_that_the_scale_does_not_have_is_an_error_and_not_clipped(
    program: str, scale: Scale
) -> None:
    outcome = ask(program, "a b c d", scale)

    assert (outcome.status, outcome.value) == (VerdictStatus.ERROR, None)
    assert "which the scale does not have" in outcome.reason


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("1 + 2 * 3", "7 "),
        ("(1 + 2) * 3", "9"),
        ("10 - 4 - 3", "3"),
        ("8 / 4 / 2", "1"),
        ("-2 - -3", "1"),
        ("max(1, 2 * 3, 4)", "6"),
        ("1 < 2 < 3", "true"),
        ("1 < 3 < 2", "false"),
        ("not true or true", "true"),
        ("false and true or true", "true"),
        ("true or true and false", "true"),
        ("# a note\ntrue  # and another", "true"),
        ("1 + (words > 1) * 2", "3"),
        ("json == false", "true"),
    ],
)
def test_signs_bind_as_in_arithmetic(text: str, same: str) -> None:
    assert ask(text, "two words").value == ask(same, "").value


def test_backslashes_stay_unless_they_mean_a_line_a_tab_or_a_mark() -> None:
    assert ask(r'contains("a\nb")', "a\nb").value is True
    assert ask(r'contains(r"a\nb")', "a\\nb").value is True
    assert ask(r'contains("say \"hi\"")', 'say "hi"').value is True
    assert ask(r'matches("\bwhole\b")', "the whole").value is True

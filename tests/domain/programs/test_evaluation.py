"""Laws of evaluation: it never raises, Kleene's logic holds, and time has an end."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubricstudio.domain.programs import (
    CHECKS,
    Hits,
    InvalidProgram,
    Outcome,
    Undecided,
    check,
    evaluate,
    parse,
)
from rubricstudio.domain.rubric import BINARY
from rubricstudio.domain.verdict import VerdictStatus
from rubricstudio.program_tools import ProgramTools, check_program
from tests.domain.programs.conftest import ask, marked

# Yes, no, and three ways to be undecided, for any text.
ATOMS = {
    "true": True,
    "false": False,
    "1 / 0 > 1": VerdictStatus.ERROR,
    'matches("hangs")': VerdictStatus.TIMEOUT,
    'language("en")': VerdictStatus.CANNOT_ASSESS,
}
WORDS = [
    *CHECKS,
    *("and", "or", "not", "if", "else", "min", "max", "true", "false", "null", "(", ")", "[", "]"),
    *("{", "}", ",", ":", "=", "==", "!=", "<", ">=", "+", "-", "*", "/", "#", "\n", "3", "0.5"),
    *('"a"', "'b'", r'r"\d"', '"', "ignore_case", "which", "“", "&&", "é", "\x00", "1e400"),
]
atoms = st.sampled_from(sorted(ATOMS))
programs = st.recursive(
    atoms,
    lambda part: st.one_of(
        part.map(lambda a: f"not ({a})"),
        st.tuples(part, st.sampled_from(["and", "or"]), part).map(
            lambda each: f"({each[0]}) {each[1]} ({each[2]})"
        ),
    ),
    max_leaves=6,
)


class FakeTools(ProgramTools):
    """Real ones, but for a pattern that hangs."""

    def find(self, pattern: str, flags: str, text: str, most: int | None) -> Hits:
        if pattern == "hangs":
            raise Undecided(VerdictStatus.TIMEOUT, "too long")
        return super().find(pattern, flags, text, most)


def said(program: str) -> bool | float | VerdictStatus:
    outcome = evaluate(parse(program), "", FakeTools())
    assert (outcome.value is None) == (outcome.status is not VerdictStatus.OK)
    return outcome.status if outcome.value is None else outcome.value


@given(st.lists(st.sampled_from(WORDS), max_size=14).map(" ".join), st.text() | st.none())
def test_words_in_any_order_never_raise(program: str, text: str | None) -> None:
    _ask_anything(program, text)


@given(st.text(), st.text())
def test_any_program_and_any_text_never_raise(program: str, text: str) -> None:
    _ask_anything(program, text)


def _ask_anything(program: str, text: str | None) -> None:
    errors = check_program(program, BINARY)
    for error in errors:
        assert error.message
        assert 0 <= error.start <= error.end <= len(program)
    try:
        read = parse(program)
    except InvalidProgram:
        assert errors
        return
    outcome = evaluate(read, text, ProgramTools())
    assert isinstance(outcome, Outcome)
    assert (outcome.value is None) == (outcome.status is not VerdictStatus.OK)
    assert (text is None) <= (outcome.status is VerdictStatus.CANNOT_ASSESS)


@pytest.mark.parametrize("name", sorted(CHECKS))
@given(text=st.text(max_size=300))
def test_every_check_says_something_of_any_text_and_points_into_it(name: str, text: str) -> None:
    given_ = {
        "json_schema": '({"type": "array"})',
        "number": "(3)",
        "language": '("en")',
        **dict.fromkeys(("matches", "count_matches"), r'("\w")'),
        **dict.fromkeys(("contains", "count", "forbids"), '("a")'),
        **dict.fromkeys(("starts_with", "ends_with", "equals"), '("a", ignore_case=true)'),
    }
    if name in ("contains", "count"):
        given_[name] = '("a", ignore_case=true, whole_words=true)'

    outcome = ask(name + given_.get(name, ""), text)

    assert outcome.status in (VerdictStatus.OK, VerdictStatus.CANNOT_ASSESS, VerdictStatus.ERROR)
    for span in outcome.explanation[0].spans:
        assert 0 <= span.start < span.end <= len(text)


@given(programs, programs)
def test_the_order_of_parts_says_nothing(a: str, b: str) -> None:
    assert said(f"({a}) and ({b})") == said(f"({b}) and ({a})")
    assert said(f"({a}) or ({b})") == said(f"({b}) or ({a})")


@given(programs, programs)
def test_not_turns_and_into_or(a: str, b: str) -> None:
    assert said(f"not (({a}) and ({b}))") == said(f"not ({a}) or not ({b})")


@given(programs, programs, programs)
def test_and_spreads_over_or(a: str, b: str, c: str) -> None:
    left = said(f"({a}) and (({b}) or ({c}))")
    right = said(f"({a}) and ({b}) or ({a}) and ({c})")

    # Which of several reasons is told may differ; yes, no and undecided may not.
    assert left == right or (isinstance(left, VerdictStatus) and isinstance(right, VerdictStatus))


@given(programs)
def test_not_twice_changes_nothing(a: str) -> None:
    assert said(f"not not ({a})") == said(a)


@pytest.mark.parametrize(
    "undecided", [atom for atom, value in ATOMS.items() if value not in (0, 1)]
)
def test_undecided_is_never_a_no(undecided: str) -> None:
    status = ATOMS[undecided]

    assert said(undecided) == said(f"not ({undecided})") == status
    assert said(f"({undecided}) and true") == said(f"({undecided}) or false") == status
    assert said(f"({undecided}) and false") is False
    assert said(f"({undecided}) or true") is True
    assert said(f"3 if {undecided} else 3") == status


CATASTROPHES = [
    (r"(x+x+)+y", "x" * 40_000),
    (r"(a|aa)+$", "a" * 200_000 + "b"),
    (r"^(\w+\s?)*$", "word " * 20_000 + "!"),
    (r"\s+$", " " * 500_000 + "x"),
    (r"(?:a?){200}a{200}(?=b)", "a" * 5_000),
]


@pytest.mark.parametrize(("pattern", "text"), CATASTROPHES, ids=[c[0] for c in CATASTROPHES])
def test_a_regular_expression_that_explodes_times_out_and_is_neither_met_nor_not(
    pattern: str, text: str
) -> None:
    tools = ProgramTools(seconds=0.2)

    outcome = evaluate(parse(f'matches(r"{pattern}")'), text, tools, BINARY)

    assert (outcome.status, outcome.value) == (VerdictStatus.TIMEOUT, None)
    assert outcome.reason == "The regular expression took too long on this text."


def test_all_regular_expressions_of_a_program_share_their_time() -> None:
    hanging = r'matches(r"(x+x+)+y")'
    program = parse(" or ".join([hanging] * 100))

    outcome = evaluate(program, "x" * 40_000, ProgramTools(seconds=0.2))

    assert outcome.status is VerdictStatus.TIMEOUT
    notes = [part.note for part in outcome.explanation[1:]]
    assert notes[0] == "the regular expression took too long on this text"
    assert set(notes[1:]) == {"the program took too long on this text"}


def test_a_schema_that_explodes_times_out() -> None:
    steps = {f"a{n}": {"allOf": [{"$ref": f"#/$defs/a{n + 1}"}] * 2} for n in range(40)}
    schema = {"$defs": steps | {"a40": {}}, "$ref": "#/$defs/a0"}
    program = f"json_schema({json.dumps(schema)})"

    outcome = evaluate(parse(program), "1", ProgramTools(seconds=0.2))

    assert check_program(program) == []
    assert outcome.status is VerdictStatus.TIMEOUT


def test_a_schema_that_leads_back_to_itself_is_an_error() -> None:
    assert ask('json_schema({"$ref": "#"})', "1").status is VerdictStatus.ERROR


def test_a_text_of_more_than_a_million_characters_is_an_error() -> None:
    assert ask("words", "a" * 1_000_001).status is VerdictStatus.ERROR


def test_the_explanation_says_which_part_decided_and_where() -> None:
    text = "See [1]. I am sorry."

    outcome = ask('words > 3 and forbids("sorry") and contains("See")', text, BINARY)

    assert outcome.value == 0.0
    told = [(p.depth, p.text, p.value, p.decisive) for p in outcome.explanation]
    assert told == [
        (0, 'words > 3 and forbids("sorry") and contains("See")', False, True),
        (1, "words > 3", True, False),
        (2, "words", 5.0, False),
        (2, "3", 3.0, False),
        (1, 'forbids("sorry")', False, True),
        (1, 'contains("See")', True, False),
    ]
    assert outcome.explanation[4].note == "“sorry” is there"
    assert marked(outcome, text) == ["sorry"]


def test_a_division_by_zero_and_a_number_too_large_are_errors() -> None:
    assert ask("1 / (words - 1)", "one").reason == "A division by 0."
    assert ask("1e300 * 1e300", "").reason == "A number that is too large."


@given(st.floats(0, 1e6), st.floats(0, 100), st.floats(-200, 200))
def test_a_number_is_near_within_its_tolerance(goal: float, tolerance: float, off: float) -> None:
    program = f"number({goal!r}, tolerance={tolerance!r})"

    outcome = ask(program, f"It is {goal + off:.6f}.")

    away = abs(float(f"{goal + off:.6f}") - goal)
    if abs(away - tolerance) > 1e-6:
        assert outcome.value is (away <= tolerance)


def test_a_program_that_fits_has_no_errors() -> None:
    assert check("words > 3", BINARY) == []

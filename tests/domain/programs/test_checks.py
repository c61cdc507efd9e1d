"""Each check by golden cases: Latin, Chinese, Arabic, Hindi, empty, hostile."""

from __future__ import annotations

import pytest

from rubricstudio.domain.programs import CHECKS
from rubricstudio.domain.verdict import VerdictStatus
from tests.domain.programs.conftest import ask, marked

CITED = (
    "As (Jones et al., 2020) and Smith and Doe (2019a) say [1, 2], see https://a.org/x. "
    "Also doi:10.1234/ab.c and [text](https://b.org) (in May 2020), （张三，2021）."
)
MARKDOWN = "# One\ntext\n## Two\n```python\n# no heading\n```\n~~~\nx\n~~~\n#no heading\n"

CASES = [
    # -- words in the text
    ('contains("dose")', "The dose is 5 mg.", True),
    ('contains("Dose")', "The dose is 5 mg.", False),
    ('contains("DOSE", ignore_case=true)', "The dose is 5 mg.", True),
    ('contains("cat", whole_words=true)', "concatenate", False),
    ('contains("cat", whole_words=true)', "a cat.", True),
    ('contains("STRASSE", ignore_case=true)', "Hauptstraße", True),
    ('contains("caf\u00e9")', "cafe\u0301", True),
    ('contains("剂量")', "请注意剂量。", True),
    ('contains("الجرعة")', "ما هي الجرعة؟", True),
    ('contains("x")', "", False),
    ('count("a")', "banana", 3),
    ('count("ana")', "banana", 1),
    ('count("剂")', "剂剂量", 2),
    ('forbids("AI")', "A fair detail.", True),
    ('forbids("as an AI", "sorry")', "As an ai model", False),
    ('forbids(["sorry"])', "Sorry!", False),
    ('forbids("AI")', "使用AI技术", False),
    ('forbids("禁止")', "这是禁止的", False),
    ('forbids("x")', "", True),
    ('starts_with("Yes")', "  Yes, it is", True),
    ('starts_with("yes")', "Yes", False),
    ('starts_with("yes", ignore_case=true)', "YES", True),
    ('ends_with("done.")', "All done.\n", True),
    ('ends_with("straße", ignore_case=true)', "HAUPTSTRASSE", True),
    ('starts_with("x")', "", False),
    ('equals("B")', " B\n", True),
    ('equals("b")', "B", False),
    ('equals("")', "  ", True),
    # -- regular expressions
    (r'matches("\d+ mg")', "Take 400 mg", True),
    (r'matches("^take", "i")', "TAKE it", True),
    (r'matches("^two$", "m")', "one\ntwo", True),
    (r'matches("\\d")', "7", True),
    (r'matches("\p{Han}{2}")', "剂量", True),
    (r'count_matches("\b\w")', "a bc d", 3),
    ('count_matches("x*")', "", 1),
    # -- lengths
    ("words", "Don't well-known 3.5 — and/or !", 4),
    ("words", "剂量是五毫克", 6),
    ("words", "ما هي الجرعة؟", 3),
    ("words", "नमस्ते दुनिया", 2),
    ("words", "", 0),
    ("words()", " \n ", 0),
    ("characters", "a b\n", 4),
    ("characters", "剂量", 2),
    ("sentences", "Dr. Smith took 3.5 mg. Did he? Yes!", 3),
    ("sentences", "剂量是五毫克。不要超过！", 2),
    ("sentences", "ما هي الجرعة؟ خمسة.", 2),
    ("sentences", "One, e.g. this. J. Smith agrees", 2),
    ("sentences", "# Head\n- one\n- two\n\nlast", 4),
    ("sentences", "", 0),
    ("lines", "a\n\n \nb", 2),
    ("paragraphs", "a\nb\n\n\nc\n", 2),
    ("paragraphs", "", 0),
    ("tokens", "Don't stop, 剂量", 7),
    # -- structure
    ("citations", CITED, 7),
    ('citations("author_year")', CITED, 3),
    ('citations("links", "dois")', CITED, 3),
    ('citations("brackets")', "[1] [2-4] [^5] [6](x) [1]: ref [ab]", 3),
    ('citations("brackets", distinct=true)', "[1] [1] [2]", 2),
    ("citations", "", 0),
    ("headings", MARKDOWN, 2),
    ("headings(level=2)", MARKDOWN, 1),
    ("code_blocks", MARKDOWN, 2),
    ('code_blocks("Python")', MARKDOWN, 1),
    ("code_blocks", "```\nleft open", 1),
    ("json", ' {"a": [1, null]} ', True),
    ("json", "{'a': 1}", False),
    ("json", "NaN", False),
    ("json", "", False),
    ("json", "9" * 5000, True),
    ("json", '```json\n{"a": 1}\n```', False),
    ("json(fenced=true)", 'Here:\n```json\n{"a": 1}\n```\nDone.', True),
    ("json(fenced=true)", "[1]", True),
    ('json_schema({"type": "object", "required": ["a"]})', '{"a": 1}', True),
    ('json_schema({"type": "object", "required": ["a"]})', "{}", False),
    ('json_schema({"items": {"pattern": "^x+$"}})', '["xx", "xy"]', False),
    ('json_schema({"$ref": "#/$defs/n", "$defs": {"n": {"type": "number"}}})', "3", True),
    # -- numbers
    ("number(42)", "It is 41, no: 42.", True),
    ("number(42)", "It is 42, not 41.", False),
    ('number(42, which="first")', "It is 42, not 41.", True),
    ('number(42, which="any")', "40 42 44", True),
    ("number(42, tolerance=0.1)", "42.1", True),
    ("number(42, tolerance=0.1)", "42.11", False),
    ("number(200, relative=0.05)", "about 190 kg", True),
    ('number(5, after="Answer:")', "2 + 3 = 6. answer: 5", True),
    ('number(5, after="Answer:")', "5", False),
    ("number(1234.5)", "1,234.5", True),
    ('number(1234.5, decimal=",")', "1.234,5", True),
    ("number(-3)", "x = \u22123", True),
    ("number(20)", "10-20", True),
    ("number(1500)", "1.5 × 10^3", True),
    ("number(0.0015)", "1.5e-3", True),
    ("number(2)", "H2", False),
    ("number(5)", "five", False),
    ("number(5)", "", False),
    ("number(5)", "\u0665", True),
    # -- language
    ('language("en")', "This is an answer in plain English, of some length.", True),
    ('language("de")', "This is an answer in plain English, of some length.", False),
    ('language("zh")', "这是一个用中文写的回答，长度足够。", True),
    ('language("ar")', "هذا جواب مكتوب باللغة العربية وطوله كاف.", True),
]


@pytest.mark.parametrize(("program", "text", "expected"), CASES, ids=[c[0] for c in CASES])
def test_it_comes_to_the_golden_value(program: str, text: str, expected: bool | float) -> None:
    outcome = ask(program, text)

    assert (outcome.status, outcome.value) == (VerdictStatus.OK, expected)
    assert type(outcome.value) is (bool if isinstance(expected, bool) else float)


def test_every_check_has_a_golden_case() -> None:
    asked = {case[0].split("(")[0] for case in CASES}

    assert asked == set(CHECKS)


@pytest.mark.parametrize("name", sorted(CHECKS))
def test_a_response_without_text_cannot_be_assessed(name: str) -> None:
    program = next(case[0] for case in CASES if case[0].split("(")[0] == name)

    outcome = ask(program, None)

    assert (outcome.status, outcome.value) == (VerdictStatus.CANNOT_ASSESS, None)


@pytest.mark.parametrize("text", ["", "OK", "12345", "C3PO"])
def test_the_language_of_a_short_text_cannot_be_assessed(text: str) -> None:
    outcome = ask('language("en")', text)

    assert (outcome.status, outcome.value) == (VerdictStatus.CANNOT_ASSESS, None)
    assert outcome.reason == "The text is too short to tell its language."


@pytest.mark.parametrize(
    ("program", "text", "places"),
    [
        ('contains("STRASSE", ignore_case=true)', "Die Straße.", ["Straße"]),
        ('count("a")', "banana", ["a", "a", "a"]),
        ('forbids("sorry")', "I am Sorry.", ["Sorry"]),
        (r'matches("\d+")', "剂量 5 和 6", ["5"]),
        (r'count_matches("\d+")', "剂量 5 和 6", ["5", "6"]),
        ("headings", "# One\nx", ["# One\n"]),
        ("citations", "see [1] or (Lee, 2020)", ["[1]", "(Lee, 2020)"]),
        ("number(7)", "6 then 7.5", ["7.5"]),
        ('number(7, after="is:")', "9 is: 7", ["7"]),
        ('starts_with("no")', "  no way", ["no"]),
        ("json", '{"a": }', ["}"]),
    ],
)
def test_it_says_where_in_the_text(program: str, text: str, places: list[str]) -> None:
    part = ask(program, text).explanation[0]

    assert marked(part, text) == places


def test_counts_go_on_where_places_are_no_longer_kept() -> None:
    outcome = ask('count("a")', "a" * 70)

    assert outcome.value == 70
    assert len(outcome.explanation[0].spans) == 50


def test_json_nested_too_deep_is_an_error_and_not_a_no() -> None:
    assert ask("json", "[" * 100_000).status is VerdictStatus.ERROR

"""Patterns from mapping files: what is accepted, and on how long a text."""

from __future__ import annotations

import pytest

from rubricstudio.domain.formats.patterns import UnsafePattern, compile_pattern


@pytest.mark.parametrize(
    ("text", "factor", "power"),
    [
        ("abc", 1, 0),
        (r"^story_(?P<story>\d+_.+)_test(?P<test>\d+)$", 1, 3),
        ("https?://", 2, 0),
        ("a{2,4}b{3}c{,2}", 9, 0),  # 3 ways x 1 way x 3 ways
        ("a{2,}b*?c++", 1, 3),
        ("(?:_x+)?y", 2, 1),
        ("Yes|No|Maybe", 3, 0),
        (r"[]*+?{2,}(|]\*\(", 1, 0),  # in a class or escaped, none of them repeats
    ],
)
def test_a_pattern_has_the_bound_of_its_repeats(text: str, factor: int, power: int) -> None:
    pattern = compile_pattern(text)

    assert (pattern.factor, pattern.power) == (factor, power)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("(a+)+b", "a repeat around repeats"),
        (r"(\w+\s?)*x", "a repeat around repeats"),
        ("(a|a)*b", "a repeat around repeats or alternatives"),
        ("((a?){3}){3}", "a repeat around repeats"),
        ("(?=a)", "only (...), (?:...) and (?P<name>...)"),
        ("(?i)yes", "only (...), (?:...) and (?P<name>...)"),
        ("(?P<a>x)(?P=a)", "only (...), (?:...) and (?P<name>...)"),
        (r"(.)\1", "cannot refer back"),
        ("a(", "not valid: missing ), unterminated subpattern"),
        ("x" * 201, "at most 200 characters"),
        ("a{1,9999}b{1,9999}", "too many repeats"),
    ],
)
def test_a_pattern_that_can_run_away_is_refused(text: str, said: str) -> None:
    with pytest.raises(UnsafePattern) as error:
        compile_pattern(text)

    assert said in str(error.value)


def test_more_repeats_allow_shorter_texts() -> None:
    # 10,000,000 steps: any length without repeats, 10^7 for one, its square root for two.
    assert compile_pattern("^abc").longest(anywhere=True) is None
    assert compile_pattern("^a*").longest(anywhere=True) == 10_000_000
    assert compile_pattern("a*").longest(anywhere=True) == 3162
    assert compile_pattern("a*").longest(anywhere=False) == 10_000_000
    # A start that only one of two alternatives has binds nothing: 10^7 / 2, then the root.
    assert compile_pattern("^a*|b").longest(anywhere=True) == 2236


def test_a_text_that_is_too_long_says_what_allows_more() -> None:
    pattern = compile_pattern("a*b*c*")

    with pytest.raises(UnsafePattern, match=r"at most 56 characters, this text has 57; repeats"):
        pattern.search("x" * 57)


def test_a_pattern_matches_at_the_start_or_anywhere() -> None:
    pattern = compile_pattern("b+")

    assert pattern.start("abb") is None
    found = pattern.search("abb")
    assert found is not None and found[0] == "bb"

"""Wording that rules know by its form, each beside a neighbour on which they are silent."""

from __future__ import annotations

import pytest

from rubricstudio.domain.lint import Finding, lint
from rubricstudio.domain.rubric import Criterion, MetMeans, Rubric
from rubricstudio.queries.near import near_texts


def _said(*texts: str, bad: bool = False) -> list[Finding]:
    means, weight = (MetMeans.BAD, -3.0) if bad else (MetMeans.GOOD, 3.0)
    criteria = [
        Criterion(key=f"c{n}", text=text, weight=weight, met_means=means)
        for n, text in enumerate(texts)
    ]
    return lint(Rubric(tuple(criteria)), similarity=near_texts)


def _rules(*texts: str, bad: bool = False) -> set[str]:
    return {finding.rule for finding in _said(*texts, bad=bad)}


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (
            "Does the report name the drug and advise against alcohol?",
            ("Does the report name the drug?", "Does the report advise against alcohol?"),
        ),
        (
            "Should name the drug while also explaining the risk.",
            ("Should name the drug.", "Should explain the risk."),
        ),
        (
            "Mentions rest as well as advising against coffee.",
            ("Mentions rest.", "Advises against coffee."),
        ),
        (
            "Interprets the ratio and benchmarks it against peers.",
            ("Interprets the ratio.", "Benchmarks it against peers."),
        ),
    ],
)
def test_two_asks_are_split_however_they_are_joined(text: str, parts: tuple[str, str]) -> None:
    (finding,) = [x for x in _said(text) if x.rule == "compound"]

    assert finding.fix
    assert finding.fix.parts == parts


@pytest.mark.parametrize(
    "text",
    [
        "Includes headings and links.",
        "Does the text compare rent and interest?",
        "Does the list include notes and names?",
        "Explains how interest rises and eats the margin.",
    ],
)
def test_nouns_that_look_like_verbs_are_one_ask(text: str) -> None:
    assert "compound" not in _rules(text)


@pytest.mark.parametrize(
    ("text", "vague"),
    [
        ("The claim is well argued.", True),
        ("Names a well-known court.", False),
        ("Mentions some side effects.", True),
        ("Explains some of the terms.", False),
        ("Correctly selects all columns of the table of staff.", False),
        ("Selects the columns correctly.", True),
        ("How vivid is the scene?", False),
        ("Describes the professional life of the painter.", False),
    ],
)
def test_vague_words_by_their_place(text: str, vague: bool) -> None:
    assert ("vague" in _rules(text)) == vague


@pytest.mark.parametrize(
    ("text", "unseen"),
    [
        ("The nurse cares about the child.", True),
        ("Says that the nurse cares about the child.", False),
        ("The writer has read the sources.", True),
        ("The response has considered two readings.", False),
        ("Makes the customer feel valued.", True),
        ("Says which tenants may lose their flat.", False),
    ],
)
def test_minds_and_effects_are_not_in_the_response(text: str, unseen: bool) -> None:
    assert ("not-verifiable" in _rules(text)) == unseen


@pytest.mark.parametrize(
    ("text", "elsewhere"),
    [
        ("Explains this risk.", True),
        ("Explains this answer.", False),
        ("Solves it as described.", True),
        ("Solves it as described in section 3.", False),
        ("Names the gold standard test for stones.", False),
        ("Prints the expected output: 7.", False),
    ],
)
def test_what_is_written_out_is_not_elsewhere(text: str, elsewhere: bool) -> None:
    assert ("not-self-contained" in _rules(text)) == elsewhere


@pytest.mark.parametrize(
    ("first", "second", "excluded"),
    [
        ("Uses tables.", "Avoids tables.", True),
        ("Explains recursion.", "Does not use recursion.", False),
        ("Concludes that the will is valid.", "Concludes that the will is invalid.", True),
        ("Explains how to raise the rent.", "Explains how to lower the rent.", False),
        ("States the minimum dose.", "States the maximum dose.", False),
        ("Is the tone formal?", "Is the tone informal?", False),
        ("The sum is 42.", "The sum is 43.", True),
        ("Reports the 95 % interval.", "Reports the 99 % interval.", False),
        ("Cites at least 5 sources.", "Cites no more than three sources.", True),
        ("Cites at least 5 sources.", "Names no more than three authors.", False),
        ("Has at least 100 words.", "Opens with a summary of at most 30 words.", False),
        ("Recommends surgery.", "Discourages surgery.", True),
    ],
)
def test_opposites_exclude_each_other_where_a_position_is_asked_for(
    first: str, second: str, excluded: bool
) -> None:
    rules = _rules(first, second)

    assert ("contradiction" in rules) == excluded
    assert ("unreachable-maximum" in rules) == excluded


@pytest.mark.parametrize(
    ("part", "whole", "inside"),
    [
        ("Names the fee of fund A.", "Names the fee of fund B.", False),
        ("Cites the arguments for the bank.", "Cites the arguments against the bank.", False),
        ("Recommends rest.", "Recommends fluids and rest.", True),
        ("Explains the trained method.", "Explains how the method for staff is trained.", False),
        ("Is the generated text a list?", "Does the generated list hold ten names?", False),
    ],
)
def test_what_is_inside_another_stands_in_it_word_by_word(
    part: str, whole: str, inside: bool
) -> None:
    assert ("subset" in _rules(part, whole)) == inside


def test_the_same_in_other_words_or_turned_round_is_a_duplicate() -> None:
    for pair in (
        ("States the dose of the tablet.", "The dose of the tablet is stated."),
        ("Names the drug for the kidney.", "Names the medicine for the kidney."),
    ):
        assert "near-duplicate" in _rules(*pair), pair


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("No title.", "negated-pitfall"),
        ("Missing a title.", "negated-pitfall"),
        ("Does not greet the customer.", "negated-pitfall"),
        ("No factual errors.", "sign-and-polarity"),
        ("Does not use jargon.", "sign-and-polarity"),
    ],
)
def test_what_is_missed_is_told_from_what_is_avoided(text: str, rule: str) -> None:
    both = {"negated-pitfall", "sign-and-polarity"}

    assert _rules(text, bad=True) & both == {rule}

"""Negative weights: "avoids X" and "does X" are told apart by their words, with a reason."""

from __future__ import annotations

import json

import pytest

from rubricstudio.domain.rubric import MetMeans
from rubricstudio.domain.rubric_formats import healthbench, rar, table
from rubricstudio.domain.rubric_formats.polarity import doubt, guess


@pytest.mark.parametrize(
    "text",
    [
        "Avoids recommending antibiotics",
        "Pitfall Criteria: Avoids confusing mass with weight.",
        "The response should avoid alarming language",
        "The answer must not name a brand",
        "Does not recommend surgery at once",
        "Doesn't confuse the two drugs",
        "Refrains from a diagnosis",
        "Is free of units errors",
        "Never gives a dose",
        "Contains no jargon",
    ],
)
def test_avoiding_a_failure_is_good(text: str) -> None:
    found = guess("c1", text)

    assert found.met_is_good
    assert "kept clear" in found.why


@pytest.mark.parametrize(
    "text",
    [
        "Does not mention the contraindication",
        "Pitfall Criteria: Does not include a warning about dehydration.",
        "Fails to ask for the age",
        "The response omits units",
        "Ignores the second question",
        "Misinterprets the scan as benign",
        "Incorrectly states that the reaction is exothermic",
    ],
)
def test_leaving_out_what_is_needed_is_bad(text: str) -> None:
    found = guess("c1", text)

    assert not found.met_is_good
    assert "failed" in found.why


@pytest.mark.parametrize("text", ["Recommends antibiotics", "States a wrong dose", "", "\u2014"])
def test_without_a_telling_word_it_is_taken_as_a_failure_and_says_so(text: str) -> None:
    found = guess("c1", text)

    assert not found.met_is_good
    assert "names no avoiding" in found.why


def test_a_format_that_says_it_is_followed_and_doubted() -> None:
    asked = doubt("c1", "Avoids alarm", "HealthBench")

    assert asked is not None and not asked.met_is_good
    assert "HealthBench" in asked.why and "Avoids" in asked.why
    assert doubt("c1", "Recommends antibiotics", "HealthBench") is None


def test_each_negative_row_of_rar_is_asked_about_and_followed() -> None:
    items = [
        {"title": "Dose", "description": "Essential Criteria: Names the dose", "weight": 5},
        {"title": "Alarm", "description": "Pitfall Criteria: Avoids alarm", "weight": -1},
        {"title": "Age", "description": "Pitfall Criteria: Does not mention age", "weight": -2},
        {"title": "Cure", "description": "Pitfall Criteria: Promises a cure", "weight": -2},
    ]

    [found] = rar.read(json.dumps({"question": "Q", "rubric": items})).rubrics

    assert [(g.key, g.met_is_good) for g in found.guesses] == [
        ("c2", True),
        ("c3", False),
        ("c4", False),
    ]
    assert [c.met_means for c in found.rubric.criteria] == [
        MetMeans.GOOD,
        MetMeans.GOOD,
        MetMeans.BAD,
        MetMeans.BAD,
    ]
    assert [c.weight for c in found.rubric.criteria] == [5, -1, -2, -2]


def test_healthbench_asks_only_where_its_own_rule_reads_oddly() -> None:
    items = [
        {"criterion": "Recommends antibiotics", "points": -5, "tags": []},
        {"criterion": "Avoids alarm", "points": -3, "tags": []},
    ]

    [found] = healthbench.read(json.dumps({"prompt_id": "p", "rubrics": items})).rubrics

    assert [c.met_means for c in found.rubric.criteria] == [MetMeans.BAD, MetMeans.BAD]
    assert [g.key for g in found.guesses] == ["c2"]


def test_a_table_that_says_the_polarity_is_not_asked_about() -> None:
    [said] = table.read_table("text,weight,met_means\nAvoids X,-2,bad\n", ",").rubrics
    [open_] = table.read_table("text,weight\nAvoids X,-2\nNames Y,3\n", ",").rubrics

    assert said.guesses == () and said.rubric.criteria[0].met_means is MetMeans.BAD
    assert [g.key for g in open_.guesses] == ["c1"]
    assert [c.met_means for c in open_.rubric.criteria] == [MetMeans.GOOD, MetMeans.GOOD]

"""Only the verdicts that were offered are read as verdicts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubricstudio.domain.rubric import BINARY, Level, Scale, ScaleKind
from scoring.judges.offers import is_cannot_assess, number, offers, read_verdict

LEVELS = Scale(
    ScaleKind.ORDINAL,
    (Level(-1.0, "Poor"), Level(0.0, "Fair", "Some of it."), Level(2.5, "Very good")),
)
POINTS = Scale(ScaleKind.POINTS, maximum=10.0)


@pytest.mark.parametrize(
    ("scale", "given_", "value"),
    [
        (BINARY, "met", 1.0),
        (BINARY, " **Not met.** ", 0.0),
        (BINARY, '"NOT-MET"', 0.0),
        (LEVELS, "2.5", 2.5),
        (LEVELS, 2.5, 2.5),
        (LEVELS, "-1", -1.0),
        (LEVELS, "very good", 2.5),
        (LEVELS, "2.5 - Very good", 2.5),
        (LEVELS, "0: Fair", 0.0),
        (POINTS, "7", 7.0),
        (POINTS, 7.25, 7.25),
        (POINTS, "7/10", 7.0),
        (POINTS, "7 / 10", 7.0),
    ],
)
def test_it_reads_an_offered_verdict(scale: Scale, given_: object, value: float) -> None:
    assert read_verdict(given_, scale) == value


@pytest.mark.parametrize(
    ("scale", "given_"),
    [
        (BINARY, "yes"),
        (BINARY, "unmet"),
        (BINARY, "met or not_met"),
        (BINARY, "not_met met"),
        (BINARY, True),
        (BINARY, 1),
        (BINARY, None),
        (BINARY, ["met"]),
        (BINARY, ""),
        (BINARY, "cannot_assess"),
        (LEVELS, "1"),
        (LEVELS, "2.5 or 0"),
        (LEVELS, "good"),
        (LEVELS, "0 - Poor"),
        (LEVELS, "1 Poor"),
        (POINTS, "11"),
        (POINTS, -1),
        (POINTS, "7/5"),
        (POINTS, "7/10/10"),
        (POINTS, "nan"),
        (POINTS, "1e1"),
        (POINTS, "seven"),
        (POINTS, float("nan")),
        (POINTS, float("inf")),
    ],
)
def test_it_reads_nothing_into_what_was_not_offered(scale: Scale, given_: object) -> None:
    assert read_verdict(given_, scale) is None


def test_a_label_that_two_levels_share_names_neither() -> None:
    scale = Scale(ScaleKind.ORDINAL, (Level(0, "Same"), Level(1, "same")))

    assert read_verdict("same", scale) is None
    assert read_verdict("1", scale) == 1


def test_a_level_whose_label_is_another_level_s_number_goes_by_its_number() -> None:
    scale = Scale(ScaleKind.ORDINAL, (Level(1, "2"), Level(2, "1")))

    assert read_verdict("2", scale) == 2


def test_levels_are_offered_by_number_with_label_and_description() -> None:
    assert [(each.word, each.meaning) for each in offers(LEVELS)] == [
        ("-1", "Poor"),
        ("0", "Fair: Some of it."),
        ("2.5", "Very good"),
    ]


@pytest.mark.parametrize("given_", ["cannot_assess", "Cannot assess.", "CANNOT-ASSESS"])
def test_it_recognises_that_nobody_could_decide(given_: str) -> None:
    assert is_cannot_assess(given_)
    assert not is_cannot_assess("met")


@given(st.lists(st.integers(-50, 50), min_size=2, max_size=9, unique=True))
def test_every_offer_is_read_back_as_its_own_value(values: list[int]) -> None:
    scale = Scale(
        ScaleKind.ORDINAL, tuple(Level(v / 4, f"label {i}") for i, v in enumerate(sorted(values)))
    )

    assert [read_verdict(each.word, scale) for each in offers(scale)] == [
        level.value for level in scale.levels
    ]


@given(st.floats(0, 10) | st.text(max_size=12))
def test_whatever_is_read_is_on_the_scale(given_: object) -> None:
    for scale in (BINARY, LEVELS, POINTS):
        value = read_verdict(given_, scale)
        assert value is None or scale.allows(value)


def test_numbers_are_written_as_people_write_them() -> None:
    assert [number(3.0), number(2.5), number(-1)] == ["3", "2.5", "-1"]

"""Gold answers, when checks and repeats come, reading pace, and who is added."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubricstudio.domain import quality as q
from rubricstudio.domain.quality import Answer, GoldScore
from rubricstudio.domain.rubric import Level, Scale, ScaleKind

BINARY = Scale()
THREE = Scale(ScaleKind.ORDINAL, tuple(Level(n, str(n)) for n in (1, 2, 3)))
FIVE = Scale(ScaleKind.ORDINAL, tuple(Level(n, str(n)) for n in (0, 1, 2, 4, 8)))
TEN = Scale(ScaleKind.POINTS, maximum=10)


@pytest.mark.parametrize(
    ("scale", "gold", "given_", "same"),
    [
        (BINARY, 1, 1, True),
        (BINARY, 1, 0, False),
        (THREE, 2, 3, False),  # fewer than four levels: exactly
        (FIVE, 4, 8, True),  # neighbours, whatever their values are
        (FIVE, 2, 8, False),
        (TEN, 5, 6, True),  # a tenth of 10 is 1
        (TEN, 5, 6.1, False),
    ],
)
def test_an_answer_matches_within_the_tolerance_of_its_scale(
    scale: Scale, gold: float, given_: float, same: bool
) -> None:
    assert q.matches(scale, Answer("ok", gold), Answer("ok", given_)) is same


def test_a_status_matches_only_itself() -> None:
    unknown = Answer("cannot_assess")
    assert q.matches(BINARY, unknown, unknown)
    assert not q.matches(BINARY, unknown, Answer("ok", 0.0))
    assert not q.matches(BINARY, Answer("ok", 0.0), unknown)


def test_an_answer_that_is_missing_is_not_matched_but_counted() -> None:
    gold = {"a": Answer("ok", 1), "b": Answer("ok", 0), "gone": Answer("ok", 1)}
    result = q.score({"a": BINARY, "b": BINARY}, gold, {"a": Answer("ok", 1)})
    assert result == GoldScore(1, 2)  # `gone` is no criterion of the version
    assert result.share == 0.5
    assert GoldScore(0, 0).share is None and GoldScore(0, 0).interval is None


def test_people_are_paused_over_the_last_gold_items_only() -> None:
    bad, good = GoldScore(0, 2), GoldScore(2, 2)
    assert q.must_pause([good, bad, bad], 2, 0.5)  # 0 of 4
    assert not q.must_pause([bad, bad, good, good], 2, 0.5)
    assert not q.must_pause([good, bad], 2, 0.5)  # 2 of 4 reaches a half
    assert not q.must_pause([bad], 2, 0.5)
    assert not q.must_pause([bad, bad], None, 0.5)
    assert not q.must_pause([bad, bad], 2, None)
    assert q.passes(GoldScore(0, 0), 0.9)
    assert q.passes(GoldScore(7, 10), 0.7)


@given(st.floats(0.01, 0.5), st.text(max_size=20))
def test_each_stretch_of_work_holds_one_gold_item(share: float, seed: str) -> None:
    stretch = max(1, round((1 - share) / share))
    for number in range(20):
        place = q.gold_after(number, share, seed)
        assert number * stretch < place <= (number + 1) * stretch


def test_gold_comes_where_it_cannot_be_foreseen() -> None:
    places = {q.gold_after(0, 0.1, str(seed)) for seed in range(200)}
    assert places == set(range(1, 10))  # nine items of work to one of gold
    with pytest.raises(ValueError, match=r"0\.5"):
        q.gold_after(0, 0.6, "a")


@given(st.integers(0, 60), st.integers(0, 12), st.floats(0.05, 0.5))
def test_what_is_left_is_what_will_be_handed_out(work: int, golds: int, share: float) -> None:
    had = 0
    for done in range(work + 1):
        left = q.gold_left(had=had, there_are=golds, work=work, share=share, seed="x")
        while had < golds and q.gold_after(had, share, "x") <= done:
            had += 1
            left -= 1
            assert left == q.gold_left(had=had, there_are=golds, work=work, share=share, seed="x")
    assert left == 0
    assert q.gold_left(had=0, there_are=golds, work=work, share=0, seed="x") == 0


def test_a_repeat_comes_after_five_others() -> None:
    due = q.repeat_due
    assert due(list("abcde"), with_twin=["a"], had_twin=[]) == ""
    assert due(list("abcdef"), with_twin=["a"], had_twin=[]) == "a"
    assert due(list("abcdef"), with_twin=["a"], had_twin=["a"]) == ""
    assert due(list("abcdefg"), with_twin=["b", "g"], had_twin=[]) == "b"


@given(st.lists(st.booleans(), max_size=30))
def test_the_repeats_left_are_those_that_still_come(twins: list[bool]) -> None:
    names = [str(n) for n in range(len(twins))]
    waiting = [name for name, twin in zip(names, twins, strict=True) if twin]
    promised = q.repeats_left([int(name) for name in waiting], len(names))
    had, had_twin = list(names), list[str]()
    while name := q.repeat_due(had, with_twin=waiting, had_twin=had_twin):
        assert len(had) - had.index(name) - 1 >= q.REPEAT_GAP
        had.append(f"-{name}")
        had_twin.append(name)
    assert len(had_twin) == promised


@pytest.mark.parametrize(
    ("text", "load"),
    [
        ("", (0, 0)),
        ("Ask your doctor -- twice.", (4, 0)),
        ("请问医生。", (0, 4)),  # the full stop is not read
        ("服用 aspirin 100 mg", (3, 2)),
        ("اسأل طبيبك أولا", (3, 0)),
        ("약사에게 물어보세요", (2, 0)),  # Korean sets spaces between words
        ("ปรึกษาแพทย์ก่อน", (3, 0)),  # 11 letters without spaces, four a word
        ("薬のカメラ", (0, 5)),
    ],
)
def test_words_are_counted_by_script(text: str, load: tuple[int, int]) -> None:
    assert q.reading_load(text) == load


def test_reading_takes_the_sum_of_both() -> None:
    # 3 words at 180 a minute are 1 s, 2 characters at 240 a minute 0.5 s.
    seconds = q.reading_seconds("服用 aspirin 100 mg", words_a_minute=180, characters_a_minute=240)
    assert seconds == pytest.approx(1.5)


def test_one_more_person_while_people_disagree() -> None:
    split = [{"a": 1.0, "b": 0.0}, {"a": 0.0, "b": 0.0}]  # one of two pairs agrees: 0.5
    assert q.pair_agreement(split) == 0.5
    assert q.pair_agreement([{"a": 1.0}, {"b": 1.0}]) is None
    assert q.places_wanted(split, 2, below=0.6, most=4) == 3
    assert q.places_wanted(split, 2, below=0.5, most=4) == 2
    assert q.places_wanted(split, 2, below=0.6, most=2) == 2
    assert q.places_wanted(split, 3, below=0.6, most=4) == 3  # one place is not filled yet
    assert q.places_wanted([{"a": 1.0}, {"b": 1.0}], 2, below=1, most=4) == 2
    assert q.places_wanted(split, 2, below=None, most=None) == 2

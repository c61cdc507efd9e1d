"""Which hash each kind of edit touches, and that equal values hash equally."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubricstudio.domain.hashing import criterion_judging_hash, rubric_hashes
from rubricstudio.domain.rubric import (
    Criterion,
    JudgedBy,
    Level,
    MetMeans,
    Rubric,
    Scale,
    ScaleKind,
    Tier,
)

BASE = Rubric(
    (
        Criterion("group", "Group", is_group=True),
        Criterion("a", "First.", weight=2, parent="group"),
        Criterion("b", "Second.", weight=1),
    )
)


def with_second(**changes: object) -> Rubric:
    second = replace(BASE.criteria[2], **changes)  # type: ignore[arg-type]  # any field
    return replace(BASE, criteria=(*BASE.criteria[:2], second))


@pytest.mark.parametrize(
    ("changed", "judging", "scoring"),
    [
        (with_second(text="Other."), True, False),
        (with_second(description="How to judge."), True, False),
        (with_second(scale=Scale(ScaleKind.POINTS, maximum=3)), True, False),
        (with_second(evidence_required=True), True, False),
        (with_second(judged_by=JudgedBy.MODEL), True, False),
        (with_second(met_means=MetMeans.BAD), True, True),
        (with_second(weight=3), False, True),
        (with_second(gate=True), False, True),
        (with_second(tier=Tier.OPTIONAL), False, True),
        (with_second(parent="group"), False, True),
        (replace(BASE, aggregator="min_max"), False, True),
        (replace(BASE, params={"gate_cap": 1.0}), False, True),
        (with_second(tags=("style",)), False, False),
        (with_second(category="style"), False, False),
        (
            replace(BASE, criteria=(BASE.criteria[2], *BASE.criteria[:2])),
            False,
            False,
        ),
    ],
)
def test_an_edit_touches_its_own_hashes_and_always_content(
    changed: Rubric, judging: bool, scoring: bool
) -> None:
    before, after = rubric_hashes(BASE), rubric_hashes(changed)

    assert before.content != after.content
    assert (before.judging != after.judging) is judging
    assert (before.scoring != after.scoring) is scoring


def test_equal_numbers_hash_equally_whatever_their_type() -> None:
    # A file says 5 and 10, the database gives 5.0 and 10.0 back.
    whole = Criterion("k", "Text.", weight=5, scale=Scale(ScaleKind.POINTS, maximum=10))
    floats = Criterion("k", "Text.", weight=5.0, scale=Scale(ScaleKind.POINTS, maximum=10.0))
    ordinal = Scale(ScaleKind.ORDINAL, (Level(0, "no"), Level(1, "yes")))
    same = Scale(ScaleKind.ORDINAL, (Level(-0.0, "no"), Level(1.0, "yes")))

    assert whole == floats
    assert rubric_hashes(Rubric((whole,))) == rubric_hashes(Rubric((floats,)))
    assert criterion_judging_hash(Criterion("k", "T", scale=ordinal)) == criterion_judging_hash(
        Criterion("k", "T", scale=same)
    )


def test_white_space_around_texts_is_not_seen_by_a_rater() -> None:
    assert criterion_judging_hash(Criterion("k", " Text.\n")) == criterion_judging_hash(
        Criterion("k", "Text.")
    )


@given(st.text(max_size=20), st.text(max_size=20))
def test_text_and_description_cannot_pass_for_each_other(one: str, two: str) -> None:
    if one.strip() == two.strip() or not one.strip() or not two.strip():
        return
    first = Criterion("k", one, description=two)
    second = Criterion("k", two, description=one)

    assert criterion_judging_hash(first) != criterion_judging_hash(second)

"""The number of a version: worked examples, and laws over random rubrics and edits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rubricstudio.domain.aggregation import AGGREGATORS, UnfitRubric, score_many
from rubricstudio.domain.hashing import rubric_hashes
from rubricstudio.domain.rubric import (
    Criterion,
    Example,
    JudgedBy,
    MetMeans,
    Rubric,
    Scale,
    ScaleKind,
    Tier,
)
from rubricstudio.domain.semantic import READS_GROUPS, READS_TIERS, Number, Step, bump

OLD = Rubric(
    (
        Criterion("safety", "Safety", is_group=True),
        Criterion("warns", "Warns of the interaction.", weight=5, parent="safety", gate=True),
        Criterion("refers", "Refers to a doctor.", weight=2, parent="safety"),
        Criterion("invents", "Invents a dose.", weight=4, met_means=MetMeans.BAD),
        Criterion("clear", "Is clear.", weight=1),
    )
)
WAS = Number(2, 3, 4)


def edited(key: str, rubric: Rubric = OLD, **changes: Any) -> Rubric:
    """The rubric with one criterion changed."""
    criteria = (replace(c, **changes) if c.key == key else c for c in rubric.criteria)
    return replace(rubric, criteria=tuple(criteria))


def test_the_first_publication_is_one() -> None:
    found = bump(None, None, OLD)

    assert str(found.number) == "1.0.0"
    assert [reason.change for reason in found.reasons] == ["first"]


@pytest.mark.parametrize(
    ("key", "changes", "number"),
    [
        ("warns", {"text": "Warns of it."}, "3.0.0"),
        ("warns", {"description": "Both drugs."}, "3.0.0"),
        ("clear", {"scale": Scale(ScaleKind.POINTS, maximum=4)}, "3.0.0"),
        ("clear", {"met_means": MetMeans.BAD}, "3.0.0"),
        ("clear", {"judged_by": JudgedBy.PEOPLE}, "3.0.0"),
        ("clear", {"evidence_required": True}, "3.0.0"),
        ("clear", {"examples": (Example("Take one.", met=True),)}, "3.0.0"),
        ("clear", {"program": "words() < 100"}, "3.0.0"),
        ("warns", {"weight": 6}, "2.4.0"),
        ("warns", {"gate": False}, "2.4.0"),
        ("warns", {"tier": Tier.MANDATORY}, "2.3.5"),
        ("warns", {"parent": None}, "2.3.5"),
        ("clear", {"tags": ("style",)}, "2.3.5"),
        ("clear", {"references": ("A book.",)}, "2.3.5"),
        ("safety", {"text": "Safety first"}, "2.3.5"),
        ("safety", {"weight": 3.0}, "2.3.5"),
    ],
)
def test_each_edit_raises_its_part_of_the_number(
    key: str, changes: dict[str, Any], number: str
) -> None:
    found = bump(WAS, OLD, edited(key, **changes))

    assert str(found.number) == number
    assert [reason.key for reason in found.reasons] == [key]


def test_tiers_and_groups_count_where_the_aggregator_reads_them() -> None:
    tiered = replace(OLD, aggregator="truncated_tiers")
    rolled = replace(OLD, aggregator="hierarchical_mean")
    unknown = replace(OLD, aggregator="of_another_time")

    for rubric in (tiered, unknown):
        assert bump(WAS, rubric, edited("clear", rubric, tier=Tier.IDEAL)).step is Step.MINOR
    for rubric in (rolled, unknown):
        assert bump(WAS, rubric, edited("refers", rubric, parent=None)).step is Step.MINOR
        assert bump(WAS, rubric, edited("safety", rubric, weight=2.0)).step is Step.MINOR
    assert bump(WAS, rolled, edited("clear", rolled, tier=Tier.IDEAL)).step is Step.PATCH


def test_aggregator_and_parameters_raise_the_minor_part() -> None:
    other = bump(WAS, OLD, replace(OLD, aggregator="min_max"))
    tuned = bump(WAS, OLD, replace(OLD, params={"gate_cap": 0.5}))

    assert (str(other.number), other.reasons[0].change) == ("2.4.0", "aggregator")
    assert (str(tuned.number), tuned.reasons[0].change) == ("2.4.0", "params")


def test_criteria_that_come_and_go_are_major_and_empty_groups_are_not() -> None:
    more = replace(OLD, criteria=(*OLD.criteria, Criterion("kind", "Is kind.")))
    grouped = replace(OLD, criteria=(*OLD.criteria, Criterion("tone", "Tone", is_group=True)))

    assert bump(WAS, OLD, more).step is Step.MAJOR
    assert bump(WAS, more, OLD).step is Step.MAJOR
    assert bump(WAS, OLD, grouped).step is Step.PATCH
    both = edited("clear", text="Is plain.", is_group=True)
    assert bump(WAS, OLD, both).step is Step.MAJOR  # the criterion became a group


def test_the_reasons_come_weightiest_first_and_name_every_change() -> None:
    new = edited("clear", edited("warns", weight=6, text="Warns."), tags=("style",))

    found = bump(WAS, OLD, new)

    assert [(r.step, r.key, r.change) for r in found.reasons] == [
        (Step.MAJOR, "warns", "reworded"),
        (Step.MINOR, "warns", "reweighted"),
        (Step.PATCH, "clear", "labels"),
    ]


# -- laws

TEXTS = st.text("abc ", min_size=1, max_size=8).filter(str.strip)
TIERS = st.sampled_from([None, *Tier])


@st.composite
def rubrics(draw: st.DrawFn, aggregators: Sequence[str] = tuple(AGGREGATORS)) -> Rubric:
    """One to six leaves, some of them in a group."""
    criteria = [Criterion("g", draw(TEXTS), is_group=True, weight=draw(st.integers(0, 3)))]
    for n in range(draw(st.integers(1, 6))):
        criteria.append(
            Criterion(
                f"k{n}",
                draw(TEXTS),
                weight=draw(st.integers(-3, 5)),
                met_means=draw(st.sampled_from(MetMeans)),
                tier=draw(TIERS),
                gate=draw(st.booleans()),
                parent=draw(st.sampled_from([None, "g"])),
            )
        )
    return Rubric(tuple(criteria), draw(st.sampled_from(aggregators)))


@given(rubrics())
def test_the_same_again_raises_only_the_patch(rubric: Rubric) -> None:
    found = bump(WAS, rubric, rubric)

    assert str(found.number) == "2.3.5"
    assert [reason.change for reason in found.reasons] == ["same"]


@given(rubrics(), rubrics())
def test_it_is_major_exactly_where_a_rater_sees_something_else(old: Rubric, new: Rubric) -> None:
    differs = rubric_hashes(old).judging != rubric_hashes(new).judging

    assert (bump(WAS, old, new).step is Step.MAJOR) == differs


@given(rubrics(), st.integers(1, 9))
def test_another_text_is_major_and_another_weight_alone_is_minor(rubric: Rubric, n: int) -> None:
    leaf = rubric.leaves[n % len(rubric.leaves)]
    reworded = edited(leaf.key, rubric, text=f"{leaf.text} {n}")
    reweighted = edited(leaf.key, rubric, weight=leaf.weight + n)

    assert bump(WAS, rubric, reworded).step is Step.MAJOR
    assert bump(WAS, rubric, reweighted).step is Step.MINOR


@given(rubrics(), st.randoms(use_true_random=False))
def test_another_order_is_a_patch(rubric: Rubric, random: Any) -> None:
    head, *rest = rubric.criteria
    random.shuffle(rest)

    assert bump(WAS, rubric, replace(rubric, criteria=(head, *rest))).step is Step.PATCH


@given(rubrics(), rubrics())
def test_the_number_always_rises(old: Rubric, new: Rubric) -> None:
    assert bump(WAS, old, new).number > WAS


def scores(rubric: Rubric, values: np.ndarray, order: Sequence[str]) -> np.ndarray:
    """Scores of (n, L) values whose columns are named by `order`."""
    columns = [order.index(leaf.key) for leaf in rubric.leaves]
    return score_many(rubric, values[:, columns]).value


@settings(max_examples=300)
@given(rubrics(), rubrics(), st.integers(0, 2**32 - 1))
def test_a_patch_changes_no_score(old: Rubric, other: Rubric, seed: int) -> None:
    """What this module says about aggregators is so: tiers, groups and order are varied."""
    new = _relabelled(old, other)
    order = [leaf.key for leaf in old.leaves]
    values = np.random.default_rng(seed).integers(0, 2, (4, len(order))).astype(np.float64)
    try:
        before, after = scores(old, values, order), scores(new, values, order)
    except UnfitRubric:
        return

    if bump(WAS, old, new).step is Step.PATCH:
        np.testing.assert_allclose(before, after, atol=1e-12)


def _relabelled(old: Rubric, other: Rubric) -> Rubric:
    """`old` with the tiers, groups and group weight of `other`."""
    taken = other.by_key
    criteria = [
        replace(
            c,
            tier=taken[c.key].tier if c.key in taken else c.tier,
            parent=taken[c.key].parent if c.key in taken else c.parent,
            weight=taken[c.key].weight if c.is_group else c.weight,
        )
        for c in old.criteria
    ]
    return replace(old, criteria=(criteria[0], *reversed(criteria[1:])))


def test_what_aggregators_read_is_said_of_aggregators_that_exist() -> None:
    assert set(AGGREGATORS) >= READS_TIERS | READS_GROUPS

"""Every aggregator by name. A changed formula is a new version, never a quiet edit."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from rubricstudio.domain.aggregation import flat, tiers, tree
from rubricstudio.domain.aggregation.columns import RubricColumns
from rubricstudio.domain.aggregation.flat import Params
from rubricstudio.domain.aggregation.values import Clip, UnfitRubric
from rubricstudio.domain.rubric import Tier
from rubricstudio.domain.table import FloatArray

Formula: TypeAlias = Callable[[RubricColumns, FloatArray, Params], FloatArray]

GATE_PARAMS: Mapping[str, float] = {"gate_cap": 0.0, "gate_pass": 1.0}
"""gate_pass: the goodness in [0, 1] from which a gate is passed (1: met where met is
good, not met where met is bad). gate_cap: a response that fails a gate scores at most
this, and never more than without the gate; 1 makes a gate a mark without effect."""


class Unit(StrEnum):
    """What a score counts: a share of what is possible, marks, or a grade of the scale."""

    SHARE = "share"
    MARKS = "marks"
    GRADE = "grade"


@dataclass(frozen=True, slots=True)
class Aggregator:
    """A named way to turn one response's verdicts into a score.

    description: for people choosing one. clip: where it is cut, part of the definition.
    defaults: its parameters and their values, the gates' included. used_by: benchmarks.
    """

    name: str
    version: int
    description: str
    formula: Formula
    clip: Clip = Clip.NONE
    unit: Unit = Unit.SHARE
    params: Params = field(default_factory=dict)
    used_by: str = ""
    requires: Callable[[RubricColumns], str] = lambda columns: ""

    @property
    def defaults(self) -> dict[str, float]:
        """Every parameter with its default."""
        return {**GATE_PARAMS, **self.params}

    def with_params(self, given: Params) -> dict[str, float]:
        """The defaults overridden; UnfitRubric for a parameter it does not have."""
        unknown = sorted(set(given) - set(self.defaults))
        if unknown:
            raise UnfitRubric(
                f"{self.name} has no parameter {unknown[0]!r}; it has "
                f"{', '.join(sorted(self.defaults))}"
            )
        return {**self.defaults, **given}

    def check(self, columns: RubricColumns) -> None:
        """Raise UnfitRubric where this aggregator cannot score the rubric."""
        complaint = self.requires(columns)
        if complaint:
            raise UnfitRubric(f"{self.name}: {complaint}")


def _no_negative_weights(columns: RubricColumns) -> str:
    for key, weight in zip(columns.keys, columns.weights.tolist(), strict=True):
        if weight < 0:
            return (
                f"criterion {key!r} weighs {weight:g}; make it 0 or more and say by "
                "met_means that meeting it is bad, or choose min_max"
            )
    return ""


def _no_negative_siblings(columns: RubricColumns) -> str:
    if any((branch.weights < 0).any() for branch in columns.branches):
        return "weights among siblings must be 0 or more; say by met_means that meeting is bad"
    return ""


def _kwbench_tiers(columns: RubricColumns) -> str:
    allowed = (*tiers.MANDATORY, *tiers.GOOD_TO_HAVE, Tier.IDEAL)
    return _tiered(columns, allowed)


def _any_tier(columns: RubricColumns) -> str:
    return _tiered(columns, tuple(Tier))


def _tiered(columns: RubricColumns, allowed: tuple[Tier, ...]) -> str:
    for key, tier in zip(columns.keys, columns.tiers, strict=True):
        if tier not in allowed:
            return f"criterion {key!r} needs a tier: one of {', '.join(allowed)}"
    return ""


_ALL = (
    Aggregator(
        "pos_normalised",
        1,
        "Points earned minus points lost, over the points there are to earn. At most 1, can "
        "fall below 0; only the mean over responses is cut to 0 to 1.",
        flat.pos_normalised,
        clip=Clip.MEAN,
        used_by="HealthBench, LiveMedBench",
    ),
    Aggregator(
        "pos_normalised_unclipped",
        1,
        "Points earned minus points lost, over the points there are to earn. Never cut.",
        flat.pos_normalised,
        used_by='PRBench "clipped", ResearchRubrics, RuscaRL',
    ),
    Aggregator(
        "pos_normalised_clipped",
        1,
        "Points earned minus points lost, over the points there are to earn; each response "
        "at least 0.",
        flat.pos_normalised_clipped,
        clip=Clip.EXAMPLE,
        used_by="verl-rubric",
    ),
    Aggregator(
        "min_max",
        1,
        "Where the points lie between the worst and the best possible, 0 to 1.",
        flat.min_max,
        used_by='PRBench "normalized", Reward Hacking in Rubric-Based RL',
    ),
    Aggregator(
        "weighted_mean",
        1,
        "The weighted share of criteria met, 0 to 1; weights of 0 or more.",
        flat.weighted_mean,
        used_by="ProfBench, ResearcherBench, RubricHub, verifiers",
        requires=_no_negative_weights,
    ),
    Aggregator(
        "abs_normalised",
        1,
        "Points earned minus points lost, over the size of all weights; -1 to 1.",
        flat.abs_normalised,
        used_by="open-instruct",
    ),
    Aggregator(
        "count_share",
        1,
        "The share of criteria that went well, weights ignored, 0 to 1.",
        flat.count_share,
        used_by="DeepResearch Bench II",
    ),
    Aggregator(
        "threshold_excess",
        1,
        "How far the number of criteria met goes past a threshold k; 0 below it, 1 for all.",
        flat.threshold_excess,
        params={"k": 10.0},
        used_by="ClinConsensus CACS@k",
    ),
    Aggregator(
        "gated_tiers",
        1,
        "0 when a mandatory criterion fails, else a base plus shares of the other tiers.",
        tiers.gated_tiers,
        params={"base": 0.40, "good": 0.35, "ideal": 0.25},
        used_by="KWBench",
        requires=_kwbench_tiers,
    ),
    Aggregator(
        "truncated_tiers",
        1,
        "Tier points; the lesser tiers count only when the essential one holds, within caps.",
        tiers.truncated_tiers,
        params={
            "weight_essential": 2.0,
            "weight_important": 1.0,
            "weight_highlight": 1.0,
            "weight_pitfall": 2.0,
            "essential_share": 0.0,
            "pitfall_share": 1.0,
            "tier_cap": math.inf,
            "total_cap": math.inf,
        },
        used_by="QuarkMedBench",
        requires=_any_tier,
    ),
    Aggregator(
        "geometric_penalty",
        1,
        "Each failed check halves its group; the score is the mean over groups, above 0 to 1.",
        tree.geometric_penalty,
        params={"base": 0.5},
        used_by="ProImage-Bench",
    ),
    Aggregator(
        "points_with_deductions",
        1,
        "Marks: points minus deductions of each item, an item never below 0, summed.",
        tree.points_with_deductions,
        clip=Clip.ITEM,
        unit=Unit.MARKS,
        used_by="SedarEval, PLawBench",
    ),
    Aggregator(
        "hierarchical_mean",
        1,
        "Every group the weighted mean of what is in it, up to the root; 0 to 1.",
        tree.hierarchical_mean,
        used_by="PaperBench",
        requires=_no_negative_siblings,
    ),
    Aggregator(
        "hierarchical_grades",
        1,
        "Every group the plain mean of the grades in it, up to the root; in grades.",
        tree.hierarchical_grades,
        unit=Unit.GRADE,
        params={"gate_cap": 1.0},
        used_by="DEER",
    ),
)

AGGREGATORS: Mapping[str, Aggregator] = {aggregator.name: aggregator for aggregator in _ALL}


def aggregator_named(name: str) -> Aggregator:
    """The aggregator of this name; UnfitRubric, naming the known ones, for any other."""
    if name not in AGGREGATORS:
        raise UnfitRubric(f"there is no aggregator {name!r}; there are {', '.join(AGGREGATORS)}")
    return AGGREGATORS[name]

"""Aggregators that read the tiers of criteria."""

from __future__ import annotations

import numpy as np

from rubricstudio.domain.aggregation.columns import RubricColumns
from rubricstudio.domain.aggregation.flat import Params, earned, present_sum
from rubricstudio.domain.agreement.counts import ratio
from rubricstudio.domain.rubric import Tier
from rubricstudio.domain.table import BoolArray, FloatArray

MANDATORY = (Tier.MANDATORY,)
GOOD_TO_HAVE = (Tier.ESSENTIAL, Tier.IMPORTANT, Tier.OPTIONAL)
ESSENTIAL = (Tier.MANDATORY, Tier.ESSENTIAL)
IMPORTANT = (Tier.IMPORTANT,)
HIGHLIGHT = (Tier.OPTIONAL, Tier.IDEAL)
PITFALL = (Tier.PITFALL,)


def gated_tiers(columns: RubricColumns, goodness: FloatArray, params: Params) -> FloatArray:
    """0 if any mandatory criterion fails, else base + good*g + ideal*h: {0} and [0.40, 1].

    g and h are the shares passed of the good-to-have (essential, important, optional)
    and the ideal tier; an empty tier adds 0. A graded mandatory criterion passes at
    full credit. Source: KWBench, which rounds to four digits; this does not.
    """
    mandatory = goodness[:, columns.in_tiers(*MANDATORY)]
    good = _share(goodness[:, columns.in_tiers(*GOOD_TO_HAVE)])
    ideal = _share(goodness[:, columns.in_tiers(Tier.IDEAL)])
    score = params["base"] + params["good"] * good + params["ideal"] * ideal
    return np.where((mandatory < 1).any(axis=1), 0.0, score)


def _share(goodness: FloatArray) -> FloatArray:
    ones = np.ones(goodness.shape[1])
    share = ratio(earned(ones, goodness), present_sum(ones, goodness))
    return np.where(np.isnan(share), 0.0, share)


def truncated_tiers(columns: RubricColumns, goodness: FloatArray, params: Params) -> FloatArray:
    """Tier points, truncated, capped, then min-max: about [0, 1]. Source: QuarkMedBench.

    S is what a tier earned (for pitfalls: lost) in |weight| points, R what it holds.
    Important and highlight earn nothing where S_essential < essential_share * R_essential
    or S_pitfall > pitfall_share * R_pitfall; each is cut at tier_cap, their sum at
    total_cap. The score is (sum w*S + w_p*(R_p - S_p)) / (sum w*R + w_p*R_p), the
    min-max reading of an ambiguous text. Tier weights, shares and caps are parameters;
    the paper does not print the last two.
    """
    essential, essential_of = _tier(columns, goodness, columns.in_tiers(*ESSENTIAL))
    important, important_of = _tier(columns, goodness, columns.in_tiers(*IMPORTANT))
    highlight, highlight_of = _tier(columns, goodness, columns.in_tiers(*HIGHLIGHT))
    avoided, pitfall_of = _tier(columns, goodness, columns.in_tiers(*PITFALL))
    lost = pitfall_of - avoided
    unsafe = (essential < params["essential_share"] * essential_of) | (
        lost > params["pitfall_share"] * pitfall_of
    )
    important = np.where(unsafe, 0.0, np.minimum(important, params["tier_cap"]))
    highlight = np.where(unsafe, 0.0, np.minimum(highlight, params["tier_cap"]))
    above = params["weight_essential"] * essential + params["weight_pitfall"] * avoided
    above += _capped(important, highlight, params)
    below = params["weight_essential"] * essential_of + params["weight_pitfall"] * pitfall_of
    below += params["weight_important"] * important_of + params["weight_highlight"] * highlight_of
    return ratio(above, below)


def _capped(important: FloatArray, highlight: FloatArray, params: Params) -> FloatArray:
    """The weighted points of both tiers under their common cap.

    The tier with the larger weight fills the cap first, so that earning more never
    lowers the score.
    """
    rows = [(params["weight_important"], important), (params["weight_highlight"], highlight)]
    (weight, first), (other_weight, second) = sorted(rows, key=lambda row: -row[0])
    first = np.minimum(first, params["total_cap"])
    second = np.minimum(second, params["total_cap"] - first)
    return weight * first + other_weight * second


def _tier(
    columns: RubricColumns, goodness: FloatArray, chosen: BoolArray
) -> tuple[FloatArray, FloatArray]:
    """(n,) points earned by the chosen criteria, and (n,) points they hold."""
    sizes = np.abs(columns.weights) * chosen
    return earned(sizes, goodness), present_sum(sizes, goodness)

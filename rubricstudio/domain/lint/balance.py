"""What a rubric as a whole rewards, and whether its best score can be reached."""

from __future__ import annotations

from collections.abc import Iterator

from rubricstudio.domain.lint.context import Context
from rubricstudio.domain.lint.pairs import contradictions
from rubricstudio.domain.lint.rule import Rule
from rubricstudio.domain.lint.stance import Stance, read
from rubricstudio.domain.lint.values import Finding, Severity
from rubricstudio.domain.rubric import MetMeans, Rubric, Tier

PRESENCE = (
    0.85  # of the weight; the reward-hacking paper found 0.90 in a rubric set that was hacked
)
ENOUGH = 5  # criteria before a share says something


def _presence(context: Context) -> Iterator[Finding]:
    """Source: "Reward Hacking in Rubric-Based RL" (arXiv 2605.12474): 90.2 % of the weight."""
    shares = context.shares or context.rubric.weight_shares()
    words = {line.key: line.words for line in context.lines}
    read_ones = [leaf for leaf in context.rubric.leaves if leaf.key in words]
    total = sum(shares.get(leaf.key, 0.0) for leaf in read_ones)
    if len(read_ones) < ENOUGH or len(read_ones) < len(context.rubric.leaves) / 2 or not total:
        return
    present = 0.0
    for leaf in read_ones:
        stance = read(words[leaf.key]).stance
        good = leaf.met_means is MetMeans.GOOD
        absence = stance is Stance.AVOIDS if good else stance is not Stance.OMITS
        present += 0.0 if absence else shares.get(leaf.key, 0.0)
    share = present / total
    if share >= PRESENCE:
        yield Finding(
            "presence-only",
            (),
            Severity.WARNING,
            "%(share)s %% of the weight (%(n)d criteria) rewards that something is there, "
            "%(rest)s %% that something is not. Add pitfalls: false claims, padding, unsafe "
            "advice.",
            {
                "share": f"{100 * share:.0f}",
                "rest": f"{100 - round(100 * share)}",
                "n": len(read_ones),
            },
        )


PRESENCE_ONLY = Rule(
    name="presence-only",
    title="Rewards presence only",
    mark="presence only",
    why="A model trained on it learns to say more: where 90 % of the weight asked for presence, "
    "completeness rose while factuality, concision and relevance fell.",
    bad="Ten criteria of the kind “Mentions ...” and no pitfall",
    good="Eight of them, and two pitfalls such as “Recommends a drug that is contraindicated”",
    check=_presence,
    english=True,
)


def _unreachable(context: Context) -> Iterator[Finding]:
    rubric = context.rubric
    if not rubric.leaves:
        return
    for says, values in (*_no_points(rubric), *_threshold(rubric), *_tiers(rubric)):
        yield Finding("unreachable-maximum", (), Severity.ERROR, says, values)
    points = rubric.positive_weight
    for first, second in contradictions(context):
        one, other = rubric.by_key[first], rubric.by_key[second]
        if one.weight > 0 and other.weight > 0:
            best = points - min(one.weight, other.weight)
            yield Finding(
                "unreachable-maximum",
                (second, first),
                Severity.WARNING,
                "At most %(best)s of %(all)s points can be had: one response cannot meet “%(one)s” "
                "and “%(other)s”.",
                {
                    "best": f"{best:g}",
                    "all": f"{points:g}",
                    "one": one.text,
                    "other": other.text,
                },
            )


def _no_points(rubric: Rubric) -> Iterator[tuple[str, dict[str, str]]]:
    over_positive = rubric.aggregator.startswith("pos_normalised")
    if over_positive and not rubric.positive_weight:
        yield (
            "There are no points to earn: every weight is 0 or below, and the aggregator "
            "%(name)s divides by the points above 0.",
            {"name": rubric.aggregator},
        )
    elif rubric.aggregator == "weighted_mean" and not any(x.weight for x in rubric.leaves):
        yield "There are no points to earn: every weight is 0.", {}


def _threshold(rubric: Rubric) -> Iterator[tuple[str, dict[str, str]]]:
    k, n = rubric.params.get("k", 10.0), len(rubric.leaves)
    if rubric.aggregator == "threshold_excess" and k > n:
        yield (
            "The threshold asks for %(k)s criteria met and there are %(n)s: no response has a "
            "score.",
            {"k": f"{k:g}", "n": f"{n}"},
        )


def _tiers(rubric: Rubric) -> Iterator[tuple[str, dict[str, str]]]:
    if rubric.aggregator != "gated_tiers":
        return
    tiers = {leaf.tier for leaf in rubric.leaves}
    shares = {"base": 0.40, "good": 0.35, "ideal": 0.25} | dict(rubric.params)
    best = sum(shares[name] for name in ("base", "good", "ideal"))
    missing = []
    if not tiers & {Tier.ESSENTIAL, Tier.IMPORTANT, Tier.OPTIONAL} and shares["good"] > 0:
        missing.append("good")
    if Tier.IDEAL not in tiers and shares["ideal"] > 0:
        missing.append("ideal")
    if missing:
        reached = best - sum(shares[name] for name in missing)
        yield (
            "The best score is %(reached)s of %(best)s: no criterion is in the tiers that the "
            "rest is for (%(missing)s).",
            {"reached": f"{reached:g}", "best": f"{best:g}", "missing": ", ".join(missing)},
        )


UNREACHABLE = Rule(
    name="unreachable-maximum",
    title="The best score cannot be reached",
    mark="out of reach",
    why="A perfect response then looks flawed, and scores of two rubrics cannot be compared.",
    bad="Answers in at most 100 words. / Gives at least 300 words of background. (weight 5 each)",
    good="Answers in at most 300 words. / Opens with a summary of one sentence. (weight 5 each)",
    check=_unreachable,
)

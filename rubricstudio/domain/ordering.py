"""Most uncertain first, with a share at random, so that statistics stay honest.

Why a share at random. Items are judged where it teaches most: where judges waver or people
differed. Stopped halfway, the items judged are then the hard ones, and any share or agreement
computed from them describes the hard ones. So a simple random sample of m of the n items, drawn
whatever their uncertainty, is spread evenly over the whole sequence in random order. Each item
is in it with the same probability m/n, so

- the sample alone estimates what holds of all n items, with weight n/m = 1/probability each;
- so does every beginning of it, since its order is random: the k of the sample that are judged
  so far are a simple random sample of size k, and the weighted mean sum(w v)/sum(w), in which
  equal weights cancel, is their plain mean: unbiased at any moment of the session;
- the others came first for being hard, so how likely they were to be judged by now depends on
  what is to be estimated. No weight repairs that: they have none (null), no estimate uses them;
- once every item is judged none was left out: each came in with probability 1 and weight 1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from random import Random


def draw_share(items: Sequence[int], share: float, seed: int) -> frozenset[int]:
    """A simple random sample of round(share * n) of the items, at least one of a share over 0.

    share: 0 to 1. The same items, in any order, and the same seed give the same sample.
    """
    size = min(len(items), max(1, round(share * len(items)))) if share > 0 else 0
    return frozenset(Random(seed).sample(sorted(items), size))


def most_uncertain_first(
    uncertainty: Mapping[int, float | None], drawn: frozenset[int], seed: int
) -> list[int]:
    """The items in the order in which they are judged.

    Those not drawn come by falling `uncertainty` (0 to 1), of those as uncertain as each other
    and of those of which nothing is known (None, last) in the order given; the drawn ones stand
    between them at even distances, in random order. `drawn` is a subset of the items.
    """
    hard = [item for item in uncertainty if item not in drawn]
    hard.sort(key=lambda item: -1.0 if (u := uncertainty[item]) is None else u, reverse=True)
    chance = Random(seed)
    random = chance.sample(sorted(drawn), len(drawn))
    # Where each stands, 0 to 1. Which places the drawn ones have is itself left to chance,
    # else people could count them off.
    places = [((n + 0.5) / len(hard), item) for n, item in enumerate(hard)]
    places += [((n + chance.random()) / len(random), item) for n, item in enumerate(random)]
    return [item for _place, item in sorted(places)]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A weighted mean of `n` values with its 95 % interval; None where nothing can be said."""

    n: int
    mean: float | None
    low: float | None
    high: float | None


def weighted_mean(values: Sequence[float], weights: Sequence[float | None]) -> Estimate:
    """Hajek's mean of the values that have a weight, and a normal interval around it.

    The variance is that of the linearised mean, sum (w (v - mean))^2 / (sum w)^2 * n/(n - 1);
    no interval is given for fewer than two values. Raises ValueError for unequal lengths.
    """
    pairs = [(v, w) for v, w in zip(values, weights, strict=True) if w is not None]
    if not pairs:
        return Estimate(0, None, None, None)
    n, total = len(pairs), sum(w for _v, w in pairs)
    mean = sum(w * v for v, w in pairs) / total
    if n < 2:
        return Estimate(n, mean, None, None)
    spread = sum((w * (v - mean)) ** 2 for v, w in pairs) * n / (n - 1)
    half = 1.959964 * sqrt(spread) / total
    return Estimate(n, mean, mean - half, mean + half)


def split(counts: Sequence[int]) -> float:
    """How far raters are split, 0 (all say the same) to 1: twice Gini's 1 - sum p^2, at most 1.

    counts: how many raters chose each value. Half against half is 1, two against one 8/9.
    """
    total = sum(counts)
    if total == 0:
        return 0.0
    return min(1.0, 2 * (1 - sum((count / total) ** 2 for count in counts)))


def doubt(confidence: float) -> float:
    """How near to zero the log-odds of a judge's answer are, 0 (sure) to 1 (a coin toss).

    confidence: the probability of the answer, 0 to 1. 1 - |2p - 1| falls as |log(p/(1-p))|
    grows; an answer that the judge itself found less likely than not is as doubtful as its
    mirror image.
    """
    return 1 - abs(2 * confidence - 1)

"""What raters say together on each unit, and how that came about.

Statuses without a value never count: they are neither "no" nor 0. On a points scale the
consensus is the median by every method; categories of points have no error rates.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum

import numpy as np

from rubricstudio.domain import dawid_skene
from rubricstudio.domain.agreement.counts import category_counts, codes_of, ratio
from rubricstudio.domain.agreement.panel import unanimous
from rubricstudio.domain.agreement.scales import ScaleGroup, scale_groups
from rubricstudio.domain.rubric import Scale
from rubricstudio.domain.table import BoolArray, FloatArray, IntArray, Label, VerdictTable

_CLOSE = 1e-9


class Method(StrEnum):
    """How values that differ become one.

    unanimous: only where all say the same. majority: the value given most often, a tie is
    unresolved. weighted: as majority, each vote counting as much as its rater agrees with
    the others. dawid_skene: the value most probable under everybody's error rates.
    """

    UNANIMOUS = "unanimous"
    MAJORITY = "majority"
    WEIGHTED = "weighted"
    DAWID_SKENE = "dawid_skene"


class Provenance(IntEnum):
    """How a unit came by its value.

    single: one rater gave a value. unanimous: two or more, all the same. majority: more
    gave it than any other. estimated: the method chose it although it has no majority (a
    weighted vote, a probability, a median). adjudicated: a person decided. unresolved:
    there is no value.
    """

    UNRESOLVED = 0
    SINGLE = 1
    UNANIMOUS = 2
    MAJORITY = 3
    ESTIMATED = 4
    ADJUDICATED = 5

    @property
    def word(self) -> str:
        """The name as exports and commands write it."""
        return self.name.lower()


@dataclass(frozen=True, eq=False)
class Consensus:
    """The consensus of each unit of a table; every array is (n_units,).

    values: NaN where unresolved. provenance: codes of `Provenance`. n: raters with a
    value. share: the share of them who gave exactly this value, NaN without one.
    probability: that the value is right under the model of `dawid_skene`, else NaN.
    """

    method: Method
    values: FloatArray
    provenance: IntArray
    n: IntArray
    share: FloatArray
    probability: FloatArray

    def counts(self, units: BoolArray | None = None) -> dict[Provenance, int]:
        """How many of these units (default: all) came by each provenance."""
        codes = self.provenance if units is None else self.provenance[units]
        found = np.bincount(codes, minlength=len(Provenance)).tolist()
        return {kind: found[kind] for kind in Provenance}


def consensus(
    table: VerdictTable,
    method: Method = Method.MAJORITY,
    scales: Mapping[Label, Scale] | None = None,
) -> Consensus:
    """The consensus of the table's raters on each unit.

    scales: by criterion label, as in `scale_groups`. Weights and error rates are those of
    a rater over all criteria of one scale. Raises ValueError for a value off its scale.
    """
    n_units = table.n_units
    values = np.full(n_units, np.nan)
    probability = np.full(n_units, np.nan)
    for group in scale_groups(table, scales, table.values):
        part = table.values[group.units]
        if group.categories is None:
            values[group.units] = _median(part)
        else:
            values[group.units], probability[group.units] = _decided(method, part, group.categories)
    alike = unanimous(table.values)
    if method is Method.UNANIMOUS:
        values[~alike & (table.values_per_unit > 1)] = np.nan
    return _described(method, table.values, values, probability)


def _median(values: FloatArray) -> FloatArray:
    """(n_units,) the median of the values given; NaN where there is none."""
    found = np.full(len(values), np.nan)
    given = ~np.isnan(values).all(axis=1)
    if given.any():
        found[given] = np.nanmedian(values[given], axis=1)
    return found


def _decided(
    method: Method, values: FloatArray, categories: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Values and probabilities of units on one scale with these categories."""
    nothing = np.full(len(values), np.nan)
    if method is Method.DAWID_SKENE:
        model = fitted(values, categories)
        judged = ~np.isnan(values).all(axis=1)
        top = model.probabilities.max(axis=1)
        chosen = _winner(model.probabilities, categories)
        return np.where(judged, chosen, np.nan), np.where(judged, top, np.nan)
    if method is Method.WEIGHTED:
        return _winner(weighted_counts(values, categories, weights(values)), categories), nothing
    return _winner(category_counts(values, categories), categories), nothing


def _winner(support: FloatArray, categories: FloatArray) -> FloatArray:
    """(n_units, q) support to the value with most of it, NaN where the top two tie or for none."""
    top = support.max(axis=1, initial=0.0)
    winners = (support >= top[:, None] - _CLOSE).sum(axis=1)
    decided = (winners == 1) & (top > 0)
    return np.where(decided, categories[support.argmax(axis=1)], np.nan)


def weights(values: FloatArray) -> FloatArray:
    """(n_units, n_raters) values to (n_raters,): how far each rater agrees with the others.

    Of all pairs of a rater's value and another's on the same unit, the share that are
    equal, with one pair of each kind added: (equal + 1) / (pairs + 2), in (0, 1). A rater
    who shares no unit with anybody has 1/2.
    """
    given = ~np.isnan(values)
    n = given.sum(axis=1)
    found = np.full(values.shape[1], 0.5)
    for rater in range(values.shape[1]):
        mine = given[:, rater]
        same = (values[mine] == values[mine, rater][:, None]).sum() - mine.sum()
        found[rater] = (same + 1) / ((n[mine] - 1).sum() + 2)
    return found


def weighted_counts(values: FloatArray, categories: FloatArray, of: FloatArray) -> FloatArray:
    """(n_units, q) the weight `of` the raters who gave each category."""
    codes = codes_of(values, categories)
    support = np.zeros((len(values), len(categories)))
    for place in range(len(categories)):
        support[:, place] = np.where(codes == place, of, 0.0).sum(axis=1)
    return support


def fitted(values: FloatArray, categories: FloatArray) -> dawid_skene.DawidSkene:
    """Dawid and Skene's model of (n_units, n_raters) values on one scale."""
    codes = codes_of(values, categories)
    units, raters = np.nonzero(codes >= 0)
    shape = (len(values), values.shape[1], len(categories))
    return dawid_skene.fit(units, raters, codes[units, raters], shape=shape)


def _described(
    method: Method, given: FloatArray, values: FloatArray, probability: FloatArray
) -> Consensus:
    n = (~np.isnan(given)).sum(axis=1)
    same = (given == values[:, None]).sum(axis=1)
    others = _most_for_another(given, values)
    kind = np.where(same > others, Provenance.MAJORITY, Provenance.ESTIMATED)
    kind = np.where(unanimous(given), Provenance.UNANIMOUS, kind)
    kind = np.where(n == 1, Provenance.SINGLE, kind)
    nothing = np.isnan(values)
    kind = np.where(nothing, Provenance.UNRESOLVED, kind)
    share = np.where(nothing, np.nan, ratio(same.astype(np.float64), n.astype(np.float64)))
    probability = np.where(nothing, np.nan, probability)
    return Consensus(method, values, kind.astype(np.int64), n, share, probability)


def _most_for_another(given: FloatArray, values: FloatArray) -> IntArray:
    """(n_units,) how many raters gave the most frequent value other than `values`."""
    most = np.zeros(len(given), dtype=np.int64)
    for rater in range(given.shape[1]):
        mine = given[:, rater]
        votes = (given == mine[:, None]).sum(axis=1)
        most = np.where(mine != values, np.maximum(most, votes), most)
    return most


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What one method makes of one unit. value: None where it decides nothing.

    probability: of the value under Dawid and Skene's model, else None. share: of the
    support (votes, or weights) that the value has, None without a value.
    """

    method: Method
    value: float | None
    share: float | None = None
    probability: float | None = None


@dataclass(frozen=True, eq=False)
class Trust:
    """How far each rater is to be trusted, learnt from all units of one scale.

    Places are those of `raters`. weights: as `weights` makes them. priors and errors: of
    Dawid and Skene's model, None on a points scale.
    """

    raters: tuple[Label, ...]
    weights: FloatArray
    priors: FloatArray | None = None
    errors: FloatArray | None = None


def trust(
    table: VerdictTable, criterion: Label, scales: Mapping[Label, Scale] | None = None
) -> Trust | None:
    """What the units on the scale of a criterion say about the raters; None for no such unit."""
    for group in scale_groups(table, scales, table.values):
        codes = np.unique(table.criteria[group.units]).tolist()
        if criterion in {table.criterion_labels[code] for code in codes}:
            return _trust(table, group)
    return None


def _trust(table: VerdictTable, group: ScaleGroup) -> Trust:
    values = table.values[group.units]
    if group.categories is None:
        return Trust(table.raters, weights(values))
    model = fitted(values, group.categories)
    return Trust(table.raters, weights(values), model.priors, model.errors)


def suggestions(
    votes: Mapping[Label, float], scale: Scale, trusted: Trust | None = None
) -> list[Suggestion]:
    """What each method makes of one unit's votes, by rater; majority alone without `trusted`.

    On a points scale the one suggestion is the median, under the name of the majority.
    """
    row = np.array([list(votes.values())], dtype=np.float64).reshape(1, -1)
    categories = _categories(scale)
    if categories is None or not votes:
        median = float(_median(row)[0]) if votes else None
        return [Suggestion(Method.MAJORITY, median)]
    found = [_of_support(Method.MAJORITY, category_counts(row, categories)[0], categories)]
    if trusted is None or trusted.priors is None or trusted.errors is None:
        return found
    places = {label: place for place, label in enumerate(trusted.raters)}
    known = np.array([trusted.weights[places[r]] if r in places else 0.5 for r in votes])
    support = weighted_counts(row, categories, known)[0]
    found.append(_of_support(Method.WEIGHTED, support, categories))
    voters = [(places[r], value) for r, value in votes.items() if r in places]
    codes = codes_of(np.array([value for _, value in voters]), categories)
    raters = np.array([rater for rater, _ in voters], dtype=np.int64)
    chances = dawid_skene.posterior(trusted.priors, trusted.errors, raters, codes)
    best = _of_support(Method.DAWID_SKENE, chances, categories)
    found.append(Suggestion(best.method, best.value, None, best.share))
    return found


def _categories(scale: Scale) -> FloatArray | None:
    if scale.levels:
        return np.array([level.value for level in scale.levels])
    return np.array([0.0, 1.0]) if scale.kind == "binary" else None


def _of_support(method: Method, support: FloatArray, categories: FloatArray) -> Suggestion:
    value = float(_winner(support[None, :], categories)[0])
    if value != value:
        return Suggestion(method, None)
    return Suggestion(method, value, float(support.max() / support.sum()))

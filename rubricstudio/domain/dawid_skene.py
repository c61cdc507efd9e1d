"""Dawid and Skene's model of raters who err, fitted by expectation maximisation.

A. P. Dawid and A. M. Skene (1979): Maximum Likelihood Estimation of Observer Error-Rates
Using the EM Algorithm. Applied Statistics 28(1), 20-28, doi 10.2307/2346806.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rubricstudio.domain.table import FloatArray, IntArray

_SMALLEST = 1e-10  # no answer is impossible: a zero would silence a rater's other votes


@dataclass(frozen=True, eq=False)
class DawidSkene:
    """A fitted model of n_units units, n_raters raters and q categories.

    probabilities: (n_units, q), of each category to be the true one; a unit without votes
    has the priors. priors: (q,). errors: (n_raters, q, q), the probability that a rater
    says the category of the last axis where the one of the middle axis is true; NaN for
    a rater without votes. steps: how many it took; converged: whether they were enough.
    """

    probabilities: FloatArray
    priors: FloatArray
    errors: FloatArray
    steps: int
    converged: bool


def fit(
    units: IntArray,
    raters: IntArray,
    categories: IntArray,
    *,
    shape: tuple[int, int, int],
    most_steps: int = 200,
    tolerance: float = 1e-6,
) -> DawidSkene:
    """Fit the model to votes: three columns of equal length with codes from 0.

    shape: (n_units, n_raters, q). A rater may vote on a unit more than once. It begins
    with the shares of the votes, as the paper does, and ends when no probability moves
    by more than `tolerance`. A million votes take about a tenth of a second a step.
    """
    n_units, n_raters, q = shape
    order = np.argsort(units, kind="stable")
    units, raters, categories = units[order], raters[order], categories[order]
    voted, starts = np.unique(units, return_index=True)
    counts = np.bincount(units * q + categories, minlength=n_units * q).reshape(n_units, q)
    votes = counts[voted].astype(np.float64)
    truth = votes / votes.sum(axis=1, keepdims=True)
    places = np.searchsorted(voted, units)
    said = raters * q + categories
    priors, errors = _rates(truth, places, said, n_raters)
    steps, moved = 0, np.inf
    while len(voted) and steps < most_steps and moved > tolerance:
        before = truth
        logs = np.log(errors).transpose(0, 2, 1).reshape(n_raters * q, q)
        truth = _softmax(np.log(priors) + np.add.reduceat(logs[said], starts, axis=0))
        priors, errors = _rates(truth, places, said, n_raters)
        moved = float(np.abs(truth - before).max())
        steps += 1
    errors[np.bincount(raters, minlength=n_raters) == 0] = np.nan
    probabilities = np.broadcast_to(priors, (n_units, q)).copy()
    probabilities[voted] = truth
    return DawidSkene(probabilities, priors, errors, steps, moved <= tolerance)


def _rates(
    truth: FloatArray, places: IntArray, said: IntArray, n_raters: int
) -> tuple[FloatArray, FloatArray]:
    """Priors and error rates that fit best where the truth has these probabilities."""
    q = truth.shape[1]
    if not len(truth):
        return np.full(q, 1 / max(q, 1)), np.full((n_raters, q, q), 1 / max(q, 1))
    weights = truth[places]
    sums = [np.bincount(said, weights=weights[:, k], minlength=n_raters * q) for k in range(q)]
    together = np.stack(sums).reshape(q, n_raters, q).transpose(1, 0, 2)
    together = np.maximum(together, _SMALLEST)
    errors = together / together.sum(axis=2, keepdims=True)
    return np.maximum(truth.mean(axis=0), _SMALLEST), errors


def _softmax(logs: FloatArray) -> FloatArray:
    shifted = np.exp(logs - logs.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True), dtype=np.float64)


def posterior(
    priors: FloatArray, errors: FloatArray, raters: IntArray, categories: IntArray
) -> FloatArray:
    """(q,) the probabilities of one unit with these votes, by a model's priors and errors.

    Votes of raters whom the model does not know (errors NaN) say nothing.
    """
    said: FloatArray = np.nan_to_num(np.log(errors[raters, :, categories]), nan=0.0)
    return _softmax((np.log(priors) + said.sum(axis=0))[None, :])[0, :]

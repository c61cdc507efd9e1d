"""A linear probe: logistic regression on one layer's states and an intercept by criterion.

The states are standardised and cut down to their principal components, then weighed with an L2
penalty to tell the share of people who say met. What the folds of the training cells held out
turns that into the probability that the majority says met, and into the cut from which the
verdict is met. Folded together, all of it is one weight for each number of the state: p(met) =
sigmoid(weights @ state + intercept + offset of the criterion).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from rubricstudio.domain.agreement import cohen_kappa
from rubricstudio.domain.table import FloatArray, IntArray
from scoring.learned.cells import ReadCells
from scoring.learned.folds import grouped_folds
from scoring.learned.learner import Beat, still

COMPONENTS = 64
STRENGTHS = (0.001, 0.004, 0.016)
# As many as outside: with a dozen tasks, each that is left out is missed in the choice.
INNER_FOLDS = 12
# How much cheaper than a component a criterion's own intercept is to the penalty.
CRITERION_SCALE = 10.0
MOST_STEPS, MOST_HALVINGS = 100, 30
# Of the penalised log loss: what a further Newton step would take off it, twice.
TOLERANCE = 1e-8
# Shares of the cells among which the cut is looked for: at least 1 in 50 stays met.
CUT_SHARES = np.linspace(0.0, 0.98, 50)


@dataclass(frozen=True, slots=True)
class Setting:
    """A layer (a place in `ReadCells.layers`) and scikit-learn's C, the inverse of the penalty."""

    layer: int
    strength: float


@dataclass(frozen=True, slots=True)
class Choice:
    """What is chosen inside the training folds.

    slope, shift: from log-odds of one person's met to those of the majority's. cut: the
    log-odds from which the verdict is met.
    """

    setting: Setting
    slope: float = 1.0
    shift: float = 0.0
    cut: float = 0.0


@dataclass(frozen=True, eq=False, slots=True)
class Fitted:
    """A probe for one layer. weights: (width,). offsets: (n_criteria,), 0 for one never seen."""

    weights: FloatArray
    intercept: float
    offsets: FloatArray

    def log_odds(self, states: FloatArray, criteria: IntArray) -> FloatArray:
        """(n, width) states and (n,) codes to (n,) log-odds of met."""
        return np.asarray(states @ self.weights + self.intercept + self.offsets[criteria])

    def of_cells(self, cells: ReadCells, layer: int) -> FloatArray:
        """(n,) log-odds of met of the cells, by the layer at this place."""
        return self.log_odds(cells.states[:, layer].astype(np.float64), cells.criteria)


@dataclass(frozen=True, eq=False, slots=True)
class Found:
    """What came of training a probe: its choice, and the probe on all training cells."""

    chosen: Choice
    fitted: Fitted
    layer: int  # the model's

    @property
    def cut(self) -> float:
        return self.chosen.cut

    @property
    def choice(self) -> Mapping[str, object]:
        return {"layer": self.layer, "strength": self.chosen.setting.strength}

    def log_odds(self, cells: ReadCells) -> FloatArray:
        return self.fitted.of_cells(cells, self.chosen.setting.layer)


@dataclass(frozen=True, slots=True)
class Probing:
    """Training a probe. settings: to choose from, all where none are given."""

    settings: Sequence[Setting] = ()
    folds: int = 12
    shares: Sequence[float] = (0.25, 0.5, 0.75)

    def learn(self, cells: ReadCells, beat: Beat = still) -> Found:
        beat()
        chosen = choose(cells, self.settings or settings_of(cells))
        return Found(chosen, fit(cells, chosen), cells.layers[chosen.setting.layer])


def probabilities_of(log_odds: FloatArray) -> FloatArray:
    """The logistic function."""
    return np.asarray(1 / (1 + np.exp(-np.clip(log_odds, -500, 500))))


def settings_of(cells: ReadCells) -> list[Setting]:
    """Every layer with every strength; of equal ones the first is preferred."""
    return [Setting(layer, c) for layer, c in product(range(len(cells.layers)), STRENGTHS)]


def fit(cells: ReadCells, choice: Choice) -> Fitted:
    """The probe of a choice on all these cells."""
    (found,) = _fits(cells, choice.setting.layer, [choice.setting.strength])
    return Fitted(
        found.weights * choice.slope,
        found.intercept * choice.slope + choice.shift,
        found.offsets * choice.slope,
    )


def _fits(cells: ReadCells, layer: int, strengths: Sequence[float]) -> Iterator[Fitted]:
    """A probe for each strength; what they share is computed once."""
    states = cells.states[:, layer].astype(np.float64)
    mean, scale = states.mean(axis=0), states.std(axis=0)
    scale[scale < 1e-9] = 1.0
    standard = (states - mean) / scale
    axes = _principal_axes(standard)
    shown = np.concatenate([standard @ axes, one_hot(cells.criteria, len(cells.keys))], axis=1)
    for strength in strengths:
        coefficients, constant = logistic(shown, cells.shares, strength)
        weights = (axes @ coefficients[: axes.shape[1]]) / scale
        offsets = coefficients[axes.shape[1] :] * CRITERION_SCALE
        yield Fitted(weights, constant - float(mean @ weights), offsets)


def _principal_axes(standard: FloatArray) -> FloatArray:
    """(n, width) to (width, at most COMPONENTS) axes of length 1, by the products of rows."""
    sizes, sides = np.linalg.eigh(standard @ standard.T)
    kept = sizes > max(float(sizes[-1]), 1.0) * 1e-9
    sizes, sides = sizes[kept][::-1][:COMPONENTS], sides[:, kept][:, ::-1][:, :COMPONENTS]
    return np.asarray(standard.T @ sides / np.sqrt(sizes))


def one_hot(codes: IntArray, n: int) -> FloatArray:
    """(cells, n) `CRITERION_SCALE` where the code is the column's, else 0."""
    return np.asarray((codes[:, None] == np.arange(n)) * CRITERION_SCALE)


def logistic(features: FloatArray, shares: FloatArray, strength: float) -> tuple[FloatArray, float]:
    """Coefficients and intercept of L2-penalised logistic regression on (n,) shares in [0, 1].

    strength: the inverse of the penalty. A share of 2/3 counts as 2/3 of a met cell and 1/3 of
    one that is not: scikit-learn takes that only as two rows of two weights, which is some five
    times slower. Where all are 0 or all are 1, the coefficients are 0 and the intercept is the
    log-odds with one of each added.
    """
    met, n = float(shares.sum()), len(shares)
    if met in (0.0, float(n)):
        return np.zeros(features.shape[1]), float(np.log((met + 1) / (n - met + 1)))
    design = np.column_stack([features, np.ones(n)])
    penalty = np.append(np.ones(features.shape[1]), 0.0) / strength
    found = np.append(np.zeros(features.shape[1]), np.log(met / (n - met)))
    for _ in range(MOST_STEPS):
        said = probabilities_of(design @ found)
        slope = design.T @ (said - shares) + penalty * found
        bend = design.T @ (design * (said * (1 - said))[:, None]) + np.diag(penalty)
        step = np.linalg.solve(bend, slope)
        found = _descended(design, shares, penalty, found, step)
        if float(slope @ step) < TOLERANCE:
            break
    return found[:-1], float(found[-1])


def _descended(
    design: FloatArray, shares: FloatArray, penalty: FloatArray, at: FloatArray, step: FloatArray
) -> FloatArray:
    """Newton's step from `at`, halved until the penalised log loss is no higher than there."""

    def loss(coefficients: FloatArray) -> float:
        said = design @ coefficients
        likely = np.logaddexp(0, said) - shares * said
        return float(likely.sum() + penalty @ coefficients**2 / 2)

    here = loss(at)
    for _ in range(MOST_HALVINGS):
        if loss(at - step) <= here:
            return at - step
        step = step / 2
    return at


def choose(cells: ReadCells, settings: Sequence[Setting]) -> Choice:
    """The setting with the least log loss over folds of these cells that keep tasks whole.

    Slope, shift and cut follow from what that setting said of the cells its folds held out.
    Nothing outside `cells` has a say. With one task there are no folds: the first setting.
    """
    folds = grouped_folds(cells.tasks, INNER_FOLDS)
    if folds.max(initial=0) < 1:
        return Choice(settings[0])
    said = np.zeros((len(settings), len(cells)))
    for layer in sorted({each.layer for each in settings}):
        places = [i for i, each in enumerate(settings) if each.layer == layer]
        strengths = [settings[i].strength for i in places]
        for fold in range(int(folds.max()) + 1):
            held = cells.where(folds == fold)
            for i, probe in zip(
                places, _fits(cells.where(folds != fold), layer, strengths), strict=True
            ):
                said[i, folds == fold] = probe.of_cells(held, layer)
    losses = (np.logaddexp(0, said) - cells.shares * said).sum(axis=1)
    best = int(losses.argmin())
    slope, shift = logistic(said[best][:, None], cells.labels, 1.0)
    log_odds = said[best] * slope[0] + shift
    return Choice(settings[best], float(slope[0]), shift, best_cut(log_odds, cells.labels))


def best_cut(log_odds: FloatArray, labels: FloatArray) -> float:
    """The log-odds from which on a verdict of met agrees best with the labels, by Cohen's kappa."""
    cuts = np.unique(np.quantile(log_odds, CUT_SHARES))
    kappas = [cohen_kappa(labels, (log_odds >= cut) * 1.0).value for cut in cuts]
    known = [-1.0 if kappa is None else kappa for kappa in kappas]
    return float(cuts[int(np.argmax(known))])

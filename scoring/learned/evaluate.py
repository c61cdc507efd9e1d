"""How a trained judge does on tasks it has not seen, beside what it has to beat.

Everything is held out: a probability of a cell comes from a training whose settings and
weights were made without any cell of the same task (or, by source, the same source).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import NamedTuple, TypeVar

import numpy as np

from rubricstudio.domain.agreement import (
    Bootstrap,
    Statistic,
    auc,
    brier,
    calibration_error,
    cohen_kappa,
    from_confusion,
    macro_f1_of,
    majority,
)
from rubricstudio.domain.agreement.confusion import BINARY_CATEGORIES
from rubricstudio.domain.table import BoolArray, FloatArray, IntArray
from scoring.learned.cells import Cells
from scoring.learned.folds import grouped_folds
from scoring.learned.learner import Learner
from scoring.learned.probe import logistic, one_hot, probabilities_of

C = TypeVar("C", bound=Cells)
BASELINE_FOLDS = 12
LEAST_TASKS = 4
LEAST_CELLS = 40
PAGE = Bootstrap(resamples=500)

LEARNED, BY_SOURCE = "learned", "learned, sources unseen"
MAJORITY, CRITERION = "majority class", "criterion alone"
SOURCE, UNTRAINED = "criterion and source alone", "the model untrained"
PAIRS, REST = "person and person", "person and the others"


class Stage(StrEnum):
    """What training is at; pages say it in their own words."""

    READING = "read"
    FOLDS = "folds"
    SOURCES = "folds by source"
    CURVE = "steps of the learning curve"
    WHOLE = "trainings on all verdicts"


class Progress(NamedTuple):
    """How much of a stage is done."""

    stage: Stage
    done: int
    of: int

    def __str__(self) -> str:
        return f"{self.done} of {self.of} {self.stage}"


Told = Callable[[Progress], None]


def untold(progress: Progress) -> None:
    """For whoever does not want to know."""


class TooFewVerdicts(ValueError):
    """There is too little to train on; the message says what would be enough."""


@dataclass(frozen=True, slots=True)
class Figures:
    """A judge against people's verdicts. Those of probabilities are absent where it has none."""

    name: str
    kappa: Statistic
    auc: Statistic
    macro_f1: Statistic
    brier: Statistic
    ece: Statistic


@dataclass(frozen=True, slots=True)
class Point:
    """A step of the learning curve: trained on about so many tasks and verdicts a fold."""

    tasks: float
    verdicts: float
    kappa: Statistic
    auc: Statistic


class Warned(StrEnum):
    """Why not to trust a trained judge, as codes; pages and commands say it in a sentence."""

    CHANCE = "no better than chance on unseen tasks"
    CRITERION = "no better than the criterion alone"
    SOURCE = "no better than criterion and source alone"
    UNSEEN = "no better than chance on unseen sources"


@dataclass(frozen=True, slots=True)
class Evaluation:
    """rows: the judge first, then what it has to beat. choices: of each fold, as JSON values."""

    rows: tuple[Figures, ...]
    curve: tuple[Point, ...]
    choices: tuple[Mapping[str, object], ...]
    warnings: tuple[Warned, ...]


@dataclass(frozen=True, eq=False, slots=True)
class HeldOut:
    """(n,) probabilities of met, and verdicts, by judges that did not see the cell's group.

    choices: of each fold.
    """

    probabilities: FloatArray
    verdicts: FloatArray
    choices: tuple[Mapping[str, object], ...]
    trained_on: tuple[float, float]  # verdicts and tasks, mean over folds


def check_enough(labels: FloatArray, tasks: IntArray) -> None:
    """Raise TooFewVerdicts, saying what there is and what it takes."""
    count, n = len(np.unique(tasks)), len(labels)
    if count < LEAST_TASKS or n < LEAST_CELLS:
        raise TooFewVerdicts(
            f"there are {n} verdicts on {count} tasks; training takes {LEAST_CELLS} or more on"
            f" {LEAST_TASKS} tasks or more"
        )
    if len(np.unique(labels)) < 2:
        raise TooFewVerdicts("all verdicts are the same: there is nothing to tell apart")


def held_out(
    cells: C,
    groups: IntArray,
    learner: Learner[C],
    *,
    share: float = 1.0,
    stage: Stage = Stage.FOLDS,
    told: Told = untold,
) -> HeldOut:
    """Probabilities by folds of `groups` ((n,) codes), all else chosen inside the training part.

    share: of the training tasks, how many are used; the first in a fixed order, so that a
    larger share holds a smaller one. Cells of one task are never on both sides where the
    groups are tasks.
    """
    folds = grouped_folds(groups, learner.folds)
    n_folds = int(folds.max(initial=-1)) + 1
    log_odds, verdicts = np.full((2, len(cells)), np.nan)
    choices, sizes = [], []
    for fold in range(n_folds):
        train, here = cells.where(_kept(cells.tasks, folds != fold, share)), folds == fold
        learned = learner.learn(train, partial(told, Progress(stage, fold, n_folds)))
        said = learned.log_odds(cells.where(here))
        log_odds[here], verdicts[here] = said, said >= learned.cut
        choices.append(learned.choice)
        sizes.append((len(train), len(np.unique(train.tasks))))
        told(Progress(stage, fold + 1, n_folds))
    n, tasks = np.mean(sizes, axis=0)
    return HeldOut(probabilities_of(log_odds), verdicts, tuple(choices), (float(n), float(tasks)))


def _kept(tasks: IntArray, train: BoolArray, share: float) -> BoolArray:
    """The training cells of the first tasks in a shuffled order that is always the same."""
    if share >= 1:
        return train
    order = np.random.default_rng(0).permutation(np.unique(tasks))
    there = order[np.isin(order, tasks[train])]
    return np.asarray(train & np.isin(tasks, there[: max(2, round(share * len(there)))]))


def figures_of(
    name: str,
    labels: FloatArray,
    tasks: IntArray,
    *,
    verdicts: FloatArray,
    probabilities: FloatArray | None = None,
) -> Figures:
    """The figures of (n,) verdicts (0, 1, NaN where there is none) against labels.

    probabilities: (n,) of met, None where only verdicts are known.
    """
    scored = np.full(len(labels), np.nan) if probabilities is None else probabilities
    both = BINARY_CATEGORIES
    return Figures(
        name,
        kappa=cohen_kappa(labels, verdicts, tasks=tasks, bootstrap=PAGE),
        auc=auc(scored, labels, tasks=tasks, bootstrap=PAGE),
        macro_f1=from_confusion(
            macro_f1_of, labels, verdicts, categories=both, tasks=tasks, bootstrap=PAGE
        ),
        brier=brier(scored, labels, tasks=tasks, bootstrap=PAGE),
        ece=calibration_error(scored, labels, tasks=tasks, bootstrap=PAGE),
    )


def _held(name: str, cells: Cells, held: HeldOut) -> Figures:
    return figures_of(
        name, cells.labels, cells.tasks, verdicts=held.verdicts, probabilities=held.probabilities
    )


def _likely(name: str, cells: Cells, probabilities: FloatArray) -> Figures:
    """Of a judge whose verdict is the likelier answer."""
    verdicts = np.where(probabilities >= 0.5, 1.0, 0.0)
    return figures_of(
        name, cells.labels, cells.tasks, verdicts=verdicts, probabilities=probabilities
    )


def _said(name: str, cells: Cells, verdicts: FloatArray) -> Figures:
    return figures_of(name, cells.labels, cells.tasks, verdicts=verdicts)


def baselines(cells: Cells) -> Iterator[Figures]:
    """What knows nothing of the response, by the same folds, and the model untrained."""
    folds = grouped_folds(cells.tasks, BASELINE_FOLDS)
    yield _said(MAJORITY, cells, _majority(cells, folds))
    criteria = one_hot(cells.criteria, len(cells.keys))
    yield _likely(CRITERION, cells, _prior(cells, folds, criteria))
    if len(np.unique(cells.sources)) > 1:
        both = np.concatenate([criteria, one_hot(cells.sources, int(cells.sources.max()) + 1)], 1)
        yield _likely(SOURCE, cells, _prior(cells, folds, both))
    yield _likely(UNTRAINED, cells, cells.zero_shot)


def _majority(cells: Cells, folds: IntArray) -> FloatArray:
    means = [cells.labels[folds != fold].mean() for fold in range(int(folds.max()) + 1)]
    return np.array([float(means[fold] >= 0.5) for fold in folds])


def _prior(cells: Cells, folds: IntArray, features: FloatArray) -> FloatArray:
    found = np.full(len(cells), np.nan)
    for fold in range(int(folds.max()) + 1):
        train, held = folds != fold, folds == fold
        coefficients, constant = logistic(features[train], cells.labels[train], 1.0)
        found[held] = probabilities_of(features[held] @ coefficients + constant)
    return found


def ceilings(cells: Cells, people: FloatArray) -> Iterator[Figures]:
    """How far people get, each taken for a judge of the others.

    people: (n, places) 0 or 1, NaN where nobody answered; who answered does not matter. Pairs:
    one person against another, both ways round. The others: one person against the majority
    of the rest, where these have one. A pair counts as one in n.
    """
    answers = np.sort(people, axis=1)  # NaN last
    answers = answers[:, : int((~np.isnan(answers)).sum(axis=1).max(initial=0))]
    places = range(answers.shape[1])
    pairs = [(answers[:, i], answers[:, j]) for i in places for j in places if i != j]
    rest = [(majority(np.delete(answers, i, axis=1)), answers[:, i]) for i in places]
    for name, columns in ((PAIRS, pairs), (REST, rest)):
        if len(places) > 1:
            labels, said = (np.concatenate([each[n] for each in columns]) for n in (0, 1))
            tasks = np.tile(cells.tasks, len(columns))
            yield figures_of(name, labels, tasks, verdicts=said)


def warnings_of(rows: Sequence[Figures]) -> tuple[Warned, ...]:
    """What speaks against trusting the judge, worst first."""
    by_name = {row.name: row for row in rows}
    learned, unseen = by_name.get(LEARNED), by_name.get(BY_SOURCE)
    found = []
    if learned and (learned.kappa.low or 0.0) <= 0:
        found.append(Warned.CHANCE)
    for prior, warned in ((CRITERION, Warned.CRITERION), (SOURCE, Warned.SOURCE)):
        known = by_name.get(prior)
        if learned and known and (learned.auc.low or 0.0) <= (known.auc.value or 0.0):
            found.append(warned)
    if unseen and (unseen.kappa.low or 0.0) <= 0:
        found.append(Warned.UNSEEN)
    return tuple(found)


def evaluate(
    cells: C,
    learner: Learner[C],
    *,
    people: FloatArray,
    runs: Mapping[str, FloatArray] | None = None,
    told: Told = untold,
) -> Evaluation:
    """What is learned, held out by task and by source, its baselines, the people, a learning curve.

    people: as in `ceilings`. runs: by name, (n,) 0/1 verdicts of other judges, NaN where there
    is none. Raises TooFewVerdicts.
    """
    check_enough(cells.labels, cells.tasks)
    whole = held_out(cells, cells.tasks, learner, told=told)
    rows = [_held(LEARNED, cells, whole)]
    if len(np.unique(cells.sources)) > 1:
        unseen = held_out(cells, cells.sources, learner, stage=Stage.SOURCES, told=told)
        rows.append(_held(BY_SOURCE, cells, unseen))
    rows += baselines(cells)
    rows += (_said(name, cells, said) for name, said in (runs or {}).items())
    rows += ceilings(cells, people)
    curve = []
    for done, share in enumerate(learner.shares):
        step = Progress(Stage.CURVE, done, len(learner.shares))
        told(step)
        held = held_out(cells, cells.tasks, learner, share=share, told=partial(_at, told, step))
        curve.append(_point(cells, held))
    return Evaluation(
        rows=tuple(rows),
        curve=(*curve, _point(cells, whole)),
        choices=whole.choices,
        warnings=warnings_of(rows),
    )


def _at(told: Told, step: Progress, _: Progress) -> None:
    """Tells of the step only, whatever goes on in it."""
    told(step)


def _point(cells: Cells, held: HeldOut) -> Point:
    row, (verdicts, tasks) = _held(LEARNED, cells, held), held.trained_on
    return Point(tasks, verdicts, row.kappa, row.auc)

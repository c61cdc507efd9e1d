"""The probe: what it computes, and that nothing held out has a say in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression

from scoring.learned.cells import ReadCells
from scoring.learned.evaluate import held_out
from scoring.learned.folds import grouped_folds
from scoring.learned.probe import CRITERION_SCALE, Choice, Setting, choose, fit, logistic
from tests.scoring.learned.made import FEW, QUICK, made_cells


def test_folds_keep_groups_whole_and_even() -> None:
    groups = np.repeat([7, 3, 9, 1, 5], [6, 5, 4, 3, 2])

    folds = grouped_folds(groups, 2)

    assert all(len(set(folds[groups == group])) == 1 for group in set(groups))
    assert np.bincount(folds).tolist() == [11, 9]
    assert len(set(grouped_folds(groups, 40))) == 5


def test_the_folded_weights_are_those_of_each_step_in_turn() -> None:
    """Against scikit-learn's own PCA and regression."""
    cells = made_cells()
    states, hot = cells.states[:, 1].astype(np.float64), np.eye(4)[cells.criteria]
    standard = (states - states.mean(axis=0)) / states.std(axis=0)
    parts = np.hstack([PCA().fit_transform(standard), hot * CRITERION_SCALE])
    theirs = LogisticRegression(C=0.01, tol=1e-10, max_iter=10_000).fit(parts, cells.labels)

    ours = fit(cells, Choice(Setting(layer=1, strength=0.01))).of_cells(cells, 1)

    assert ours == pytest.approx(theirs.decision_function(parts), abs=1e-4)


def test_a_share_counts_as_two_rows_of_scikit_learn() -> None:
    rng = np.random.default_rng(3)
    features, shares = rng.normal(size=(60, 5)), rng.choice([0, 1 / 3, 2 / 3, 1], 60)
    twice, weights = np.tile(features, (2, 1)), np.concatenate([shares, 1 - shares])
    for strength in (0.01, 1.0, 1e4):
        theirs = LogisticRegression(C=strength, tol=1e-10, solver="newton-cholesky")
        theirs.fit(twice, np.repeat([1, 0], 60), sample_weight=weights)

        coefficients, intercept = logistic(features, shares, strength)

        assert coefficients == pytest.approx(theirs.coef_[0], abs=1e-6)
        assert intercept == pytest.approx(theirs.intercept_[0], abs=1e-6)


def test_rare_verdicts_that_are_easy_to_tell_are_found() -> None:
    """Newton's plain steps leap too far here and end at nothing: they are halved."""
    labels = np.where(np.arange(400) < 2, 1.0, 0.0)
    features = 10 * labels[:, None]
    theirs = LogisticRegression(C=100, tol=1e-10, max_iter=10_000).fit(features, labels)

    coefficients, intercept = logistic(features, labels, 100)

    assert coefficients == pytest.approx(theirs.coef_[0], abs=1e-3)
    assert intercept == pytest.approx(theirs.intercept_[0], abs=1e-2)


def test_the_layer_is_chosen_by_training_cells_only() -> None:
    """Layer 0 knows the held-out task's labels and nothing else; layer 1 knows the others'."""
    cells = made_cells(signal=3.0)
    states = cells.states.copy()
    for task in range(12):
        here = cells.tasks == task
        states[here, 0, 0] = 50 * (cells.labels[here] - 0.5) if task == 0 else 0.0
    told = replace(cells, states=states)

    found = held_out(told, told.tasks, QUICK)

    fold = int(grouped_folds(told.tasks, 12)[0])
    assert found.choices[fold]["layer"] == 9
    # Chosen by the held-out cells themselves, it would be the other.
    only = replace(told.where(told.tasks == 0), tasks=np.arange(12))
    assert choose(only, FEW).setting.layer == 0


def test_what_is_said_of_a_task_does_not_depend_on_its_labels() -> None:
    cells = made_cells()
    here = cells.tasks == 4
    labels = np.where(here, 1 - cells.labels, cells.labels)
    turned = replace(cells, labels=labels, shares=labels)

    before = held_out(cells, cells.tasks, QUICK)
    after = held_out(turned, turned.tasks, QUICK)

    assert (before.probabilities[here] == after.probabilities[here]).all()
    assert (before.verdicts[here] == after.verdicts[here]).all()
    assert (before.probabilities[~here] != after.probabilities[~here]).any()


def test_training_twice_gives_the_same_numbers() -> None:
    cells = made_cells()

    first, second = (fit(cells, choose(cells, FEW)) for _ in range(2))

    assert (first.weights == second.weights).all()
    assert (first.offsets == second.offsets).all()


def test_one_kind_of_label_gives_its_share_and_no_weights() -> None:
    cells = made_cells()
    same = replace(cells, shares=np.ones(len(cells)))

    found = fit(same, Choice(Setting(1, 0.1)))

    assert not found.weights.any()
    assert found.intercept == pytest.approx(np.log(145))  # 144 met and one more, against one


def test_a_smaller_share_of_tasks_is_part_of_a_larger_one(monkeypatch: pytest.MonkeyPatch) -> None:
    cells = made_cells()
    seen: list[set[int]] = []

    def noting(train: ReadCells, settings: Sequence[Setting]) -> Choice:
        seen.append(set(train.tasks.tolist()))
        return Choice(settings[0])

    monkeypatch.setattr("scoring.learned.probe.choose", noting)
    for share in (0.25, 0.5, 1.0):
        held_out(cells, cells.tasks, QUICK, share=share)

    few, half, whole = seen[:12], seen[12:24], seen[24:]
    assert [len(each) for each in (few[0], half[0], whole[0])] == [3, 6, 11]
    assert all(a < b < c for a, b, c in zip(few, half, whole, strict=True))


def test_slope_shift_and_cut_come_from_what_the_inner_folds_held_out() -> None:
    """Few cells are met, so that the likelier answer is hardly ever met and the cut lies lower."""
    cells = made_cells(signal=1.2, met=0.2)

    found = choose(cells, FEW)

    assert found.setting.layer == 1
    assert found.cut < 0
    probabilities = held_out(cells, cells.tasks, QUICK).probabilities
    assert probabilities.mean() == pytest.approx(cells.labels.mean(), abs=0.05)

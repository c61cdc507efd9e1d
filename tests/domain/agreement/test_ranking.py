from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from rubricstudio.domain.agreement import Bootstrap, Reason, auc

NAN = float("nan")


def test_auc_of_a_worked_example() -> None:
    # met 0.9 and 0.4, not met 0.4 and 0.1: of four pairs three are won, one of them (0.9, 0.1),
    # (0.9, 0.4), (0.4, 0.1), and (0.4, 0.4) is half a win: 3.5 / 4
    result = auc(np.array([0.9, 0.4, 0.4, 0.1, NAN, 0.5]), np.array([1, 1, 0, 0, 1, NAN]))

    assert result.value == pytest.approx(0.875, abs=1e-12)
    assert result.n == 4


def test_auc_and_each_resample_equal_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    outcomes = (rng.random(120) < 0.4).astype(np.float64)
    scores = np.round(outcomes * 0.3 + rng.random(120), 1)  # rounded, so that many tie
    tasks = np.repeat(np.arange(10), 12)

    found = auc(scores, outcomes, tasks=tasks, bootstrap=Bootstrap(resamples=200, seed=3))

    drawn = np.random.default_rng(3).integers(0, 10, size=(200, 10))
    units = [np.concatenate([np.flatnonzero(tasks == task) for task in row]) for row in drawn]
    replicates = [roc_auc_score(outcomes[each], scores[each]) for each in units]
    assert found.value == pytest.approx(roc_auc_score(outcomes, scores), abs=1e-12)
    assert found.low == pytest.approx(np.percentile(replicates, 2.5), abs=1e-9)
    assert found.high == pytest.approx(np.percentile(replicates, 97.5), abs=1e-9)


def test_auc_needs_both_outcomes() -> None:
    one_sided = auc(np.array([0.2, 0.8]), np.array([1.0, 1.0]), tasks=np.array([0, 1]))

    assert (one_sided.value, one_sided.n, one_sided.reason) == (None, 2, Reason.UNDEFINED)
    assert auc(np.array([]), np.array([])).reason is Reason.NOTHING_COMPARABLE
    with pytest.raises(ValueError, match="0 or 1"):
        auc(np.array([0.2]), np.array([2.0]))

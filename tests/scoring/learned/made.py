"""Cells made here, of which is known what can be learned from them."""

from __future__ import annotations

import numpy as np

from scoring.learned.cells import ReadCells
from scoring.learned.probe import Probing, Setting

# Few, so that tests are quick.
FEW = (Setting(0, 0.01), Setting(1, 0.01))
QUICK = Probing(FEW)
TASKS, SOURCES, CRITERIA = 12, 3, 4


def made_cells(
    *, signal: float = 2.0, met: float = 0.5, by_source: float = 0.0, seed: int = 0
) -> ReadCells:
    """144 cells of 12 tasks x 3 sources x 4 criteria; two layers of 12 numbers.

    The second layer's first number is the label times `signal` in noise; labels are met
    with probability `met`, more so those of source 0 by `by_source` log-odds, which its second
    number tells. The first layer is noise.
    """
    rng = np.random.default_rng(seed)
    places = np.indices((TASKS, SOURCES, CRITERIA)).reshape(3, -1)
    tasks, sources, criteria = places
    n = len(tasks)
    leaning = np.log(met / (1 - met)) + by_source * np.where(sources == 0, 1, -1)
    labels = (rng.random(n) < 1 / (1 + np.exp(-leaning))).astype(np.float64)
    states = rng.normal(size=(n, 2, 12)).astype(np.float32)
    states[:, 1, 0] += signal * labels
    states[:, 1, 1] += 3 * (sources == 0)
    return ReadCells(
        states=states,
        layers=(5, 9),
        zero_shot=np.full(n, 0.4),
        labels=labels,
        shares=labels,
        criteria=criteria,
        tasks=tasks,
        sources=sources,
        keys=tuple(f"k{n}" for n in range(CRITERIA)),
    )

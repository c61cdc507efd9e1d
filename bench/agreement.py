"""Agreement of people: alpha with 1,000 bootstrap resamples by task, Gwet, kappa, and a page.

    .venv/bin/python bench/agreement.py [--quick] [--json] [--tasks N]

1,000,000 verdicts: 10,000 tasks, 4 responses each, 5 criteria, 5 raters, 5 % of the
verdicts without a value; with --quick a tenth of the tasks. Theirs is a package called
once for each resample, gathering the resample not counted: `krippendorff` for alpha, `irrCAC`
for Gwet's AC1, scikit-learn for Cohen's kappa of two raters. A few calls are timed and
multiplied, for all of them take minutes. The values are compared, to 1e-9, before anything is
timed. The last figures are what the tabs of the page of people's agreement compute.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import krippendorff
import numpy as np
import pandas as pd
from _common import Figure, figure, median, parser, seconds, show
from irrCAC.raw import CAC
from sklearn.metrics import cohen_kappa_score

from rubricstudio.domain.agreement import (
    Bootstrap,
    alpha,
    cohen_kappa,
    gwet_ac,
    people_agreement,
)
from rubricstudio.domain.agreement.answers import answers_of
from rubricstudio.domain.agreement.dyads import Dyads
from rubricstudio.domain.agreement.study import Slicing, Study, whole
from rubricstudio.domain.table import FloatArray, IntArray, VerdictTable, from_columns

RESPONSES_PER_TASK, CRITERIA, RATERS = 4, 5, 5
RESAMPLES, THEIR_CALLS = 1000, 3


def main(arguments: Sequence[str]) -> int:
    made = parser(__doc__, quick="a tenth of the verdicts")
    made.add_argument("--tasks", type=int, help="instead of 10,000, or 1,000 with --quick")
    options = made.parse_args(arguments)
    figures = measure(tasks=options.tasks or (1_000 if options.quick else 10_000))
    origin = (
        f"krippendorff, irrCAC, scikit-learn in a loop, {THEIR_CALLS} calls timed and multiplied"
    )
    show(figures, as_json=options.json, theirs=origin)
    return 0


def measure(*, tasks: int) -> list[Figure]:
    unit, values = verdicts(tasks)
    table = table_of(unit, values)
    check(table)
    n, bootstrap = values.size, Bootstrap(RESAMPLES)
    x, y = table.values[:, 0], table.values[:, 1]
    ours = {
        "alpha": middle(lambda: alpha(table.values, tasks=table.tasks, bootstrap=bootstrap)),
        "AC1": middle(lambda: gwet_ac(table.values, tasks=table.tasks, bootstrap=bootstrap)),
        "kappa of two": middle(lambda: cohen_kappa(x, y, tasks=table.tasks, bootstrap=bootstrap)),
    }
    theirs = {
        "alpha": lambda: their_alpha(table),
        "AC1": lambda: their_gwet(table),
        "kappa of two": lambda: their_kappa(x, y),
    }
    return [
        *(
            figure(
                f"{name}, {RESAMPLES} resamples by task, {n:,} verdicts",
                ours[name],
                RESAMPLES * middle(theirs[name], times=THEIR_CALLS),
            )
            for name in ours
        ),
        figure(f"table of {n:,} verdicts", middle(lambda: table_of(unit, values))),
        figure(
            f"compare page: people, 500 resamples, {CRITERIA} criteria, {n:,} verdicts",
            middle(lambda: people_agreement(table)),
        ),
        *pages(unit, values),
    ]


def pages(unit: IntArray, values: FloatArray) -> list[Figure]:
    """What the tabs of the agreement page compute, once the verdicts are read."""
    n = values.size

    def study() -> Study:
        return Study(answers_of(**columns(unit, values)))

    made = study()
    table = made.answers.table
    everything = np.ones(table.n_units, dtype=np.bool_)
    by_criterion = Slicing(np.arange(table.n_units), table.criteria, CRITERIA)
    dyads = Dyads(made, everything)
    pairs = dyads.most_shared(40)
    work: dict[str, Callable[[], object]] = {
        "answers": study,
        "all together": lambda: made.rows(whole(table.n_units)),
        f"{CRITERIA} criteria": lambda: made.rows(by_criterion),
        f"{len(pairs)} pairs": lambda: dyads.pair_rows(pairs),
        f"{RATERS} annotators": dyads.rater_rows,
        "heatmap": lambda: dyads.cells(pairs),
    }
    return [
        figure(f"agreement page: {name}, {n:,} verdicts", middle(one)) for name, one in work.items()
    ]


def verdicts(tasks: int) -> tuple[IntArray, FloatArray]:
    """The unit of each verdict, and whether it says met: raters agree for the most part."""
    rng = np.random.default_rng(0)
    units = tasks * RESPONSES_PER_TASK * CRITERIA
    truth = rng.random((units, 1)) < 0.4
    values = np.where(rng.random((units, RATERS)) < 0.8, truth, ~truth).astype(np.float64)
    values[rng.random(values.shape) < 0.05] = np.nan
    return np.repeat(np.arange(units), RATERS), values.ravel()


def columns(unit: IntArray, values: FloatArray) -> dict[str, Any]:
    return {
        "tasks": unit // (RESPONSES_PER_TASK * CRITERIA),
        "responses": unit // CRITERIA,
        "criteria": unit % CRITERIA,
        "raters": np.arange(len(unit)) % RATERS,
        "values": values,
    }


def table_of(unit: IntArray, values: FloatArray) -> VerdictTable:
    return from_columns(**columns(unit, values))


def their_alpha(table: VerdictTable) -> float:
    return float(
        krippendorff.alpha(reliability_data=table.values.T, level_of_measurement="nominal")
    )


def their_gwet(table: VerdictTable) -> float:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its own use of pandas
        cac = CAC(pd.DataFrame(table.values), categories=[0.0, 1.0], digits=12)
        return float(cac.gwet()["est"]["coefficient_value"])


def their_kappa(x: FloatArray, y: FloatArray) -> float:
    both = ~np.isnan(x) & ~np.isnan(y)
    return float(cohen_kappa_score(x[both], y[both]))


def check(table: VerdictTable) -> None:
    x, y = table.values[:, 0], table.values[:, 1]
    for name, ours, theirs in (
        ("alpha", alpha(table.values).value, their_alpha(table)),
        ("AC1", gwet_ac(table.values).value, their_gwet(table)),
        ("kappa", cohen_kappa(x, y).value, their_kappa(x, y)),
    ):
        if ours is None or abs(ours - theirs) > 1e-9:
            raise SystemExit(f"{name} differs: {ours} here, {theirs} there")


def middle(work: Callable[[], object], times: int = 3) -> float:
    """The median wall time of a few calls."""
    return median(seconds(work) for _ in range(times))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

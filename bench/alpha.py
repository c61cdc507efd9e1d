"""Krippendorff's alpha with 1,000 bootstrap resamples by task, against the package in a loop.

    .venv/bin/python bench/alpha.py [--quick] [--json] [--tasks N]

1,000,000 verdicts: 10,000 tasks, 4 responses each, 5 criteria, 5 raters, 5 % of the
verdicts without a value; with --quick a tenth of the tasks. Theirs is the
`krippendorff` package called once for each resample, gathering the resample not counted;
a few calls are timed and multiplied, for all of them take minutes. The values are
compared before anything is timed.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

import krippendorff
import numpy as np
from _common import Figure, figure, median, parser, seconds, show

from rubricstudio.domain.agreement import Bootstrap, alpha, people_agreement
from rubricstudio.domain.table import FloatArray, IntArray, VerdictTable, from_columns

RESPONSES_PER_TASK, CRITERIA, RATERS = 4, 5, 5
RESAMPLES, THEIR_CALLS = 1000, 5


def main(arguments: Sequence[str]) -> int:
    made = parser(__doc__, quick="a tenth of the verdicts")
    made.add_argument("--tasks", type=int, help="instead of 10,000, or 1,000 with --quick")
    options = made.parse_args(arguments)
    figures = measure(tasks=options.tasks or (1_000 if options.quick else 10_000))
    origin = f"the krippendorff package in a loop, {THEIR_CALLS} calls timed and multiplied"
    show(figures, as_json=options.json, theirs=origin)
    return 0


def measure(*, tasks: int) -> list[Figure]:
    unit, values = verdicts(tasks)
    table = table_of(unit, values)
    check(table)
    n = values.size
    build = middle(lambda: table_of(unit, values))
    ours = middle(lambda: alpha(table.values, tasks=table.tasks, bootstrap=Bootstrap(RESAMPLES)))
    page = middle(lambda: people_agreement(table))
    theirs = RESAMPLES * middle(lambda: their_alpha(table), times=THEIR_CALLS)
    return [
        figure(f"alpha, {RESAMPLES} resamples by task, {n:,} verdicts", ours, theirs),
        figure(f"table of {n:,} verdicts", build),
        figure(f"agreement page, 500 resamples, {CRITERIA} criteria, {n:,} verdicts", page),
    ]


def verdicts(tasks: int) -> tuple[IntArray, FloatArray]:
    """The unit of each verdict, and whether it says met: raters agree for the most part."""
    rng = np.random.default_rng(0)
    units = tasks * RESPONSES_PER_TASK * CRITERIA
    truth = rng.random((units, 1)) < 0.4
    values = np.where(rng.random((units, RATERS)) < 0.8, truth, ~truth).astype(np.float64)
    values[rng.random(values.shape) < 0.05] = np.nan
    return np.repeat(np.arange(units), RATERS), values.ravel()


def table_of(unit: IntArray, values: FloatArray) -> VerdictTable:
    return from_columns(
        tasks=unit // (RESPONSES_PER_TASK * CRITERIA),
        responses=unit // CRITERIA,
        criteria=unit % CRITERIA,
        raters=np.arange(len(unit)) % RATERS,
        values=values,
    )


def their_alpha(table: VerdictTable) -> float:
    return float(
        krippendorff.alpha(reliability_data=table.values.T, level_of_measurement="nominal")
    )


def check(table: VerdictTable) -> None:
    ours = alpha(table.values).value
    if ours is None or abs(ours - their_alpha(table)) > 1e-9:
        raise SystemExit(f"alpha differs: {ours} here, {their_alpha(table)} there")


def middle(work: Callable[[], object], times: int = 3) -> float:
    """The median wall time of a few calls."""
    return median(seconds(work) for _ in range(times))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

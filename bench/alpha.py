"""Krippendorff's alpha with 1,000 bootstrap resamples by task, against the package in a loop.

    .venv/bin/python bench/alpha.py [--quick] [--json]

1,000,000 verdicts: 10,000 tasks, 4 responses each, 5 criteria, 5 raters, 5 % of the
verdicts without a value; with --quick a tenth of the tasks. Theirs is the
`krippendorff` package called once for each resample, gathering the resample not counted;
a few calls are timed and multiplied, for all of them take minutes. The values are
compared before anything is timed.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from typing import TypedDict

import krippendorff
import numpy as np

from rubricstudio.domain.agreement import Bootstrap, alpha, people_agreement
from rubricstudio.domain.table import FloatArray, IntArray, VerdictTable, from_columns

RESPONSES_PER_TASK, CRITERIA, RATERS = 4, 5, 5
RESAMPLES, THEIR_CALLS = 1000, 5


class Figure(TypedDict):
    name: str
    ours: float
    theirs: float | None
    ratio: float | None
    unit: str


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a tenth of the verdicts")
    parser.add_argument("--json", action="store_true", help="print a list of figures as JSON")
    options = parser.parse_args(arguments)
    figures = measure(tasks=1_000 if options.quick else 10_000)
    if options.json:
        print(json.dumps(figures))
    else:
        for figure in figures:
            print(in_words(figure))
    return 0


def measure(*, tasks: int) -> list[Figure]:
    unit, values = verdicts(tasks)
    table = table_of(unit, values)
    check(table)
    n = values.size
    build = seconds(lambda: table_of(unit, values))
    ours = seconds(lambda: alpha(table.values, tasks=table.tasks, bootstrap=Bootstrap(RESAMPLES)))
    page = seconds(lambda: people_agreement(table))
    theirs = RESAMPLES * seconds(lambda: their_alpha(table), times=THEIR_CALLS)
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


def seconds(work: Callable[[], object], times: int = 3) -> float:
    """The median wall time of a few calls."""
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return float(np.median(taken))


def figure(name: str, ours: float, theirs: float | None = None) -> Figure:
    ratio = None if theirs is None else theirs / ours
    return {"name": name, "ours": ours, "theirs": theirs, "ratio": ratio, "unit": "s"}


def in_words(figure: Figure) -> str:
    line = f"{figure['name']}: {figure['ours']:.3f} s"
    if figure["theirs"] is None:
        return line
    return f"{line}, the package in a loop {figure['theirs']:.0f} s: {figure['ratio']:.0f} times"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

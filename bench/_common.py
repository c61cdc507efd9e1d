"""What the benchmarks share: their two options, the form of a figure, timing."""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from typing import TypedDict


class Figure(TypedDict):
    """One line of a benchmark. `ratio`: how many times better ours is, where there is a theirs."""

    name: str
    ours: float
    theirs: float | None
    ratio: float | None
    unit: str


def figure(name: str, ours: float, theirs: float | None = None, *, unit: str = "s") -> Figure:
    """A figure of which less is better. `ours` and `theirs` are in `unit`."""
    ratio = None if theirs is None else theirs / ours
    return {"name": name, "ours": ours, "theirs": theirs, "ratio": ratio, "unit": unit}


def parser(description: str | None, *, quick: str) -> argparse.ArgumentParser:
    """A command line with the options of every benchmark; `quick` says what it leaves out."""
    made = argparse.ArgumentParser(description=(description or "").strip().splitlines()[0])
    made.add_argument("--quick", action="store_true", help=f"under 50 s: {quick}")
    made.add_argument("--json", action="store_true", help="print a list of figures as JSON")
    return made


def show(figures: Sequence[Figure], *, as_json: bool, theirs: str) -> None:
    """Print the figures, and nothing else where they are asked for as JSON.

    theirs: where the other side's figures come from.
    """
    if as_json:
        print(json.dumps(figures))
        return
    width = max((len(line["name"]) for line in figures), default=4)
    print(f"{'':{width}} {'ours':>12} {'theirs':>12} {'ratio':>7}  unit")
    for line in figures:
        print(f"{line['name']:{width}} {_cells(line)}  {line['unit']}")
    print(f"theirs: {theirs}")


def _cells(line: Figure) -> str:
    theirs = "" if line["theirs"] is None else f"{line['theirs']:,.3f}"
    ratio = "" if line["ratio"] is None else f"{line['ratio']:,.1f}"
    return f"{line['ours']:>12,.3f} {theirs:>12} {ratio:>7}"


def say(text: str) -> None:
    """Tell on stderr what goes on."""
    print(f"-- {text}", file=sys.stderr, flush=True)


def seconds(work: Callable[[], object]) -> float:
    """The wall time of one call."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def median(taken: Iterable[float]) -> float:
    return statistics.median(taken)


def p95(taken: Sequence[float]) -> float:
    """The value that 95 of 100 stay within."""
    ordered = sorted(taken)
    return ordered[max(0, -(-95 * len(ordered) // 100) - 1)]

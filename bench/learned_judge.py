"""A judge learned from experts' verdicts on TTCW, beside what it has to beat.

    .venv/bin/python bench/learned_judge.py [--quick] [--json] [--data FOLDER] [--keep FILE]

36 stories with text, 14 criteria, the majority of three experts: 504 cells. A linear probe on the
hidden states of SmolLM2-135M, held out by plot and by source, its layer and penalty chosen inside
the training folds. Beside it the majority class, what criterion and source alone tell, SmolLM2
untrained, seven hosted models as published, and the experts with each other. --quick: the first
words of a third of the stories, which says nothing about quality. --keep reads the states from
FILE if it is there, and writes them else.
"""

from __future__ import annotations

import json
import os
import re
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from _common import Figure, figure, parser, say, show

from rubricstudio.domain.agreement import majority
from rubricstudio.domain.agreement.panel import panel_mean
from rubricstudio.domain.rubric import Criterion
from rubricstudio.domain.table import FloatArray
from scoring.judges import JudgeRequest, Message, Site, build
from scoring.judges.local import LocalJudge
from scoring.learned.cells import ReadCells
from scoring.learned.evaluate import Evaluation, Figures, evaluate
from scoring.learned.features import Readings, read_states
from scoring.learned.probe import Probing

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "ttcw"
QUICK_PLOTS, QUICK_WORDS, QUICK_CRITERIA = 4, 30, 4
YES = {"Yes": 1.0, "No": 0.0}


class Story(NamedTuple):
    """A story, the plot it is on and who wrote it."""

    id: str
    plot: str
    prompt: str
    source: str
    text: str


def main(arguments: Sequence[str]) -> int:
    made = parser(__doc__, quick="few and short stories")
    made.add_argument("--data", type=Path, default=DATA, help="the folder of TTCW")
    made.add_argument("--keep", type=Path, help="a file for the hidden states (.npz)")
    options = made.parse_args(arguments)
    if not options.data.is_dir():
        say(f"skipped: there is no data set at {options.data}")
        show([], as_json=options.json, theirs="nothing")
        return 0
    stories = list(stories_of(options.data, quick=options.quick))
    criteria = criteria_of(options.data, quick=options.quick)
    people = experts(options.data, stories, len(criteria))
    start = time.perf_counter()
    cells = cells_of(stories, criteria, people, options.keep)
    read = time.perf_counter() - start
    found = evaluate(
        cells,
        Probing(),
        people=people,
        runs=hosted(options.data, stories, len(criteria)),
        told=lambda progress: say(str(progress)),
    )
    figures = [
        *figures_of(found),
        figure("hidden states of all cells", read),
        figure("training and evaluation", time.perf_counter() - start - read),
    ]
    for warning in found.warnings:
        say(f"beware: {warning}")
    show(figures, as_json=options.json, theirs="each on a line of its own, on the same cells")
    return 0


def stories_of(data: Path, *, quick: bool) -> Iterator[Story]:
    """Those with text; the New Yorker's are links."""
    for row in read(data / "stories" / "ttcw_short_stories.json"):
        plot, _, source = row["story_id"].partition("_")
        if row["content"].startswith("http") or (quick and int(plot) >= QUICK_PLOTS):
            continue
        text = " ".join(row["content"].split()[:QUICK_WORDS]) if quick else row["content"]
        yield Story(row["story_id"], plot, row["plot"], source, text)


def criteria_of(data: Path, *, quick: bool) -> list[Criterion]:
    tests = read(data / "tests" / "ttcw_all_tests.json")
    every = [Criterion(key=f"test{row['ttcw_idx']}", text=row["question"]) for row in tests]
    return every[:QUICK_CRITERIA] if quick else every


def cells_of(
    stories: Sequence[Story], criteria: Sequence[Criterion], said: FloatArray, kept: Path | None
) -> ReadCells:
    """Story by story and in each criterion by criterion, as all columns here are."""
    readings = kept_or_read(stories, criteria, kept)
    rows = np.indices((len(stories), len(criteria))).reshape(2, -1)
    plots, sources = ([each[place] for each in stories] for place in (1, 3))
    return ReadCells(
        states=readings.states,
        layers=readings.layers,
        zero_shot=readings.untrained,
        labels=majority(said),
        shares=panel_mean(said),
        criteria=rows[1],
        tasks=np.unique(plots, return_inverse=True)[1][rows[0]],
        sources=np.unique(sources, return_inverse=True)[1][rows[0]],
        keys=tuple(criterion.key for criterion in criteria),
    )


def kept_or_read(
    stories: Sequence[Story], criteria: Sequence[Criterion], kept: Path | None
) -> Readings:
    if kept is not None and kept.is_file():
        with np.load(kept) as arrays:
            states, untrained = arrays["states"], arrays["untrained"]
            layers = tuple(arrays["layers"].tolist())
        return Readings(states, layers, untrained, ~np.isnan(untrained), "")
    requests = [
        JudgeRequest(
            criterion=criterion,
            response_text=story.text,
            messages=(Message("user", f"Write a short story on this plot: {story.prompt}"),),
        )
        for story in stories
        for criterion in criteria
    ]
    judge = build("local", {}, Site(data_folder=Path(os.environ.get("STUDIO_HOME", ".studio"))))
    assert isinstance(judge, LocalJudge)
    found = read_states(judge, requests, lambda done: say(f"{done} of {len(requests)} read"))
    if kept is not None:
        arrays = {"states": found.states, "untrained": found.untrained}
        np.savez(kept, layers=np.array(found.layers), **arrays)
    return found


def experts(data: Path, stories: Sequence[Story], n_criteria: int) -> FloatArray:
    """(cells, experts) 0 or 1."""
    rows = read(data / "annotations" / "ttcw_annotations.json")
    said: dict[tuple[str, int], list[float]] = {}
    for row in rows:
        cell = (row["story_id"], int(row["ttcw_idx"]))
        said.setdefault(cell, []).append(YES[row["binary_verdict"]])
    tests = range(1, n_criteria + 1)
    return np.array([said[story.id, test] for story in stories for test in tests])


def hosted(data: Path, stories: Sequence[Story], n_criteria: int) -> Mapping[str, FloatArray]:
    """By model, (cells,) its published verdicts; NaN for a reply without a leading Yes or No."""
    found = {}
    for path in sorted((data / "data").glob("annotations_*.jsonl")):
        rows = map(json.loads, path.read_text("utf-8").splitlines())
        said = {row["id"]: leading(str(row["response"])) for row in rows}
        cells = [f"story_{story.id}_test{n + 1}" for story in stories for n in range(n_criteria)]
        name = path.stem.removeprefix("annotations_")
        found[name] = np.array([said.get(cell, np.nan) for cell in cells])
    return found


def leading(reply: str) -> float:
    """The Yes or No that a reply begins with; NaN without one."""
    begun = re.match(r"\W*(Yes|No)\b", reply)
    return YES[begun[1]] if begun else np.nan


def read(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))


def figures_of(found: Evaluation) -> Iterator[Figure]:
    for row in found.rows:
        yield from _lines(row)
    for step, point in enumerate(found.curve, 1):
        name = f"step {step}, learned from {point.tasks:.1f} plots, {point.verdicts:.0f} verdicts"
        for word, one in (("kappa", point.kappa), ("AUC", point.auc)):
            if one.value is not None:
                yield _figure(f"{name}: {word}", one.value)


def _lines(row: Figures) -> Iterator[Figure]:
    for name, one in (("kappa", row.kappa), ("AUC", row.auc), ("macro-F1", row.macro_f1)):
        if one.value is not None:
            ends = "" if one.low is None else f" ({one.low:.2f} to {one.high:.2f}, n {one.n})"
            yield _figure(f"{row.name}: {name}{ends}", one.value)
    for name, one in (("Brier", row.brier), ("ECE", row.ece)):
        if one.value is not None:
            yield _figure(f"{row.name}: {name}", one.value)


def _figure(name: str, value: float) -> Figure:
    """A figure that stands for itself: what it is to be held against has lines of its own."""
    return {"name": name, "ours": value, "theirs": None, "ratio": None, "unit": ""}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

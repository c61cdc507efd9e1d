"""Projects to compare, brought in through the import like any user's data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from rubricstudio.actions.imports import import_records
from rubricstudio.domain.formats.records import (
    Message,
    PreferenceRecord,
    Preferred,
    RaterKind,
    Record,
    ResponseRecord,
    RubricRecord,
    TaskRecord,
    VerdictRecord,
)
from rubricstudio.domain.rubric import Criterion, Rubric
from rubricstudio.domain.verdict import VerdictStatus
from tests.conftest import Cast

Cells = Mapping[str, np.ndarray]
"""Rater to (n_responses, n_criteria) values, NaN for a reply that could not be read."""


def rubric_of(n_criteria: int) -> Rubric:
    """Binary criteria k0, k1, ... of weight 1."""
    return Rubric(tuple(Criterion(key=f"k{n}", text=f"Point {n}.") for n in range(n_criteria)))


def tasks_and_responses(n_responses: int, n_tasks: int) -> Iterable[Record]:
    for n in range(n_tasks):
        yield TaskRecord(id=f"t{n}", messages=(Message("user", f"Question {n}?"),))
    for n in range(n_responses):
        source = ("heron", "wren")[n % 2]
        yield ResponseRecord(f"r{n}", f"t{n % n_tasks}", f"Answer {n}.", source=source)


def verdicts(rater: str, values: np.ndarray, keys: Sequence[str], *, judge: bool) -> list[Record]:
    """A person's verdicts in session "experts", a judge's in the run of its own name."""
    return [
        VerdictRecord(
            f"r{row}",
            "points",
            key,
            rater,
            rater_kind=RaterKind.JUDGE if judge else RaterKind.PERSON,
            round=rater if judge else "experts",
            status=VerdictStatus.PARSE_ERROR if np.isnan(value) else VerdictStatus.OK,
            value=None if np.isnan(value) else float(value),
            rationale=f"{rater} on {key}",
        )
        for row in range(len(values))
        for key, value in zip(keys, values[row], strict=True)
    ]


def fill(
    cast: Cast,
    *,
    people: Cells,
    judges: Cells,
    rubric: Rubric | None = None,
    n_tasks: int = 8,
) -> None:
    """Import tasks, responses, the rubric `points` and these verdicts into the demo project."""
    shape = next(iter({**people, **judges}.values())).shape
    rubric = rubric or rubric_of(shape[1])
    keys = [leaf.key for leaf in rubric.leaves]
    records: list[Record] = list(tasks_and_responses(shape[0], n_tasks))
    records.append(RubricRecord(id="points", rubric=rubric, name="Points", published=True))
    for judge, cells in ((False, people), (True, judges)):
        for rater, values in cells.items():
            records += verdicts(rater, values, keys, judge=judge)
    import_records(project=cast.project, records=records, by=cast.owner)


def some_values(
    rng: np.random.Generator,
    shape: tuple[int, int],
    *,
    missing: float = 0.1,
    options: Sequence[float] = (0.0, 1.0),
    p: Sequence[float] | None = None,
) -> np.ndarray:
    """Random values, a share of them missing."""
    values = rng.choice(np.array(options), size=shape, p=p)
    return np.where(rng.random(shape) < missing, np.nan, values)


def preference(
    n: int, rater: str, preferred: Preferred | None, *, judge: bool = False, turned: bool = False
) -> PreferenceRecord:
    """What a rater said about the pair of task n; `turned` shows the pair the other way round."""
    pair = (f"p{n}b", f"p{n}a") if turned else (f"p{n}a", f"p{n}b")
    return PreferenceRecord(
        f"t{n}",
        *pair,
        rater,
        rater_kind=RaterKind.JUDGE if judge else RaterKind.PERSON,
        round=rater if judge else "pairs",
        status=VerdictStatus.OK if preferred else VerdictStatus.PARSE_ERROR,
        preferred=preferred,
    )


def pairs(n_tasks: int) -> Iterable[Record]:
    for n in range(n_tasks):
        yield TaskRecord(id=f"t{n}", messages=(Message("user", f"Question {n}?"),))
        yield ResponseRecord(f"p{n}a", f"t{n}", "One.", source="heron")
        yield ResponseRecord(f"p{n}b", f"t{n}", "Two.", source="wren")

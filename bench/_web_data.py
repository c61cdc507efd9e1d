"""The data of the web benchmark, the same for both sides: tasks, responses, ten criteria."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

CRITERIA = tuple(f"criterion-{number}" for number in range(1, 11))
_WORDS = [
    "the",
    "patient",
    "asks",
    "whether",
    "this",
    "dose",
    "may",
    "be",
    "taken",
    "with",
    "grapefruit",
    "juice",
    "and",
    "how",
    "long",
    "one",
    "should",
    "wait",
    "before",
    "driving",
    "again",
    "after",
    "it",
    "while",
    "the",
    "answer",
    "names",
    "what",
    "is",
    "known",
    "the",
    "source",
    "of",
    "each",
    "figure",
    "and",
    "whom",
    "to",
    "call",
    "when",
    "a",
    "rash",
    "fever",
    "or",
    "swelling",
    "appears",
]


def prompt(task: int) -> str:
    """About 150 characters."""
    return f"Question {task}: {_text(task, 24)}?"


def response(task: int) -> str:
    """About 700 characters."""
    return f"{_text(task + 1_000_000, 60)}.\n\n{_text(task + 2_000_000, 60)}."


def _text(seed: int, words: int) -> str:
    return " ".join(random.Random(seed).choices(_WORDS, k=words))


def says_met(task: int, criterion: int, rater: int) -> bool:
    return (task * 7 + criterion * 3 + rater * 5) % 11 < 6


def write_dataset(path: Path, *, tasks: int, sheets: bool) -> int:
    """A native file of tasks, a response to each, a rubric, and a person's verdicts; its bytes.

    sheets: the ten verdicts on a response stand in one line, else each has a line of its own.
    """
    rows = [_rubric(), *map(_task, range(tasks)), *map(_response, range(tasks))]
    verdicts = sheet_lines if sheets else _single_lines
    return _write(path, [*map(_line, rows), *verdicts(tasks, rater=0)])


def write_round(path: Path, *, tasks: int, rater: int) -> int:
    """A native file of one more rater's verdicts on the same responses; its bytes."""
    return _write(path, sheet_lines(tasks, rater=rater))


def _write(path: Path, lines: Iterator[str] | list[str]) -> int:
    with path.open("w", encoding="utf-8") as file:
        file.writelines(lines)
    return path.stat().st_size


def _line(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False) + "\n"


def _rubric() -> dict[str, Any]:
    criteria = [
        {"key": key, "text": f"The answer meets point {number}.", "weight": number}
        for number, key in enumerate(CRITERIA, 1)
    ]
    return {"type": "rubric", "id": "points", "published": True, "criteria": criteria}


def _task(task: int) -> dict[str, Any]:
    return {"type": "task", "id": f"task-{task}", "prompt": prompt(task)}


def _response(task: int) -> dict[str, Any]:
    name, text = f"task-{task}", response(task)
    return {"type": "response", "id": f"{name}-a", "task": name, "source": "a", "text": text}


def _head(task: int, rater: int) -> dict[str, Any]:
    return {
        **{"type": "verdict", "response": f"task-{task}-a", "rubric": "points"},
        **{"rater": f"rater-{rater}", "session": f"round-{rater}"},
    }


def _answers(task: int, rater: int) -> list[dict[str, Any]]:
    return [
        {"criterion": key, "value": "met" if says_met(task, number, rater) else "not_met"}
        for number, key in enumerate(CRITERIA)
    ]


def sheet_lines(tasks: int, *, rater: int) -> Iterator[str]:
    """Ten verdicts a line."""
    for task in range(tasks):
        yield _line({**_head(task, rater), "verdicts": _answers(task, rater)})


def _single_lines(tasks: int, *, rater: int) -> Iterator[str]:
    for task in range(tasks):
        head = _head(task, rater)
        for answer in _answers(task, rater):
            yield _line({**head, **answer})

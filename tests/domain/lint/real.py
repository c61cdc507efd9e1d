"""Criteria of the public data sets, in the words of the experts who wrote them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from rubricstudio.domain.lint import lint
from rubricstudio.domain.rubric import Criterion, Rubric
from rubricstudio.queries.near import near_texts


def texts_of(folder: Path) -> dict[str, list[list[str]]]:
    """The texts of each rubric, by data set."""
    return {
        "infobench": list(_infobench(folder / "infobench" / "GPT4_DecomposeEval.jsonl")),
        "paperbench": [
            list(_leaves(json.loads(path.read_text("utf-8"))))
            for path in sorted((folder / "paperbench" / "papers").glob("*/rubric.json"))
        ],
        "ttcw": [_questions(folder / "ttcw" / "tests" / "ttcw_all_tests.json")],
    }


def _infobench(path: Path) -> Iterator[list[str]]:
    for line in path.read_text("utf-8").splitlines():
        yield json.loads(line)["decomposed_questions"]


def _leaves(node: Mapping[str, Any]) -> Iterator[str]:
    if not node["sub_tasks"]:
        yield node["requirements"]
    for child in node["sub_tasks"]:
        yield from _leaves(child)


def _questions(path: Path) -> list[str]:
    return [test["question"] for test in json.loads(path.read_text("utf-8"))]


def flagged(rubrics: list[list[str]]) -> Counter[str]:
    """How many criteria each rule speaks on; all of them weigh 1 and are binary."""
    found: Counter[str] = Counter()
    for texts in rubrics:
        criteria = [Criterion(key=f"c{n}", text=text) for n, text in enumerate(texts)]
        said = lint(Rubric(tuple(criteria)), similarity=near_texts)
        found.update(rule for rule, _ in {(x.rule, x.keys[:1]) for x in said if x.keys})
    return found

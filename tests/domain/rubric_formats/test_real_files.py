"""Published rubric files, read as they are."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from rubricstudio.domain.aggregation import score
from rubricstudio.domain.rubric_formats.protocol import NamedRubric, ReadResult
from rubricstudio.rubric_files import detect, read, write


@pytest.fixture(scope="module")
def data() -> Path:
    root = Path(__file__).resolve().parents[3]
    folder = Path(os.environ.get("REAL_DATA", root / ".." / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no real data at {folder}: set REAL_DATA to the folder that holds it")
    return folder


def read_by_guess(path: Path, expected: str) -> ReadResult:
    text = path.read_text(encoding="utf-8")
    found = detect(path.name, text)
    assert found is not None and found.name == expected
    result = read("", path.name, text)
    assert result.problems == ()
    return result


def nodes(node: dict[str, Any]) -> list[dict[str, Any]]:
    return [node, *(below for child in node["sub_tasks"] for below in nodes(child))]


def depth(node: dict[str, Any]) -> int:
    return 1 + max((depth(child) for child in node["sub_tasks"]), default=0)


@pytest.mark.parametrize("paper", ["rice", "all-in-one", "semantic-self-consistency"])
def test_a_paperbench_tree_keeps_every_node_and_comes_back(data: Path, paper: str) -> None:
    path = data / "paperbench" / "papers" / paper / "rubric.json"
    tree = json.loads(path.read_text(encoding="utf-8"))
    every = nodes(tree)
    assert 5 <= depth(tree) <= 10

    [found] = read_by_guess(path, "paperbench").rubrics

    assert found.losses == () and found.guesses == ()
    rubric = found.rubric
    assert rubric.aggregator == "hierarchical_mean"
    assert [c.key for c in rubric.criteria] == [node["id"] for node in every]
    assert (
        len(rubric.leaves) == sum(not node["sub_tasks"] for node in every) > 100 or paper != "rice"
    )
    written = write("paperbench", [NamedRubric(rubric)])
    assert written.losses == ()
    assert _bare(json.loads(written.text)) == _bare(tree)
    assert read("paperbench", "", written.text).rubrics[0].rubric == rubric


def _bare(node: dict[str, Any]) -> dict[str, Any]:
    """A node without the fields that are empty, which some files leave out."""
    filled = {name: value for name, value in node.items() if value not in (None, "")}
    return {**filled, "sub_tasks": [_bare(child) for child in node["sub_tasks"]]}


@pytest.mark.parametrize(
    ("paper", "expected"),
    [("rice", 0.18568), ("all-in-one", 0.71394), ("semantic-self-consistency", 0.91000)],
)
def test_a_graded_paperbench_tree_rolls_up_to_its_stored_scores(
    data: Path, paper: str, expected: float
) -> None:
    path = data / "paperbench" / "judge_eval" / paper / "expected_result.json"
    tree = json.loads(path.read_text(encoding="utf-8"))
    [found] = read_by_guess(path, "paperbench").rubrics
    grades = {n["id"]: float(n["score"]) for n in nodes(tree) if not n["sub_tasks"]}

    # A leaf is met or not, so the rubric as it was read takes the grades as they are.
    result = score(found.rubric, grades)

    assert result.value == pytest.approx(expected, abs=5e-6)
    assert result.value == pytest.approx(tree["score"], abs=1e-12)
    assert (result.n_verdicts, result.n_missing) == (len(grades), 0)
    assert {"score", "valid_score"} <= {loss.message.split()[2] for loss in found.losses}


def test_infobench_has_500_rubrics_of_2250_questions(data: Path) -> None:
    result = read_by_guess(data / "infobench" / "GPT4_DecomposeEval.jsonl", "infobench")

    assert len(result.rubrics) == 500
    assert sum(len(r.rubric.leaves) for r in result.rubrics) == 2250
    rubrics = [NamedRubric(r.rubric, r.name, r.task, r.prompt) for r in result.rubrics]
    written = write("infobench", rubrics)
    assert written.losses == ()
    again = read("infobench", "", written.text).rubrics
    assert [r.rubric for r in again] == [r.rubric for r in result.rubrics]


def test_the_creativity_tests_are_one_rubric_of_14_criteria(data: Path) -> None:
    result = read_by_guess(data / "ttcw" / "tests" / "ttcw_all_tests.json", "json-list")

    [found] = result.rubrics
    assert len(found.rubric.leaves) == 14
    assert all(c.text.endswith("?") and c.category for c in found.rubric.leaves)
    assert [loss.criteria for loss in found.losses if "full_prompt" in loss.message] == [14]

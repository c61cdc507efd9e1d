"""Every stored parent score of published rubric trees, recomputed from the leaves."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rubricstudio.domain.aggregation import score
from rubricstudio.domain.aggregation.columns import rubric_columns
from rubricstudio.domain.aggregation.tree import roll_up
from rubricstudio.domain.rubric import BINARY, Criterion, Rubric, Scale, ScaleKind

Node = dict[str, Any]
SHARE = Scale(ScaleKind.POINTS, maximum=1)


@pytest.fixture(scope="module")
def paperbench(real_data: Path) -> Path:
    return real_data / "paperbench" / "judge_eval"


def nodes(
    node: dict[str, Any], parent: str | None = None
) -> Iterator[tuple[dict[str, Any], str | None]]:
    yield node, parent
    for child in node["sub_tasks"]:
        yield from nodes(child, node["id"])


def criterion(node: Node, parent: str | None) -> Criterion:
    is_group = bool(node["sub_tasks"])
    return Criterion(
        node["id"],
        node["requirements"],
        weight=node["weight"],
        parent=parent,
        is_group=is_group,
        scale=BINARY if is_group else SHARE,
    )


@pytest.mark.parametrize(
    ("paper", "expected"),
    [("rice", 0.18568), ("all-in-one", 0.71394), ("semantic-self-consistency", 0.91000)],
)
def test_every_stored_parent_recomputes_from_its_leaves(
    paperbench: Path, paper: str, expected: float
) -> None:
    tree = json.loads((paperbench / paper / "expected_result.json").read_text(encoding="utf-8"))
    graded = list(nodes(tree))
    rubric = Rubric(
        tuple(criterion(node, parent) for node, parent in graded), aggregator="hierarchical_mean"
    )
    grades = {node["id"]: float(node["score"]) for node, _ in graded if not node["sub_tasks"]}

    result = score(rubric, grades)

    assert result.value == pytest.approx(expected, abs=5e-6)
    assert result.value == pytest.approx(tree["score"], abs=1e-12)
    assert (result.n_verdicts, result.n_missing) == (len(grades), 0)
    columns = rubric_columns(rubric)
    leaves = np.array([[grades[key] for key in columns.keys]])
    rolled = roll_up(columns, leaves, weighted=True)[0]
    groups = [node for node, _ in graded if node["sub_tasks"]]
    stored = [float(node["score"]) for node in reversed(groups)]  # bottom-up, as the branches
    np.testing.assert_allclose(rolled[len(grades) : -1], stored, atol=1e-12)
    assert len(stored) > 10

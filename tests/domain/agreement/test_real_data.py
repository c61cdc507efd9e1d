"""The reference values of published data sets, computed elsewhere from the same files."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rubricstudio.domain.agreement import alpha, compare, people_agreement
from rubricstudio.domain.table import VerdictTable, from_columns

YES_NO = {"Yes": 1.0, "No": 0.0}


def load(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def ttcw_experts(folder: Path) -> list[tuple[str, int, str, float | None]]:
    """(story, criterion, rater, value) of 48 stories x 14 criteria x 3 experts."""
    rows = load(folder / "ttcw" / "annotations" / "ttcw_annotations.json")
    return [
        (
            row["story_id"],
            row["ttcw_idx"],
            f"expert {row['expert_idx']}",
            YES_NO[row["binary_verdict"]],
        )
        for row in rows
    ]


def ttcw_judge(folder: Path, name: str) -> list[tuple[str, int, str, float | None]]:
    """The judge's verdict is the leading Yes or No of its reply; without one, no value."""
    lines = (folder / "ttcw" / "data" / f"annotations_{name}.jsonl").read_text(encoding="utf-8")
    found = []
    for line in lines.splitlines():
        row = json.loads(line)
        named = re.fullmatch(r"story_(.+)_test(\d+)", row["id"])
        assert named is not None
        verdict = re.match(r"\W*(yes|no)\b", row["response"] or "", re.IGNORECASE)
        value = YES_NO[verdict[1].capitalize()] if verdict else None
        found.append((named[1], int(named[2]), "judge", value))
    return found


def table_of(rows: list[tuple[str, int, str, float | None]]) -> VerdictTable:
    stories, criteria, raters, values = map(list, zip(*rows, strict=True))
    return from_columns(
        tasks=[story.split("_")[0] for story in stories],  # the plot the stories share
        responses=stories,
        criteria=criteria,
        raters=raters,
        values=values,
    )


def test_experts_on_ttcw(real_data: Path) -> None:
    row = people_agreement(table_of(ttcw_experts(real_data))).overall

    assert (row.n_units, row.n, row.n_values) == (672, 672, 2016)
    assert row.alpha.value == pytest.approx(0.4264, abs=5e-5)
    assert row.fleiss.value == pytest.approx(0.4261, abs=5e-5)
    assert row.unanimous_by_value == {0.0: 269, 1.0: 131}
    assert row.unanimous.value == pytest.approx(400 / 672)
    assert row.alpha.low is not None and row.alpha.high is not None
    assert row.alpha.low < 0.4264 < row.alpha.high


@pytest.mark.parametrize(
    ("name", "agreement", "kappa"),
    [("claude3-opus", 0.503, 0.131), ("gpt4", 0.446, 0.068), ("cgpt", 0.432, -0.020)],
)
def test_judges_against_the_majority_of_experts_on_ttcw(
    real_data: Path, name: str, agreement: float, kappa: float
) -> None:
    table = table_of(ttcw_experts(real_data) + ttcw_judge(real_data, name))
    people = table.for_raters([rater for rater in table.raters if rater != "judge"])

    result = compare(table.rater_values("judge"), people)

    assert (result.overall.n, result.overall.tied) == (672, 0)
    assert result.overall.agreement.value == pytest.approx(agreement, abs=5e-4)
    assert result.overall.kappa.value == pytest.approx(kappa, abs=5e-4)
    assert len(result.by_criterion) == 14
    assert {row.n for row in result.by_criterion.values()} == {48}


def test_replies_without_a_verdict_are_unscored(real_data: Path) -> None:
    table = table_of(ttcw_experts(real_data) + ttcw_judge(real_data, "gemini-pro"))
    people = table.for_raters([rater for rater in table.raters if rater != "judge"])

    row = compare(table.rater_values("judge"), people).overall

    # 658 replies of 672, 50 of them without a verdict
    assert (row.n, row.no_verdict, row.n_units) == (608, 64, 672)


def test_annotators_and_a_judge_on_pandalm(real_data: Path) -> None:
    rows = load(real_data / "pandalm" / "testset-v1.json")
    judged = load(real_data / "pandalm" / "gpt-3.5-turbo-testset-v1.json")
    values = np.array([[row[f"annotator{place}"] for place in (1, 2, 3)] for row in rows]) * 1.0
    judge = np.array([{"Tie": 0.0, "1": 1.0, "2": 2.0}[row["gpt_result"]] for row in judged])
    units = np.repeat(np.arange(999), 3)
    people = from_columns(
        tasks=units,
        responses=units,
        criteria=np.zeros(2997, dtype=np.int64),
        raters=np.tile(np.arange(3), 999),
        values=values.ravel(),
    )

    agreement = people_agreement(people).overall
    comparison = compare(judge, people).overall

    assert [row["idx"] for row in judged] == [row["idx"] for row in rows]
    assert agreement.alpha.value == pytest.approx(0.8642, abs=5e-5)
    assert agreement.fleiss.value == pytest.approx(0.8642, abs=5e-5)
    assert alpha(values).value == agreement.alpha.value
    assert (comparison.n, comparison.tied) == (999, 0)
    assert comparison.agreement.value == pytest.approx(0.6927, abs=5e-5)
    assert comparison.kappa.value == pytest.approx(0.4705, abs=5e-5)

"""The reference values of published data sets, computed elsewhere from the same files."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rubricstudio.domain.agreement import compare, people_agreement
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


def pandalm(folder: Path) -> tuple[VerdictTable, list[str]]:
    """999 pairs x 3 annotators (0 tie, 1, 2), and GPT-3.5's results as they are written."""
    rows = load(folder / "pandalm" / "testset-v1.json")
    judged = load(folder / "pandalm" / "gpt-3.5-turbo-testset-v1.json")
    assert [row["idx"] for row in judged] == [row["idx"] for row in rows]
    pairs = np.repeat(np.arange(999), 3)
    people = from_columns(
        tasks=pairs,
        responses=pairs,
        criteria=np.zeros(2997, dtype=np.int64),
        raters=np.tile(np.arange(3), 999),
        values=[row[f"annotator{place}"] for row in rows for place in (1, 2, 3)],
    )
    return people, [row["gpt_result"] for row in judged]


def test_annotators_on_pandalm(real_data: Path) -> None:
    people, _ = pandalm(real_data)

    row = people_agreement(people).overall

    assert row.n == 999
    assert row.alpha.value == pytest.approx(0.8642, abs=5e-5)
    assert row.fleiss.value == pytest.approx(0.8642, abs=5e-5)


@pytest.mark.parametrize(
    ("tie", "unreadable", "n", "agreement", "kappa"),
    [
        # The reference value takes "Tie" for a fourth answer, not for the annotators' 0.
        (3.0, 4.0, 999, 0.6927, 0.4705),
        # What a judge is worth: a tie is a tie, and 25 unreadable replies are unscored.
        (0.0, None, 974, 697 / 974, 0.4929),
        # PandaLM's own count takes the unreadable replies for ties.
        (0.0, 0.0, 999, 710 / 999, 0.4958),
    ],
)
def test_a_judge_on_pandalm(
    real_data: Path, tie: float, unreadable: float | None, n: int, agreement: float, kappa: float
) -> None:
    people, replies = pandalm(real_data)
    meaning = {"1": 1.0, "2": 2.0, "Tie": tie, "garbage": unreadable}
    judge = np.array([meaning[reply] for reply in replies], dtype=np.float64)

    row = compare(judge, people).overall

    assert (row.n, row.tied, row.no_verdict) == (n, 0, 999 - n)
    assert row.agreement.value == pytest.approx(agreement, abs=5e-5)
    assert row.kappa.value == pytest.approx(kappa, abs=5e-5)

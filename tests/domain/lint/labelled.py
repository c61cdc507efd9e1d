"""The labelled set of bench/lint_set."""

from __future__ import annotations

import json
from pathlib import Path

from rubricstudio.domain.lint import Finding, lint
from rubricstudio.domain.lint.quality import Case, case_from
from rubricstudio.queries.near import near_texts

FOLDER = Path(__file__).resolve().parents[3] / "bench" / "lint_set"
SPLITS = ("design", "held_out", "independent")


def labelled(split: str) -> list[Case]:
    lines = (FOLDER / f"{split}.jsonl").read_text("utf-8").splitlines()
    return [case_from(json.loads(line)) for line in lines]


def findings_of(case: Case) -> list[Finding]:
    return lint(case.rubric, similarity=near_texts, known=case.known)

"""What the journeys import: two questions of the demo's clinical project, four answers each."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from rubricstudio.demo import DATA

TASKS = ("clin-warfarin", "clin-infant-fever")
SOURCES = ("meridian-large", "meridian-small", "heron-7b", "clinic-draft")
PASSWORD = "a quiet green kettle"


def _rows(name: str) -> list[dict[str, Any]]:
    text = (DATA / "clinical" / name).read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines() if line]


def native_file(folder: Path) -> Path:
    """A file in the native format.

    Of each response only the first paragraph: the local judge reads 32 of them in a test.
    """
    tasks = [row for row in _rows("tasks.jsonl") if row["id"] in TASKS]
    responses = [
        row | {"text": row["text"].partition("\n\n")[0]}
        for row in _rows("responses.jsonl")
        if row["task"] in TASKS and row["source"] in SOURCES
    ]
    path = folder / "questions.jsonl"
    lines = [json.dumps(row, ensure_ascii=False) for row in [*tasks, *responses]]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path

"""Files from the folder of real data, read through the mappings of the documentation."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rubricstudio.domain.formats.apply import apply_mapping
from rubricstudio.domain.formats.mapping import parse_mapping
from rubricstudio.domain.formats.records import Problem, Record

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="session")
def mapped() -> Callable[[str], list[Record | Problem]]:
    """What the mapping of a data set makes of its folder; skips where the folder is absent."""
    found: dict[str, list[Record | Problem]] = {}

    def read(name: str) -> list[Record | Problem]:
        data = Path(os.environ.get("REAL_DATA", ROOT / ".." / "shared" / "data")) / name
        if not data.is_dir():
            pytest.skip(f"no real data at {data}: set REAL_DATA to the folder that holds it")
        if name not in found:
            found[name] = list(_apply(name, data))
        return found[name]

    return read


def _apply(name: str, data: Path) -> Iterator[Record | Problem]:
    mapping = parse_mapping((ROOT / "docs" / "examples" / f"{name}.toml").read_text("utf-8"))
    names = [path.relative_to(data).as_posix() for path in data.rglob("*") if path.is_file()]

    def lines(file: str) -> Iterator[str]:
        with (data / file).open(encoding="utf-8", newline="") as handle:
            yield from handle

    return apply_mapping(mapping, names, lines)

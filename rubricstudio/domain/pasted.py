"""A list or a table that somebody pastes, as criteria.

One line is one criterion: bullets, numbers and boxes before it are dropped, and lines that
are indented below another make it a group. A table with a header (separated by tabs,
semicolons or commas) names its columns: text, weight, and what HEADERS lists.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import zip_longest

from rubricstudio.domain.rubric import MetMeans, Tier

MOST = 1000
TAB = 4
STEP = 2  # columns by which a line has to stand deeper to be inside
LARGEST = 1_000_000.0
HEADERS: Mapping[str, tuple[str, ...]] = {
    "text": ("text", "criterion", "criteria", "item", "requirement", "rubric"),
    "weight": ("weight", "points", "score", "value"),
    "description": ("description", "how to judge", "details", "guidance"),
    "tier": ("tier", "class", "importance", "severity"),
    "met_means": ("met_means", "met means", "polarity"),
    "group": ("group", "section", "category", "axis"),
    "tags": ("tags", "labels"),
}
_BULLET = re.compile(
    r"""(?: [-*+•‣◦⁃∙·▪▫●○–—]\s+        # a bullet
          | \[[ xX✓]?\]\s*               # a box to tick
          | \(?\d{1,3}(?:\.\d{1,3})*[.)]\s+  # 1. 1) (1) 1.2.
          | \(?[A-Za-z]\)\s+             # a) (a)
          | \(?[ivx]{2,4}[.)]\s+         # iv. (iv)
          | \#{1,6}\s+ )                 # a heading
    """,
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Pasted:
    """One row to be: its text, how deep it stands (0: the top), and what a table says of it."""

    text: str
    depth: int = 0
    is_group: bool = False
    weight: float = 1.0
    met_means: MetMeans = MetMeans.GOOD
    tier: Tier | None = None
    description: str = ""
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reading:
    """The rows in order, depth first, and what could not be read, with the line's number."""

    rows: tuple[Pasted, ...] = ()
    problems: tuple[tuple[int, str], ...] = ()
    columns: tuple[str, ...] = field(default=())


def read_pasted(text: str, weights: Mapping[str, float] | None = None) -> Reading:
    """What a pasted text holds; a table where its first line names `text` and more.

    weights: what a tier weighs where the table gives no weight. At most MOST rows are read.
    """
    lines = text.replace("\0", "").splitlines()
    filled = [line for line in lines if line.strip()]
    if not filled:
        return Reading()
    for separator in "\t;,":
        header = _header(filled[0], separator)
        if "text" in header and sum(map(bool, header)) > 1:
            return _table("\n".join(lines), separator, header, weights or {})
    return Reading(_listed(filled[:MOST]), _too_many(len(filled)))


def _too_many(count: int) -> tuple[tuple[int, str], ...]:
    return ((MOST + 1, "too many"),) if count > MOST else ()


# -- lists


def _listed(lines: Sequence[str]) -> tuple[Pasted, ...]:
    """Lines by their indentation: deeper than the one before is inside it."""
    stack: list[int] = []
    rows: list[Pasted] = []
    for line in lines:
        text = strip_bullet(line)
        if not text:
            continue
        indent = _indent(line)
        while stack and indent < stack[-1] + STEP:
            stack.pop()
        rows.append(Pasted(text, depth=len(stack)))
        stack.append(indent)
    return _with_groups(rows)


def _indent(line: str) -> int:
    """The columns of white space before the text."""
    head = line[: len(line) - len(line.lstrip())]
    return sum(TAB if character == "\t" else 1 for character in head)


def strip_bullet(line: str) -> str:
    """A line without the bullets, numbers and boxes before it; "" where nothing else is left."""
    text = line.strip()
    while match := _BULLET.match(text + " "):
        text = text[match.end() :].strip()
    return text


def _with_groups(rows: Sequence[Pasted]) -> tuple[Pasted, ...]:
    """The rows, those that have deeper ones below them as groups."""
    return tuple(
        replace(row, is_group=behind is not None and behind.depth > row.depth)
        for row, behind in zip_longest(rows, rows[1:])
    )


# -- tables


def _header(line: str, separator: str) -> list[str]:
    """The columns that a first line names, "" for those that are not known."""
    cells = next(csv.reader([line], delimiter=separator), [])
    names = {alias: name for name, aliases in HEADERS.items() for alias in aliases}
    found = [names.get(cell.strip().lower(), "") for cell in cells]
    return found if "text" in found and found.count("text") == 1 else []


def _table(
    text: str, separator: str, header: Sequence[str], weights: Mapping[str, float]
) -> Reading:
    reader = csv.reader(io.StringIO(text.lstrip("\n")), delimiter=separator)
    rows: list[Pasted] = []
    problems: list[tuple[int, str]] = []
    group = ""
    for cells in reader:
        if reader.line_num == 1 or not any(cell.strip() for cell in cells):
            continue
        values = {n: c.strip() for n, c in zip(header, cells, strict=False) if n}
        if not values.get("text"):
            problems.append((reader.line_num, "no text"))
            continue
        named = values.get("group", "")
        if named and named != group:
            rows.append(Pasted(named, is_group=True))
        group = named
        row, problem = _row(values, 1 if named else 0, weights)
        rows.append(row)
        if problem:
            problems.append((reader.line_num, problem))
    columns = tuple(name for name in header if name)
    return Reading(tuple(rows[:MOST]), (*problems, *_too_many(len(rows))), columns)


def _row(values: Mapping[str, str], depth: int, weights: Mapping[str, float]) -> tuple[Pasted, str]:
    given = values.get("tier", "").lower()
    tier = Tier(given) if given in set(Tier) else None
    problem = "tier" if given and tier is None else ""
    weight = weights.get(tier, 1.0) if tier else 1.0
    if values.get("weight"):
        number = _number(values["weight"])
        weight, problem = (weight, "weight") if number is None else (number, problem)
    bad = values.get("met_means", "").lower() in {"bad", "negative", "-"}
    tags = tuple(dict.fromkeys(t.strip() for t in values.get("tags", "").split(",") if t.strip()))
    return Pasted(
        text=values["text"],
        depth=depth,
        weight=weight,
        met_means=MetMeans.BAD if bad or (tier is Tier.PITFALL and weight < 0) else MetMeans.GOOD,
        tier=tier,
        description=values.get("description", ""),
        tags=tuple(tag[:200] for tag in tags),
    ), problem


def _number(text: str) -> float | None:
    """A number as a table writes it: 2, 2.5, 2,5, +1, −3; None for anything else."""
    plain = text.strip().replace("−", "-").replace("\u00a0", "")
    if re.fullmatch(r"[-+]?(?:\d+(?:[.,]\d*)?|[.,]\d+)", plain, re.ASCII) is None:
        return None
    value = float(plain.replace(",", "."))
    return value if abs(value) <= LARGEST else None

"""ProImage-Bench: a row an image; each criterion is a name with yes/no questions below it.

Read as a group a criterion with its questions inside, so that each No halves its group.
Source: kodenii/ProImage-Bench.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from rubricstudio.domain.formats.fields import Fields
from rubricstudio.domain.formats.lines import clean, kind_of
from rubricstudio.domain.rubric import Criterion
from rubricstudio.domain.rubric_formats.losing import Losing, filled, lines, walk
from rubricstudio.domain.rubric_formats.protocol import (
    NamedRubric,
    ReadResult,
    ReadRubric,
    RubricFormat,
    Written,
)
from rubricstudio.domain.rubric_formats.reading import (
    NO_RUBRIC,
    Reading,
    items_of,
    position_key,
)
from rubricstudio.domain.rubric_formats.rows import Row

AGGREGATOR = "geometric_penalty"
_LOOK = re.compile(r'"rubrics"\s*:\s*\[\s*\{\s*"[^"]{0,999}"\s*:\s*\[')


def read(text: str) -> ReadResult:
    """The rubrics of ProImage-Bench rows, in JSON Lines or a JSON list."""
    return Reading().each(text, _row)


def _row(fields: Fields) -> ReadRubric:
    row, groups = Row(fields, ("id", "prompt", "rubrics")), 0
    for item in items_of(fields, "rubrics"):
        for name in item.values:
            groups += 1
            before = len(row.criteria) - groups + 1
            row.criteria += _group(item, str(name), groups, before)
    return row.rubric(AGGREGATOR, task=fields.text("id"), prompt=row.prompt("prompt"))


def _group(item: Fields, name: str, number: int, before: int) -> list[Criterion]:
    """A group and its questions; `before` questions stand before it."""
    questions = item.values[name]
    if not isinstance(questions, list) or not all(isinstance(q, str) for q in questions):
        item.problem(clean(name[:80]), f"is {kind_of(questions)}, not a list of questions")
        return []
    if not questions:
        item.problem(clean(name[:80]), "holds no question", NO_RUBRIC)
    group = Criterion(f"g{number}", clean(name), is_group=True)
    return [
        group,
        *(
            Criterion(position_key(before + place), clean(question), parent=group.key)
            for place, question in enumerate(questions, 1)
        ),
    ]


def write(rubrics: Sequence[NamedRubric]) -> Written:
    """A row a rubric. Of nested groups the innermost counts."""
    losing, rows = Losing(), []
    for named in rubrics:
        losing.about(named, AGGREGATOR, kept=("task", "prompt"))
        rows.append(
            {
                **filled(id=named.task, prompt=named.prompt),
                "rubrics": _items(named, losing),
            }
        )
    return Written(lines(rows), losing.losses)


def _items(named: NamedRubric, losing: Losing) -> list[dict[str, Any]]:
    """An item a group, or a criterion without one, in display order."""
    in_order = [c for _, c in walk(named.rubric)]
    members: dict[str, list[Criterion]] = {}
    for criterion in in_order:
        if not criterion.is_group:
            members.setdefault(criterion.parent or f"\0{criterion.key}", []).append(criterion)
    leaves = [c for below in members.values() for c in below]
    groups = [named.rubric.by_key[key] for key in members if not key.startswith("\0")]
    _name_lost(named, groups, leaves, losing)
    items = []
    for key, below in members.items():
        alone = key.startswith("\0")
        name = below[0].text if alone else named.rubric.by_key[key].text
        items.append({name: [losing.good(c) for c in below]})
    return items


def _name_lost(
    named: NamedRubric, groups: list[Criterion], leaves: list[Criterion], losing: Losing
) -> None:
    losing.fields(leaves, ("met_means",))
    losing.fields(groups, ())
    losing.positions(leaves)
    keys = sum(g.key != f"g{n}" for n, g in enumerate(groups, 1))
    if keys:
        losing.note("keys: groups are called g1, g2 and so on", keys)
    nested = sum(g.parent is not None for g in groups)
    empty = sum(c.is_group for c in named.rubric.criteria) - len(groups)
    if nested or empty:
        losing.note(
            "groups: without criteria of their own or inside others: left out", nested + empty
        )
    alone = sum(c.parent is None for c in leaves)
    if alone:
        losing.note("criteria without a group: each gets one", alone)
    held = [c for g in groups for c in (g, *(leaf for leaf in leaves if leaf.parent == g.key))]
    if not (nested or empty or alone) and tuple(held) != named.rubric.criteria:
        losing.note("order: criteria stand with their groups", len(leaves))


FORMAT = RubricFormat(
    name="proimage",
    label="ProImage-Bench",
    about="An image a row; each criterion is a name with yes/no questions below it.",
    endings=(".jsonl", ".json"),
    matches=lambda name, text: _LOOK.search(text[:4000]) is not None,
    read=read,
    write=write,
    by_line=True,
)

"""OpenRubrics: one numbered text, each item ending in [Hard Rule] or [Principle].

A row holds `instruction` and `rubric`; the numbered text alone is read, too. A hard rule is
of the tier mandatory, a principle of none. Source: OpenRubrics/OpenRubrics.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from rubricstudio.domain.formats.fields import Fields
from rubricstudio.domain.formats.lines import clean
from rubricstudio.domain.rubric import Criterion, Tier
from rubricstudio.domain.rubric_formats.losing import Losing, lines
from rubricstudio.domain.rubric_formats.protocol import (
    Loss,
    NamedRubric,
    ReadResult,
    ReadRubric,
    RubricFormat,
    Written,
)
from rubricstudio.domain.rubric_formats.reading import NO_RUBRIC, Reading, position_key
from rubricstudio.domain.rubric_formats.rows import Row, leaves_of

AGGREGATOR = "pos_normalised"
_ITEM = re.compile(r"[ \t]*(?:\d{1,4}[.)]|[-*\u2022])[ \t]+(?=\S)")
_TAG = re.compile(r"\s*\[\s*(hard\s+rule|principle)\s*\][.\s]*$", re.IGNORECASE)
_FIRST_TAG = re.compile(r"\[\s*(hard\s+rule|principle)\s*\]:?\s*", re.IGNORECASE)


def read(text: str) -> ReadResult:
    """The rubrics of OpenRubrics rows, or the one rubric of a numbered text."""
    if text.lstrip("\ufeff \t\r\n")[:2].rstrip() in ("{", "[", '{"', "[{"):
        return Reading().each(text, _row)
    reading = Reading()
    whole = reading.fields({"rubric": text.removeprefix("\ufeff")}, 1)
    reading.keep(whole, _row)
    return reading.result()


def _row(fields: Fields) -> ReadRubric:
    row = Row(fields, ("instruction", "rubric"))
    items, before = _items(fields.text("rubric", required=True))
    if not items:
        fields.problem("rubric", "holds no numbered item", NO_RUBRIC)
    for place, item in enumerate(items, 1):
        row.add(_criterion(place, item))
    if before:
        row.losses.append(Loss("the text before the first item is left out"))
    return row.rubric(AGGREGATOR, prompt=fields.text("instruction"))


def _items(text: str) -> tuple[list[str], bool]:
    """The texts of the items, each on one line, and whether something stood before them."""
    items: list[str] = []
    before = False
    for line in re.split(r"\r\n|\r|\n", text):
        mark = _ITEM.match(line)
        if mark:
            items.append(line[mark.end() :])
        elif items:
            items[-1] += f" {line}"
        else:
            before = before or bool(line.strip())
    return [" ".join(item.split()) for item in items], before


def _criterion(place: int, item: str) -> Criterion:
    last, first = _TAG.search(item), _FIRST_TAG.match(item)
    tag, text = "", item
    if last and item[: last.start()].strip():
        tag, text = last.group(1), item[: last.start()]
    elif first and item[first.end() :].strip():
        tag, text = first.group(1), item[first.end() :]
    hard = tag.lower().startswith("hard")
    return Criterion(position_key(place), clean(text), tier=Tier.MANDATORY if hard else None)


def write(rubrics: Sequence[NamedRubric]) -> Written:
    """A row a rubric."""
    losing, rows = Losing(), []
    kept = ("met_means", "tier")
    for named, leaves in leaves_of(rubrics, losing, AGGREGATOR, about=("prompt",), kept=kept):
        other = sum(c.tier not in (None, Tier.MANDATORY) for c in leaves)
        if other:
            losing.note("tiers: other than mandatory become principles", other)
        items = [_item(place, c, losing) for place, c in enumerate(leaves, 1)]
        rows.append({"instruction": named.prompt, "rubric": "\n".join(items)})
    return Written(lines(rows), losing.losses)


def _item(place: int, criterion: Criterion, losing: Losing) -> str:
    text = losing.good(criterion)
    line = " ".join(text.split())
    if line != text:
        losing.note("texts: line breaks and runs of spaces become one space", 1)
    tag = "Hard Rule" if criterion.tier is Tier.MANDATORY else "Principle"
    return f"{place}. {line} [{tag}]"


FORMAT = RubricFormat(
    name="openrubrics",
    label="OpenRubrics",
    about="One numbered text, each item a [Hard Rule] or a [Principle].",
    endings=(".jsonl", ".json", ".txt", ".md"),
    matches=lambda name, text: "[hard rule]" in text.lower() or "[principle]" in text.lower(),
    read=read,
    write=write,
)

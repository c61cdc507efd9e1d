"""Rubrics as Rewards: a row a question, with `rubric` of title, description and weight.

Of the negative weights some name a failure and some its absence, so each is asked about. A
text that opens "Essential Criteria:" (or Important, Optional, Pitfall) says its tier. Where a
row has only `rubric_list`, its texts weigh 1 each. Source: loaders of RaR-Medicine and
RaR-Science (anisha2102, ScaleAI).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from rubricstudio.domain.formats.fields import Fields
from rubricstudio.domain.rubric import Criterion, Tier
from rubricstudio.domain.rubric_formats.losing import Losing, lines, number
from rubricstudio.domain.rubric_formats.protocol import (
    NamedRubric,
    ReadResult,
    ReadRubric,
    RubricFormat,
    Written,
)
from rubricstudio.domain.rubric_formats.reading import Reading, items_of
from rubricstudio.domain.rubric_formats.rows import Row, leaves_of

AGGREGATOR = "pos_normalised"
_TIER = re.compile(r"\s*(essential|important|optional|pitfall)\s+criteri(?:a|on)\s*:", re.I)
_ROW = ("question", "rubric", "rubric_list", "rubric_count")


def tier_of(text: str) -> Tier | None:
    """The tier that a text opens with, or None."""
    found = _TIER.match(text)
    return Tier(found.group(1).lower()) if found else None


def read(text: str) -> ReadResult:
    """The rubrics of RaR rows, in JSON Lines or a JSON list."""
    return Reading().each(text, _row)


def _row(fields: Fields) -> ReadRubric:
    row = Row(fields, _ROW)
    listed = items_of(fields, "rubric", "rubric_list", short="description")
    for key, item in row.items(listed, ("title", "description", "weight")):
        text, title = item.text("description", required=True), item.text("title")
        weight = item.number("weight", 1.0)
        row.add_signed(Criterion(key, text, title, weight=weight, tier=tier_of(text)))
    return row.rubric(AGGREGATOR, prompt=fields.text("question"))


def write(rubrics: Sequence[NamedRubric]) -> Written:
    """A row a rubric, with the list of texts beside it as the files have it."""
    losing, rows = Losing(), []
    kept = ("description", "weight", "met_means", "tier")
    for named, leaves in leaves_of(rubrics, losing, AGGREGATOR, about=("prompt",), kept=kept):
        other = sum(c.tier is not tier_of(c.text) for c in leaves)
        if other:
            losing.note("tiers: said only by a text that opens with one", other)
        items = [
            {"description": c.text, "title": c.description, "weight": number(losing.guessed(c))}
            for c in leaves
        ]
        about = {"rubric_list": [c.text for c in leaves], "rubric_count": len(items)}
        rows.append({"question": named.prompt, "rubric": items, **about})
    return Written(lines(rows), losing.losses)


FORMAT = RubricFormat(
    name="rar",
    label="Rubrics as Rewards",
    about="A question a row, with titled criteria and weights of either sign.",
    endings=(".jsonl", ".json"),
    matches=lambda name, text: (
        '"rubric_list"' in text
        or ('"question"' in text and '"rubric"' in text and '"title"' in text)
    ),
    read=read,
    write=write,
    by_line=True,
)

"""Checklists: InfoBench rows of yes/no questions, and any JSON list of criteria.

InfoBench holds texts in `decomposed_questions`, with labels in `question_label`. A list of
objects is taken as one rubric where each has a text under a name that public data sets use.
Source: qinyiwei/InfoBench; scoring of both is the share of questions answered yes.
"""

from __future__ import annotations

from collections.abc import Sequence

from rubricstudio.domain.formats.fields import Fields
from rubricstudio.domain.formats.records import KEY_LIMIT
from rubricstudio.domain.rubric import Criterion
from rubricstudio.domain.rubric_formats.losing import Losing, lines
from rubricstudio.domain.rubric_formats.protocol import (
    NamedRubric,
    ReadResult,
    ReadRubric,
    RubricFormat,
    Written,
)
from rubricstudio.domain.rubric_formats.reading import NO_RUBRIC, Reading, position_key
from rubricstudio.domain.rubric_formats.rows import Row, leaves_of
from rubricstudio.domain.rubric_formats.table import ALIASES

AGGREGATOR = "count_share"
SIGNED = "pos_normalised"
"""The aggregator of a list of criteria, whose weights may have either sign."""


def read_infobench(text: str) -> ReadResult:
    """The rubrics of InfoBench rows, in JSON Lines or a JSON list."""
    return Reading().each(text, _infobench_row)


def _infobench_row(fields: Fields) -> ReadRubric:
    row = Row(fields, ("id", "instruction", "input", "decomposed_questions", "question_label"))
    if fields.values.get("decomposed_questions") is None:
        fields.problem("decomposed_questions", "is missing", NO_RUBRIC)
    labels = _labels(fields)
    for place, text in enumerate(fields.texts("decomposed_questions"), 1):
        tags = labels[place - 1] if place <= len(labels) else ()
        row.add(Criterion(position_key(place), text, tags=tags))
    parts = [part for part in (row.prompt("instruction"), fields.text("input")) if part]
    return row.rubric(AGGREGATOR, task=fields.text("id"), prompt="\n\n".join(parts))


def _labels(fields: Fields) -> list[tuple[str, ...]]:
    """The labels of each question."""
    given = fields.values.get("question_label")
    if given is None:
        return []
    if not isinstance(given, list):
        fields.problem("question_label", "is not a list with labels for each question")
        return []
    inner = Fields(
        {str(place): labels for place, labels in enumerate(given)},
        fields.place,
        fields.problems,
        f"{fields.prefix}question_label.",
    )
    return [inner.tags(str(place)) for place in range(len(given))]


def write_infobench(rubrics: Sequence[NamedRubric]) -> Written:
    """A row a rubric."""
    losing, kept = Losing(), ("met_means", "tags")
    rows = [
        {
            "id": named.task,
            "instruction": named.prompt,
            "input": "",
            "decomposed_questions": [losing.good(c) for c in leaves],
            "question_label": [list(c.tags) for c in leaves],
        }
        for named, leaves in leaves_of(
            rubrics, losing, AGGREGATOR, about=("task", "prompt"), kept=kept
        )
    ]
    return Written(lines(rows), losing.losses)


def read_list(text: str) -> ReadResult:
    """One rubric: the criteria of a JSON list or of JSON Lines."""
    reading = Reading()
    rows = list(reading.rows(text, "criteria"))
    if rows:
        about = reading.fields({}, rows[0].place.line)
        reading.keep(about, lambda fields: _list(fields, rows))
    return reading.result()


def _list(fields: Fields, rows: Sequence[Fields]) -> ReadRubric:
    row = Row(fields, ())
    for place, item in enumerate(rows, 1):
        names = {
            native: next((name for name in aliases if name in item.values), aliases[0])
            for native, aliases in ALIASES.items()
            if native != "met_means"
        }
        row.dropped.note(item, (*names.values(), "tags"), criterion=True)
        row.add_signed(
            Criterion(
                item.name(names["key"], limit=KEY_LIMIT) or position_key(place),
                item.text(names["text"], required=True),
                weight=item.number(names["weight"], 1.0),
                category=item.name(names["category"]),
                tags=item.tags(),
            )
        )
    return row.rubric(SIGNED)


INFOBENCH = RubricFormat(
    name="infobench",
    label="InfoBench",
    about="A task a row, with a list of yes/no questions.",
    endings=(".jsonl", ".json"),
    matches=lambda name, text: '"decomposed_questions"' in text,
    read=read_infobench,
    write=write_infobench,
    by_line=True,
)


def _looks_like_a_list(name: str, text: str) -> bool:
    named = any(f'"{alias}"' in text[:4000] for alias in ALIASES["text"])
    return named and text.lstrip("\ufeff \t\r\n").startswith(("[", "{"))


LIST = RubricFormat(
    name="json-list",
    label="Any JSON list of criteria",
    about="Objects with a text and perhaps a weight, under the names that data sets use.",
    endings=(".json", ".jsonl"),
    matches=_looks_like_a_list,
    read=read_list,
)

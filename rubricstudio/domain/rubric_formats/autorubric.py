"""autorubric: a list of criteria with `requirement`, `weight` and maybe `options`.

A weight of 10 where none is given; below 0 it stands for something bad that a response does.
Options have a value from 0 to 1. JSON and YAML. Source: autorubric 1.6.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rubricstudio.domain.formats.fields import Fields
from rubricstudio.domain.formats.records import KEY_LIMIT
from rubricstudio.domain.rubric import BINARY, Criterion, Level, Scale, ScaleKind
from rubricstudio.domain.rubric_formats.losing import Losing, filled, number, pretty
from rubricstudio.domain.rubric_formats.polarity import polarity
from rubricstudio.domain.rubric_formats.protocol import (
    NamedRubric,
    PolarityGuess,
    ReadResult,
    ReadRubric,
    RubricFormat,
    Written,
)
from rubricstudio.domain.rubric_formats.reading import (
    Dropped,
    DumpYaml,
    LoadYaml,
    Reading,
    items_of,
    position_key,
    rubric_of,
)

AGGREGATOR = "pos_normalised_clipped"
DEFAULT_WEIGHT = 10.0


def _read(text: str, load: LoadYaml | None) -> ReadResult:
    reading = Reading()
    rows = list(reading.rows(text, "items", load))
    if any("requirement" in row.values for row in rows):
        about = reading.fields({}, rows[0].place.line)
        reading.keep(about, lambda fields: _rubric(fields, rows))
        return reading.result()
    for row in rows:
        reading.keep(row, lambda fields: _rubric(fields, items_of(fields, "rubric", "criteria")))
    return reading.result()


def _rubric(fields: Fields, items: Sequence[Fields]) -> ReadRubric:
    dropped = Dropped()
    dropped.note(fields, ("name", "description", "prompt", "rubric", "criteria"))
    criteria: list[Criterion] = []
    guesses: list[PolarityGuess] = []
    for place, item in enumerate(items, 1):
        known = ("name", "requirement", "weight", "options", "scale_type")
        dropped.note(item, known, criterion=True)
        key = item.name("name", limit=KEY_LIMIT) or position_key(place)
        text = item.text("requirement", required=True)
        weight = item.number("weight", DEFAULT_WEIGHT)
        means, asked = polarity(key, text, weight, "autorubric")
        guesses += asked
        criteria.append(
            Criterion(key, text, weight=weight, met_means=means, scale=_scale(item, dropped))
        )
    return rubric_of(
        criteria,
        AGGREGATOR,
        name=fields.text("name") or fields.text("description"),
        prompt=fields.text("prompt"),
        guesses=guesses,
        losses=dropped.losses,
    )


def _scale(item: Fields, dropped: Dropped) -> Scale:
    """The scale of the options, sorted by value; an option for "does not apply" is no level."""
    options = item.objects("options")
    levels = []
    for option in options:
        dropped.note(option, ("label", "value"), criterion=True)
        if option.flag("na"):
            continue
        if option.optional_number("value") is None:
            option.problem("value", "is missing", "Give a number from 0 to 1.")
        levels.append(Level(option.number("value", 0.0), option.text("label", required=True)))
    if not options:
        return BINARY
    levels.sort(key=lambda level: level.value)
    if len(levels) < 2 or len({level.value for level in levels}) < len(levels):
        hint = "Give two or more options, each with a value of its own."
        item.problem("options", "do not make a scale", hint)
        return BINARY
    return Scale(ScaleKind.ORDINAL, tuple(levels))


def _values(rubrics: Sequence[NamedRubric]) -> tuple[Any, Losing]:
    losing, values = Losing(), []
    for named in rubrics:
        losing.about(named, AGGREGATOR, kept=("name", "prompt"))
        leaves = losing.flat(named, keyed=True)
        losing.fields(leaves, ("weight", "met_means", "scale"))
        items = [_item(c, losing) for c in leaves]
        values.append({**filled(name=named.name, prompt=named.prompt), "rubric": items})
    alone = len(values) == 1 and list(values[0]) == ["rubric"] and values[0]["rubric"]
    return (values[0]["rubric"] if alone else {"items": values}), losing


def _item(criterion: Criterion, losing: Losing) -> dict[str, Any]:
    scale = criterion.scale
    item: dict[str, Any] = {
        "name": criterion.key,
        "requirement": criterion.text,
        "weight": number(losing.signed(criterion)),
    }
    if scale.kind is ScaleKind.POINTS:
        losing.note("points: become met or not met", 1)
    if scale.kind is not ScaleKind.ORDINAL:
        return item
    if any(level.description for level in scale.levels):
        losing.note("levels: their descriptions are left out where they have a label", 1)
    if any(not level.label.strip() for level in scale.levels):
        losing.note("levels: ones without a label get their place as a label", 1)
    if (scale.low, scale.high) != (0.0, 1.0):
        losing.note("levels: their values are brought to 0 to 1", 1)
    item["scale_type"] = "ordinal"
    item["options"] = [
        {
            "label": level.label if level.label.strip() else level.description or str(place),
            "value": number(scale.credit(level.value)),
        }
        for place, level in enumerate(scale.levels, 1)
    ]
    return item


def write(rubrics: Sequence[NamedRubric]) -> Written:
    """One list of criteria, or `items` that hold one each."""
    value, losing = _values(rubrics)
    return Written(pretty(value), losing.losses)


def _matches(text: str) -> bool:
    return '"requirement"' in text and '"sub_tasks"' not in text


FORMAT = RubricFormat(
    name="autorubric",
    label="autorubric (JSON)",
    about="Criteria with a requirement, a weight of either sign, and options.",
    endings=(".json", ".jsonl"),
    matches=lambda name, text: _matches(text),
    read=lambda text: _read(text, None),
    write=write,
)


def yaml_format(load: LoadYaml, dump: DumpYaml) -> RubricFormat:
    """The same in YAML, read and written by the functions given."""

    def write_yaml(rubrics: Sequence[NamedRubric]) -> Written:
        value, losing = _values(rubrics)
        return Written(dump(value), losing.losses)

    return RubricFormat(
        name="autorubric-yaml",
        label="autorubric (YAML)",
        about="Criteria with a requirement, a weight of either sign, and options.",
        endings=(".yaml", ".yml"),
        matches=lambda name, text: name.endswith((".yaml", ".yml")) and "requirement:" in text,
        read=lambda text: _read(text, load),
        write=write_yaml,
    )

"""autorubric: a list of criteria with `requirement`, `weight` and maybe `options`.

A weight of 10 where none is given; below 0 it stands for something bad that a response does.
Options have a value from 0 to 1. The list may stand under `rubric`, `criteria` or `sections`,
and a section's name is the category of its criteria; a dataset may have a rubric of its own and
one an item. JSON and YAML. Source: autorubric 1.6.1, rubric.py, types.py and dataset.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import groupby
from typing import Any

from rubricstudio.domain.formats.fields import Fields
from rubricstudio.domain.formats.records import KEY_LIMIT
from rubricstudio.domain.rubric import BINARY, Criterion, Level, Scale, ScaleKind
from rubricstudio.domain.rubric_formats.losing import Losing, filled, number, pretty
from rubricstudio.domain.rubric_formats.protocol import (
    NamedRubric,
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
    inner,
    items_of,
)
from rubricstudio.domain.rubric_formats.rows import Row, leaves_of

AGGREGATOR = "pos_normalised_clipped"
DEFAULT_WEIGHT = 10.0
_LISTS = ("rubric", "sections", "criteria")
_ROW = ("name", "description", "prompt", *_LISTS)
_ITEM = ("name", "requirement", "weight", "options", "scale_type")


def _read(text: str, load: LoadYaml | None) -> ReadResult:
    reading = Reading()
    rows = list(reading.rows(text, load=load))
    if any(map(_is_member, rows)) and (len(rows) > 1 or "requirement" in rows[0].values):
        about = reading.fields({}, rows[0].place.line)
        reading.keep(about, lambda fields: _rubric(fields, rows))
        return reading.result()
    for row in rows:
        items = row.objects("items") if isinstance(row.values.get("items"), list) else []
        own = [item for item in items if item.values.get("rubric") is not None]
        if not own or row.values.get("rubric") is not None:
            known = ("items",) if own else ()
            reading.keep(row, partial(_rubric, also=known))
        for item in own:
            reading.keep(item, _rubric)
    return reading.result()


def _is_member(row: Fields) -> bool:
    """Whether a row is a criterion or a section of them, and not a rubric."""
    return "requirement" in row.values or ("criteria" in row.values and "rubric" not in row.values)


def _rubric(
    fields: Fields, listed: Sequence[Fields] | None = None, also: Sequence[str] = ()
) -> ReadRubric:
    """The rubric of an object, or of what is listed: criteria, and sections that hold them."""
    row = Row(fields, (*_ROW, *also))
    if listed is None:
        is_object = isinstance(fields.values.get("rubric"), dict)
        holder = inner(fields, "rubric") if is_object else fields
        if is_object:
            row.dropped.note(holder, _LISTS)
        listed = items_of(holder, *_LISTS)
    members = [member for entry in listed for member in _members(entry, row.dropped)]
    sections = iter([section for section, _ in members])
    for key, item in row.items((item for _, item in members), _ITEM):
        criterion = Criterion(
            item.name("name", limit=KEY_LIMIT) or key,
            item.text("requirement", required=True),
            weight=item.number("weight", DEFAULT_WEIGHT),
            scale=_scale(item, row.dropped),
            category=next(sections),
        )
        row.add_signed(criterion, "autorubric")
    name = fields.text("name") or fields.text("description")
    return row.rubric(AGGREGATOR, name=name, prompt=row.prompt("prompt"))


def _members(entry: Fields, dropped: Dropped) -> list[tuple[str, Fields]]:
    """A criterion as it is, those of a section with its name."""
    if "criteria" not in entry.values:
        return [("", entry)]
    dropped.note(entry, ("name", "criteria"))
    section = entry.name("name")
    return [(section, item) for item in entry.objects("criteria")]


def _scale(item: Fields, dropped: Dropped) -> Scale:
    """The scale of the options by value; an option for "does not apply" is no level."""
    labels: dict[float, list[str]] = {}
    for option in item.objects("options"):
        if option.flag("na"):
            dropped.note(option, ("label", "value"), criterion=True)
            continue
        dropped.note(option, ("label", "value", "na"), criterion=True)
        if option.optional_number("value") is None:
            option.problem("value", "is missing", "Give a number from 0 to 1.")
        value, label = option.number("value", 0.0), option.text("label", required=True)
        labels.setdefault(value, []).append(label)
    if not item.values.get("options"):
        return BINARY
    if any(len(same) > 1 for same in labels.values()):
        dropped.say("options of one value: become one level", 1)
    if item.values.get("scale_type") == "nominal":
        dropped.say("options without an order: become levels in the order of their values", 1)
    if len(labels) < 2:
        item.problem("options", "do not make a scale", "Give options of two or more values.")
        return BINARY
    levels = [Level(value, " / ".join(same)) for value, same in sorted(labels.items())]
    return Scale(ScaleKind.ORDINAL, tuple(levels))


def _values(rubrics: Sequence[NamedRubric]) -> tuple[Any, Losing]:
    """A list of criteria; a dataset where there is more to say, with items for several."""
    losing = Losing()
    about, kept = ("name", "prompt"), ("weight", "met_means", "scale", "category")
    found = [
        (named, _sections(leaves, losing))
        for named, leaves in leaves_of(
            rubrics, losing, AGGREGATOR, about=about, kept=kept, keyed=True
        )
    ]
    if len(found) == 1:
        [(named, listed)] = found
        said = filled(name=named.name, prompt=named.prompt)
        if said:
            return {**said, "rubric": listed, "items": []}, losing
        return ({"sections": listed} if any("criteria" in x for x in listed) else listed), losing
    items = [
        {"submission": "", "description": n.name, "prompt": n.prompt, "rubric": listed}
        for n, listed in found
    ]
    return {"rubric": None, "items": items}, losing


def _sections(leaves: Sequence[Criterion], losing: Losing) -> list[dict[str, Any]]:
    """The criteria, those of one category that follow each other as a section."""
    listed: list[dict[str, Any]] = []
    for category, members in groupby(leaves, key=lambda c: c.category):
        items = [_item(criterion, losing) for criterion in members]
        listed += [{"name": category, "criteria": items}] if category else items
    return listed


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
    """A list of criteria, or a dataset with one rubric or with one an item."""
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

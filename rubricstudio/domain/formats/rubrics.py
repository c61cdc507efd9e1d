"""A rubric value as JSON, both ways; field names are those of the domain's Criterion."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rubricstudio.domain.aggregation import AGGREGATORS, UnfitRubric
from rubricstudio.domain.formats.fields import Fields
from rubricstudio.domain.formats.lines import clean
from rubricstudio.domain.formats.records import KEY_LIMIT
from rubricstudio.domain.rubric import (
    BINARY,
    Criterion,
    Example,
    InvalidRubric,
    JudgedBy,
    Level,
    MetMeans,
    Origin,
    Rubric,
    Scale,
    ScaleKind,
    Tier,
)

CRITERION_FIELDS = (
    *("key", "text", "description", "weight", "met_means", "scale", "tier", "gate", "parent"),
    *("is_group", "judged_by", "evidence_required", "tags", "category"),
    *("examples", "references", "program", "origin"),
)
SCALE_FIELDS = ("kind", "levels", "maximum")
EXAMPLE_FIELDS = ("text", "met", "note")
ORIGIN_FIELDS = ("kind", "name", "ref")
LEVEL_FIELDS = ("value", "label", "description")


def read_rubric(fields: Fields) -> Rubric | None:
    """The rubric in `criteria`, `aggregator` and `params`; None and problems where it is none."""
    before = len(fields.problems)
    criteria = [_criterion(member) for member in fields.objects("criteria")]
    if not criteria:
        fields.problem("criteria", "is missing", "A rubric needs at least one criterion.")
    params = {}
    inner = Fields(dict(fields.object("params")), fields.place, fields.problems, "params.")
    for name in inner.values:
        params[name] = _needed_number(inner, name)
    whole = [c for c in criteria if c is not None]
    if len(fields.problems) == before:
        aggregator = _aggregator(fields, params)
    if len(fields.problems) > before:
        return None
    return fields.make(lambda: Rubric(tuple(whole), aggregator, params), InvalidRubric)


def _aggregator(fields: Fields, params: Mapping[str, float]) -> str:
    """The aggregator's name. With one that is not there, a published rubric had no score."""
    name = fields.text("aggregator", "pos_normalised")
    if name not in AGGREGATORS:
        hint = f"Use one of: {', '.join(AGGREGATORS)}."
        fields.problem("aggregator", f"is {clean(name[:40])!r}", hint)
        return name
    try:
        AGGREGATORS[name].with_params(params)
    except UnfitRubric as error:
        fields.problem("params", str(error))
    return name


def _criterion(fields: Fields) -> Criterion | None:
    fields.only(CRITERION_FIELDS)
    scale = _scale(fields)
    return fields.make(
        lambda: Criterion(
            key=fields.name("key", required=True, limit=KEY_LIMIT),
            text=fields.text("text", required=True),
            description=fields.text("description"),
            weight=fields.number("weight", 1.0),
            met_means=fields.choice("met_means", MetMeans, MetMeans.GOOD) or MetMeans.GOOD,
            scale=scale,
            tier=fields.choice("tier", Tier, None),
            gate=fields.flag("gate"),
            parent=fields.text("parent") or None,
            is_group=fields.flag("is_group"),
            judged_by=fields.choice("judged_by", JudgedBy, JudgedBy.ANYONE) or JudgedBy.ANYONE,
            evidence_required=fields.flag("evidence_required"),
            tags=fields.tags(),
            category=fields.name("category"),
            examples=tuple(_example(member) for member in fields.objects("examples")),
            references=fields.texts("references"),
            program=fields.text("program"),
            origin=_origin(fields),
        ),
        InvalidRubric,
    )


def _example(fields: Fields) -> Example:
    fields.only(EXAMPLE_FIELDS)
    if not isinstance(fields.values.get("met"), bool):
        fields.problem("met", "is missing", "Say true or false: whether it meets the criterion.")
    return Example(fields.text("text", required=True), fields.flag("met"), fields.text("note"))


def _origin(fields: Fields) -> Origin | None:
    if not fields.object("origin"):
        return None
    inner = Fields(
        dict(fields.object("origin")), fields.place, fields.problems, f"{fields.prefix}origin."
    )
    inner.only(ORIGIN_FIELDS)
    kind = inner.name("kind", required=True)
    return Origin(kind, inner.text("name"), inner.text("ref"))


def _scale(fields: Fields) -> Scale:
    given = fields.values.get("scale")
    if given is None:
        return BINARY
    values = {"kind": given} if isinstance(given, str) else given
    if not isinstance(values, dict):
        fields.problem("scale", "is neither an object nor binary")
        return BINARY
    inner = Fields(values, fields.place, fields.problems, f"{fields.prefix}scale.")
    inner.only(SCALE_FIELDS)
    kind = inner.choice("kind", ScaleKind, ScaleKind.BINARY) or ScaleKind.BINARY
    levels = tuple(_level(level) for level in inner.objects("levels"))
    maximum = inner.number("maximum", 1.0)
    if kind is not ScaleKind.POINTS and maximum != 1.0:
        inner.problem("maximum", f"does not go with a scale of the kind {kind}", "Leave it out.")
    scale = inner.make(lambda: Scale(kind, levels, maximum), InvalidRubric)
    return scale or BINARY


def _level(fields: Fields) -> Level:
    fields.only(LEVEL_FIELDS)
    value = _needed_number(fields, "value")
    return Level(value, fields.text("label"), fields.text("description"))


def _needed_number(fields: Fields, name: str) -> float:
    number = fields.optional_number(name)
    if fields.values.get(name) in (None, ""):
        fields.problem(name, "is missing", "Give a number.")
    return 0.0 if number is None else number


def rubric_to_json(rubric: Rubric) -> dict[str, Any]:
    """`aggregator`, `params` and `criteria` of a rubric; defaults are left out."""
    return {
        "aggregator": rubric.aggregator,
        "params": dict(rubric.params),
        "criteria": [_criterion_to_json(criterion) for criterion in rubric.criteria],
    }


_DEFAULTS = Criterion(key="-", text="-")


def _criterion_to_json(criterion: Criterion) -> dict[str, Any]:
    values = {name: getattr(criterion, name) for name in CRITERION_FIELDS}
    known: dict[str, Any] = {
        name: value
        for name, value in values.items()
        if name in ("key", "text") or value != getattr(_DEFAULTS, name)
    }
    if "scale" in known:
        known["scale"] = _scale_to_json(criterion.scale)
    if "tags" in known:
        known["tags"] = list(criterion.tags)
    if "references" in known:
        known["references"] = list(criterion.references)
    if "examples" in known:
        known["examples"] = [example_to_json(example) for example in criterion.examples]
    if criterion.origin:
        known["origin"] = origin_to_json(criterion.origin)
    return known


def example_to_json(example: Example) -> dict[str, Any]:
    """An example as an object of the native format."""
    return {name: getattr(example, name) for name in EXAMPLE_FIELDS}


def origin_to_json(origin: Origin) -> dict[str, str]:
    """An origin as an object of the native format."""
    return {name: getattr(origin, name) for name in ORIGIN_FIELDS}


def _scale_to_json(scale: Scale) -> dict[str, Any]:
    if scale.kind is ScaleKind.POINTS:
        return {"kind": scale.kind.value, "maximum": scale.maximum}
    levels = [{name: getattr(level, name) for name in LEVEL_FIELDS} for level in scale.levels]
    return {"kind": scale.kind.value, "levels": levels}

"""promptfoo: tests whose assertions of the type `llm-rubric` are criteria.

`not-llm-rubric` says that meeting is bad. A weight is 1 where none is given and never below
0; `metric` is the category. Other assertions are left out, and counted. Source: promptfoo's
documentation of llm-rubric and of assertions.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from rubricstudio.domain.formats.fields import Fields
from rubricstudio.domain.rubric import Criterion, MetMeans
from rubricstudio.domain.rubric_formats.losing import Losing, filled, number
from rubricstudio.domain.rubric_formats.protocol import (
    Loss,
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
    position_key,
    rubric_of,
)

AGGREGATOR = "weighted_mean"
TYPES = {"llm-rubric": MetMeans.GOOD, "not-llm-rubric": MetMeans.BAD}
_NAMES = {means: name for name, means in TYPES.items()}


def _test(fields: Fields) -> ReadRubric | None:
    dropped = Dropped()
    dropped.note(fields, ("description", "vars", "assert"))
    prompt, other = _prompt(fields, dropped), 0
    criteria: list[Criterion] = []
    for item in _assertions(fields, dropped):
        kind = str(item.values.get("type"))
        if kind not in TYPES:
            other += 1
            continue
        dropped.note(item, ("type", "value", "weight", "metric"), criterion=True)
        weight = item.number("weight", 1.0)
        if weight < 0:
            item.problem(
                "weight", "is below 0", "Make it 0 or more; not-llm-rubric turns it round."
            )
        key, text = position_key(len(criteria) + 1), item.text("value", required=True)
        metric, means = item.name("metric"), TYPES[kind]
        criteria.append(Criterion(key, text, weight=weight, met_means=means, category=metric))
    if not criteria:
        return None
    losses = dropped.losses
    if other:
        losses += (Loss("assertions that are no llm-rubric: left out", other),)
    name = fields.text("description")
    return rubric_of(criteria, AGGREGATOR, name=name, prompt=prompt, losses=losses)


def _prompt(fields: Fields, dropped: Dropped) -> str:
    """The variable `prompt` of a test; other variables are noted as dropped."""
    if not isinstance(fields.values.get("vars"), dict):
        return ""
    inner = Fields(fields.values["vars"], fields.place, fields.problems, f"{fields.prefix}vars.")
    is_text = isinstance(inner.values.get("prompt"), str)
    dropped.note(inner, ("prompt",) if is_text else ())
    return inner.text("prompt") if is_text else ""


def _assertions(fields: Fields, dropped: Dropped) -> Iterator[Fields]:
    """The assertions of a test, those of its sets in their place."""
    for item in fields.objects("assert"):
        if item.values.get("type") == "assert-set":
            dropped.note(item, ("type", "assert"))
            yield from item.objects("assert")
        else:
            yield item


def _values(rubrics: Sequence[NamedRubric]) -> tuple[Any, Losing]:
    losing, tests = Losing(), []
    for named in rubrics:
        losing.about(named, AGGREGATOR, kept=("name", "prompt"))
        leaves = losing.flat(named)
        losing.fields(leaves, ("weight", "met_means", "category"))
        test = filled(description=named.name, vars=filled(prompt=named.prompt))
        tests.append({**test, "assert": [_item(c, losing) for c in leaves]})
    return {"tests": tests}, losing


def _item(criterion: Criterion, losing: Losing) -> dict[str, Any]:
    item: dict[str, Any] = {"type": _NAMES[criterion.met_means], "value": criterion.text}
    weight = losing.positive(criterion)
    if weight != 1:
        item["weight"] = number(weight)
    return {**item, **filled(metric=criterion.category)}


def promptfoo_format(load: LoadYaml, dump: DumpYaml) -> RubricFormat:
    """The format, read and written by the functions given."""

    def read(text: str) -> ReadResult:
        return Reading().each(text, _test, inside="tests", load=load)

    def write(rubrics: Sequence[NamedRubric]) -> Written:
        value, losing = _values(rubrics)
        return Written(dump(value), losing.losses)

    return RubricFormat(
        name="promptfoo",
        label="promptfoo",
        about="Tests with assertions of the type llm-rubric and weights of 0 or more.",
        endings=(".yaml", ".yml"),
        matches=lambda name, text: name.endswith((".yaml", ".yml")) and "llm-rubric" in text,
        read=read,
        write=write,
    )

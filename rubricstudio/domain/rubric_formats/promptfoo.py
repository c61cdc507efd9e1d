"""promptfoo: tests whose assertions of the type `llm-rubric` are criteria.

`not-llm-rubric` says that meeting is bad. A weight is 1 where none is given and never below
0; `metric` is the category. What `defaultTest` asserts holds for every test, unless it says
otherwise. Other assertions are left out, and counted. YAML and JSON. Source: promptfoo's
documentation of llm-rubric and of assertions, src/types and src/assertions.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
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
    inner,
)
from rubricstudio.domain.rubric_formats.rows import Row, leaves_of

AGGREGATOR = "weighted_mean"
TYPES = {"llm-rubric": MetMeans.GOOD, "not-llm-rubric": MetMeans.BAD}
_NAMES = {means: name for name, means in TYPES.items()}
_ENDINGS = (".yaml", ".yml", ".json")
_ITEM = ("type", "value", "weight", "metric")


def _read(text: str, load: LoadYaml) -> ReadResult:
    """A rubric a test; the assertions of `defaultTest` stand behind those of each test."""
    reading = Reading()
    for fields in reading.rows(text, load=load):
        default = fields.values.get("defaultTest")
        shared = inner(fields, "defaultTest") if isinstance(default, dict) else None
        tests = fields.values.get("tests")
        if isinstance(tests, list):
            beside = Dropped()
            beside.note(fields, ("tests", "defaultTest") if shared else ("tests",))
            for number, test in enumerate(fields.objects("tests")):
                lost = () if number else beside.losses
                reading.keep(test, partial(_test, shared=shared, beside=lost))
        elif shared is not None:
            reading.keep(shared, _test)
        else:
            reading.keep(fields, _test)
    return reading.result()


def _test(
    fields: Fields, shared: Fields | None = None, beside: Sequence[Loss] = ()
) -> ReadRubric | None:
    row, other = Row(fields, ("description", "vars", "assert")), 0
    row.losses += beside
    prompt = _prompt(fields, row.dropped)
    listed = [*_assertions(fields, row.dropped)]
    if shared is not None and not _stands_alone(fields):
        row.dropped.note(shared, ("assert",))
        listed += _assertions(shared, row.dropped)
    rubrics = [item for item in listed if item.values.get("type") in TYPES]
    other = len(listed) - len(rubrics)
    for key, item in row.items(rubrics, _ITEM):
        weight = item.number("weight", 1.0)
        if weight < 0:
            hint = "Make it 0 or more; not-llm-rubric turns it round."
            item.problem("weight", "is below 0", hint)
        text, metric = item.text("value", required=True), item.name("metric")
        means = TYPES[str(item.values["type"])]
        row.add(Criterion(key, text, weight=weight, met_means=means, category=metric))
    if not row.criteria:
        return None
    if other:
        row.losses.append(Loss("assertions that are no llm-rubric: left out", other))
    return row.rubric(AGGREGATOR, name=fields.text("description"), prompt=prompt)


def _stands_alone(fields: Fields) -> bool:
    """Whether a test does without the assertions of `defaultTest`."""
    options = fields.values.get("options")
    return isinstance(options, dict) and options.get("disableDefaultAsserts") is True


def _prompt(fields: Fields, dropped: Dropped) -> str:
    """The variable `prompt` of a test; other variables are noted as dropped."""
    if not isinstance(fields.values.get("vars"), dict):
        return ""
    variables = inner(fields, "vars")
    is_text = isinstance(variables.values.get("prompt"), str)
    dropped.note(variables, ("prompt",) if is_text else ())
    return variables.text("prompt") if is_text else ""


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
    about, kept = ("name", "prompt"), ("weight", "met_means", "category")
    for named, leaves in leaves_of(rubrics, losing, AGGREGATOR, about=about, kept=kept):
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
        return _read(text, load)

    def write(rubrics: Sequence[NamedRubric]) -> Written:
        value, losing = _values(rubrics)
        return Written(dump(value), losing.losses)

    return RubricFormat(
        name="promptfoo",
        label="promptfoo",
        about="Tests with assertions of the type llm-rubric and weights of 0 or more.",
        endings=_ENDINGS,
        matches=lambda name, text: "llm-rubric" in text and name.endswith(_ENDINGS),
        read=read,
        write=write,
    )

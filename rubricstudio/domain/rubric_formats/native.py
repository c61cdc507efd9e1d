"""The studio's own rubric file, in JSON or YAML: everything a rubric holds, both ways.

An object with the list `rubrics`, or one rubric alone, or a rubric a line. Each has `name`,
`task`, `prompt`, `aggregator`, `params` and `criteria`, named as docs/formats.md does.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from rubricstudio.domain.formats.fields import Fields
from rubricstudio.domain.formats.rubrics import read_rubric, rubric_to_json
from rubricstudio.domain.rubric_formats.protocol import (
    Loss,
    NamedRubric,
    ReadResult,
    ReadRubric,
    RubricFormat,
    Written,
)
from rubricstudio.domain.rubric_formats.reading import Dropped, DumpYaml, LoadYaml, Reading

KNOWN = ("name", "task", "prompt", "aggregator", "params", "criteria")
# A line of a whole export says these, too; none is part of the rubric.
BESIDE = ("type", "id", "published", "version", "semantic_number")


def read(text: str) -> ReadResult:
    """The rubrics of a native JSON text, or of its JSON Lines."""
    return _read(text, None)


def write(rubrics: Sequence[NamedRubric]) -> Written:
    """The rubrics as one JSON object. Only an infinite parameter is lost."""
    value, losses = _values(rubrics)
    return Written(json.dumps(value, ensure_ascii=False, indent=2) + "\n", losses)


def _read(text: str, load: LoadYaml | None) -> ReadResult:
    return Reading().each(text, read_native_rubric, inside="rubrics", load=load)


def read_native_rubric(fields: Fields) -> ReadRubric | None:
    """The rubric of one object with native fields; None and problems where it is none."""
    dropped = Dropped()
    dropped.note(fields, KNOWN if "type" not in fields.values else (*KNOWN, *BESIDE))
    rubric = read_rubric(fields)
    if rubric is None:
        return None
    name, task, prompt = (fields.text(part) for part in ("name", "task", "prompt"))
    return ReadRubric(rubric, name, task, prompt, losses=dropped.losses)


def _values(rubrics: Sequence[NamedRubric]) -> tuple[dict[str, Any], tuple[Loss, ...]]:
    values = [native_values(named) for named in rubrics]
    return {"rubrics": values}, endless(rubrics)


def native_values(named: NamedRubric) -> dict[str, Any]:
    """One rubric as native fields; empty ones and parameters without end are left out."""
    about = {"name": named.name, "task": named.task, "prompt": named.prompt}
    values: dict[str, Any] = {name: value for name, value in about.items() if value}
    values |= rubric_to_json(named.rubric)
    values["params"] = _finite(named.rubric.params)
    return values


def _finite(params: Mapping[str, float]) -> dict[str, float]:
    return {name: value for name, value in params.items() if math.isfinite(value)}


def endless(rubrics: Sequence[NamedRubric]) -> tuple[Loss, ...]:
    """The loss of parameters that are infinite, which JSON cannot hold."""
    lost = sum(len(n.rubric.params) - len(_finite(n.rubric.params)) for n in rubrics)
    return (Loss(f"{lost} infinite parameters of the aggregator are left out"),) if lost else ()


def _matches(name: str, text: str) -> bool:
    head = text[:4000]
    return name.endswith((".json", ".jsonl")) and '"criteria"' in head and '"key"' in head


FORMAT = RubricFormat(
    name="native",
    label="Rubric Studio (JSON)",
    about="Everything a rubric holds. Choose it to move rubrics between studios.",
    endings=(".json", ".jsonl"),
    matches=_matches,
    read=read,
    write=write,
)


def yaml_format(load: LoadYaml, dump: DumpYaml) -> RubricFormat:
    """The same in YAML, read and written by the functions given."""

    def write_yaml(rubrics: Sequence[NamedRubric]) -> Written:
        value, losses = _values(rubrics)
        return Written(dump(value), losses)

    def matches(name: str, text: str) -> bool:
        return name.endswith((".yaml", ".yml")) and "criteria:" in text and "key:" in text

    return RubricFormat(
        name="native-yaml",
        label="Rubric Studio (YAML)",
        about="Everything a rubric holds, in a form that people edit by hand.",
        endings=(".yaml", ".yml"),
        matches=matches,
        read=lambda text: _read(text, load),
        write=write_yaml,
    )

"""Inspect: samples whose `target` says what a good answer holds.

A model-graded scorer reads the target as one text; the whole rubric travels in
`metadata.rubric`, named as in the native format, so that nothing is lost. A target alone is
read as criteria of weight 1. Source: inspect_ai, dataset/_dataset.py and _util.py,
scorer/_model.py and _target.py.
"""

from __future__ import annotations

from collections.abc import Sequence

from rubricstudio.domain.formats.fields import Fields
from rubricstudio.domain.formats.lines import DECODER
from rubricstudio.domain.rubric import Criterion, MetMeans
from rubricstudio.domain.rubric_formats.losing import lines
from rubricstudio.domain.rubric_formats.native import endless, native_values, read_native_rubric
from rubricstudio.domain.rubric_formats.protocol import (
    NamedRubric,
    ReadResult,
    ReadRubric,
    RubricFormat,
    Written,
)
from rubricstudio.domain.rubric_formats.reading import Reading, inner, position_key
from rubricstudio.domain.rubric_formats.rows import Row

AGGREGATOR = "pos_normalised"


def read(text: str) -> ReadResult:
    """The rubrics of samples, in JSON Lines or a JSON list."""
    return Reading().each(text, _sample)


def _sample(fields: Fields) -> ReadRubric | None:
    fields = _parsed(fields)
    metadata = fields.values.get("metadata")
    if isinstance(metadata, dict) and isinstance(metadata.get("rubric"), dict):
        return read_native_rubric(inner(inner(fields, "metadata"), "rubric"))
    row = Row(fields, ("id", "input", "target"))
    if not fields.values.get("target"):
        fields.problem("target", "is missing", "Give texts, or a rubric in metadata.rubric.")
    for place, text in enumerate(fields.texts("target"), 1):
        row.add(Criterion(position_key(place), text))
    return row.rubric(AGGREGATOR, task=fields.text("id"), prompt=row.prompt("input"))


def _parsed(fields: Fields) -> Fields:
    """The sample with metadata as an object and targets as texts, as Inspect takes both."""
    values = dict(fields.values)
    metadata, target = values.get("metadata"), values.get("target")
    if isinstance(metadata, str):
        try:
            values["metadata"] = DECODER.decode(metadata)
        except (ValueError, RecursionError):
            fields.problem("metadata", "is a text that is not JSON", "Give an object.")
    listed = target if isinstance(target, list) else [target]
    if target is not None and all(type(item) in (str, int, float, bool) for item in listed):
        values["target"] = [str(item) for item in listed]
    return Fields(values, fields.place, fields.problems, fields.prefix)


def write(rubrics: Sequence[NamedRubric]) -> Written:
    """A sample a rubric. Only an infinite parameter is lost."""
    rows = [
        {
            "id": named.task,
            "input": named.prompt,
            "target": _target(named.rubric.leaves),
            "metadata": {"rubric": native_values(named)},
        }
        for named in rubrics
    ]
    return Written(lines(rows), endless(rubrics))


def _target(leaves: Sequence[Criterion]) -> str:
    """What a good answer holds, a line a criterion: a list would be joined without a space."""
    said = [c.text if c.met_means is MetMeans.GOOD else f"Not the case: {c.text}" for c in leaves]
    return said[0] if len(said) == 1 else "\n".join(f"{n}. {t}" for n, t in enumerate(said, 1))


FORMAT = RubricFormat(
    name="inspect",
    label="Inspect",
    about="Samples for a model-graded scorer, with the whole rubric in their metadata.",
    endings=(".jsonl", ".json"),
    matches=lambda name, text: '"input"' in text and '"target"' in text,
    read=read,
    write=write,
    by_line=True,
)

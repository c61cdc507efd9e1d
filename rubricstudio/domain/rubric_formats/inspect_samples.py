"""Inspect: samples whose `target` lists what a good answer holds.

A model-graded scorer reads the target; the whole rubric travels in `metadata.rubric`, named
as in the native format, so that nothing is lost. A target alone is read as criteria of
weight 1. Source: inspect_ai, Sample.
"""

from __future__ import annotations

from collections.abc import Sequence

from rubricstudio.domain.formats.fields import Fields
from rubricstudio.domain.rubric import Criterion
from rubricstudio.domain.rubric_formats.losing import lines
from rubricstudio.domain.rubric_formats.native import endless, native_values, read_native_rubric
from rubricstudio.domain.rubric_formats.protocol import (
    NamedRubric,
    ReadResult,
    ReadRubric,
    RubricFormat,
    Written,
)
from rubricstudio.domain.rubric_formats.reading import (
    Dropped,
    Reading,
    position_key,
    prompt_of,
    rubric_of,
)

AGGREGATOR = "pos_normalised"


def read(text: str) -> ReadResult:
    """The rubrics of samples, in JSON Lines or a JSON list."""
    return Reading().each(text, _sample)


def _sample(fields: Fields) -> ReadRubric | None:
    metadata = fields.values.get("metadata")
    if isinstance(metadata, dict) and isinstance(metadata.get("rubric"), dict):
        prefix = f"{fields.prefix}metadata.rubric."
        return read_native_rubric(Fields(metadata["rubric"], fields.place, fields.problems, prefix))
    dropped = Dropped()
    dropped.note(fields, ("id", "input", "target"))
    if not fields.values.get("target"):
        fields.problem("target", "is missing", "Give texts, or a rubric in metadata.rubric.")
    criteria = [
        Criterion(position_key(place), text) for place, text in enumerate(fields.texts("target"), 1)
    ]
    prompt, lost = prompt_of(fields, "input")
    losses = (*dropped.losses, *lost)
    return rubric_of(criteria, AGGREGATOR, task=fields.text("id"), prompt=prompt, losses=losses)


def write(rubrics: Sequence[NamedRubric]) -> Written:
    """A sample a rubric. Only an infinite parameter is lost."""
    rows = [
        {
            "id": named.task,
            "input": named.prompt,
            "target": [c.text for c in named.rubric.leaves],
            "metadata": {"rubric": native_values(named)},
        }
        for named in rubrics
    ]
    return Written(lines(rows), endless(rubrics))


FORMAT = RubricFormat(
    name="inspect",
    label="Inspect",
    about="Samples for a model-graded scorer, with the whole rubric in their metadata.",
    endings=(".jsonl", ".json"),
    matches=lambda name, text: '"input"' in text and '"target"' in text,
    read=read,
    write=write,
)

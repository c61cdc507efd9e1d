"""Every rubric format by name, and which one a file is in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rubricstudio.domain.rubric_formats import (
    autorubric,
    biggen,
    checklist,
    healthbench,
    inspect_samples,
    listed,
    native,
    openrubrics,
    paperbench,
    prbench,
    profbench,
    proimage,
    promptfoo,
    rar,
    researchrubrics,
    rubrichub,
    table,
    verifiers,
)
from rubricstudio.domain.rubric_formats.protocol import (
    FormatProblem,
    NamedRubric,
    ReadResult,
    RubricFormat,
    Written,
)
from rubricstudio.domain.rubric_formats.reading import Reading
from rubricstudio.yaml_text import dump_yaml, load_yaml

_ALL = (
    inspect_samples.FORMAT,
    native.FORMAT,
    native.yaml_format(load_yaml, dump_yaml),
    table.CSV,
    promptfoo.promptfoo_format(load_yaml, dump_yaml),
    autorubric.yaml_format(load_yaml, dump_yaml),
    checklist.INFOBENCH,
    paperbench.FORMAT,
    openrubrics.FORMAT,
    listed.KWBENCH,
    listed.DEEPRESEARCH,
    prbench.FORMAT,
    profbench.FORMAT,
    rar.FORMAT,
    healthbench.FORMAT,
    rubrichub.FORMAT,
    researchrubrics.FORMAT,
    biggen.FORMAT,
    autorubric.FORMAT,
    verifiers.FORMAT,
    proimage.FORMAT,
    checklist.LIST,
    table.TSV,
)

FORMATS: Mapping[str, RubricFormat] = {format_.name: format_ for format_ in _ALL}
"""In the order in which a file is held against them: the most telling first."""

CHOOSE = "Choose the format of the file."


def detect(file_name: str, text: str) -> RubricFormat | None:
    """The format that a file looks like, or None."""
    name = file_name.lower()
    readable = (known for known in FORMATS.values() if known.read is not None)
    return next((known for known in readable if known.matches(name, text)), None)


def read(format_name: str, file_name: str, text: str) -> ReadResult:
    """The rubrics of a file; an empty `format_name` means the one that it looks like.

    Never raises for what the file holds: that becomes problems.
    """
    chosen = FORMATS.get(format_name) if format_name else detect(file_name, text)
    if chosen is None or chosen.read is None:
        said = f"there is no format {format_name!r} to read" if format_name else "is not known"
        problem = FormatProblem(0, "format", said, CHOOSE)
        return ReadResult(problems=(*_broken(file_name, text), problem))
    return chosen.read(text)


def _broken(file_name: str, text: str) -> tuple[FormatProblem, ...]:
    """What is wrong with a text of no known format that is JSON by its name or its look."""
    ending = file_name.lower().endswith((".json", ".jsonl"))
    if not ending and not text.lstrip().startswith(("{", "[")):
        return ()
    reading = Reading()
    if list(reading.rows(text)) and not reading.problems:
        return ()
    return reading.result().problems


def write(format_name: str, rubrics: Sequence[NamedRubric]) -> Written:
    """The rubrics as a file's text. Raises KeyError for a format that is not written."""
    chosen = FORMATS[format_name]
    if chosen.write is None:
        raise KeyError(format_name)
    return chosen.write(rubrics)

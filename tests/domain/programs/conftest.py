"""What the tests of programs share."""

from __future__ import annotations

from rubricstudio.domain.programs import Outcome, Part, evaluate, parse
from rubricstudio.domain.rubric import Scale
from rubricstudio.program_tools import ProgramTools


def ask(program: str, text: str | None, scale: Scale | None = None) -> Outcome:
    """What a program says of a text, with real tools."""
    return evaluate(parse(program), text, ProgramTools(), scale)


def marked(part: Part | Outcome, text: str) -> list[str]:
    """The words at the places of a part."""
    return [text[span.start : span.end] for span in part.spans]

"""Programs that judge a criterion without a model: a small language of checks.

`check` says what is wrong with a program, `parse` reads one, `evaluate` asks it about a text.
docs/programs.md describes the language.
"""

from __future__ import annotations

from rubricstudio.domain.programs.checks import CHECKS, Check, Parameter, Takes
from rubricstudio.domain.programs.evaluation import evaluate
from rubricstudio.domain.programs.explanation import in_words, rationale
from rubricstudio.domain.programs.nodes import Program
from rubricstudio.domain.programs.parser import parse
from rubricstudio.domain.programs.validation import check
from rubricstudio.domain.programs.values import (
    MOST_SPANS,
    Hits,
    InvalidProgram,
    Outcome,
    Part,
    ProgramError,
    Returns,
    Span,
    Tools,
    Undecided,
)

__all__ = [
    "CHECKS",
    "MOST_SPANS",
    "Check",
    "Hits",
    "InvalidProgram",
    "Outcome",
    "Parameter",
    "Part",
    "Program",
    "ProgramError",
    "Returns",
    "Span",
    "Takes",
    "Tools",
    "Undecided",
    "check",
    "evaluate",
    "in_words",
    "parse",
    "rationale",
]

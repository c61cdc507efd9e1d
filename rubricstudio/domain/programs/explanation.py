"""An evaluation in words, for people who did not write the program."""

from __future__ import annotations

from rubricstudio.domain.programs.values import Outcome, Part

MOST_LINES = 12
LONGEST_PART = 160


def rationale(outcome: Outcome) -> str:
    """The checks that the outcome rests on, a line each, then what is left out.

    Example: 'forbids("sorry"): no (“sorry” is there)'. Whole numbers that the program itself
    names say nothing and are not repeated.
    """
    told = [part for part in outcome.explanation if part.decisive and not part.is_literal]
    lines = [_line(part) for part in told[:MOST_LINES]]
    if len(told) > MOST_LINES:
        lines.append(f"… and {len(told) - MOST_LINES} more parts")
    return "\n".join(lines)


def in_words(value: bool | float | None) -> str:
    """yes, no, a number as people write it, or undecided."""
    if value is None:
        return "undecided"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.0f}" if value.is_integer() and abs(value) < 1e15 else f"{value:.6g}"


def _line(part: Part) -> str:
    words = " ".join(part.text.split())
    short = words if len(words) <= LONGEST_PART else f"{words[: LONGEST_PART - 1]}…"
    note = f" ({part.note})" if part.note else ""
    return f"{short}: {in_words(part.value)}{note}"

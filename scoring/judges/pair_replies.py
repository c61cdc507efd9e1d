"""Reading which of two responses a judge model found better, without ever guessing.

Which verdict of a reply counts, and that copied words do not, is as in replies.py. Quotes are
kept by the response that they are said to be from.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from rubricstudio.domain.verdict import VerdictStatus
from scoring.judges.offers import word_key
from scoring.judges.protocol import ALIKE, FIRST_BETTER, SECOND_BETTER
from scoring.judges.replies import (
    Reading,
    find_verdict,
    reasons_in,
    texts_in,
    unquoted,
    valued,
)

QUOTE_LINE = re.compile(
    r"^[\s>*_`-]*quote[\s*_`]+(?P<side>[ab])[\s*_`]*:[\s*_`]*(?P<quote>[^\n]+)$", re.I | re.M
)
# The words that are offered, and those that can mean nothing else.
_WORDS = {
    "a": FIRST_BETTER,
    "response_a": FIRST_BETTER,
    "b": SECOND_BETTER,
    "response_b": SECOND_BETTER,
    "same": ALIKE,
    "the_same": ALIKE,
    "about_the_same": ALIKE,
    "tie": ALIKE,
}


def read_pair_reply(
    reply: str, *, responses: str, code: str, finish_reason: str = "", refusal: str = ""
) -> Reading:
    """Which response the reply prefers, as a value; `responses` are both texts together.

    The other parameters are those of `replies.find_verdict`.
    """
    found = find_verdict(
        reply, response=responses, code=code, finish_reason=finish_reason, refusal=refusal
    )
    if isinstance(found, Reading):
        return found
    reading = _in_text(found.told) if isinstance(found.told, str) else _in_object(found.told)
    return valued(found.verdict, read_side(found.verdict), reading)


def read_side(given: object) -> float | None:
    """The value that a verdict names, or None where it names none of those offered."""
    return _WORDS.get(word_key(given)) if isinstance(given, str) else None


def _in_object(told: Mapping[str, object]) -> Reading:
    return Reading(
        VerdictStatus.OK,
        rationale=reasons_in(told)[0],
        quotes=texts_in(told, "quotes_a"),
        of_other=texts_in(told, "quotes_b"),
    )


def _in_text(told: str) -> Reading:
    sides: dict[str, list[str]] = {"a": [], "b": []}
    for line in QUOTE_LINE.finditer(told):
        sides[line["side"].lower()].append(unquoted(line["quote"]))
    return Reading(
        VerdictStatus.OK,
        rationale=QUOTE_LINE.sub("", told).strip(),
        quotes=tuple(sides["a"]),
        of_other=tuple(sides["b"]),
    )

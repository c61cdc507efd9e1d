"""Reading the verdicts out of one reply about several criteria, each by its exact echo.

An entry counts where its number and its text name one criterion that was asked. Entries are
never matched by their order: one that is missing leaves its own criterion without a verdict,
and so does one that was given twice. Entries copied from the response do not count, and where
lines carry the code of the prompt, which nothing inside the response can know, only they do.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from rubricstudio.domain.rubric import Criterion
from rubricstudio.domain.verdict import VerdictStatus
from scoring.judges.replies import (
    CUT_OFF,
    Reading,
    no_verdict,
    provider_refused,
    reading_of,
    reasons_before,
    reasons_in,
    spoken,
    squeezed,
)
from scoring.judges.rubric_prompts import echo_of

LONGEST_READ = 500_000  # characters of a reply that are read, from its end
MOST_LISTS = 100

# Where the entries begin: a list of objects, whatever stands around it.
LIST = re.compile(r"\[\s*(?=\{)")
BETWEEN = re.compile(r"\s*,\s*(?=\{)")
LINE = re.compile(
    r"^[\s>*#_`-]*(?P<what>criterion|verdict)[\s*_`]+(?P<code>[0-9a-f]{12})[\s*_`]+"
    r"(?P<number>\d{1,4})[\s*_`]*:(?P<rest>[^\n]*)$",
    re.I | re.M,
)


@dataclass(frozen=True, slots=True)
class _Entry:
    """One entry as it was given; `said` is its own part of the reply."""

    number: object
    criterion: object
    verdict: object
    rationale: str
    quotes: tuple[str, ...]
    said: str


def read_rubric_reply(
    reply: str,
    *,
    criteria: Sequence[Criterion],
    response: str,
    code: str,
    finish_reason: str = "",
    refusal: str = "",
) -> list[Reading]:
    """One reading for each of the criteria, which were numbered from 1 in this order.

    The other parameters are those of `read_reply`. Of a reply that was cut off, the entries
    that are whole count.
    """
    if refused := provider_refused(finish_reason, refusal):
        return [refused] * len(criteria)
    text = spoken(reply)[-LONGEST_READ:]
    copied = squeezed(response)
    entries = list(_signed(text, code)) or [
        entry for entry in _listed(text) if squeezed(entry.said) not in copied
    ]
    if not entries:
        return [no_verdict(text, finish_reason)] * len(criteria)
    missing = CUT_OFF if finish_reason == "length" else "The reply has no entry for this criterion."
    return [
        _reading(entries, number, criterion, missing)
        for number, criterion in enumerate(criteria, 1)
    ]


def _reading(entries: Sequence[_Entry], number: int, criterion: Criterion, missing: str) -> Reading:
    numbered = [entry for entry in entries if _number(entry.number) == number]
    echo = echo_of(criterion)
    own = [entry for entry in numbered if _bare(entry.criterion) == _bare(echo)]
    if len(own) == 1:
        said = own[0]
        read = reading_of(
            said.verdict, criterion.scale, rationale=said.rationale, quotes=said.quotes
        )
        return replace(read, said=said.said)
    reason = missing
    if own:
        reason = f"The reply has {len(own)} entries for this criterion: none of them counts."
    elif numbered:
        reason = f"The entry numbered {number} does not repeat this criterion's text."
    return Reading(VerdictStatus.PARSE_ERROR, reason=reason)


def _bare(given: object) -> object:
    """A text without what may stand around it: white space and marks of emphasis."""
    return given.strip(" \t\n*_`") if isinstance(given, str) else None


def _number(given: object) -> int | None:
    if isinstance(given, str) and re.fullmatch(r"\d{1,4}", given, re.ASCII):
        return int(given)
    return given if type(given) is int else None


def _listed(text: str) -> Iterator[_Entry]:
    """The entries of each list of objects in the text, up to where one cannot be read."""
    decoder = json.JSONDecoder(strict=False)
    start = LIST.search(text)
    for _ in range(MOST_LISTS):
        if start is None:
            return
        at: int | None = start.end()
        end = start.end()
        while at is not None:
            try:
                value, end = decoder.raw_decode(text, at)
            except (ValueError, RecursionError):
                break
            rationale, quotes = reasons_in(value)
            yield _Entry(
                value.get("number"),
                value.get("criterion"),
                value.get("verdict"),
                rationale,
                quotes,
                text[at:end],
            )
            after = BETWEEN.match(text, end)
            at = after.end() if after else None
        # What follows an entry that cannot be read may be a part of it.
        if at is not None and at > start.end():
            return
        start = LIST.search(text, end)


def _signed(text: str, code: str) -> Iterator[_Entry]:
    """Each verdict line that carries the code, with the criterion line before it."""
    opened: re.Match[str] | None = None
    for line in LINE.finditer(text):
        if line["code"] != code:
            continue
        if line["what"].lower() == "criterion":
            opened = line
            continue
        of = opened if opened and opened["number"] == line["number"] else None
        begun = of.end() if of else line.start()
        yield _Entry(
            line["number"],
            of["rest"] if of else None,
            line["rest"],
            *reasons_before(text[begun : line.start()]),
            text[of.start() if of else line.start() : line.end()].strip(),
        )

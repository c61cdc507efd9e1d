"""Reading the verdict out of what a judge model wrote, without ever guessing.

The last verdict counts, because models correct themselves; where the last one is not
among those offered there is no verdict, whatever stood before it. Words that the model
only copied from the response are not its verdict. A line of plain text that carries the
code of the prompt, which nothing inside the response can know, goes before all others.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial

from rubricstudio.domain.rubric import Scale
from rubricstudio.domain.verdict import VerdictStatus
from scoring.judges.offers import is_cannot_assess, read_verdict

LONGEST_READ = 50_000  # characters of a reply that are read, from its end
MOST_BRACES = 2_000
CUT_OFF = "The reply was cut off at its length limit: raise max_tokens."
ABSENT = object()  # stands for the verdict of an object that has none

VERDICT_LINE = re.compile(
    r"^[\s>*#_`-]*(?:final )?verdict(?:[\s*_`]+(?P<code>[0-9a-f]{12}))?"
    r"[\s*_`]*[:=](?P<word>[^\n]*)$",
    re.I | re.M,
)
QUOTE_LINE = re.compile(r"^[\s>*_`-]*quote[\s*_`]*:[\s*_`]*(?P<quote>[^\n]+)$", re.I | re.M)
REFUSAL = re.compile(
    r"^\W*(i['’]m sorry|sorry|i apologi[sz]e|i (cannot|can['’]t|can not|won['’]t|am unable to|"
    r"['’]?m unable to|must decline)|as an ai)\b",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reply says: `value` where `status` is ok, else `reason` says why there is none.

    `said` is the part of the reply that says it, where that is not all of it; `of_other` are the
    quotes of the response shown second, where two are compared.
    """

    status: VerdictStatus
    value: float | None = None
    reason: str = ""
    rationale: str = ""
    quotes: tuple[str, ...] = ()
    said: str = ""
    of_other: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Said:
    """A verdict as it stands in a reply, whatever it is.

    told: what was said for it, the object that it is a field of or the text before its line.
    """

    start: int
    end: int
    verdict: object
    told: Mapping[str, object] | str
    code: str = ""


def read_reply(
    reply: str,
    *,
    scale: Scale,
    response: str,
    code: str = "",
    finish_reason: str = "",
    refusal: str = "",
) -> Reading:
    """The verdict in `reply` on a criterion with `scale`.

    The other parameters are those of `find_verdict`.
    """
    found = find_verdict(
        reply, response=response, code=code, finish_reason=finish_reason, refusal=refusal
    )
    if isinstance(found, Reading):
        return found
    rationale, quotes = _reasons(found)
    return reading_of(found.verdict, scale, rationale=rationale, quotes=quotes)


def find_verdict(
    reply: str, *, response: str, code: str, finish_reason: str, refusal: str
) -> Said | Reading:
    """The verdict that counts in a reply; a reading without a value where there is none.

    `response` is what was judged, with the other responses that were shown; `code` is the one
    that the prompt asked to sign with; `finish_reason` and `refusal` are the provider's words.
    """
    if refused := provider_refused(finish_reason, refusal):
        return refused
    text = spoken(reply)[-LONGEST_READ:]
    found = _last_verdict(text, response, code)
    if found is None:
        return no_verdict(text, finish_reason)
    if finish_reason == "length" and found.end < len(text.rstrip()):
        return _cut_off(_reasons(found)[0])
    return found


def _reasons(said: Said) -> tuple[str, tuple[str, ...]]:
    told = said.told
    return reasons_before(told) if isinstance(told, str) else reasons_in(told)


def provider_refused(finish_reason: str, refusal: str) -> Reading | None:
    """The reading of a reply that the provider itself calls a refusal; None of any other."""
    if refusal or finish_reason == "content_filter":
        return Reading(VerdictStatus.REFUSED, reason=refusal or "The provider filtered the reply.")
    return None


def spoken(reply: str) -> str:
    """The reply without the thinking that some models print first; empty if only that."""
    _, opened, after = reply.rpartition("</think>")
    if opened:
        return after
    return reply.partition("<think>")[0]


def reading_of(
    verdict: object, scale: Scale, *, rationale: str, quotes: tuple[str, ...]
) -> Reading:
    """The reading of a verdict on a scale that was found, with what was said for it."""
    value = read_verdict(verdict, scale)
    return valued(verdict, value, Reading(VerdictStatus.OK, rationale=rationale, quotes=quotes))


def valued(verdict: object, value: float | None, reading: Reading) -> Reading:
    """A reading of what was said for a verdict, with its value; None where it names none."""
    told = partial(replace, reading)
    if is_cannot_assess(verdict):
        reason = reading.rationale or "The judge could not decide from what it was shown."
        return told(status=VerdictStatus.CANNOT_ASSESS, reason=reason)
    if value is None:
        reason = f"The verdict {str(verdict)[:80]!r} is not one of those offered."
        return told(status=VerdictStatus.PARSE_ERROR, reason=reason)
    return told(value=value)


def no_verdict(text: str, finish_reason: str) -> Reading:
    """The reading of a reply in which no verdict was found."""
    if not text.strip():
        return Reading(VerdictStatus.PARSE_ERROR, reason="The reply is empty.")
    if finish_reason == "length":
        return _cut_off()
    if REFUSAL.match(text):
        return Reading(VerdictStatus.REFUSED, reason=text.strip()[:500])
    return Reading(VerdictStatus.PARSE_ERROR, reason="The reply holds no verdict.")


def _cut_off(rationale: str = "") -> Reading:
    return Reading(VerdictStatus.PARSE_ERROR, reason=CUT_OFF, rationale=rationale)


def _last_verdict(text: str, response: str, code: str) -> Said | None:
    objects = _objects(text)
    inside = [(each.start, each.end) for each in objects]
    lines = [
        each for each in _lines(text) if not any(start <= each.start < end for start, end in inside)
    ]
    signed = [each for each in lines if code and each.code == code]
    copied = squeezed(response)
    told = signed or [
        each
        for each in [*objects, *lines]
        if each.verdict is not ABSENT
        and not each.code
        and squeezed(text[each.start : each.end]) not in copied
    ]
    return max(told, key=lambda each: each.start, default=None)


def squeezed(text: str) -> str:
    """The text without white space: a copy is one however it was laid out anew."""
    return "".join(text.split())


def _objects(text: str) -> list[Said]:
    """Each JSON object in the text, outermost only; none where it holds braces without end."""
    decoder = json.JSONDecoder(strict=False)
    found: list[Said] = []
    at = text.find("{")
    for _ in range(MOST_BRACES):
        if at < 0:
            return found
        try:
            value, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            end = at + 1
        else:
            found.append(_found(value, at, end))
        at = text.find("{", end)
    return []


def _found(value: Mapping[str, object], start: int, end: int) -> Said:
    return Said(start, end, value.get("verdict", ABSENT), value)


def reasons_in(value: Mapping[str, object]) -> tuple[str, tuple[str, ...]]:
    """The rationale and the quotes of a JSON object; what is not of their form is left out."""
    rationale = value.get("rationale")
    return (rationale.strip() if isinstance(rationale, str) else "", texts_in(value, "quotes"))


def texts_in(value: Mapping[str, object], name: str) -> tuple[str, ...]:
    """The texts in a list of a JSON object; what is none is left out."""
    given = value.get(name)
    return tuple(q for q in given if isinstance(q, str)) if isinstance(given, list) else ()


def reasons_before(text: str) -> tuple[str, tuple[str, ...]]:
    """The rationale and the quotes in plain text that comes before its verdict."""
    quotes = tuple(unquoted(q.group("quote")) for q in QUOTE_LINE.finditer(text))
    return QUOTE_LINE.sub("", text).strip(), quotes


def unquoted(passage: str) -> str:
    """A passage on a line of its own, without the quotation marks around it."""
    return passage.strip().strip('"“”')


def _lines(text: str) -> Iterator[Said]:
    """Each line "Verdict: word" outside an object, with what was said before it."""
    for match in VERDICT_LINE.finditer(text):
        yield Said(
            match.start(),
            match.end(),
            match["word"],
            text[: match.start()],
            match["code"] or "",
        )

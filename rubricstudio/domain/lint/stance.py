"""Whether a text speaks of something being there, being avoided, or being left out."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from rubricstudio.domain.lint.words import Word, terms, words_of


class Stance(StrEnum):
    """says: it is there. avoids: something bad is not there. omits: something good is not
    there. faults: something bad is there."""

    SAYS = "says"
    AVOIDS = "avoids"
    OMITS = "omits"
    FAULTS = "faults"


_AVOIDING = terms("avoids avoid refrains refrain abstains abstain")
_FREE = ("contains no", "includes no", "makes no", "is free of", "is free from", "uses no")
_FAILING = ("fails to", "fail to", "neglects to", "forgets to", "omits to", "failed to")
_OMITTING = terms("omits lacks omit lack neglects ignores overlooks")
# What a response is asked for; not doing it leaves something out.
_WANTED = terms(
    "mention include state provide explain address cite name identify warn ask discuss "
    "acknowledge specify give describe list justify define advise note answer quote show "
    "clarify consider report summarise summarize account handle validate test follow disclose "
    "distinguish support contain"
)
_HOLDING = frozenset(("contain", "include", "show"))
_FAULTY = terms(
    "invents invent hallucinates hallucinate fabricates fabricate misstates misstate "
    "misrepresents misquotes exaggerates overstates understates contradicts confuses mislabels "
    "misleads plagiarises plagiarizes misattributes misdiagnoses miscalculates conflates "
    "misidentifies insults blames dismisses misinterprets leaks crashes"
)
_FAULTY_OBJECTS = terms(
    "false incorrect wrong invented fabricated unsupported misleading inaccurate harmful "
    "unsafe hallucinated irrelevant offensive insecure unfounded nonexistent non-existent"
)
_BEARING = terms("contains includes makes gives states uses recommends cites presents")
_SUBJECTS = terms("the response answer it this reply text should must code author")


class Reading(NamedTuple):
    """A stance; `rest` is the index of the first word behind what expresses it."""

    stance: Stance
    rest: int


def read(words: tuple[Word, ...]) -> Reading:
    """The stance of a criterion's words, by how its sentence begins."""
    at = 0
    while at < len(words) and at < 4 and words[at].text in _SUBJECTS:
        at += 1
    texts = [word.text for word in words[at : at + 5]] + [""] * 5
    pair, triple = " ".join(texts[:2]), " ".join(texts[:3])
    if texts[0] in _AVOIDING:
        return Reading(Stance.AVOIDS, at + (2 if texts[1] == "from" else 1))
    if texts[0] == "no" or (pair in _FREE or triple in _FREE):
        length = 1 if texts[0] == "no" else len((triple if triple in _FREE else pair).split())
        return Reading(Stance.AVOIDS, at + length)
    if pair in _FAILING:
        return Reading(Stance.OMITS, at + 2)
    if texts[0] in _OMITTING:
        return Reading(Stance.OMITS, at + 1)
    if pair in ("does not", "do not", "should not", "must not") or texts[0] in ("not", "never"):
        length = 2 if texts[0] not in ("not", "never") else 1
        any_at_all = texts[length] in _HOLDING and texts[length + 1] == "any"
        wanted = (
            texts[length] in _WANTED and not any_at_all and texts[length + 1] not in _FAULTY_OBJECTS
        )
        return Reading(Stance.OMITS if wanted else Stance.AVOIDS, at + length)
    if texts[0] in _FAULTY or (texts[0] in _BEARING and set(texts[1:4]) & _FAULTY_OBJECTS):
        return Reading(Stance.FAULTS, at)
    return Reading(Stance.SAYS, at)


def stance_of(text: str) -> Stance:
    """The stance of a text."""
    return read(words_of(text)).stance


def is_negated(stance: Stance) -> bool:
    """Whether meeting the criterion means that something is not there."""
    return stance in (Stance.AVOIDS, Stance.OMITS)

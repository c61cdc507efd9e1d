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
_FREE = (
    *("contains no", "includes no", "makes no", "is free of", "is free from", "uses no"),
    *("steers clear of", "stays away from", "has no", "there is no", "there are no"),
)
_FAILING = (
    *("fails to", "fail to", "neglects to", "forgets to", "omits to", "failed to"),
    *("misses the", "misses to", "leaves out", "skips over", "is missing", "absence of"),
    *("lack of", "failure to", "omission of"),
)
_OMITTING = terms(
    "omits lacks omit lack neglects ignores overlooks missing lacking omitting skips disregards "
    "forgets"
)
# What a response is asked for; not doing it leaves something out.
_WANTED = terms(
    "mention include state provide explain address cite name identify warn ask discuss "
    "acknowledge specify give describe list justify define advise note answer quote show "
    "clarify consider report summarise summarize account handle validate test follow disclose "
    "distinguish support contain recommend suggest refer present compare define calculate compute "
    "offer encourage check correct follow apply include link cover analyse analyze evaluate "
    "express summarise interpret outline propose highlight verify confirm ensure have return"
)
_BAD_THINGS = terms(
    "jargon slang error errors typo typos mistake mistakes cliche cliches clichés hallucination "
    "hallucinations bias insult insults profanity filler padding repetition redundancy falsehood "
    "falsehoods contradiction contradictions inaccuracy inaccuracies emoji emojis spoilers "
    "spoiler warnings bug bugs leak leaks plagiarism claims invented placeholder placeholders"
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
_WORSE = terms(
    "any use speculate promise blame lie guess copy harm repeat judge insult mislead exaggerate "
    "misquote leak crash"
)
_BEARING = terms("contains includes makes gives states uses recommends cites presents")
_SUBJECTS = terms("the response answer it this reply text should must code author")


class Reading(NamedTuple):
    """A stance; `rest` is the index of the first word behind what expresses it."""

    stance: Stance
    rest: int


def lacks(words: tuple[Word, ...], reading: Reading) -> bool:
    """Whether "No title" or "Does not greet" speaks of something good that is not there.

    Only where the criterion counts it as bad: with "no errors" nobody misses anything.
    """
    if reading.stance is not Stance.AVOIDS or reading.rest == 0:
        return False
    lead = words[reading.rest - 1].text
    behind = {word.text for word in words[reading.rest : reading.rest + 4]}
    bad = behind & (_BAD_THINGS | _FAULTY_OBJECTS | _WORSE)
    faults = any(word in _FAULTY or word + "s" in _FAULTY for word in behind)
    return lead in ("no", "not", "never") and not bad and not faults


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

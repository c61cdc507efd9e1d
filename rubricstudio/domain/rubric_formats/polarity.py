"""Whether meeting a criterion of negative weight is good: a guess, with what it rests on.

Public data holds both under negative weights: "avoids X" (met is good) and "does X" (met is
bad). The sign alone does not say which, so the text is read and a person is asked.
"""

from __future__ import annotations

import re

from rubricstudio.domain.rubric import MetMeans
from rubricstudio.domain.rubric_formats.protocol import PolarityGuess

_LABEL = re.compile(r"^\W*(?:\w+ criteri(?:a|on)|pitfalls?)\s*[:\-\u2013]\s*", re.IGNORECASE)
_SUBJECT = (
    r"^\W*(?:(?:the|this|its|your|a)\s+)?"
    r"(?:(?:(?:model|final)(?:['\u2019]s)?\s+)?"
    r"(?:response|answer|output|model|reply|text|report|essay|solution|it)\s+)?"
)
# A negation of what a good answer holds names a failure: "does not mention the dose".
_OMISSION = (
    r"(?:(?:explicitly|clearly|adequately|fully|properly|correctly)\s+)?(?:mention|include|state|"
    r"address|explain|specify|consider|provide|identify|discuss|acknowledge|recogni[sz]e|note|"
    r"describe|account|cite|warn|clarify|answer|give|offer|define|emphasi[sz]e|highlight|"
    r"follow|meet|use|show|list|name|support|justify|respond|ask|advise|distinguish|cover)"
)
_NOT = r"(?:does\s+not|doesn['\u2019]t|do\s+not|don['\u2019]t|did\s+not|is\s+not|isn['\u2019]t)"

_Rule = tuple[re.Pattern[str], MetMeans]


def _rule(pattern: str, means: MetMeans) -> _Rule:
    return re.compile(_SUBJECT + pattern, re.IGNORECASE), means


_RULES: tuple[_Rule, ...] = (
    _rule(r"(?:should|must|can|will)?\s*avoid(?:s|ing|ed)?\b", MetMeans.GOOD),
    _rule(r"(?:must|should|shall|may|can)(?:\s*not|n['\u2019]t)\b", MetMeans.GOOD),
    _rule(r"(?:refrains?|abstains?|stays?\s+away|steers?\s+clear)\b", MetMeans.GOOD),
    _rule(r"(?:is|are|remains?|stays?)\s+free\s+(?:of|from)\b", MetMeans.GOOD),
    _rule(r"(?:never|without|contains?\s+no|makes?\s+no|has\s+no)\b", MetMeans.GOOD),
    _rule(_NOT + r"\s+" + _OMISSION + r"\b", MetMeans.BAD),
    _rule(_NOT + r"\b", MetMeans.GOOD),
    _rule(r"(?:fails?|failing|failed)\s+to\b", MetMeans.BAD),
    _rule(
        r"(?:omits?|ignores?|neglects?|overlooks?|lacks?|misses|confuses?|misstates?|mis\w+s|"
        r"incorrectly|wrongly|falsely|overstates?|invents?|fabricates?|hallucinates?)\b",
        MetMeans.BAD,
    ),
)


def wording(text: str) -> tuple[MetMeans, str] | None:
    """What the start of a text says about meeting it, and the words that say so; or None."""
    bare = _LABEL.sub("", text[:300])
    for pattern, means in _RULES:
        found = pattern.match(bare)
        if found:
            return means, " ".join(found.group().split()[-3:]).strip()
    return None


def guess(key: str, text: str) -> PolarityGuess:
    """The guess for a criterion of negative weight whose format does not say it."""
    said = wording(text)
    if said is None:
        return PolarityGuess(
            key, False, "The weight is negative and the text names no avoiding: a failure."
        )
    means, words = said
    if means is MetMeans.GOOD:
        why = f"It reads \u201c{words}\u201d: a response that meets it has kept clear of a failure."
    else:
        why = f"It reads \u201c{words}\u201d: a response that meets it has failed."
    return PolarityGuess(key, means is MetMeans.GOOD, why)


def doubt(key: str, text: str, source: str) -> PolarityGuess | None:
    """A question where `source` counts meeting as bad and the text reads as good, else None."""
    said = wording(text)
    if said is None or said[0] is MetMeans.BAD:
        return None
    why = f"{source} counts meeting it against the response, but it reads \u201c{said[1]}\u201d."
    return PolarityGuess(key, False, why)


def means_of(found: PolarityGuess) -> MetMeans:
    """The polarity that a guess stands for."""
    return MetMeans.GOOD if found.met_is_good else MetMeans.BAD


def polarity(
    key: str, text: str, weight: float, source: str = ""
) -> tuple[MetMeans, tuple[PolarityGuess, ...]]:
    """What meeting means, and the question about it where there is one.

    source: the format that counts meeting as bad wherever the weight is negative; empty where
    the format does not say.
    """
    if weight >= 0:
        return MetMeans.GOOD, ()
    if source:
        asked = doubt(key, text, source)
        return MetMeans.BAD, (asked,) if asked else ()
    found = guess(key, text)
    return means_of(found), (found,)

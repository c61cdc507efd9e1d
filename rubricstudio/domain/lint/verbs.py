"""Verbs that criteria are written with, in every form, and where a criterion's own verb stands."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rubricstudio.domain.lint.words import Word, terms

# Verbs that only a response is the subject of, as a rule.
SAYS = terms(
    "acknowledges addresses advises analyses analyzes apologises apologizes argues asks assesses "
    "avoids cautions cites claims clarifies compares computes calculates concludes confirms "
    "contrasts converts corrects critiques declines defines derives describes diagnoses discusses "
    "discourages distinguishes elaborates emphasises emphasizes encourages enumerates estimates "
    "evaluates explains expresses gives greets guides highlights identifies illustrates infers "
    "informs instructs interprets introduces justifies lists mentions names narrates offers orders "
    "outlines paraphrases points prescribes proposes proves provides quantifies quotes ranks "
    "reassures recommends refers refrains refuses rejects renames rephrases requests restates "
    "rewrites solves specifies states stresses suggests summarises summarizes tells thanks "
    "translates urges verifies warns writes"
)
# Verbs that may as well belong to what a response speaks of.
DOES = terms(
    "adds applies arranges assigns begins builds catches checks chooses closes compiles contains "
    "covers creates deletes demonstrates details directs displays documents draws employs ends "
    "ensures excludes follows formats handles implements includes incorporates interprets keeps "
    "labels links loads logs maintains makes marks matches notes omits opens organises organizes "
    "parses plots presents prints produces raises reads rejects removes replaces reports returns "
    "runs sanitises sanitizes saves selects sets shows sorts starts stores supports takes tests "
    "updates uses validates"
)
VERBS = SAYS | DOES


def plain(third: str) -> str:
    """The plain form of a third person: "describes" is "describe"."""
    if third.endswith("ies"):
        return third[:-3] + "y"
    return re.sub(r"(?<=ss)es$|(?<=x)es$|(?<=sh)es$|(?<=ch)es$|s$", "", third)


def _gerund(base: str) -> str:
    if base.endswith("e") and not base.endswith(("ee", "ye")):
        return base[:-1] + "ing"
    doubled = base in ("set", "run", "plot", "omit", "refer", "begin")
    return base + (base[-1] if doubled else "") + "ing"


PLAIN = {plain(verb): verb for verb in VERBS}
GERUNDS = {_gerund(base): verb for base, verb in PLAIN.items()}

_MODALS = terms("should must to not shall correctly explicitly clearly never")
_ASKING = terms("does do did")
_COPULAS = terms("is are was were has have")
_BEHIND_A_VERB = terms(
    "the a an its their his her it them that how why whether each every all any both at least one"
)
_NO_VERB = terms("its this thus always perhaps news yes plus across besides unless towards")
_BEFORE_A_NOUN = terms(
    "the a an its their his her this that these those each every any no all given generated some "
    "of and or in on for with by following"
)


def head_of(words: Sequence[Word]) -> int | None:
    """The index of the verb that says what a response does: "names", "Should name", "Does it name".

    None where there is none among the first words.
    """
    if len(words) > 1 and words[0].text in _ASKING and words[1].text != "not":
        return _asked(words)
    for index, word in enumerate(words[:8]):
        denied = word.text == "does" and [w.text for w in words[index + 1 : index + 2]] == ["not"]
        base = word.text in PLAIN and (index == 0 or words[index - 1].text in _MODALS)
        if word.text in VERBS or denied or base:
            return index
    if len(words) > 1 and words[0].text in _MODALS - {"to", "not"}:
        return 1
    return 0 if words and is_third_person(words, 0) else None


def _asked(words: Sequence[Word]) -> int | None:
    """The plain verb of "Does the report name ...", behind its subject."""
    for index in range(2, min(len(words), 14)):
        noun = words[index - 1].text in _BEFORE_A_NOUN
        if words[index].text in PLAIN and not noun:
            return index
    return None


def is_third_person(words: Sequence[Word], index: int) -> bool:
    """Whether a word that no list knows stands as a verb: "interprets it", "labels each axis"."""
    text = words[index].text
    if len(text) < 4 or not text.endswith("s") or text.endswith(("ss", "us", "is", "'s")):
        return False
    behind = words[index + 1].text if index + 1 < len(words) else ""
    return text not in _NO_VERB and behind in _BEHIND_A_VERB


def third_person(text: str) -> str:
    """A verb in the third person, from whatever form it stands in."""
    return PLAIN.get(text) or GERUNDS.get(text) or text

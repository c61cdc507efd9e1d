"""Words of a text with their places, phrases among them, and whether it is English."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple, TypeAlias

from rubricstudio.domain.lint.values import Span

_WORD = re.compile(r"[^\W_]+(?:['’\-][^\W_]+)*")


class Word(NamedTuple):
    """A word in small letters and where it stands."""

    text: str
    start: int
    end: int


Phrases: TypeAlias = Mapping[str, Sequence[tuple[str, ...]]]


def terms(text: str) -> frozenset[str]:
    """The words of a text, for rules to look words up in."""
    return frozenset(text.split())


@lru_cache(maxsize=4096)
def words_of(text: str) -> tuple[Word, ...]:
    """The words of a text in order; a hyphen or an apostrophe inside does not end one."""
    found = _WORD.finditer(text)
    return tuple(Word(m[0].lower().replace("’", "'"), m.start(), m.end()) for m in found)


def phrases(*given: str) -> Phrases:
    """Phrases by their first word, the longest first."""
    table: dict[str, list[tuple[str, ...]]] = {}
    for phrase in given:
        parts = tuple(phrase.split())
        table.setdefault(parts[0], []).append(parts)
    return {first: sorted(parts, key=len, reverse=True) for first, parts in table.items()}


def occurrences(words: Sequence[Word], table: Phrases) -> Iterator[tuple[int, int]]:
    """Where phrases stand, as (first word, word behind the last); none inside another."""
    behind = 0
    for index, word in enumerate(words):
        if index >= behind and word.text in table:
            length = _length_at(words, index, table)
            if length:
                behind = index + length
                yield index, behind


def _length_at(words: Sequence[Word], index: int, table: Phrases) -> int:
    parts_of = table[words[index].text]
    texts = tuple(word.text for word in words[index : index + len(parts_of[0])])
    return next((len(parts) for parts in parts_of if texts[: len(parts)] == parts), 0)


def has(words: Sequence[Word], table: Phrases) -> bool:
    """Whether any of the phrases stands among the words."""
    return next(occurrences(words, table), None) is not None


def span_of(words: Sequence[Word], first: int, behind: int) -> Span:
    """The passage from one word up to another."""
    return Span(words[first].start, words[behind - 1].end)


# -- language

_ENGLISH = terms(
    "the a an of to and or in is are not for with that this as by it its from on at be which "
    "any all no does do than their when if each least must should has have between one"
)
_OTHER = terms(
    "der das und oder nicht ein eine einen einer mit von für auf dem den ist wird nennt "
    "le la les et ou un une de du est pas pour avec dans que qui sur au aux "
    "el los las y con por para una del al es que no se su "
    "il lo gli che non di della con una per sono è "
    "o os as do da em não um uma com het een van niet op voor och att som inte är på "
    "i w na z nie jest się oraz ve bir için ile"
) - {"do", "as", "no", "i", "o", "per", "se", "on", "al", "la", "de", "el", "van", "com", "y"}


@lru_cache(maxsize=4096)
def is_english(text: str) -> bool:
    """Whether rules for English wording may speak: Latin letters, no other language's words."""
    letters = [c for c in text if c.isalpha()]
    if not letters or sum(c < "\u0250" for c in letters) < 0.9 * len(letters):
        return False
    words = [word.text for word in words_of(text)]
    return sum(w in _OTHER for w in words) <= sum(w in _ENGLISH for w in words)


# -- content

_EMPTY = terms(
    "the a an of to and or in is are for with that this these those as by it its from on at be "
    "generated given clearly correctly accurately briefly specifically properly directly "
    "which any all than their when if each must should has have had was were been being into "
    "response answer text reply output model assistant there also both i e g explicitly "
    "about how what why whether who where least one"
)
# What a response does with a fact: synonyms for a rater, so they do not tell criteria apart.
_SAYING = terms(
    "state mention name give note identify explain describe discuss include provide say list "
    "specify report address point indicate mentioning stating naming cover acknowledge present "
    "outline highlight inform declare tell clarify"
)
# Words that mean the same to a rater, the one that stands for them in front.
_SYNONYMS = {
    synonym: words.split()[0]
    for words in (
        *("drug medication medicine", "doctor physician clinician", "side adverse", "start begin"),
        *("end finish", "buy purchase", "mistake error", "price cost", "incorrect wrong"),
        *("child kid", "image picture", "citation reference", "necessary needed required"),
        *("highest maximum", "lowest minimum", "statute law", "method approach", "client customer"),
        *("goal aim objective purpose", "benefit advantage", "drawback disadvantage downside"),
        *("risk danger hazard", "fast quick rapid", "large big", "choose select pick"),
        *("employee worker", "salary wage", "company firm", "help assist"),
        *("get obtain receive",),
        *(
            "next following subsequent",
            "main principal primary chief",
            "reason cause",
            "cut reduce",
        ),
        *("amount quantity", "illness disease", "kidney renal", "liver hepatic", "heart cardiac"),
        *("child paediatric pediatric", "pupil student", "letter message", "e-mail email"),
        *("answer reply", "phone telephone", "photo photograph", "author writer", "film movie"),
    )
    for synonym in words.split()[1:]
}


def stem(word: str) -> str:
    """A word without its commonest endings: crude, for telling whether two are one."""
    for ending, kept in (("ies", "y"), ("sses", "ss"), ("ing", ""), ("ed", ""), ("s", "")):
        if word.endswith(ending) and len(word) - len(ending) >= 3 and not word.endswith("ss"):
            bare = word[: len(word) - len(ending)] + kept
            return bare[:-1] if bare.endswith("e") and len(bare) > 3 else bare
    return word[:-1] if word.endswith("e") and len(word) > 3 else word


_SENSES = {stem(word): stem(sense) for word, sense in _SYNONYMS.items()}
_SAYING_STEMS = frozenset(stem(word) for word in _SAYING)


@lru_cache(maxsize=4096)
def content_of(text: str) -> frozenset[str]:
    """The stems of the words that say what a text is about, without the verb of saying in front."""
    return frozenset(content_in_order(text))


@lru_cache(maxsize=4096)
def content_in_order(text: str) -> tuple[str, ...]:
    """As `content_of`, in the order of the text. A letter that names ("fund A") is content."""
    words = words_of(text)
    named = [
        len(word.text) == 1 and text[word.start].isupper() and index > 0
        for index, word in enumerate(words)
    ]
    kept = [
        (index, word.text.upper() if name else _sense(stem(word.text)))
        for index, (word, name) in enumerate(zip(words, named, strict=True))
        if name or word.text not in _EMPTY
    ]
    stems = [found for index, found in kept if not _is_said(words, index)]
    return tuple(stems[1:] if stems and stems[0] in _SAYING_STEMS else stems)


def _sense(stemmed: str) -> str:
    return _SENSES.get(stemmed, stemmed)


def _is_said(words: Sequence[Word], index: int) -> bool:
    """Whether a word is the "stated" of "The dose is stated"."""
    last = index > 0 and words[index - 1].text in ("is", "are", "was", "been")
    return last and words[index].text.endswith("ed") and stem(words[index].text) in _SAYING_STEMS


def listed(items: Iterable[str]) -> str:
    """Quoted and joined with commas."""
    return ", ".join(f"“{item}”" for item in items)

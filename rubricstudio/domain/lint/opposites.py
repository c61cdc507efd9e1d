"""Words that exclude each other, and texts that assert one of them."""

from __future__ import annotations

from collections.abc import Sequence

from rubricstudio.domain.lint.words import stem, terms

# Of these a text holds one, however it is put.
_POLAR = (
    *("formal informal", "british american", "first-person third-person", "active passive"),
    *("accept reject", "allow forbid", "approve deny", "prose bullet", "singular plural"),
    *("increase decrease", "start stop", "raise lower", "buy sell", "begin end", "first third"),
    *("guilty innocent", "liable exempt", "signed unsigned", "void valid", "true false"),
    *("correct incorrect", "rise fall", "grant refuse", "permit prohibit", "keep drop"),
    *("continue stop", "continue discontinue", "enable disable", "benign malignant"),
    *("metric imperial", "lawful unlawful", "admissible inadmissible", "uppercase lowercase"),
    *("overvalued undervalued", "bullish bearish", "better worse", "stronger weaker"),
    *("safe dangerous", "possible impossible", "legal illegal", "synchronous asynchronous"),
    *("mutable immutable", "ascending descending", "tabs spaces", "viral bacterial"),
)
# These sort things, of which a text may speak of both kinds ("the minimum dose", "the maximum
# dose"); they exclude each other where a thing is said to be one.
_SORTING = (
    *("before after", "long short", "positive negative", "present past", "open close", "high low"),
    *("higher lower", "hot cold", "upper lower", "public private", "same different"),
    *("acute chronic", "left right", "more less", "mandatory optional", "required optional"),
    *(
        "single multiple",
        "horizontal vertical",
        "internal external",
        "male female",
        "include exclude",
    ),
    *("minimum maximum", "profit loss", "recursive iterative", "paragraph bullet", "win lose"),
)


def _stemmed(pairs: Sequence[str]) -> frozenset[frozenset[str]]:
    return frozenset(frozenset(stem(word) for word in pair.split()) for pair in pairs)


_POLES, _SORTS = _stemmed(_POLAR), _stemmed(_SORTING)
_PREFIXES = ("un", "in", "im", "il", "ir", "non", "dis", "non-")

# What a response commits itself to: of two opposites it can hold one.
_COMMITS = terms(
    "recommends recommend advises advise suggests suggest prescribes concludes conclude answers "
    "classifies classify diagnoses decides chooses choose selects uses use is are written rates"
)
_COMMITS_THAT = terms(
    "states state says say claims argues argue holds finds find predicts concludes conclude notes"
)
_OPEN = terms("how why whether if what when which both compares contrasts or versus either")


def exclude(a: frozenset[str], b: frozenset[str]) -> bool:
    """Whether two sets of stems differ in one word each, and these are opposites."""
    mine, theirs = a - b, b - a
    if len(mine) != 1 or len(theirs) != 1:
        return False
    one, other = next(iter(mine)), next(iter(theirs))
    pair = frozenset((one, other))
    return pair in _POLES | _SORTS or _denied(one, other) or _denied(other, one)


def sorts(a: frozenset[str], b: frozenset[str]) -> bool:
    """Whether what tells two sets of stems apart are words that sort, not poles."""
    return a ^ b in _SORTS


def _denied(word: str, base: str) -> bool:
    """Whether a word is another with a prefix that denies it: "unsigned", "signed"."""
    return len(base) >= 4 and any(word == prefix + base for prefix in _PREFIXES)


def commits(text: str, words: Sequence[str], *, is_one: bool = False) -> bool:
    """Whether a text asks for one position, not for a word on both: "concludes that", "is".

    is_one: it has to say of something that it is so.
    """
    if text.rstrip().endswith("?") or set(words) & _OPEN:
        return False
    if {"is", "are", "was", "were"} & set(words):
        head = set(words[:5])
        return bool(head & (_COMMITS | _COMMITS_THAT))
    that = "that" in words[1:3] and bool(set(words[:2]) & _COMMITS_THAT)
    return not is_one and (that or bool(set(words[:5]) & _COMMITS))

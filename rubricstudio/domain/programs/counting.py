"""Lengths of a text: words, tokens, sentences, lines, paragraphs. All are linear in it."""

from __future__ import annotations

import re

# Scripts that put no space between words: Thai, Lao, Myanmar, Khmer, kana, Han and its
# extensions. Of these, each character of Han and kana counts as a word.
_SINGLE = (
    "\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fd-\u30ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003fffd"
)
_UNSPACED = _SINGLE + "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u1100-\u11ff\uac00-\ud7af\u30fc"
_IS_UNSPACED = re.compile(f"[{_UNSPACED}]")
_WORD = re.compile(rf"[{_SINGLE}]|[^\s{_SINGLE}\u2014\u2015\u2026]+")
_TOKEN = re.compile(rf"[{_SINGLE}]|[^\W{_SINGLE}]+|[^\w\s]")
_SUBSTANCE = re.compile(r"[^\W_]")
_BLOCK = re.compile(r"\n[ \t]*(?:\n|(?=[-*+#>|]|\d{1,3}[.)][ \t]))")
_END = re.compile(
    r"[.!?\u2026]{1,10}[\"'\u201d\u2019)\]*_]{0,5}(?=\s|$)|[\u3002\uff01\uff1f\uff61\u061f\u06d4\u0964]+"
)
_LAST_WORD = re.compile(r"[^\s(\[\"'\u201c]{0,12}\Z")
_ABBREVIATED = (
    "dr mr mrs ms prof st vs etc al no nos fig figs eq eqs sec ch vol pp p ed eds inc ltd "
    "co jr sr approx ca cf e.g i.e eg ie a.m p.m u.s u.k ph.d z.b d.h bzw usw jan feb mar "
    "apr jun jul aug sep sept oct nov dec"
)
_ABBREVIATIONS = frozenset(_ABBREVIATED.split())


def is_wordlike(character: str) -> bool:
    """A letter or digit of a script that separates its words by spaces."""
    return character.isalnum() and not _IS_UNSPACED.match(character)


def words(text: str) -> int:
    """Runs without white space that hold a letter or a digit; each Han or kana character is one.

    A dash as long as "—" separates words; a hyphen and an apostrophe do not.
    """
    return sum(1 for match in _WORD.finditer(text) if _SUBSTANCE.search(match.group()))


def tokens(text: str) -> int:
    """Runs of letters and digits, and each other visible character alone. No model's tokens."""
    return sum(1 for _ in _TOKEN.finditer(text))


def lines(text: str) -> int:
    """Lines that are not blank."""
    return sum(1 for line in text.splitlines() if line.strip())


def paragraphs(text: str) -> int:
    """Runs of lines that blank lines separate."""
    blank = [True, *(not line.strip() for line in text.splitlines())]
    return sum(before and not here for before, here in zip(blank, blank[1:], strict=False))


def sentences(text: str) -> int:
    """Stretches with a letter or digit that end in a full stop or its kin, or with their block.

    A blank line, a heading and a list item end a block. The full stop of a known
    abbreviation, of an initial and of a list's number ends no sentence.
    """
    return sum(_in_block(block) for block in _BLOCK.split(text))


def _in_block(block: str) -> int:
    count = start = 0
    for match in _END.finditer(block):
        if _goes_on(block, match):
            continue
        count += bool(_SUBSTANCE.search(block, start, match.start()))
        start = match.end()
    return count + bool(_SUBSTANCE.search(block, start))


def _goes_on(block: str, match: re.Match[str]) -> bool:
    """Whether the mark belongs to an abbreviation, an initial or a list's number."""
    if match.group() != "." or match.end() == len(block):
        return False
    found = _LAST_WORD.search(block, max(0, match.start() - 12), match.start())
    word = found.group() if found else ""
    if word.casefold() in _ABBREVIATIONS:
        return True
    initial = len(word) == 1 and word.isupper() and word != "I"
    return initial or (word.isdigit() and not block[: match.start() - len(word)].strip())

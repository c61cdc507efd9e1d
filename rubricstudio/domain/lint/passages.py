"""Passages that rules leave alone: quotes, and claims about the matter itself."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rubricstudio.domain.lint.values import Span
from rubricstudio.domain.lint.words import Word, terms

_CLAUSE = terms("that whether why")
_QUOTED = re.compile(r"“[^”]*”|\"[^\"]*\"|‘[^’]*’|`[^`]*`")


def quoted(text: str) -> list[Span]:
    """What stands between quotation marks."""
    return [Span(*found.span()) for found in _QUOTED.finditer(text)]


def in_any(spans: Sequence[Span], at: int) -> bool:
    """Whether a place is in one of the passages."""
    return any(start <= at < end for start, end in spans)


def after_clause(words: Sequence[Word], index: int) -> bool:
    """Whether a claim about the matter begins before a word: "states that the dose is ..."."""
    return any(word.text in _CLAUSE for word in words[1:index])

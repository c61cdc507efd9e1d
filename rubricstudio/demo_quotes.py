"""The passages that the demo's experts point at, where a criterion asks for a quote."""

from __future__ import annotations

import re
from dataclasses import replace

from annotations.sheet import Entry, Sheet, unsupported
from rubricstudio.domain.rubric import Criterion
from rubricstudio.domain.verdict import Quote
from rubricstudio.models import RubricVersion

_QUOTED = re.compile('[«“"]([^»”"]{8,})[»”"]')
_SENTENCE = re.compile(r"[^\n.!?؟]{12,}[.!?؟]?")


def with_quotes(sheet: Sheet, version: RubricVersion, text: str | None) -> Sheet:
    """The sheet with a quote wherever its rubric wants one that it lacks."""
    rubric = version.as_rubric()
    lacking = unsupported(rubric.leaves, sheet)
    entries = {
        key: replace(entry, evidence=(_quote(rubric.by_key[key], entry, text or ""),))
        if key in lacking
        else entry
        for key, entry in sheet.entries.items()
    }
    return Sheet(entries, sheet.comment)


def _quote(criterion: Criterion, entry: Entry, text: str) -> Quote:
    """What the expert's note quotes, else the sentence that shares most words with both."""
    for words in _QUOTED.findall(entry.rationale):
        if words in text:
            return Quote(words)
    asked = _words(f"{criterion.text} {criterion.description} {entry.rationale}")
    sentences = [found.strip() for found in _SENTENCE.findall(text)] or [text.strip()]
    return Quote(max(sentences, key=lambda sentence: len(asked & _words(sentence))))


def _words(text: str) -> set[str]:
    return {word for word in re.findall(r"\w+", text.lower()) if len(word) > 3}

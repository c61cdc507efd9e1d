"""Where LaTeX stands in Markdown: $...$, $$...$$, \\(...\\) and \\[...\\], but no sums of money."""

from __future__ import annotations

import re

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline

from rubricstudio.mathml import LONGEST_FORMULA

# A dollar sign opens a formula only before something, closes one only after something, and
# neither touches a figure on its far side: "$5 and $10" and "US$5" stay money.
_DOLLARS = re.compile(r"\$(?=[^\s$])((?:[^$\\]|\\.)*?(?:[^\s$\\]|\\.))\$(?![\dA-Z$])", re.DOTALL)
_BRACKETS = {"$$": ("$$", True), "\\(": ("\\)", False), "\\[": ("\\]", True)}
_TEX = re.compile(r"[\\^_={}]")
_WORD = re.compile(r"(?<![A-Za-z])[A-Za-z]{2,}(?![A-Za-z])")
_CLOSES = {"$$": "$$", "\\[": "\\]"}
_MOST_LINES = 200


def add_formulas(parser: MarkdownIt) -> None:
    """Teach a parser formulas: tokens `formula` (inline) and `formula_block`."""
    parser.inline.add_terminator_char("$")
    parser.inline.ruler.before("escape", "formula", _inline)
    chain = ["paragraph", "reference", "blockquote", "list"]
    parser.block.ruler.before("fence", "formula_block", _block, {"alt": chain})


def _inline(state: StateInline, silent: bool) -> bool:
    start = state.pos
    if state.src[start] not in "$\\":
        return False
    found = _bracketed(state, start) or _dollars(state, start)
    if found is None:
        return False
    opening, content, end, display = found
    if not silent:
        token = state.push("formula", "", 0)
        token.content, token.markup = content, opening
        token.meta = {"display": display, "at": start, "to": end}
    state.pos = end
    return True


def _bracketed(state: StateInline, start: int) -> tuple[str, str, int, bool] | None:
    opening = state.src[start : start + 2]
    closing, display = _BRACKETS.get(opening, ("", False))
    if not closing:
        return None
    # Bounded, so that a text of nothing but openings takes no time.
    last = min(state.posMax, start + LONGEST_FORMULA + 4)
    end = state.src.find(closing, start + 2, last)
    content = state.src[start + 2 : end] if end > 0 else ""
    return (opening, content, end + 2, display) if content.strip(" \n$") else None


def _dollars(state: StateInline, start: int) -> tuple[str, str, int, bool] | None:
    found = _DOLLARS.match(state.src, start, min(state.posMax, start + LONGEST_FORMULA + 4))
    if found is None or _is_money(state.src, start, found[1]):
        return None
    return "$", found[1], found.end(), False


def _is_money(text: str, start: int, inner: str) -> bool:
    """Whether what stands between two dollar signs is prose rather than a formula."""
    if start and text[start - 1].isalnum():
        return True
    if "\n\n" in inner or "`" in inner:
        return True
    if _TEX.search(inner) or not re.search(r"\s", inner):
        return False
    words = _WORD.findall(inner)
    return bool(words) if inner[0].isdigit() else len(words) > 1


def _block(state: StateBlock, first: int, last: int, silent: bool) -> bool:
    """A formula on lines of its own; inside, dashes and equal signs are no lists or headings."""
    if state.is_code_block(first):
        return False
    line = _line(state, first)
    closing = _CLOSES.get(line[:2])
    if closing is None:
        return False
    lines = [line[2:]]
    at = first
    while closing not in lines[-1]:
        at += 1
        if at >= last or at - first > _MOST_LINES or not _line(state, at).strip():
            return False
        lines.append(_line(state, at))
    before, _, after = lines[-1].partition(closing)
    content = "\n".join([*lines[:-1], before])
    if after.strip() or not content.strip():
        return False
    if silent:
        return True
    token = state.push("formula_block", "", 0)
    token.content, token.markup, token.map = content, line[:2], [first, at + 1]
    token.meta = {"display": True}
    state.line = at + 1
    return True


def _line(state: StateBlock, number: int) -> str:
    return state.src[state.bMarks[number] + state.tShift[number] : state.eMarks[number]]

"""Where LaTeX stands in Markdown: $...$, $$...$$, \\(...\\) and \\[...\\], but no sums of money."""

from __future__ import annotations

import re

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline

# A dollar sign opens a formula only before something, closes one only after something, and
# neither touches a figure on its far side: "$5 and $10" and "US$5" stay money.
_DOLLARS = re.compile(r"\$(?=[^\s$])((?:[^$\\]|\\.)*?(?:[^\s$\\]|\\.))\$(?![\dA-Z$])", re.DOTALL)
_DOUBLE = re.compile(r"\$\$(?=\s*[^\s$])((?:[^$\\]|\\.)+?)\$\$", re.DOTALL)
_ROUND = re.compile(r"\\\((?=\s*\S)(.+?)\\\)", re.DOTALL)
_SQUARE = re.compile(r"\\\[(?=\s*\S)(.+?)\\\]", re.DOTALL)
_INLINE = (("$$", _DOUBLE, True), ("$", _DOLLARS, False))
_ESCAPED = (("\\(", _ROUND, False), ("\\[", _SQUARE, True))
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
    first = state.src[start]
    if first not in "$\\":
        return False
    for opening, pattern, display in _INLINE if first == "$" else _ESCAPED:
        if state.src.startswith(opening, start):
            found = pattern.match(state.src, start, state.posMax)
            if not found or (opening == "$" and _is_money(state.src, start, found[1])):
                continue
            if not silent:
                token = state.push("formula", "", 0)
                token.content, token.markup = found[1], opening
                token.meta = {"display": display, "at": start, "to": found.end()}
            state.pos = found.end()
            return True
    return False


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

"""LaTeX formulas in responses, as MathML that browsers draw by themselves.

What comes out is rebuilt element by element from a list of what presentational MathML needs,
so no link, style or script of a formula survives. A formula that cannot be drawn whole is
shown as it was written.
"""

from __future__ import annotations

import re
from functools import lru_cache
from html import unescape
from xml.etree.ElementTree import Element

from django.utils.html import escape
from latex2mathml.converter import convert_to_element

LONGEST_FORMULA = 2_000
"""Characters; a longer one is shown as it is written, which takes no time."""
_DEEPEST = 60
_TOKENS = {"mi", "mn", "mo", "ms", "mtext", "mspace"}
_ARITY = {
    **dict.fromkeys(("mfrac", "mroot", "msub", "msup", "munder", "mover"), 2),
    **dict.fromkeys(("msubsup", "munderover"), 3),
}
_GROUPS = {"mrow", "msqrt", "mstyle", "mpadded", "mphantom", "mtable", "mtr", "mtd", "menclose"}
_GROUPS |= {"mmultiscripts", "mprescripts", "none"}
_ATTRIBUTES = {
    *("accent", "accentunder", "columnalign", "displaystyle", "fence", "form", "linethickness"),
    *("lspace", "mathvariant", "maxsize", "minsize", "notation", "rspace", "scriptlevel"),
    *("separator", "stretchy", "symmetric", "largeop", "movablelimits", "width"),
}
_PLAIN_VALUE = re.compile(r"[-\w. ]{1,40}")
_UNKNOWN = re.compile(r"\\[A-Za-z]")
_ESCAPED = re.compile(r"\\([&%$#_{} ])")
# The converter knows `align*`; inside display maths people write these for the same.
_ALIGNED = re.compile(r"\\(begin|end)\{(?:aligned|split|gathered|eqnarray\*?)\}")


class _NotDrawable(ValueError):
    """The formula holds what MathML cannot show, or shows only in part."""


@lru_cache(maxsize=4096)
def formula(source: str, *, display: bool) -> str | None:
    """Return LaTeX (without its delimiters) as a safe <math> element.

    None where it cannot be drawn: unknown commands, unbalanced braces, too long.
    """
    if len(source) > LONGEST_FORMULA or not source.strip():
        return None
    try:
        root = convert_to_element(_ALIGNED.sub(r"\\\1{align*}", source.strip()))
        inner = "".join(_drawn(child, 0) for child in root)
    # The converter raises whatever its parser stumbles over.
    except Exception:
        return None
    return f'<math display="{"block" if display else "inline"}">{inner}</math>' if inner else None


def _drawn(element: Element, depth: int) -> str:
    tag = str(element.tag)
    if depth > _DEEPEST or not (tag in _TOKENS or tag in _GROUPS or tag in _ARITY):
        raise _NotDrawable(tag)
    if tag in _ARITY and len(element) != _ARITY[tag]:
        raise _NotDrawable(tag)
    text = _ESCAPED.sub(r"\1", unescape(element.text or "")) if tag in _TOKENS else ""
    if _UNKNOWN.search(text) or (tag == "mi" and text == "&"):
        raise _NotDrawable(text)
    attributes = "".join(
        f' {name}="{value}"'
        for name, value in element.attrib.items()
        if name in _ATTRIBUTES and _PLAIN_VALUE.fullmatch(value)
    )
    inner = escape(text) + "".join(_drawn(child, depth + 1) for child in element)
    return f"<{tag}{attributes}>{inner}</{tag}>"

"""Many rows of one form: the markup is made once for each kind of row, and filled for each row.

A template works for half a millisecond on a row of the editor, and a rubric has hundreds.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from typing import NamedTuple, cast

from django import template
from django.template import Context
from django.template.loader import get_template
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe

from rubricstudio.queries.sheet import Row

register = template.Library()

BLANKS = ("pk", "version", "key", "text", "weight", "description")
ALIKE = ("criterion", "met_means", "tier", "odd", "is_marked")


class Mould(NamedTuple):
    """The markup of a kind of row: between two pieces goes the value that `blanks` names."""

    pieces: Sequence[str]
    blanks: Sequence[str]

    def filled(self, row: Row) -> SafeString:
        values = {name: conditional_escape(getattr(row, name)) for name in BLANKS}
        parts = [self.pieces[0]]
        for name, piece in zip(self.blanks, self.pieces[1:], strict=True):
            parts += [values[name], piece]
        return mark_safe("".join(parts))  # noqa: S308 - values are escaped, pieces are a template's


@register.simple_tag(takes_context=True)
def draw(context: Context, row: Row, name: str) -> str:
    """The fragment `name` for a row, in which it is called `row`.

    Rows of one kind (`Row.kind`) may differ only in BLANKS; a row of no kind is drawn by itself.
    """
    fragment = get_template(name).template  # type: ignore[attr-defined]  # of Django's backend
    kind = row.kind
    if kind is None or context.get("focus") == row.criterion.pk:
        with context.push(row=row):
            return str(fragment.render(context))
    kept = cast(dict[str, dict[object, Mould]], context.render_context)
    moulds = kept.setdefault("moulds", {})
    if kind not in moulds:
        moulds[kind] = _mould(fragment, context, row)
    return moulds[kind].filled(row)


def _mould(fragment: template.base.Template, context: Context, row: Row) -> Mould:
    """The fragment with numbers that nobody can foresee in the blanks, cut at these."""
    first = 10**17 + secrets.randbelow(10**17)
    names = {str(first + place): name for place, name in enumerate(BLANKS)}
    stands_in = {name: number for number, name in names.items()}
    same = {name: getattr(row, name) for name in ALIKE}
    with context.push(row={**same, **stands_in}):
        drawn = str(fragment.render(context))
    parts = re.split(f"({'|'.join(names)})", drawn)
    return Mould(parts[::2], [names[number] for number in parts[1::2]])

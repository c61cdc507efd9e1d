"""What a version's number says, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django import template

from rubricstudio.queries.wording import ReasonRow, reason_rows

register = template.Library()


@register.filter
def in_words(reasons: Sequence[Mapping[str, str]]) -> list[ReasonRow]:
    """The stored reasons for a version's number as rows to show."""
    return reason_rows(reasons)

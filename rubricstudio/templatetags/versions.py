"""What a version's number says, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django import template

from rubricstudio.models.rubrics import version_label
from rubricstudio.queries.wording import ReasonRow, reason_rows

register = template.Library()


@register.filter
def in_words(reasons: Sequence[Mapping[str, str]]) -> list[ReasonRow]:
    """The stored reasons for a version's number as rows to show."""
    return reason_rows(reasons)


@register.filter
def numbered(number: int, semantic: Mapping[str, int] | None) -> str:
    """A version's number with the one that says what changed, as in "3 (1.2.0)"."""
    return version_label(number, semantic)

"""Lengths of time in words that are short enough for a table."""

from __future__ import annotations

from collections.abc import Mapping

from django import template
from django.utils.translation import gettext as _

from annotations.queries.activity import TimeSpent

register = template.Library()


@register.filter
def of(times: Mapping[int, TimeSpent], rater_id: int) -> TimeSpent | None:
    """The time of one person, None where none was measured."""
    return times.get(rater_id)


@register.filter
def duration(seconds: float | str | None) -> str:
    """40 s, 12 min, 1 h 05 min; a dash where nothing was measured.

    A template passes an empty text for what is not there.
    """
    if seconds is None or isinstance(seconds, str):
        return "–"
    if round(seconds) < 60:
        return _("%(n)d s") % {"n": round(seconds)}
    minutes = round(seconds / 60)
    if minutes < 60:
        return _("%(n)d min") % {"n": minutes}
    return _("%(hours)d h %(minutes)02d min") % {"hours": minutes // 60, "minutes": minutes % 60}

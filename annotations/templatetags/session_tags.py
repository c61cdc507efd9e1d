"""The note beside a criterion on the annotation page, and how long work takes in words."""

from __future__ import annotations

from collections.abc import Mapping

from django import template
from django.template.loader import render_to_string
from django.utils.formats import number_format
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from annotations.cards import Card, in_words
from annotations.discussion import person_name
from annotations.queries.beside import Beside
from annotations.queries.discussion import Person
from annotations.sheet import Entry

register = template.Library()


@register.simple_tag
def beside_card(row: Card, notes: Mapping[str, Beside], run: str) -> SafeString:
    """What `notes` say of a card's criterion; `run` is the judge's run that suggests."""
    note = notes.get(row.criterion.key)
    if note is None:
        return SafeString("")
    said = "" if note.status is None else in_words(row.criterion, Entry(note.status, note.value))
    context = {"note": note, "said": said, "run": run}
    return render_to_string("annotations/_beside.html", context)


@register.filter
def work_time(minutes: float) -> str:
    """Minutes as people say them: whole minutes under two hours, then hours."""
    if minutes < 120:
        whole = max(1, round(minutes))
        return ngettext("%(n)d minute", "%(n)d minutes", whole) % {"n": whole}
    hours = number_format(round(minutes / 60), use_l10n=True, force_grouping=True)
    return _("%(n)s hours") % {"n": hours}


@register.filter
def called(person: Person) -> str:
    """Somebody who votes in a calibration round, by name or letter."""
    return person_name(person)

"""Reads the events that static/js/activity.js sends."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from annotations.models import ActivityKind
from rubricstudio.domain.activity import Event

MOST_AT_ONCE = 500
LATEST = datetime(2200, 1, 1, tzinfo=UTC).timestamp()


class ActivityForm(forms.Form):
    """A tab's events as a list of [number, kind, milliseconds], and when they were sent."""

    tab = forms.RegexField(r"^[\w-]{1,40}$")
    sent = forms.IntegerField(min_value=0, max_value=int(LATEST * 1000))
    events = forms.CharField(max_length=40 * MOST_AT_ONCE)

    def clean_events(self) -> list[list[object]]:
        try:
            rows = json.loads(self.cleaned_data["events"])
        except (ValueError, RecursionError):
            rows = None
        if not isinstance(rows, list) or len(rows) > MOST_AT_ONCE or not all(map(_is_event, rows)):
            raise ValidationError(
                _("Send at most %(most)d events as [number, kind, milliseconds]."),
                params={"most": MOST_AT_ONCE},
            )
        return rows

    def read(self) -> tuple[list[Event], datetime]:
        """The events of a valid form, and when the browser says it sent them."""
        data = self.cleaned_data
        sent_at = datetime.fromtimestamp(data["sent"] / 1000, tz=UTC)
        return [Event(data["tab"], n, kind, ms / 1000) for n, kind, ms in data["events"]], sent_at


def _is_event(row: object) -> bool:
    if not isinstance(row, list) or len(row) != 3:
        return False
    number, kind, at = row
    if type(number) is not int or type(at) is not int:
        return False
    return 0 <= number < 2**31 and kind in ActivityKind.values and 0 <= at <= LATEST * 1000

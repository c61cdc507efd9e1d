"""How long people took over what they read for the first time, until they submitted it."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings

from annotations.models import Activity, Assignment, ItemKind
from annotations.queries.pace import unread_texts
from rubricstudio.domain.activity import IDLE, Event, active_seconds
from rubricstudio.domain.quality import is_too_fast, reading_seconds

CLOCKS_AGREE = timedelta(seconds=10)
"""A smaller difference from the server's clock is the way there, not a wrong clock."""


def begin_pace(assignment: Assignment) -> bool:
    """Note the time to read and the time taken at a first submit; whether that was too fast.

    For a locked assignment that its caller saves. Training teaches, so it is left out, and so
    are texts that the person met in an item they submitted before: repeats, the other pairs of
    a comparison, earlier sessions. Two queries, one where nothing was measured.
    """
    assignment.reading_seconds = _to_read(assignment)
    keep_pace(assignment)
    return is_too_fast(assignment.seconds_to_submit, assignment.reading_seconds)


def keep_pace(assignment: Assignment) -> None:
    """Count the time until the first submit from the events there are now; does not save.

    Somebody who reads without touching anything is at work for as long as reading takes. What
    came with or just after the submit counts, since clocks differ a little.
    """
    reading, submitted = assignment.reading_seconds, assignment.submitted_at
    if reading is None or submitted is None or not assignment.active_seconds:
        return
    last = (submitted + CLOCKS_AGREE).timestamp()
    rows = Activity.objects.filter(assignment=assignment)
    seconds = active_seconds(
        (
            Event(tab, number, kind, min(at.timestamp(), last))
            for tab, number, kind, at in rows.values_list("tab", "number", "kind", "at")
        ),
        idle=max(IDLE, reading),
    )
    assignment.seconds_to_submit = seconds or None


def _to_read(assignment: Assignment) -> float | None:
    """Seconds that the texts take that are new to the person, None where there are none."""
    if assignment.item.kind == ItemKind.TRAINING:
        return None
    seconds = reading_seconds(
        "\n".join(unread_texts(assignment)),
        words_a_minute=settings.READING_WORDS_A_MINUTE,
        characters_a_minute=settings.READING_CHARACTERS_A_MINUTE,
    )
    return seconds or None

"""One worker at a time on one piece of work, held by the database while it lasts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

# The upper bits of advisory locks, so that they do not meet other locks.
BATCHES, PREVIEWS, REVIEWS, TRAININGS = 0x524E, 0x5056, 0x5256, 0x5452


class Taken(Exception):
    """Another worker has it, or one that has just died still seems to: look again later."""


@contextmanager
def alone_on(space: int, pk: int) -> Iterator[bool]:
    """Whether this worker alone has the row `pk`. Freed by the database when it dies."""
    key = (space << 48) | pk
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [key])
        mine = bool(cursor.fetchone()[0])
        try:
            yield mine
        finally:
            if mine:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [key])

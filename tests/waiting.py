"""Waiting for what other processes do: looks again until it is so, for a bounded time."""

from __future__ import annotations

import time
from collections.abc import Callable

from django.db import connection

PATIENCE = 60.0
"""Seconds: long enough for a busy machine, so that running out means something is wrong."""

_OTHERS_AT_WORK = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
      AND backend_type = 'client backend' AND state <> 'idle'
"""


def until(condition: Callable[[], bool], what: str, patience: float = PATIENCE) -> None:
    """Wait for what another process does; fails where it takes too long."""
    deadline = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < deadline, f"waited {patience:g} s for: {what}"
        time.sleep(0.02)  # only between two looks


def until_database_is_quiet() -> None:
    """Wait until no other connection to the test database has work, three looks in a row.

    Between two requests of a closing page the database may be idle for a moment.
    """
    looks: list[bool] = []

    def quiet() -> bool:
        with connection.cursor() as cursor:
            cursor.execute(_OTHERS_AT_WORK)
            looks.append(cursor.fetchone() == (0,))
        return looks[-3:] == [True] * 3

    until(quiet, "the database to finish what others asked of it")

"""The rows of a COPY, read with as little work a row as libpq asks for.

psycopg's own loop passes through three generators a row; at a hundred thousand rows that
is most of the time. This reads what has arrived and waits on the socket for the rest, so
other threads run meanwhile.
"""

from __future__ import annotations

import select
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.db import connection
from psycopg import errors, pq

CHUNK = 1 << 16


def copied(query: str, parameters: Mapping[str, Any], form: str) -> Iterator[bytes]:
    """COPY (query) TO STDOUT form: the bytes PostgreSQL sends, in chunks of about 64 KB.

    Raises psycopg's errors. A reader that stops early cancels the query.
    """
    rows: list[bytes] = []
    size = 0
    with connection.cursor() as wrapper, _copying(wrapper, query, parameters, form) as server:
        get = server.get_copy_data
        while (got := get(1))[0] >= 0:
            length, row = got
            if not length:
                select.select([server.socket], [], [])
                server.consume_input()
                continue
            rows.append(bytes(row))
            size += length
            if size >= CHUNK:
                yield b"".join(rows)
                rows, size = [], 0
    if rows:
        yield b"".join(rows)


@contextmanager
def _copying(
    wrapper: Any, query: str, parameters: Mapping[str, Any], form: str
) -> Iterator[pq.abc.PGconn]:
    """The connection while it sends rows; nothing is left on it afterwards."""
    text = wrapper.cursor.mogrify(f"COPY ({query}) TO STDOUT {form}", parameters)
    server = wrapper.cursor.connection.pgconn
    server.send_query(text.encode())
    while server.flush():
        select.select([], [server.socket], [])
    _check(_result(server))
    ended = False
    try:
        yield server
        ended = True
    finally:
        if not ended:
            server.get_cancel().cancel()
            while server.get_copy_data(0)[0] >= 0:
                pass
        results = []
        while (result := _result(server)) is not None:
            results.append(result)
    for result in results:
        _check(result)


def _result(server: pq.abc.PGconn) -> pq.abc.PGresult | None:
    """The next result, waiting for it without holding up other threads."""
    while server.is_busy():
        select.select([server.socket], [], [])
        server.consume_input()
    return server.get_result()


def _check(result: pq.abc.PGresult | None) -> None:
    fine = (pq.ExecStatus.COPY_OUT, pq.ExecStatus.COMMAND_OK)
    if result is not None and result.status not in fine:
        raise errors.error_from_result(result)

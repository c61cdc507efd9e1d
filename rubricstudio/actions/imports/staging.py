"""COPY into temporary tables, and from there into the real ones in one statement."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

from django.db import connection, transaction
from django.utils import timezone
from psycopg import sql
from psycopg.errors import UniqueViolation

Columns = Sequence[tuple[str, str]]


def stage(table: str, columns: Columns, rows: Iterable[Sequence[Any]]) -> None:
    """Fill a fresh temporary table `table` of (name, type) columns. Gone at commit."""
    _create(table, columns)
    with connection.cursor() as wrapper, wrapper.cursor.copy(_copy(table, columns)) as copy:
        for row in rows:
            copy.write_row(row)


def stage_lines(table: str, columns: Columns, lines: Iterable[str]) -> None:
    """As `stage`, with rows that are lines already (see `copy_lines`)."""
    _create(table, columns)
    copy_lines(table, columns, lines)


def copy_lines(table: str, columns: Columns, lines: Iterable[str]) -> None:
    """COPY rows into a table that exists: fields made by `field`, tabs between them.

    Raises psycopg's errors, not Django's. By blocks: several times as fast as a call of
    `write_row` for each row.
    """
    lines = iter(lines)
    with connection.cursor() as wrapper, wrapper.cursor.copy(_copy(table, columns)) as copy:
        while block := list(islice(lines, 2000)):
            copy.write("\n".join(block) + "\n")


def copy_new(
    table: str, columns: Columns, rows: Sequence[Sequence[Any]], *, project: int
) -> list[int] | None:
    """COPY rows of `columns` into a project's table that also has created_at; their keys.

    None, and nothing is kept, where one is there by now: a file holds it twice, or another
    import was faster.
    """
    pks = [
        pk
        for (pk,) in fetch(
            """SELECT nextval(s.name)
                 FROM (SELECT pg_get_serial_sequence(%s, 'id')::regclass AS name OFFSET 0) s,
                      generate_series(1, %s)""",
            [table, len(rows)],
        )
    ]
    names, now = ("id", "project_id", "created_at"), timezone.now()
    all_columns = (*((name, "") for name in names), *columns)
    try:
        with (
            transaction.atomic(),
            connection.cursor() as wrapper,
            wrapper.cursor.copy(_copy(table, all_columns)) as copy,
        ):
            for pk, row in zip(pks, rows, strict=True):
                copy.write_row((pk, project, now, *row))
    except UniqueViolation:
        return None
    return pks


def _create(table: str, columns: Columns) -> None:
    definition = sql.SQL(", ").join(
        sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(kind)) for name, kind in columns
    )
    name = sql.Identifier(table)
    create = sql.SQL("CREATE TEMPORARY TABLE {} ({}) ON COMMIT DROP")
    with connection.cursor() as wrapper:
        wrapper.cursor.execute(sql.SQL("DROP TABLE IF EXISTS pg_temp.{}").format(name))
        wrapper.cursor.execute(create.format(name, definition))


def _copy(table: str, columns: Columns) -> sql.Composed:
    names = sql.SQL(", ").join(sql.Identifier(name) for name, _ in columns)
    return sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), names)


_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_SPECIAL = re.compile(r"[\\\t\n\r]")


def field(value: object) -> str:
    """A number, text, time or None as one field of COPY's text format."""
    if value is None:
        return "\\N"
    if isinstance(value, str):
        return value.translate(_ESCAPES) if _SPECIAL.search(value) else value
    return str(value)


@transaction.atomic
def refresh_statistics(tables: Mapping[str, Sequence[str]]) -> None:
    """Let the planner learn roughly what tables hold now, in the columns that queries join by.

    From a tenth of the usual sample: it is for the minute until PostgreSQL looks by itself.
    """
    with connection.cursor() as wrapper:
        wrapper.cursor.execute("SET LOCAL default_statistics_target = 10")
        for table, columns in tables.items():
            names = sql.SQL(", ").join(map(sql.Identifier, columns))
            wrapper.cursor.execute(sql.SQL("ANALYZE {} ({})").format(sql.Identifier(table), names))


def execute(statement: str, parameters: Sequence[Any] = ()) -> int:
    """Run one statement; the number of rows it touched."""
    with connection.cursor() as cursor:
        cursor.execute(statement, list(parameters))
        return int(cursor.rowcount)


def fetch(statement: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """The rows of one query."""
    with connection.cursor() as cursor:
        cursor.execute(statement, list(parameters))
        return list(cursor.fetchall())

"""Whole rows of several tables from one query written by hand.

For the few reads that every submit and every page of an annotator begins with. The ORM takes
several times as long to build such a query as PostgreSQL takes to answer it; with its text
written down once, only the answer is left to wait for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Generic, TypeVar

from django.db import connection
from django.db.models import Model

M = TypeVar("M", bound=Model)


class Rows(Generic[M]):
    """The columns of a table in a query, and the instance that their values make.

    alias: the table's name in the query.
    """

    def __init__(self, model: type[M], alias: str) -> None:
        fields = model._meta.concrete_fields
        self.columns = ", ".join(f'{alias}."{field.column}"' for field in fields)
        self._model = model
        self._names = [field.attname for field in fields]
        self._converters = [
            (at, convert)
            for at, field in enumerate(fields)
            for convert in field.get_db_converters(connection)
        ]

    def read(self, values: Iterator[Any]) -> M:
        """The instance that the next values of a row make."""
        own = [next(values) for _ in self._names]
        for at, convert in self._converters:
            own[at] = convert(own[at], None, connection)
        return self._model.from_db("default", self._names, own)


def first_row(query: str, parameters: Mapping[str, Any]) -> Iterator[Any] | None:
    """The values of the first row that a query finds, None where it finds none."""
    with connection.cursor() as cursor:
        cursor.execute(query, dict(parameters))
        row = cursor.fetchone()
    return None if row is None else iter(row)

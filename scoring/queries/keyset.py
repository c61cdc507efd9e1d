"""Pages of a long list by primary key, newest first: no counting, no offsets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from django.db.models import Model, QuerySet

M = TypeVar("M", bound=Model)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class KeysetPage(Generic[T]):
    """Rows, newest first; `older` and `newer` are the keys to go on from, None at an end."""

    rows: Sequence[T]
    older: int | None
    newer: int | None


def keyset_page(
    rows: QuerySet[M], *, size: int, before: int | None = None, after: int | None = None
) -> KeysetPage[M]:
    """The `size` newest rows below the key `before`, or the ones just above `after`."""
    if after is not None:
        found = list(rows.filter(pk__gt=after).order_by("pk")[: size + 1])
        shown, more = found[:size][::-1], len(found) > size
        return KeysetPage(shown, shown[-1].pk if shown else None, shown[0].pk if more else None)
    below = rows.filter(pk__lt=before) if before is not None else rows
    found = list(below.order_by("-pk")[: size + 1])
    shown, more = found[:size], len(found) > size
    newer = shown[0].pk if shown and before is not None else None
    return KeysetPage(shown, shown[-1].pk if more else None, newer)

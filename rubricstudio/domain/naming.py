"""Names that must be unique."""

from __future__ import annotations

from collections.abc import Collection
from itertools import count


def first_free(base: str, taken: Collection[str]) -> str:
    """`base`, or the first of base-2, base-3, ... that is not in `taken`."""
    candidates = (base if n == 1 else f"{base}-{n}" for n in count(1))
    return next(candidate for candidate in candidates if candidate not in taken)

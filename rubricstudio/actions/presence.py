"""Who edits a rubric's draft now. Kept in the cache alone: it may be missing at any time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from django.core.cache import cache
from django.utils import timezone

from rubricstudio.models import Criterion, Rubric, User

ALIVE = 40  # seconds: two signs of life, sent every 15, may go missing


class Other(NamedTuple):
    """Somebody else at the same draft, and the row they are in, where that is known."""

    name: str
    row: int | None
    text: str


def others_here(*, rubric: Rubric, by: User, row: int | None) -> list[Other]:
    """Say that `by` is here, in the criterion with id `row`; who else is, by name.

    Two who say so at the same moment may miss one another until the next sign of life.
    """
    key = f"rubric-presence-{rubric.pk}"
    now = timezone.now().timestamp()
    known: Mapping[int, tuple[str, float, int | None]] = cache.get(key) or {}
    here = {pk: sign for pk, sign in known.items() if now - sign[1] < ALIVE}
    here[by.pk] = (str(by), now, row)
    cache.set(key, here, ALIVE)
    signs = sorted(sign for pk, sign in here.items() if pk != by.pk)
    rows = [at for _, _, at in signs if at is not None]
    found = Criterion.objects.filter(version__rubric=rubric, pk__in=rows) if rows else []
    texts = {criterion.pk: criterion.text for criterion in found}
    return [
        Other(name, at if at in texts else None, texts.get(at or 0, "")) for name, _, at in signs
    ]

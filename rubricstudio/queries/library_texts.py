"""Every text the library finds, piece by piece, for whoever computes what they mean."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db.models import F, QuerySet
from django.db.models.functions import Now

from rubricstudio.models import Criterion, LibraryEntry, Rubric, TextVector
from rubricstudio.queries.library import newest_published, with_digest

KEPT = timedelta(days=1)
"""For how long a vector is kept that no text has: a query's is asked for again, page by page."""

# Which of the sources, and the last id that was read of it.
Place = tuple[int, int]


def texts_after(place: Place | None, *, limit: int) -> tuple[list[str], Place | None]:
    """The next texts after a place, at most `limit`, and the place of the last; None at the end.

    Criteria of each rubric's newest published version, entries, and rubrics themselves.
    """
    source, pk = place or (0, 0)
    sources = _sources()
    while source < len(sources):
        found = list(sources[source].filter(pk__gt=pk).order_by("pk")[:limit])
        if found:
            return [wording for _, wording in found], (source, found[-1][0])
        source, pk = source + 1, 0
    return [], None


def texts_of(versions: Sequence[int]) -> list[str]:
    """What is found of versions, by id: their criteria, and their rubrics as a whole."""
    criteria = Criterion.objects.filter(is_group=False, version__in=versions)
    rubrics = with_digest(Rubric.objects.filter(versions__in=versions).distinct())
    return [
        *criteria.order_by("pk").values_list("text", flat=True),
        *rubrics.order_by("pk").values_list("wording", flat=True),
    ]


def _rows() -> list[QuerySet[Any]]:
    newest = newest_published(Rubric.objects.all())
    criteria = Criterion.objects.filter(is_group=False, version__in=newest)
    return [criteria, LibraryEntry.objects.all(), Rubric.objects.all()]


def _sources() -> list[QuerySet[Any]]:
    return [with_digest(rows).values_list("pk", F("wording")) for rows in _rows()]


def unused_vectors(after: str, *, limit: int) -> tuple[list[str], str | None]:
    """Of the next `limit` vectors by digest those that no text has, and the last; None at the end.

    Texts are those of criteria in any version, drafts too, of entries and of rubrics. What was
    stored within a day may be a query's, and is left.
    """
    digests = TextVector.objects.order_by("digest").filter(digest__gt=after)
    piece = list(digests.values_list("digest", flat=True)[:limit])
    if not piece:
        return [], None
    old = TextVector.objects.filter(digest__in=piece, stored_at__lt=Now() - KEPT)
    unused = set(old.values_list("digest", flat=True))
    criteria = Criterion.objects.filter(is_group=False)
    for rows in (criteria, LibraryEntry.objects.all(), Rubric.objects.all()):
        held = with_digest(rows).filter(digest__in=unused)
        unused -= set(held.values_list("digest", flat=True))
    return sorted(unused), piece[-1]

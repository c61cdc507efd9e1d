"""Vectors of the texts that the library finds: computed where they are missing, once each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.db import transaction

from rubricstudio.domain.library import text_digest
from rubricstudio.models import TextVector
from rubricstudio.queries.library_texts import Place, texts_after, unused_vectors
from scoring.embedder import embed

CHUNK = 256
PRUNED = 2000
"""How many vectors are looked through at once for those that no text has."""


def embed_texts(*, texts: Sequence[str], again: bool = False) -> int:
    """Store the vectors of those texts that have none; how many.

    Blank texts have no meaning and are passed over. Safe to repeat and to do twice at once;
    `again` computes and stores anew what is there. Raises EmbedderError.
    """
    by_digest = {text_digest(text): text for text in texts if text.strip()}
    if not again:
        known = TextVector.objects.filter(digest__in=by_digest)
        for digest in known.values_list("digest", flat=True):
            del by_digest[digest]
    if not by_digest:
        return 0
    vectors = embed(list(by_digest.values()))
    rows = [TextVector(digest=d, vector=v) for d, v in zip(by_digest, vectors, strict=True)]
    if again:
        with transaction.atomic():
            TextVector.objects.bulk_create(
                rows,
                update_conflicts=True,
                unique_fields=["digest"],
                update_fields=["vector"],
            )
    else:
        TextVector.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def index_library(*, after: Place | None = None) -> Place | None:
    """Store missing vectors of the next texts of the library; where to go on, None at the end.

    A piece is small enough that judging waits at most seconds for it.
    """
    texts, place = texts_after(after, limit=CHUNK)
    embed_texts(texts=texts)
    return place


def index_whole_library(*, again: bool = False) -> Iterator[tuple[int, int]]:
    """Index everything, here and now; yields the texts and new vectors so far, piece by piece."""
    place: Place | None = None
    read = stored = 0
    while True:
        texts, place = texts_after(place, limit=CHUNK)
        read += len(texts)
        stored += embed_texts(texts=texts, again=again)
        yield read, stored
        if place is None:
            return


def prune_vectors(*, after: str = "") -> tuple[int, str | None]:
    """Remove those of the next vectors that no text has (any more).

    Returns how many, and the digest to go on from, None at the end. Safe to repeat: a text
    that comes back while this runs is computed again when its version is published.
    """
    unused, last = unused_vectors(after, limit=PRUNED)
    removed, _ = TextVector.objects.filter(digest__in=unused).delete()
    return removed, last


def prune_all_vectors() -> int:
    """Remove all vectors that no text has, piece by piece; how many."""
    removed, last = prune_vectors()
    while last is not None:
        more, last = prune_vectors(after=last)
        removed += more
    return removed

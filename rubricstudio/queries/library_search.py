"""Searching the library: by the words of a text and by what it means, merged into one list.

Whoever may not find a text is not led to it either way: the rows that are searched are those
of `queries.library`, also where an index names the nearest neighbours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.search import SearchQuery, SearchRank
from django.db import connection, transaction
from django.db.models import (
    BooleanField,
    Case,
    Count,
    ExpressionWrapper,
    F,
    FloatField,
    Func,
    Max,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce
from pgvector.django import CosineDistance

from rubricstudio.domain.library import (
    merged_ranks,
    prefix_query,
    query_words,
    text_digest,
)
from rubricstudio.models import Criterion, LibraryEntry, Rubric, TextVector
from rubricstudio.models.texts import text_words
from rubricstudio.queries.library import all_of, loaded, with_digest
from rubricstudio.queries.near import as_written_in

PAGE = 50
MOST_SHOWN = 200
MOST_RANKED = 2000
"""How many texts that hold the words are ranked, the newest first."""
EXACT = 5000
"""Up to so many texts every one is compared; above that the index is asked."""
NEAREST = 200
"""How many neighbours are looked for."""
AT_A_TIME = 200
"""How many the index names before it is asked for more."""
FARTHEST = 0.2
"""A cosine below this says nothing about meaning."""
SIMILAR = 0.6

Vector = Sequence[float]


@dataclass(frozen=True)
class Found:
    """A text that was found: by its words, by its meaning (`similarity`, a cosine), or both.

    `row` is what stands for it: the entry of the library where there is one, else the newest
    criterion or the rubric. `rubrics` of those visible use it.
    """

    digest: str
    row: Criterion | LibraryEntry | Rubric
    by_words: bool
    similarity: float | None
    rubrics: int = 0


@dataclass(frozen=True)
class Findings:
    """The best of what was found; `more` says that there is more than was asked for.

    `read_as` are the words that were looked for where no text has those of the query.
    """

    found: list[Found]
    more: bool
    read_as: tuple[str, ...] = ()


@dataclass(frozen=True)
class Sources:
    """Where a search looks: querysets of rows that a person can find."""

    rows: tuple[QuerySet[Any], ...]

    def few(self) -> bool:
        """Whether there are so few texts that each can be compared."""
        return sum(rows.order_by()[: EXACT + 1].count() for rows in self.rows) <= EXACT


def search(
    sources: Sources,
    *,
    query: str = "",
    vector: Vector | None = None,
    limit: int = PAGE,
    farthest: float = FARTHEST,
) -> Findings:
    """The best `limit` texts by words and by meaning, merged by reciprocal rank.

    First comes the text that is the query, then those that hold it word for word. Equal
    texts are one finding. The number of queries does not depend on what is found; where no
    text has the words, those most like them are looked for, with as many queries again.
    """
    rows = tuple(with_digest(each) for each in sources.rows)
    words = query_words(query)
    read_as: tuple[str, ...] = ()
    by_words = _by_words(rows, words, query)
    if words and not by_words:
        read_as = _as_written(rows, words)
        by_words = _by_words(rows, read_as, " ".join(read_as))
    near = _near(Sources(rows), vector, farthest) if vector is not None else {}
    itself = text_digest(query)
    ranked = sorted(  # stable: elsewhere the merged order holds
        merged_ranks([list(by_words), list(near)]),
        key=lambda digest: (digest != itself, not by_words.get(digest)),
    )
    places = [_places(each, ranked) if ranked else {} for each in rows]
    known = [digest for digest in ranked if any(digest in place for place in places)]
    shown = _stand_ins(rows, places, known[:limit])
    return Findings(
        [
            replace(found, by_words=found.digest in by_words, similarity=near.get(found.digest))
            for found in shown
        ],
        more=len(known) > limit,
        read_as=read_as,
    )


# -- by words


def _by_words(
    sources: Sequence[QuerySet[Any]], words: Sequence[str], query: str
) -> dict[str, bool]:
    """The digests of texts that hold every word, best first, and whether as the query has them."""
    if not words:
        return {}
    asked = SearchQuery(prefix_query(words), search_type="raw", config="simple")
    best = Max(SearchRank(text_words("wording"), asked, normalization=Value(1)))
    # One word is no phrase: every text that holds it would come before all that mean it.
    phrase = " ".join(query.split()) if len(words) > 1 else ""
    whole = Max(Case(When(wording__icontains=phrase, then=1), default=0)) if phrase else Value(0)
    found: list[tuple[float, int, str, bool]] = []
    for rows in sources:
        some = holding(rows, words).order_by("-pk").values("pk")[:MOST_RANKED]
        grouped = with_digest(all_of(rows.model)).filter(pk__in=some).values("digest")
        ranked = grouped.annotate(best=best, newest=Max("pk"), whole=whole)
        top = ranked.order_by("-whole", "-best", "-newest")[: MOST_SHOWN + 1]
        found += [(-r["best"], -r["newest"], r["digest"], bool(r["whole"])) for r in top]
    return {digest: whole for _, _, digest, whole in sorted(found)}


def holding(rows: QuerySet[Any], words: Sequence[str]) -> QuerySet[Any]:
    """The rows whose texts hold every word, as the beginning of one where the index knows words."""
    # Scripts without blanks between words, and numbers with points, are cut differently.
    plain = [word for word in words if word.isascii() and word.isalpha()]
    if plain:
        asked = SearchQuery(prefix_query(plain), search_type="raw", config="simple")
        rows = rows.annotate(indexed=text_words("wording")).filter(indexed=asked)
    for word in words:
        if word not in plain:
            rows = rows.filter(wording__icontains=word)
    return rows


def _as_written(sources: Sequence[QuerySet[Any]], words: Sequence[str]) -> tuple[str, ...]:
    """The words as texts write them that hold words like these; none where no text does.

    Only texts that have, for each word, one with the same two letters at its beginning.
    """
    starts = [word[:2] for word in words]
    texts: list[str] = []
    for rows in sources:
        newest = holding(rows, starts).order_by("-pk")
        texts += newest.values_list("wording", flat=True)[:MOST_RANKED]
    return as_written_in(texts, words)


# -- by meaning


def _near(sources: Sources, vector: Vector, farthest: float) -> dict[str, float]:
    """The digests nearest in meaning, each with its cosine, nearest first.

    Among few texts every one is compared. Otherwise the index is followed outwards until it
    has named enough that are to be found here. Where it gives up before, because most of what
    lies near is other people's, every text is compared after all.
    """
    if sources.few():
        found = _similarities(compared_texts(sources, vector))
    else:
        found = _by_index(sources, vector)
        if len(found) < NEAREST and min(found.values(), default=1.0) >= farthest:
            found = _similarities(compared_texts(sources, vector))
    return {digest: cosine for digest, cosine in found.items() if cosine >= farthest}


def _by_index(sources: Sources, vector: Vector) -> dict[str, float]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('hnsw.ef_search', %s, true),"
            " set_config('hnsw.iterative_scan', 'relaxed_order', true)",
            [str(AT_A_TIME)],
        )
        return _similarities(nearest_texts(sources, vector))


def compared_texts(sources: Sources, vector: Vector) -> QuerySet[TextVector]:
    """The nearest of the texts, without the index."""
    within = Q()
    for rows in sources.rows:
        within |= Q(digest__in=rows.order_by().values("digest"))
    # The sum keeps the planner from the index, which looks at few rows before it filters.
    distance = CosineDistance("vector", vector) + Value(0.0)
    exactly = ExpressionWrapper(distance, output_field=FloatField())
    nearest = TextVector.objects.filter(within).annotate(distance=exactly)
    return nearest.order_by(F("distance"))[:NEAREST]


def nearest_texts(sources: Sources, vector: Vector) -> QuerySet[TextVector]:
    """The nearest of the texts by the HNSW index, each looked up as the scan comes to it."""
    # Of EXISTS the planner would make a table of all digests there are, which takes longer.
    holding_it = [rows.order_by().filter(digest=OuterRef("digest")) for rows in sources.rows]
    first = Coalesce(*(Subquery(rows.values("pk")[:1]) for rows in holding_it), Value(None))
    distance = CosineDistance("vector", vector)
    nearest = TextVector.objects.alias(first=first).filter(first__isnull=False)
    return nearest.annotate(distance=distance).order_by(distance)[:NEAREST]


def _similarities(rows: QuerySet[Any]) -> dict[str, float]:
    """The cosines by digest, nearest first; the index names them in nearly that order."""
    pairs: list[tuple[float, str]] = sorted(rows.values_list("distance", "digest"))
    return {digest: 1 - far for far, digest in pairs}


# -- what stands for a text


class _IsOneOf(Func):
    """Whether a value is in an array, which is made first.

    Of IN the planner makes a join, in which it computes the digests of all texts in reach.
    """

    template = "(%(expressions)s))"
    arg_joiner = " = ANY ("
    output_field = BooleanField()


def _places(rows: QuerySet[Any], digests: Sequence[str]) -> dict[str, tuple[int, int]]:
    """For each digest that is there the newest row's id, and how many rubrics hold it."""
    in_use = Count("version__rubric", distinct=True) if rows.model is Criterion else Value(0)
    held = with_digest(all_of(rows.model)).filter(digest__in=digests).order_by()
    grouped = rows.filter(_IsOneOf(F("pk"), ArraySubquery(held.values("pk")))).values("digest")
    found = grouped.annotate(newest=Max("pk"), rubrics=in_use).order_by()
    return {row["digest"]: (row["newest"], row["rubrics"]) for row in found}


def _stand_ins(
    sources: Sequence[QuerySet[Any]],
    places: Sequence[Mapping[str, tuple[int, int]]],
    digests: Sequence[str],
) -> list[Found]:
    """One row for each digest: of the first source that has it."""
    taken: dict[str, Any] = {}
    for rows, place in zip(sources, places, strict=True):
        ids = {place[digest][0]: digest for digest in digests if digest in place}
        for row in loaded(rows.model).filter(
            pk__in=[pk for pk, d in ids.items() if d not in taken]
        ):
            taken[ids[row.pk]] = row
    uses = {d: sum(place[d][1] for place in places if d in place) for d in digests}
    return [Found(d, taken[d], False, None, uses[d]) for d in digests if d in taken]

"""The library: what a person can find, by the words of a text and by what it means.

Only the newest published version of a rubric counts. A person finds what is in their own
projects, in rubrics that are shared, and in the shared library; nothing else is queried.
Texts are told apart by digest (`domain.library.text_digest`), which the database computes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from django.contrib.postgres.search import SearchQuery, SearchRank, SearchVector
from django.db import connection, transaction
from django.db.models import (
    Count,
    Exists,
    ExpressionWrapper,
    F,
    FloatField,
    Func,
    Max,
    Model,
    OuterRef,
    Q,
    QuerySet,
    TextField,
    Value,
)
from django.db.models.functions import Concat
from pgvector.django import CosineDistance

from rubricstudio.domain.library import merged_ranks, prefix_query
from rubricstudio.models import (
    Criterion,
    LibraryEntry,
    Project,
    Rubric,
    RubricVersion,
    TextVector,
    User,
    VersionStatus,
)

PAGE = 50
MOST_SHOWN = 200
MOST_RANKED = 2000
"""How many texts that hold the words are ranked, the newest first."""
EXACT = 5000
"""Up to so many texts every one is compared; above that the index is asked."""
NEAREST = 200
"""How many neighbours the index is asked for."""
FARTHEST = 0.2
"""A cosine below this says nothing about meaning."""
SIMILAR = 0.6

Vector = Sequence[float]


class TextDigest(Func):
    """`domain.library.text_digest` of a text column, computed by the database."""

    template = (
        "encode(sha256(convert_to(lower(btrim(%(expressions)s, "
        "E' \\t\\n\\r\\f\\v') COLLATE \"C\"), 'UTF8')), 'hex')"
    )
    output_field = TextField()


@dataclass(frozen=True)
class Narrowed:
    """What a search is narrowed to; empty values narrow nothing."""

    project: int | None = None
    tag: str = ""
    scale: str = ""
    met_means: str = ""
    shared: bool = False

    @property
    def is_on(self) -> bool:
        return self != Narrowed()


# -- what a person can find


def visible_rubrics(user: User) -> QuerySet[Rubric]:
    """The rubrics of the person's projects, and those that are shared with everybody."""
    mine = Project.objects.visible_to(user)
    return Rubric.objects.filter(Q(shared=True) | Q(project__in=mine))


def newest_published(rubrics: QuerySet[Rubric]) -> QuerySet[RubricVersion]:
    """The newest published version of each of the rubrics that has one."""
    published = RubricVersion.objects.filter(status=VersionStatus.PUBLISHED)
    newer = published.filter(rubric=OuterRef("rubric"), number__gt=OuterRef("number"))
    return published.filter(~Exists(newer), rubric__in=rubrics)


def findable_rubrics(user: User, narrowed: Narrowed = Narrowed()) -> QuerySet[Rubric]:  # noqa: B008
    """The rubrics with a published version that the person can find."""
    published = RubricVersion.objects.filter(status=VersionStatus.PUBLISHED)
    rows = visible_rubrics(user).filter(pk__in=published.values("rubric"))
    if narrowed.project is not None:
        rows = rows.filter(project=narrowed.project)
    if narrowed.shared:
        rows = rows.filter(shared=True)
    return rows


def findable_criteria(
    user: User,
    narrowed: Narrowed = Narrowed(),  # noqa: B008
    *,
    besides: Rubric | None = None,
) -> QuerySet[Criterion]:
    """The criteria, no groups, that the person can find; `besides` leaves one rubric out."""
    rubrics = visible_rubrics(user)
    if narrowed.project is not None:
        rubrics = rubrics.filter(project=narrowed.project)
    if narrowed.shared:
        rubrics = rubrics.filter(shared=True)
    if besides is not None:
        rubrics = rubrics.exclude(pk=besides.pk)
    rows = Criterion.objects.filter(is_group=False, version__in=newest_published(rubrics))
    if narrowed.tag:
        rows = rows.filter(Q(tags__contains=[narrowed.tag]) | Q(category__iexact=narrowed.tag))
    if narrowed.scale:
        rows = rows.filter(scale_kind=narrowed.scale)
    if narrowed.met_means:
        rows = rows.filter(met_means=narrowed.met_means)
    return rows


def findable_entries(narrowed: Narrowed = Narrowed()) -> QuerySet[LibraryEntry]:  # noqa: B008
    """The entries of the shared library; the fields of each are written out in full."""
    rows = LibraryEntry.objects.all()
    if narrowed.project is not None:
        rows = rows.filter(version__rubric__project=narrowed.project)
    if narrowed.tag:
        tagged = Q(criterion__tags__contains=[narrowed.tag])
        rows = rows.filter(tagged | Q(criterion__category__iexact=narrowed.tag))
    if narrowed.scale:
        rows = rows.filter(criterion__scale__kind=narrowed.scale)
    if narrowed.met_means:
        rows = rows.filter(criterion__met_means=narrowed.met_means)
    return rows


def with_digest(rows: QuerySet[Any]) -> QuerySet[Any]:
    """The rows with `wording`, the text they are found by, and its `digest`."""
    if rows.model is Rubric:
        wording = Concat("name", Value("\n"), "description", output_field=TextField())
    else:
        wording = cast(Any, F("text"))
    found: QuerySet[Any] = rows.annotate(wording=wording).annotate(digest=TextDigest(F("wording")))
    return found


# -- search


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
    """The best of what was found; `more` says that there is more than was asked for."""

    found: list[Found]
    more: bool


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
    words: Sequence[str] = (),
    vector: Vector | None = None,
    limit: int = PAGE,
    farthest: float = FARTHEST,
) -> Findings:
    """The best `limit` texts by words and by meaning, merged by reciprocal rank.

    A constant number of queries. Equal texts are one finding.
    """
    rows = tuple(with_digest(each) for each in sources.rows)
    by_words = _by_words(rows, words) if words else []
    near = _near(Sources(rows), vector, farthest) if vector is not None else {}
    ranked = merged_ranks([by_words, list(near)])
    places = [_places(each, ranked) if ranked else {} for each in rows]
    known = [digest for digest in ranked if any(digest in place for place in places)]
    shown = _stand_ins(rows, places, known[:limit])
    return Findings(
        [
            replace(found, by_words=found.digest in by_words, similarity=near.get(found.digest))
            for found in shown
        ],
        more=len(known) > limit,
    )


def _by_words(sources: Sequence[QuerySet[Any]], words: Sequence[str]) -> list[str]:
    """The digests of texts that hold every word, best first."""
    holds = Q()
    for word in words:
        holds &= Q(wording__icontains=word)
    query = SearchQuery(prefix_query(words), search_type="raw", config="simple")
    vector = SearchVector("wording", config="simple")
    found: list[tuple[float, int, str]] = []
    for rows in sources:
        some = rows.filter(holds).order_by("-pk").values("pk")[:MOST_RANKED]
        ranked = with_digest(_all(rows.model)).filter(pk__in=some)
        # Scripts without blanks between words, and numbers with points, are cut differently.
        if all(word.isascii() and word.isalpha() for word in words):
            ranked = ranked.annotate(vector=vector).filter(vector=query)
        best = Max(SearchRank(vector, query, normalization=Value(1)))
        grouped = ranked.values("digest").annotate(best=best, newest=Max("pk"))
        top = grouped.order_by("-best", "-newest")[: MOST_SHOWN + 1]
        found += [(-row["best"], -row["newest"], row["digest"]) for row in top]
    return list(dict.fromkeys(digest for _, _, digest in sorted(found)))


def _near(sources: Sources, vector: Vector, farthest: float) -> dict[str, float]:
    """The digests nearest in meaning, each with its cosine, nearest first.

    Among few texts every one is compared. Otherwise the index names the nearest of all
    texts there are, and those that are not to be found here fall away later.
    """
    distance = CosineDistance("vector", vector)
    if sources.few():
        within = Q()
        for rows in sources.rows:
            within |= Q(digest__in=rows.order_by().values("digest"))
        # The sum keeps the planner from the index, which looks at few rows before it filters.
        exactly = ExpressionWrapper(distance + Value(0.0), output_field=FloatField())
        nearest = TextVector.objects.filter(within).annotate(distance=exactly)
        return _similarities(nearest.order_by(F("distance"))[:NEAREST], farthest)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('hnsw.ef_search', %s, true)", [str(NEAREST)])
        return _similarities(nearest_texts(vector), farthest)


def nearest_texts(vector: Vector) -> QuerySet[TextVector]:
    """The nearest of all texts, by the HNSW index."""
    distance = CosineDistance("vector", vector)
    return TextVector.objects.annotate(distance=distance).order_by(distance)[:NEAREST]


def _similarities(rows: QuerySet[Any], farthest: float) -> dict[str, float]:
    pairs = rows.values_list("digest", "distance")
    return {digest: 1 - far for digest, far in pairs if 1 - far >= farthest}


def _places(rows: QuerySet[Any], digests: Sequence[str]) -> dict[str, tuple[int, int]]:
    """For each digest that is there the newest row's id, and how many rubrics hold it."""
    in_use = Count("version__rubric", distinct=True) if rows.model is Criterion else Value(0)
    grouped = rows.filter(digest__in=digests).values("digest")
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


def _all(model: type[Model]) -> QuerySet[Any]:
    return model._default_manager.all()


def loaded(model: type[Model]) -> QuerySet[Any]:
    """Rows with all that a list shows of them."""
    related = {
        Criterion: ("parent", "version__rubric__project"),
        LibraryEntry: ("version__rubric__project", "added_by"),
        Rubric: ("project",),
    }
    return _all(model).select_related(*related[cast(Any, model)])


# -- vectors


def vector_of(digest: str) -> list[float] | None:
    """The stored vector of a text, None where it was not computed yet."""
    found = TextVector.objects.filter(digest=digest).values_list("vector", flat=True).first()
    return None if found is None else [float(x) for x in found]

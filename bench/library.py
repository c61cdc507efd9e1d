"""Searching a library of 100,000 criteria, by words and by meaning.

    .venv/bin/python bench/library.py [--quick] [--json] [--criteria N]

Services of its own run in a temporary folder. Half of the criteria belong to projects of the
person who searches, the other half to strangers. Ours is the search of the library's page;
theirs is the plain way: every text compared with the words (ILIKE), every vector with that of
the query. Medians of several calls, each with another query.
"""

from __future__ import annotations

import random
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from _common import Figure, figure, median, parser, say, seconds, show
from _installation import installation

from rubricstudio.domain.table import FloatArray

if TYPE_CHECKING:
    from rubricstudio.models import User

CRITERIA, QUICK = 100_000, 15_000
EACH = 50  # criteria in a rubric
PROJECTS = 20
TOPICS = 300  # around which meanings lie
BATCH = 5000
WORDS = 4000
COMMON = ("the answer", "names", "source", "explains", "patient", "result", "of the", "figure")


def main(arguments: Sequence[str]) -> int:
    made = parser(__doc__, quick=f"{QUICK:,} criteria")
    made.add_argument("--criteria", type=int, help=f"instead of {CRITERIA}")
    made.add_argument("--explain", action="store_true", help="also print the plans, on stderr")
    options = made.parse_args(arguments)
    criteria = options.criteria or (QUICK if options.quick else CRITERIA)
    with tempfile.TemporaryDirectory(prefix="studio-bench-") as name, installation(Path(name)):
        library = Library(criteria)
        if options.explain:
            explain(library)
        figures = measure(library, calls=5 if options.quick else 15)
    show(figures, as_json=options.json, theirs="every text and every vector read")
    return 0


class Library:
    """Rubrics of 50 criteria in twenty projects, of which the person is in every other."""

    def __init__(self, criteria: int) -> None:
        self.random = random.Random(7)
        self.numbers = np.random.default_rng(7)
        self.topics = unit(self.numbers.normal(size=(TOPICS, 384)))
        self.words = [self._word() for _ in range(WORDS)]
        self.user = self._people()
        self._write_rows(criteria)
        self._write_vectors()

    def _word(self) -> str:
        return "".join(self.random.choices("bcdfghlmnprst", k=3)) + "".join(
            self.random.choices("aeiouklmnrst", k=self.random.randint(2, 6))
        )

    def _people(self) -> User:
        from rubricstudio.actions.projects import create_project
        from rubricstudio.models import User

        me, other = (
            User.objects.create_user(username=name, email=f"{name}@example.com")
            for name in ("ada", "stefan")
        )
        self.projects = [
            create_project(by=(me, other)[i % 2], name=f"Bench {i}", slug=f"bench-{i}")
            for i in range(PROJECTS)
        ]
        return me

    def sentence(self) -> str:
        """Twenty words or so; a few of them are in a twentieth of all texts each."""
        rare = [self.words[int(WORDS * self.random.random() ** 2)] for _ in range(14)]
        return f"States that {' '.join(rare[:7])} {self.random.choice(COMMON)} {' '.join(rare[7:])}"

    def _write_rows(self, criteria: int) -> None:
        from django.db import connection, transaction
        from django.utils import timezone

        from rubricstudio.models import Criterion, Rubric, RubricVersion

        say(f"writing {criteria:,} criteria")
        with transaction.atomic(), connection.cursor() as cursor:
            # Rows of published versions, without the triggers that only let drafts be written.
            cursor.execute("SET LOCAL session_replication_role = replica")
            rubrics = Rubric.objects.bulk_create(
                Rubric(
                    project=self.projects[i % PROJECTS],
                    external_id=f"r{i}",
                    name=f"Rubric {i}",
                    created_by=self.user,
                )
                for i in range(max(PROJECTS, criteria // EACH))
            )
            versions = RubricVersion.objects.bulk_create(
                RubricVersion(
                    rubric=rubric,
                    number=1,
                    status="published",
                    content_hash="0" * 64,
                    created_by=self.user,
                    published_by=self.user,
                    published_at=timezone.now(),
                )
                for rubric in rubrics
            )
            for start in range(0, criteria, BATCH):
                Criterion.objects.bulk_create(
                    Criterion(
                        version=versions[i % len(versions)],
                        key=f"c{i}",
                        position=i // len(versions),
                        text=f"{self.sentence()} {i}.",
                    )
                    for i in range(start, min(start + BATCH, criteria))
                )

    def _write_vectors(self) -> None:
        from django.db import connection
        from pgvector.psycopg import register_vector

        from rubricstudio.models import Criterion, TextVector
        from rubricstudio.queries.library import with_digest

        say("writing their vectors, and the index of these")
        digests = list(with_digest(Criterion.objects.all()).values_list("digest", flat=True))
        index = TextVector._meta.indexes[0]
        with connection.schema_editor() as editor:
            editor.remove_index(TextVector, index)
        connection.ensure_connection()
        register_vector(connection.connection)  # known to cursors made from now on
        with connection.cursor() as cursor:
            with cursor.copy(
                "COPY studio_text_vector (digest, vector) FROM STDIN WITH (FORMAT binary)"
            ) as copy:
                copy.set_types(["varchar", "vector"])
                for digest, vector in zip(digests, self._vectors(len(digests)), strict=True):
                    copy.write_row((digest, vector))
            cursor.execute("SET maintenance_work_mem = '512MB'")
        with connection.schema_editor() as editor:
            editor.add_index(TextVector, index)
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")

    def _vectors(self, count: int) -> Iterator[FloatArray]:
        for start in range(0, count, BATCH):
            yield from self.near_topics(min(BATCH, count - start))

    def near_topics(self, count: int) -> FloatArray:
        """Vectors (count, 384) of length 1, each with a cosine of about 0.6 to its topic."""
        topics = self.topics[self.numbers.integers(0, TOPICS, count)]
        return unit(topics + self.numbers.normal(scale=1.33 / 384**0.5, size=(count, 384)))


def unit(vectors: FloatArray) -> FloatArray:
    lengths: FloatArray = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / lengths


def measure(library: Library, *, calls: int) -> list[Figure]:
    """Ours and the plain way, one after the other on the same queries."""
    from rubricstudio.queries.library import findable_criteria, findable_entries
    from rubricstudio.queries.library_search import Sources, search

    sources = Sources((findable_entries(), findable_criteria(library.user)))
    rare = [" ".join(library.words[WORDS // 2 + 9 * i + k] for k in range(1)) for i in range(calls)]
    common = [f"states {library.words[3 * i]}" for i in range(calls)]
    slips = [f"states {word[:3]}x{word[3:]}" for word in library.words[:calls]]
    vectors = list(library.near_topics(calls))
    say("searching")
    return [
        compared("a rare word", rare, lambda q: search(sources, query=q), by_reading(library)),
        compared(
            "two common words", common, lambda q: search(sources, query=q), by_reading(library)
        ),
        compared(
            "a meaning", vectors, lambda v: search(sources, vector=v), by_all_vectors(library)
        ),
        compared(
            "words and meaning",
            list(zip(common, vectors, strict=True)),
            lambda both: search(sources, query=both[0], vector=both[1]),
        ),
        compared("a word with a slip", slips, lambda q: search(sources, query=q)),
    ]


def compared(
    name: str,
    queries: Sequence[Any],
    ours: Callable[[Any], object],
    theirs: Callable[[Any], object] | None = None,
) -> Figure:
    def timed(work: Callable[[Any], object]) -> float:
        work(queries[0])  # so that neither pays for what is read from disk for the first time
        return 1000 * median(seconds(partial(work, query)) for query in queries)

    return figure(name, timed(ours), timed(theirs) if theirs else None, unit="ms")


def by_reading(library: Library) -> Callable[[str], object]:
    """The best fifty texts with the words, each text of the person's projects read."""
    from django.contrib.postgres.search import SearchQuery, SearchRank, SearchVector

    from rubricstudio.queries.library import findable_criteria

    def look(query: str) -> object:
        rows = findable_criteria(library.user)
        for word in query.split():
            rows = rows.filter(text__icontains=word)
        rank = SearchRank(
            SearchVector("text", config="simple"), SearchQuery(query, config="simple")
        )
        return list(rows.annotate(rank=rank).order_by("-rank")[:50])

    return look


def by_all_vectors(library: Library) -> Callable[[Any], object]:
    """The nearest fifty texts, the vector of each text of the person's projects compared."""
    from rubricstudio.queries.library import findable_criteria, with_digest
    from rubricstudio.queries.library_search import Sources, compared_texts

    sources = Sources((with_digest(findable_criteria(library.user)),))
    return lambda vector: list(compared_texts(sources, vector)[:50])


def explain(library: Library) -> None:
    """The plans of both ways to find."""
    from django.db import connection

    from rubricstudio.queries.library import findable_criteria, findable_entries, with_digest
    from rubricstudio.queries.library_search import Sources, holding, nearest_texts

    rows = with_digest(findable_criteria(library.user))
    both = Sources((with_digest(findable_entries()), rows))
    with connection.cursor() as cursor:
        cursor.execute("SET hnsw.iterative_scan = 'relaxed_order'; SET hnsw.ef_search = 200")
    for found in (
        holding(rows, (library.words[2000],)).order_by("-pk").values("pk")[:2000],
        nearest_texts(both, list(library.near_topics(1)[0])),
    ):
        plan = found.explain(analyze=True, buffers=False)
        say("\n".join(line[:220] for line in plan.splitlines()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

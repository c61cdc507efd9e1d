"""Current verdicts of rounds as columns, for agreement, scores and export.

The rows come as one binary COPY of fixed-width records, which numpy reads in place:
a million verdicts take about a second where a million Python tuples take a minute.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from django.db import connection

from rubricstudio.domain.rubric import Criterion as CriterionValue
from rubricstudio.domain.rubric import Scale, ScaleKind
from rubricstudio.domain.table import (
    BoolArray,
    FloatArray,
    IntArray,
    Label,
    Repeats,
    VerdictTable,
    from_columns,
)
from rubricstudio.models import Criterion
from rubricstudio.queries.copying import copied

_COLUMNS = (
    *("round", "task", "response", "criterion"),
    *("rater", "sample", "revision", "not_applicable"),
)
# Binary COPY: a 16-bit field count, then for each field a 32-bit length and its bytes.
_RECORD = np.dtype(
    [("fields", ">i2")]
    + [
        (f"{part}{name}", kind)
        for name in _COLUMNS
        for part, kind in (("len_", ">i4"), ("", ">i8"))
    ]
    + [("len_value", ">i4"), ("value", ">f8")]
)
_HEADER, _TRAILER = 19, 2
_SQL = """
    SELECT v.round_id, r.task_id, v.response_id, v.criterion_id, v.rater_id,
           v.sample::bigint, v.revision::bigint,
           (v.status = 'not_applicable')::int::bigint, coalesce(v.value, 'NaN'::float8)
      FROM studio_verdict v JOIN studio_response r ON r.id = v.response_id
     WHERE v.round_id = ANY(%(rounds)s)
       AND (v.sample = 0 OR v.rater_id IN (SELECT id FROM studio_rater WHERE user_id IS NULL))
       AND (%(criteria)s::bigint[] IS NULL OR v.criterion_id = ANY(%(criteria)s))
       AND (%(first)s::bigint IS NULL OR v.response_id BETWEEN %(first)s AND %(last)s)
"""


@dataclass(frozen=True, eq=False)
class VerdictColumns:
    """Current verdicts, one row each; all arrays of one length. `value` is NaN without a value.

    `criterion` holds the id of the oldest criterion that a rater saw in the same words, so
    that verdicts given on different versions of a rubric meet; `criteria` maps that id to
    the newest such criterion. With pinned versions it holds the ids of their criteria.
    `same` maps the id of every version's criterion to the one in `criterion`.
    """

    round: IntArray
    task: IntArray
    response: IntArray
    criterion: IntArray
    rater: IntArray
    sample: IntArray
    value: FloatArray
    not_applicable: BoolArray
    criteria: Mapping[int, CriterionValue]
    same: Mapping[int, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.value)

    @property
    def scales(self) -> dict[int, Scale]:
        return {pk: criterion.scale for pk, criterion in self.criteria.items()}

    def table(self) -> VerdictTable:
        """The table of units by raters; a points criterion's samples are averaged."""
        return from_columns(
            tasks=self.task,
            responses=self.response,
            criteria=self.criterion,
            raters=self.rater,
            values=self.value,
            repeats=repeats_of(self.scales),
        )


def repeats_of(scales: Mapping[int, Scale]) -> dict[Label, Repeats]:
    """How several samples of a rater become one value: the mean on a points scale."""
    return {
        pk: Repeats.MEAN if scale.kind is ScaleKind.POINTS else Repeats.MAJORITY
        for pk, scale in scales.items()
    }


def verdict_columns(
    *,
    rounds: Sequence[int],
    versions: Sequence[int] | None = None,
    responses: tuple[int, int] | None = None,
) -> VerdictColumns:
    """The current verdicts of these rounds, in no particular order. Three queries.

    Of people who work here only sample 0 (`VerdictQuerySet.counted`).

    versions: only verdicts on criteria that one of these versions has in the same words.
    responses: only those with ids from the first to the last, both included.
    """
    same, criteria = same_criteria(rounds) if versions is None else pinned_criteria(versions)
    rows = _read(rounds, None if versions is None else list(same), responses)
    rows = rows[_is_current(rows)]
    left_out = ("revision", "not_applicable")
    columns = {name: rows[name].astype(np.int64) for name in _COLUMNS if name not in left_out}
    columns["criterion"] = _translate(columns["criterion"], same)
    return VerdictColumns(
        **columns,
        value=rows["value"].astype(np.float64),
        not_applicable=rows["not_applicable"].astype(np.bool_),
        criteria=criteria,
        same=same,
    )


def _read(
    rounds: Sequence[int], criteria: Sequence[int] | None, responses: tuple[int, int] | None
) -> np.ndarray:
    first, last = responses or (None, None)
    named = {"rounds": list(rounds), "criteria": criteria, "first": first, "last": last}
    data = b"".join(copied(_SQL, named, "(FORMAT BINARY)"))
    return np.frombuffer(data[_HEADER:-_TRAILER], dtype=_RECORD)


def _is_current(rows: np.ndarray) -> np.ndarray:
    """Which rows are the last revision of their cell; all, where nothing was ever corrected."""
    if not len(rows) or not rows["revision"].any():
        return np.ones(len(rows), dtype=np.bool_)
    cell = ("sample", "rater", "criterion", "response", "round")
    order = np.lexsort((rows["revision"], *(rows[name] for name in cell)))
    last = np.ones(len(rows), dtype=np.bool_)
    ordered = rows[order]
    last[:-1] = np.any([ordered[name][1:] != ordered[name][:-1] for name in cell], axis=0)
    current = np.empty(len(rows), dtype=np.bool_)
    current[order] = last
    return current


def same_criteria(rounds: Sequence[int]) -> tuple[dict[int, int], dict[int, CriterionValue]]:
    """Criterion id to the oldest id with the same judging hash, and the newest value of each."""
    found = (
        Criterion.objects.filter(is_group=False, version__rubric__in=_rubrics_of(rounds))
        .exclude(version__status="draft")
        .select_related("parent", "version")
        .order_by("version__number", "position")
    )
    oldest: dict[tuple[int, str, str], int] = {}
    same: dict[int, int] = {}
    newest: dict[int, CriterionValue] = {}
    for row in found:
        words = (row.version.rubric_id, row.key, row.judging_hash)
        same[row.pk] = oldest.setdefault(words, row.pk)
        newest[same[row.pk]] = row.as_criterion()
    return same, newest


def pinned_criteria(
    versions: Sequence[int],
) -> tuple[dict[int, int], dict[int, CriterionValue]]:
    """Criterion id of any version to the one of `versions` in the same words, and their values.

    Two queries. The second mapping is in display order, version by version. A draft may be
    pinned too, alone: nobody judges on it, but verdicts given in its words are found.
    """
    every = Criterion.objects.filter(is_group=False)
    leaves = every.exclude(version__status="draft")
    pinned = list(
        every.filter(version__in=versions)
        .select_related("parent", "version")
        .order_by("version__rubric", "version", "position")
    )
    words = {(row.version.rubric_id, row.key, row.judging_hash): row.pk for row in pinned}
    found = leaves.filter(version__rubric__in={row.version.rubric_id for row in pinned})
    columns = found.values_list("pk", "version__rubric", "key", "judging_hash")
    same = {
        pk: words[rubric, key, digest]
        for pk, rubric, key, digest in columns
        if (rubric, key, digest) in words
    }
    return same, {row.pk: row.as_criterion() for row in pinned}


def _rubrics_of(rounds: Sequence[int]) -> list[int]:
    """The rubrics of the rounds: of their version, or of their verdicts where none is set."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT DISTINCT v.rubric_id FROM studio_round r
              JOIN studio_rubric_version v ON v.id = r.version_id
             WHERE r.id = ANY(%s)
            UNION
            SELECT DISTINCT v.rubric_id FROM studio_verdict d
              JOIN studio_round r ON r.id = d.round_id AND r.version_id IS NULL
              JOIN studio_criterion c ON c.id = d.criterion_id
              JOIN studio_rubric_version v ON v.id = c.version_id
             WHERE r.id = ANY(%s)
            """,
            [list(rounds), list(rounds)],
        )
        return [row[0] for row in cursor.fetchall()]


def _translate(ids: IntArray, same: Mapping[int, int]) -> IntArray:
    unique, inverse = np.unique(ids, return_inverse=True)
    mapped = np.array([same[int(pk)] for pk in unique], dtype=np.int64)
    return mapped[inverse]

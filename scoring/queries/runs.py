"""What the pages and commands of runs show: progress, figures, verdicts. Progress is a query."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from operator import or_
from typing import Any

from django.db import connection
from django.db.models import (
    CharField,
    Count,
    Exists,
    ExpressionWrapper,
    F,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
)
from django.db.models.functions import Coalesce
from django.utils import timezone

from rubricstudio.domain.verdict import VerdictStatus
from rubricstudio.models import (
    Criterion,
    Preference,
    Project,
    Rater,
    Round,
    RoundKind,
    Verdict,
)
from scoring.judges import JUDGES
from scoring.models import Judge, Run, RunBatch, RunStatus
from scoring.queries.keyset import KeysetPage, keyset_page
from scoring.queries.pair_plans import expected_preferences
from scoring.queries.plans import expected_verdicts, judged_by
from scoring.states import CAN_RESUME, UNFINISHED

LIST_PAGE = 25
VERDICT_PAGE = 25
QUICKLY_COUNTED = 50_000
# The rate of an unfinished run is that of the last minute: what comes next is most like it.
RATE_WINDOW = timedelta(seconds=60)


# -- lists


@dataclass(frozen=True, slots=True)
class RunRow:
    """A run in a list. `expected` is None for an imported run, `run` too.

    `stored` counts verdicts, and preferences where the judge compares.
    """

    round: Round
    run: Run | None
    judges: tuple[str, ...]
    stored: int
    expected: int | None
    preferences: int


def runs_page(
    project: Project, *, before: int | None = None, after: int | None = None
) -> KeysetPage[RunRow]:
    """Runs, newest first, imported ones included."""
    rows = Round.objects.filter(project=project, kind=RoundKind.RUN)
    page = keyset_page(_with_counts(rows), size=LIST_PAGE, before=before, after=after)
    return KeysetPage(_run_rows(page.rows), page.older, page.newer)


def runs_of_judge(judge: Judge) -> list[RunRow]:
    """The newest runs of a judge."""
    rows = Round.objects.filter(run__judge=judge)
    return _run_rows(list(_with_counts(rows).order_by("-pk")[:LIST_PAGE]))


def _run_rows(rounds: Sequence[Round]) -> list[RunRow]:
    imported = _judge_names([row.pk for row in rounds if run_of(row) is None])
    return [_run_row(row, imported.get(row.pk, ())) for row in rounds]


def _run_row(row: Any, imported: tuple[str, ...]) -> RunRow:
    """A list row of a round that `_with_counts` annotated."""
    run = run_of(row)
    judges = imported if run is None else (run.judge.rater.name,)
    if run is not None and run.judge.compares:
        return RunRow(row, run, judges, row.pairs, row.expected_pairs, row.pairs)
    return RunRow(row, run, judges, row.stored, row.expected, row.pairs)


def run_of(round_: Round) -> Run | None:
    """The run carried out here behind a round; None for an imported one."""
    found: Run | None = getattr(round_, "run", None)
    return found


def _judge_names(round_ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
    """The names of those who speak in each of these rounds."""
    said = [
        model.objects.filter(round_id__in=round_ids).values_list("round_id", "rater__name")
        for model in (Verdict, Preference)
    ]
    names: dict[int, tuple[str, ...]] = {}
    for pk, name in sorted(said[0].union(said[1])):
        names[pk] = (*names.get(pk, ()), name)
    return names


def _with_counts(rows: QuerySet[Round]) -> QuerySet[Round]:
    batches = RunBatch.objects.filter(run=OuterRef("pk")).order_by().values("run")
    kind = ExpressionWrapper(OuterRef("run__judge__kind"), output_field=CharField())
    by_kind = reduce(or_, (Q(kind=kind) & judged_by(kind) for kind in JUDGES))
    criteria = Criterion.objects.alias(kind=kind).filter(by_kind, version=OuterRef("version"))
    return rows.select_related("project", "version__rubric", "run__judge__rater").annotate(
        stored=_count(Verdict.objects.filter(round=OuterRef("pk"), revision=0), "round"),
        pairs=_count(Preference.objects.filter(round=OuterRef("pk"), revision=0), "round"),
        expected=_units(batches, "response_ids") * _count(criteria, "version") * F("run__samples"),
        expected_pairs=_units(batches, "pairs") * F("run__samples"),
    )


def _units(batches: QuerySet[Any, Any], of: str) -> Subquery:
    """How many responses, or pairs, a run's batches hold."""
    counted = batches.annotate(n=Sum(f"{of}__len")).values("n")
    return Subquery(counted, output_field=IntegerField())


def _count(rows: QuerySet[Any], by: str) -> Coalesce:
    counted = rows.order_by().values(by).annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted, output_field=IntegerField()), Value(0))


def judges_of(project: Project) -> list[Judge]:
    """The judges of a project, those in use first, newest first; `run_count` counts runs."""
    rows = Judge.objects.filter(rater__project=project).select_related("rater__project")
    newest = Run.objects.filter(judge=OuterRef("pk")).order_by("-pk")
    counted = rows.annotate(
        run_count=Count("runs"), last_status=Subquery(newest.values("status")[:1])
    )
    return list(counted.order_by(F("archived_at").asc(nulls_first=True), "-pk"))


def imported_judges(project: Project) -> list[Rater]:
    """Judges that gave imported verdicts and cannot be run here, by name."""
    rows = Rater.objects.filter(project=project, kind="judge", judge__isnull=True)
    return list(rows.order_by("name"))


# -- one run


@dataclass(frozen=True, slots=True)
class RunProgress:
    """How far a run is. `rate` is verdicts a second and None where nothing was stored yet.

    `retried` counts open batches that were tried more than once. Where the judge `compares`,
    what is counted are preferences.
    """

    status: str
    stored: int
    expected: int
    batches: int
    open_batches: int
    retried: int
    rate: float | None = None
    seconds: float | None = None
    compares: bool = False

    @property
    def is_unfinished(self) -> bool:
        return self.status in UNFINISHED

    @property
    def can_resume(self) -> bool:
        return self.status in CAN_RESUME

    @property
    def poll_seconds(self) -> int:
        """How often a page may ask: counting many verdicts takes the database a while."""
        if self.expected <= QUICKLY_COUNTED:
            return 2
        # A million take seconds; a run of so many takes hours.
        return min(60, max(10, self.expected // 20_000))

    @property
    def missing(self) -> int:
        return max(0, self.expected - self.stored)

    @property
    def seconds_left(self) -> float | None:
        """At the present rate; None where there is none to go by, or nothing is missing."""
        if not self.is_unfinished or not self.rate or not self.missing:
            return None
        return self.missing / self.rate


@dataclass(frozen=True, slots=True)
class Known:
    """A sum over the `n` verdicts of which the figure is known; None where it is of none."""

    total: float | None
    n: int


@dataclass(frozen=True, slots=True)
class RunFigures:
    """What a run's verdicts say of themselves. Cost in US dollars, latencies in seconds."""

    stored: int
    by_status: tuple[tuple[str, int], ...]
    tokens_in: Known
    tokens_out: Known
    cost: Known
    latency: Known
    latency_median: float | None
    latency_p95: float | None
    recent: int

    @property
    def scored(self) -> int:
        return dict(self.by_status).get(VerdictStatus.OK.value, 0)


def progress_of(run: Run, figures: RunFigures) -> RunProgress:
    """The progress of a run whose figures were read from `rate_since(run)` on."""
    counts = run.batches.aggregate(
        batches=Count("pk"),
        open_batches=Count("pk", filter=Q(finished_at__isnull=True)),
        retried=Count("pk", filter=Q(finished_at__isnull=True, attempts__gt=1)),
    )
    seconds = _seconds(run)
    if run.judge.compares:
        expected = expected_preferences(run.pk, run.samples)
    else:
        expected = expected_verdicts(run.pk, run.round.version, run.judge.kind, run.samples)
    return RunProgress(
        status=run.status,
        stored=figures.stored,
        expected=expected,
        compares=run.judge.compares,
        rate=figures.recent / seconds if figures.recent and seconds else None,
        seconds=seconds,
        **counts,
    )


def rate_since(run: Run) -> datetime:
    """From when on stored verdicts count for the rate of the present attempt."""
    now = timezone.now()
    begun = run.started_at or now
    return max(begun, now - RATE_WINDOW) if run.status == RunStatus.RUNNING else begun


def _seconds(run: Run) -> float | None:
    if run.started_at is None or run.status == RunStatus.QUEUED:
        return None
    end = run.finished_at or timezone.now()
    return max((end - rate_since(run)).total_seconds(), 0.001)


_FIELDS = ("tokens_in", "tokens_out", "cost", "latency")
_SUMS = ", ".join(f"sum({name}), count({name})" for name in _FIELDS)
_FIGURES = f"""
    SELECT status, count(*), count(*) FILTER (WHERE created_at >= %s), {_SUMS},
           percentile_cont(0.5) WITHIN GROUP (ORDER BY latency),
           percentile_cont(0.95) WITHIN GROUP (ORDER BY latency)
      FROM ({{current}}) v
     GROUP BY GROUPING SETS ((status), ())
"""


def _columns(number: str) -> str:
    """The columns of a verdict that figures are made of, numbers of its provenance read so."""
    return ", ".join(["status", "created_at", *(f"{number.format(x)} AS {x}" for x in _FIELDS)])


# What was written here holds numbers or null, and nobody corrects it: the quick way, four
# times as fast, because it is asked again every other second.
_HERE = f"""
    SELECT {_columns("(provenance ->> '{0}')::double precision")}
      FROM studio_verdict WHERE round_id = %s
"""
_COMPARED_HERE = _HERE.replace("studio_verdict", "studio_preference")
# An imported provenance may hold anything, and an imported round corrections.
_IMPORTED = f"""
    SELECT DISTINCT ON (response_id, criterion_id, rater_id, sample)
           {
    _columns(
        "CASE WHEN jsonb_typeof(provenance -> '{0}') = 'number'"
        " THEN (provenance ->> '{0}')::double precision END"
    )
}
      FROM studio_verdict WHERE round_id = %s
     ORDER BY response_id, criterion_id, rater_id, sample, revision DESC
"""


def run_figures(round_: Round, *, since: datetime | None = None) -> RunFigures:
    """Counts and sums over a round's current verdicts, in one pass of the database; over its
    preferences where a judge here compares.

    `since` is from when on `recent` counts (none where it is not given).
    """
    run = run_of(round_)
    current = _IMPORTED
    if run is not None:
        current = _COMPARED_HERE if run.judge.compares else _HERE
    with connection.cursor() as cursor:
        cursor.execute(_FIGURES.format(current=current), [since or timezone.now(), round_.pk])
        rows = cursor.fetchall()
    counts = {status: n for status, n, *_ in rows if status is not None}
    _, stored, recent, *sums, median, p95 = next(row for row in rows if row[0] is None)
    known = [Known(sums[at], sums[at + 1]) for at in range(0, len(sums), 2)]
    order = [status.value for status in VerdictStatus]
    return RunFigures(
        stored=stored,
        by_status=tuple((name, counts[name]) for name in order if name in counts),
        tokens_in=known[0],
        tokens_out=known[1],
        cost=known[2],
        latency=known[3],
        latency_median=median,
        latency_p95=p95,
        recent=recent,
    )


@dataclass(frozen=True, slots=True)
class BatchProblem:
    """What stopped batches of a run, in words."""

    error: str
    batches: int
    responses: int


def batch_problems(run: Run) -> list[BatchProblem]:
    """The failures of a run's batches, the most frequent first, at most ten different ones."""
    rows = run.batches.exclude(error="").values("error")
    counted = rows.annotate(n=Count("pk"), responses=Sum("response_ids__len"))
    return [
        BatchProblem(row["error"], row["n"], row["responses"])
        for row in counted.order_by("-n", "error")[:10]
    ]


def verdicts_page(
    round_: Round, *, status: str = "", before: int | None = None, after: int | None = None
) -> KeysetPage[Verdict]:
    """A run's verdicts, newest first, optionally of one status."""
    rows = Verdict.objects.filter(round=round_)
    if status:
        rows = rows.filter(status=status)
    shown = rows.select_related("response__task", "criterion", "rater").defer(
        "response__text", "response__task__messages", "response__task__reference"
    )
    return keyset_page(shown, size=VERDICT_PAGE, before=before, after=after)


def preference_count(round_: Round) -> int:
    """How many pairs were judged in a round."""
    return round_.preferences.filter(revision=0).count()


def raters_of(round_: Round) -> Sequence[Rater]:
    """The judges that speak in an imported round."""
    said = Verdict.objects.filter(round=round_, rater=OuterRef("pk"))
    preferred = Preference.objects.filter(round=round_, rater=OuterRef("pk"))
    rows = Rater.objects.filter(Exists(said) | Exists(preferred), project=round_.project_id)
    return list(rows.order_by("name"))


def sessions_to_compare(round_: Round) -> list[int]:
    """The sessions whose people judged by the same rubric, imported ones included."""
    if round_.version is None:
        return []
    rows = Round.objects.filter(
        project=round_.project_id,
        kind=RoundKind.SESSION,
        version__rubric=round_.version.rubric_id,
    )
    return list(rows.order_by("pk").values_list("pk", flat=True))

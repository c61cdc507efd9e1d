"""What the data pages show: tasks with counts of what hangs on them, and one task in full."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import (
    Count,
    Exists,
    F,
    Func,
    OuterRef,
    Q,
    QuerySet,
    TextField,
)

from rubricstudio.domain.verdict import VerdictStatus
from rubricstudio.models import (
    Preference,
    Project,
    RaterKind,
    Response,
    Task,
    Verdict,
)

PAGE = 50
EXCERPT = 280
MOST_PREFERENCES = 200


@dataclass(frozen=True)
class TaskFilter:
    """What a list of tasks is narrowed to; empty texts narrow nothing."""

    search: str = ""
    tag: str = ""
    source: str = ""

    @property
    def is_on(self) -> bool:
        return bool(self.search or self.tag or self.source)


@dataclass(frozen=True)
class TaskRow:
    """A task in the list. Verdicts are cells, corrections not counted."""

    pk: int
    external_id: str
    excerpt: str
    tags: tuple[str, ...]
    responses: int = 0
    without_text: int = 0
    sources: tuple[str, ...] = ()
    by_people: int = 0
    by_judges: int = 0
    preferences: int = 0


@dataclass(frozen=True)
class TaskPage:
    """Rows, newest first; `newer` and `older` are keys to go on from, None at an end."""

    rows: list[TaskRow]
    newer: int | None
    older: int | None

    @property
    def sources(self) -> list[str]:
        return sorted({source for row in self.rows for source in row.sources})

    @property
    def tags(self) -> list[str]:
        return sorted({tag for row in self.rows for tag in row.tags})


def task_page(
    project: Project,
    narrowed: TaskFilter,
    *,
    before: int | None = None,
    after: int | None = None,
) -> TaskPage:
    """Up to PAGE tasks older than the key `before`, or newer than `after`; four queries.

    Only the tasks of the page are counted, through indexes that begin with the task or the
    response, so the number of verdicts in the project does not matter.
    """
    tasks = _narrowed(project, narrowed).annotate(
        excerpt=Func(
            F("messages"),
            template=f"left(%(expressions)s -> -1 ->> 'content', {EXCERPT})",
            output_field=TextField(),
        )
    )
    if after is not None:
        tasks = tasks.filter(pk__gt=after).order_by("pk")
    elif before is not None:
        tasks = tasks.filter(pk__lt=before).order_by("-pk")
    else:
        tasks = tasks.order_by("-pk")
    found = list(tasks.values_list("pk", "external_id", "excerpt", "tags")[: PAGE + 1])
    more, found = len(found) > PAGE, found[:PAGE]
    if after is not None:
        found.reverse()
    rows = _counted(
        [TaskRow(pk, name, excerpt or "", tuple(tags)) for pk, name, excerpt, tags in found]
    )
    has_newer = more if after is not None else before is not None
    has_older = True if after is not None else more
    return TaskPage(
        rows,
        newer=rows[0].pk if rows and has_newer else None,
        older=rows[-1].pk if rows and has_older else None,
    )


def _narrowed(project: Project, narrowed: TaskFilter) -> QuerySet[Task]:
    tasks = Task.objects.filter(project=project)
    if narrowed.search:
        tasks = tasks.filter(external_id__icontains=narrowed.search)
    if narrowed.tag:
        tasks = tasks.filter(tags__contains=[narrowed.tag])
    if narrowed.source:
        answers = Response.objects.filter(task=OuterRef("pk"), source=narrowed.source)
        tasks = tasks.filter(Exists(answers))
    return tasks


def _counted(rows: Sequence[TaskRow]) -> list[TaskRow]:
    """The rows with what hangs on them: responses, verdicts, preferences."""
    tasks = [row.pk for row in rows]
    answers = Response.objects.filter(task__in=tasks).values_list("task_id")
    found = {
        pk: (n, n - texts, tuple(filter(None, sources)), responses)
        for pk, n, texts, sources, responses in answers.annotate(
            n=Count("pk"),
            texts=Count("text"),
            sources=ArrayAgg("source", distinct=True),
            responses=ArrayAgg("pk"),
        )
    }
    verdicts = _count_verdicts({pk: task for task, (*_, pks) in found.items() for pk in pks})
    pairs = Preference.objects.filter(task__in=tasks, revision=0).values_list("task_id")
    preferences = dict(pairs.annotate(n=Count("*")).order_by())
    counted = []
    for row in rows:
        n, without_text, sources, _ = found.get(row.pk, (0, 0, (), ()))
        counted.append(
            replace(
                row,
                responses=n,
                without_text=without_text,
                sources=sources,
                by_people=verdicts[row.pk, RaterKind.PERSON],
                by_judges=verdicts[row.pk, RaterKind.JUDGE],
                preferences=preferences.get(row.pk, 0),
            )
        )
    return counted


def _count_verdicts(task_of: Mapping[int, int]) -> Counter[tuple[int, str]]:
    """Cells by task and kind of rater; `task_of` leads from responses to tasks."""
    # Revision 0 exactly once for each cell; response first, as the index of verdicts has it.
    cells = Verdict.objects.filter(response__in=list(task_of), revision=0).counted()
    rows = cells.values_list("response_id", "rater__kind").annotate(n=Count("*")).order_by()
    counts: Counter[tuple[int, str]] = Counter()
    for response, kind, n in rows:
        counts[task_of[response], kind] += n
    return counts


@dataclass(frozen=True)
class VerdictSummary:
    """What one round says of one response: current verdicts, by what they say.

    met and not_met count binary criteria, graded the other scales; without_value counts
    verdicts that say why there is no value.
    """

    response: int
    round: str
    kind: str
    raters: int
    met: int
    not_met: int
    graded: int
    without_value: int


@dataclass(frozen=True)
class ResponseView:
    """A response with the summaries of its rounds, people first."""

    response: Response
    summaries: list[VerdictSummary] = field(default_factory=list)


@dataclass(frozen=True)
class TaskView:
    """A task's page: responses in the order they were added, and preferences between them."""

    task: Task
    responses: list[ResponseView]
    preferences: list[Preference]


def find_task(project: Project, pk: int) -> Task | None:
    """The task, if it is one of the project."""
    return Task.objects.filter(project=project, pk=pk).select_related("project").first()


def task_view(task: Task) -> TaskView:
    """All that belongs to a task: three queries."""
    responses = list(Response.objects.filter(task=task).order_by("pk"))
    summaries = _summaries([response.pk for response in responses])
    return TaskView(
        task,
        [ResponseView(row, [s for s in summaries if s.response == row.pk]) for row in responses],
        _preferences(task),
    )


def _summaries(responses: Sequence[int]) -> list[VerdictSummary]:
    cell = ("round", "response", "criterion", "rater", "sample")
    newer = Verdict.objects.filter(
        **{f"{name}_id" if name != "sample" else name: OuterRef(name) for name in cell},
        revision__gt=OuterRef("revision"),
    )
    ok = Q(status=VerdictStatus.OK.value)
    binary = ok & Q(criterion__scale_kind="binary")
    rows = (
        Verdict.objects.filter(~Exists(newer), response__in=responses)
        .counted()
        .values_list("response_id", "round__name", "round__kind")
        .annotate(
            raters=Count("rater", distinct=True),
            met=Count("pk", filter=binary & Q(value=1)),
            not_met=Count("pk", filter=binary & Q(value=0)),
            graded=Count("pk", filter=ok & ~Q(criterion__scale_kind="binary")),
            without_value=Count("pk", filter=~ok),
        )
        .order_by("-round__kind", "round__name")
    )
    return [VerdictSummary(*row) for row in rows]


def _preferences(task: Task) -> list[Preference]:
    newer = Preference.objects.filter(
        response_a=OuterRef("response_a"),
        response_b=OuterRef("response_b"),
        rater=OuterRef("rater"),
        round=OuterRef("round"),
        sample=OuterRef("sample"),
        revision__gt=OuterRef("revision"),
    )
    rows = Preference.objects.filter(~Exists(newer), task=task)
    related = rows.select_related("rater", "round").defer("provenance")
    return list(related.order_by("-round__kind", "round__name", "pk")[:MOST_PREFERENCES])

"""Which pairs of responses a judge would compare."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations

from annotations.models import Item, ItemKind, Mode
from rubricstudio.domain.pairing import every_pair
from rubricstudio.models import Preference, Project, RoundKind, RubricVersion
from scoring.models import Judge, RunBatch
from scoring.queries.plans import (
    Narrowing,
    RunPlan,
    chosen_responses,
    judged_criteria,
    plan_run,
)

ORDERS = 2
Pair = tuple[int, int]
"""The ids of two responses of one task, the smaller first."""


class Pairs(StrEnum):
    """Where pairs come from."""

    COMPARED = "compared"
    """Those that people were to compare, here or in an imported session."""
    ALL = "all"
    """Every two responses of a task."""


@dataclass(frozen=True, slots=True)
class PairPlan:
    """The preferences a run would give; in `blank` pairs a response has no text."""

    pairs: Sequence[Pair]
    criteria: int
    samples: int
    blank: frozenset[Pair]

    @property
    def preferences(self) -> int:
        """Pairs times samples; none where there is no criterion to compare by."""
        return len(self.pairs) * self.samples if self.criteria else 0

    @property
    def is_empty(self) -> bool:
        return not self.preferences

    @property
    def calls(self) -> int:
        """Pairs with texts times criteria times both orders times samples."""
        asked = len(self.pairs) - len(self.blank)
        return asked * self.criteria * ORDERS * self.samples


def plan_for(
    judge: Judge, version: RubricVersion, narrowing: Narrowing, *, which: Pairs, samples: int
) -> RunPlan | PairPlan:
    """What a run of the judge would take: pairs where it compares, else single responses."""
    project, kind = judge.rater.project, judge.kind
    if judge.compares:
        return plan_pairs(project, version, narrowing, which=which, kind=kind, samples=samples)
    return plan_run(project, version, narrowing, kind=kind, samples=samples)


def plan_pairs(
    project: Project,
    version: RubricVersion,
    narrowing: Narrowing,
    *,
    which: Pairs,
    kind: str,
    samples: int = 1,
) -> PairPlan:
    """What a run of a judge that compares would take; it may be empty. Four queries at most.

    A pair passes where both its responses do. A session among the filters is the one whose
    pairs they are (COMPARED), or whose responses (ALL). `first` takes so many pairs, by task.
    """
    compared = which is Pairs.COMPARED
    about = Narrowing(
        session=None if compared else narrowing.session,
        sources=narrowing.sources,
        tags=narrowing.tags,
        tasks=narrowing.tasks,
    )
    rows = chosen_responses(project, version, about)
    tasks = dict(rows.values_list("pk", "task_id"))
    found = _compared(project, narrowing) if compared else _every(tasks)
    pairs = sorted(
        (pair for pair in found if pair[0] in tasks and pair[1] in tasks),
        key=lambda pair: (tasks[pair[0]], pair),
    )[: narrowing.first]
    textless = set(rows.filter(text__isnull=True).values_list("pk", flat=True))
    return PairPlan(
        pairs=pairs,
        criteria=len(judged_criteria(version, kind)),
        samples=samples,
        blank=frozenset(pair for pair in pairs if textless.intersection(pair)),
    )


def _every(tasks: dict[int, int]) -> Iterable[Pair]:
    by_task: dict[int, list[int]] = {}
    for response, task in tasks.items():
        by_task.setdefault(task, []).append(response)
    return ((group.members[0], group.members[1]) for group in every_pair(by_task))


def _compared(project: Project, narrowing: Narrowing) -> set[Pair]:
    """Each pair once, whichever way and how often it was compared; a ranking counts as its own."""
    said = Preference.objects.filter(round__project=project, round__kind=RoundKind.SESSION)
    items = Item.objects.filter(
        session__round__project=project,
        session__mode__in=(Mode.PAIRWISE, Mode.RANKING),
        kind=ItemKind.WORK,
    )
    if narrowing.session is not None:
        said, items = (
            said.filter(round=narrowing.session),
            items.filter(session=narrowing.session.pk),
        )
    pairs = said.order_by().values_list("response_a_id", "response_b_id").distinct()
    found = {(min(pair), max(pair)) for pair in pairs}
    for members in items.order_by().values_list("members", flat=True).distinct():
        found.update(combinations(sorted(map(int, members.split(","))), 2))
    return found


def expected_preferences(run_id: int, samples: int) -> int:
    """The preferences that a started run is to give: the pairs of its batches, times samples."""
    sizes = RunBatch.objects.filter(run=run_id).values_list("pairs__len", flat=True)
    return int(sum(sizes)) * samples

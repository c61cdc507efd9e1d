"""A run of a judge that compares two responses: its units are pairs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext

from rubricstudio.models import Response, RubricVersion, User
from scoring.actions.runs import (
    NO_LIMIT,
    NothingToJudge,
    Spending,
    batch_size,
    check_way,
    enqueue_run,
    open_run,
    start_run,
)
from scoring.models import Judge, Run, RunBatch
from scoring.queries.pair_plans import ORDERS, Pair, PairPlan
from scoring.queries.plans import RunPlan


def start_planned(
    *,
    judge: Judge,
    version: RubricVersion,
    plan: RunPlan | PairPlan,
    name: str,
    by: User,
    samples: int = 1,
    limits: Spending = NO_LIMIT,
    enqueue: bool = True,
) -> Run:
    """Start the run of a plan, be it over pairs or over single responses; raises as these do."""
    common: dict[str, Any] = {
        **{"judge": judge, "version": version, "name": name, "by": by},
        **{"samples": samples, "limits": limits, "enqueue": enqueue},
    }
    if isinstance(plan, PairPlan):
        return start_pair_run(pairs=plan.pairs, **common)
    return start_run(response_ids=plan.response_ids, **common)


@transaction.atomic
def start_pair_run(
    *,
    judge: Judge,
    version: RubricVersion,
    pairs: Sequence[Pair],
    name: str,
    by: User,
    samples: int = 1,
    limits: Spending = NO_LIMIT,
    enqueue: bool = True,
) -> Run:
    """Create a run over pairs of responses and hand its batches to the workers; see `start_run`.

    Pairs that are not of one task of the judge's project are left out, and each is judged once.
    Raises NothingToJudge, WrongJudge, RunNameTaken, RoundNeedsPublishedVersion.
    """
    check_way(judge, compares=True)
    chosen = _comparable(judge, version, pairs)
    if not chosen:
        raise NothingToJudge(gettext("Choose at least one pair of responses to one task."))
    run, criteria = open_run(
        judge=judge, version=version, name=name, by=by, samples=samples, limits=limits
    )
    size = batch_size(judge.kind, per_unit=criteria * ORDERS * samples)
    parts = [chosen[start : start + size] for start in range(0, len(chosen), size)]
    RunBatch.objects.bulk_create(
        RunBatch(
            run=run,
            number=number,
            pairs=part,
            response_ids=sorted({response for pair in part for response in pair}),
        )
        for number, part in enumerate(parts)
    )
    if enqueue:
        enqueue_run(run)
    return run


def _comparable(judge: Judge, version: RubricVersion, pairs: Sequence[Pair]) -> list[Pair]:
    """Those of the pairs, each once, whose responses are of one task that the rubric is about."""
    rubric, project_id = version.rubric, judge.rater.project_id
    if rubric.project_id != project_id:
        return []
    about = Q(task=rubric.task_id) if rubric.task_id else Q()
    ids = {response for pair in pairs for response in pair}
    rows = Response.objects.filter(about, project=project_id, pk__in=ids)
    tasks = dict(rows.values_list("pk", "task_id"))
    ordered = dict.fromkeys((min(pair), max(pair)) for pair in pairs)
    return [
        (a, b) for a, b in ordered if a != b and a in tasks and b in tasks and tasks[a] == tasks[b]
    ]

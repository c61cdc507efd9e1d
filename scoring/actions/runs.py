"""The life of a run: started, cancelled, resumed. What a worker does is in batches.py."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext

from rubricstudio.actions.rounds import open_round
from rubricstudio.models import Response, Round, RoundKind, RubricVersion, User
from scoring.judges import judge_class, queue_of
from scoring.models import Judge, Run, RunBatch, RunBudget, RunStatus
from scoring.queries.plans import judged_criteria
from scoring.states import CAN_RESUME, UNFINISHED

BATCH_RESPONSES = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """The most that a run may cost, in US dollars and in tokens; None for no limit."""

    cost: Decimal | None = None
    tokens: int | None = None


NO_LIMIT = Spending()


class NothingToJudge(ValueError):
    """The run would have no response or no criterion that a model may judge."""


class WrongJudge(NothingToJudge):
    """The judge compares pairs and was given single responses, or the other way round."""


class RunNameTaken(ValueError):
    """The project has a run of this name already."""


class RunNotPossible(ValueError):
    """The run is in a state in which this cannot be done."""


@transaction.atomic
def start_run(
    *,
    judge: Judge,
    version: RubricVersion,
    response_ids: Sequence[int],
    name: str,
    by: User,
    samples: int = 1,
    limits: Spending = NO_LIMIT,
    enqueue: bool = True,
) -> Run:
    """Create a run over responses of the judge's project and hand its batches to the workers.

    No call is sent that could pass `limits`; the run then ends as partial, and says so.
    With `enqueue` false the caller works the batches (see actions.here). The rubric of one
    task judges the responses of that task. Raises NothingToJudge, WrongJudge for one that
    compares pairs (see pair_runs.py), RunNameTaken, and RoundNeedsPublishedVersion for a draft.
    """
    check_way(judge, compares=False)
    chosen = _judgeable(judge, version, response_ids)
    if not chosen:
        raise NothingToJudge(gettext("Choose at least one response of this project."))
    run, criteria = open_run(
        judge=judge, version=version, name=name, by=by, samples=samples, limits=limits
    )
    size = batch_size(judge.kind, per_unit=criteria * samples)
    RunBatch.objects.bulk_create(
        RunBatch(run=run, number=number, response_ids=chosen[start : start + size])
        for number, start in enumerate(range(0, len(chosen), size))
    )
    if enqueue:
        enqueue_run(run)
    return run


def check_way(judge: Judge, *, compares: bool) -> None:
    """Raise WrongJudge unless the judge judges pairs, or single responses, as is wanted."""
    if judge.compares and not compares:
        raise WrongJudge(
            gettext("This judge compares two responses: let it judge pairs, not single responses.")
        )
    if compares and not judge.compares:
        raise WrongJudge(
            gettext(
                "This judge gives verdicts on single responses. For pairs take a hosted judge of "
                "mode pairwise."
            )
        )


def open_run(
    *,
    judge: Judge,
    version: RubricVersion,
    name: str,
    by: User,
    samples: int,
    limits: Spending,
) -> tuple[Run, int]:
    """A run that has no batches yet, and how many criteria it judges by.

    Raises NothingToJudge where there are none, RunNameTaken, RoundNeedsPublishedVersion.
    """
    project = judge.rater.project
    criteria = judged_criteria(version, judge.kind)
    if not criteria:
        raise NothingToJudge(gettext("This judge has no criterion of this rubric to judge."))
    if Round.objects.filter(project=project, kind=RoundKind.RUN, name=name).exists():
        raise RunNameTaken(
            gettext("There is a run named “%(name)s” already. Choose another name.")
            % {"name": name}
        )
    round_ = open_round(project=project, kind=RoundKind.RUN, name=name, version=version, by=by)
    run = Run.objects.create(round=round_, judge=judge, samples=samples)
    RunBudget.objects.create(run=run, limit_cost=limits.cost, limit_tokens=limits.tokens)
    return run, len(criteria)


def batch_size(kind: str, *, per_unit: int) -> int:
    """Responses, or pairs, in a batch, of which each takes `per_unit` calls or verdicts: at least
    as many as keep all calls at once under way."""
    return max(BATCH_RESPONSES, -(-getattr(judge_class(kind), "batch_cells", 0) // per_unit))


def _judgeable(judge: Judge, version: RubricVersion, response_ids: Sequence[int]) -> list[int]:
    """Those of the responses that are of the judge's project and that the rubric is about."""
    rubric, project_id = version.rubric, judge.rater.project_id
    if rubric.project_id != project_id:
        return []
    about = Q(task=rubric.task_id) if rubric.task_id else Q()
    found = Response.objects.filter(about, project=project_id, pk__in=response_ids)
    known = set(found.values_list("pk", flat=True))
    return [pk for pk in dict.fromkeys(response_ids) if pk in known]


@transaction.atomic
def cancel_run(*, run: Run, by: User) -> Run:
    """Stop a run at the next chunk; what was judged stays. Raises RunNotPossible when finished."""
    stopped = Run.objects.filter(pk=run.pk, status__in=UNFINISHED).update(
        status=RunStatus.CANCELLED, finished_at=timezone.now()
    )
    if not stopped:
        raise RunNotPossible(gettext("The run is finished already."))
    run.refresh_from_db()
    return run


@transaction.atomic
def resume_run(*, run: Run, by: User, limits: Spending | None = None, enqueue: bool = True) -> Run:
    """Continue where a cancelled, failed or partial run stopped; verdicts are not asked twice.

    `limits` take the place of those it had; None keeps them. They are of the whole run.
    Raises RunNotPossible in any other state.
    """
    resumed = Run.objects.filter(pk=run.pk, status__in=CAN_RESUME).update(
        status=RunStatus.QUEUED, finished_at=None, error=""
    )
    if not resumed:
        raise RunNotPossible(gettext("Only a run that stopped before its end can be resumed."))
    budget: dict[str, object] = {"stopped_at": None}
    if limits is not None:
        budget |= {"limit_cost": limits.cost, "limit_tokens": limits.tokens}
    RunBudget.objects.filter(run=run).update(**budget)
    run.batches.filter(error__gt="").update(error="", finished_at=None)
    run.batches.filter(finished_at__isnull=True).update(attempts=0)
    run.refresh_from_db()
    if enqueue:
        enqueue_run(run)
    return run


def requeue_unfinished(*, queue: str) -> int:
    """Enqueue the open batches of every unfinished run of a queue; the number of batches.

    Called when a worker starts: a worker that was killed took its messages along. A
    batch that another worker is busy with is skipped there, by its lock.
    """
    runs = Run.objects.filter(status__in=UNFINISHED).select_related("judge")
    mine = (run for run in runs if queue_of(run.judge.kind, run.judge.params) == queue)
    return sum(enqueue_run(run) for run in mine)


def enqueue_run(run: Run) -> int:
    """Hand the open batches to the workers once this transaction is done; how many.

    Where the queue cannot be reached the run stays as it is: the worker that starts next
    takes it up.
    """
    queue = queue_of(run.judge.kind, run.judge.params)
    numbers = run.batches.filter(finished_at__isnull=True).order_by("number")
    calls = [{"run_id": run.pk, "number": n} for n in numbers.values_list("number", flat=True)]

    def send() -> None:
        # Imported here: the tasks call actions.
        from scoring.tasks import judge_batch

        for call in calls:
            judge_batch.apply_async(kwargs=call, queue=queue)

    transaction.on_commit(send, robust=True)
    return len(calls)

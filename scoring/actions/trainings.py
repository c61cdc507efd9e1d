"""Training started from the page: handed to a worker, watched, cancelled, tried again."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.db import InterfaceError, OperationalError, transaction
from django.utils import timezone
from django.utils.translation import gettext

from rubricstudio.models import Project, Round, User
from scoring.actions.alone import TRAININGS, Taken, alone_on
from scoring.actions.judges import JudgeNameTaken, check_name, site
from scoring.actions.training import keep_trained, read_settings, trained
from scoring.judges import JudgeError, build
from scoring.judges.local import LocalJudge
from scoring.learned.evaluate import Progress, TooFewVerdicts
from scoring.models import Method, RunStatus, Training
from scoring.queries.selection import Selection, chosen, comparable_rounds
from scoring.states import UNFINISHED
from scoring.storable import storable

QUEUE = LocalJudge.queue
MAX_ATTEMPTS = 3
TELL_EVERY = 1.0
"""Seconds between two notes of how far a stage is."""
CAN_REPEAT = (RunStatus.FAILED, RunStatus.CANCELLED)

log = logging.getLogger(__name__)


class NothingToLearn(ValueError):
    """No session was chosen that holds a verdict."""


class Stopped(Exception):
    """Somebody cancelled the training."""


@transaction.atomic
def start_training(
    *,
    project: Project,
    name: str,
    sessions: Sequence[Round],
    params: Mapping[str, object],
    by: User,
    method: str = Method.PROBE,
    settings: Mapping[str, object] | None = None,
    enqueue: bool = True,
) -> Training:
    """Have a judge trained by a worker; the training at work where one of this name is.

    params: of the local judge whose model is trained. settings: of the method. Raises
    NothingToLearn, JudgeNameTaken and InvalidJudgeConfig.
    """
    Project.objects.select_for_update().get(pk=project.pk)
    build("local", params, site())
    read_settings(method, settings or {})
    name = check_name(project, name)
    if not sessions:
        raise NothingToLearn(gettext("Choose at least one session with verdicts."))
    at_work = Training.objects.filter(project=project, name=name, status__in=UNFINISHED).first()
    if at_work is not None:
        return at_work
    made = Training.objects.create(
        project=project,
        name=name,
        sessions=[row.pk for row in sessions],
        params=dict(params),
        method=method,
        settings=dict(settings or {}),
        created_by=by,
    )
    if enqueue:
        _enqueue(made)
    return made


@transaction.atomic
def cancel_training(*, training: Training, by: User) -> bool:
    """Stop at the next few verdicts; no judge comes of it. False where it is finished already."""
    rows = Training.objects.filter(pk=training.pk, status__in=UNFINISHED)
    return bool(rows.update(status=RunStatus.CANCELLED, finished_at=timezone.now()))


@transaction.atomic
def repeat_training(*, training: Training, by: User, enqueue: bool = True) -> bool:
    """Begin a failed or cancelled training anew; False in any other state.

    Raises JudgeNameTaken where a judge of the name was made meanwhile.
    """
    check_name(training.project, training.name)
    rows = Training.objects.filter(pk=training.pk, status__in=CAN_REPEAT)
    again = rows.update(
        status=RunStatus.QUEUED, finished_at=None, error="", stage="", done=0, total=0, attempts=0
    )
    if again and enqueue:
        _enqueue(training)
    return bool(again)


def carry_out_training(*, training: Training) -> None:
    """Train, evaluate and make the judge. Safe to repeat, also concurrently: one judge comes of it.

    Where a worker died the training begins anew. Raises Taken while another worker has it.
    Whatever goes wrong ends it in words.
    """
    with alone_on(TRAININGS, training.pk) as mine:
        rows = Training.objects.filter(pk=training.pk, status__in=UNFINISHED)
        if not mine and rows.exists():
            raise Taken(f"Another worker has training {training.pk}.")
        if not mine or not _begin(training):
            return
        try:
            _train(training)
        except Stopped:
            return
        except (JudgeError, JudgeNameTaken, TooFewVerdicts, NothingToLearn) as error:
            _fail(training, str(error))
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:
            # A training must end in words, not hang.
            log.exception("training %s failed", training.pk)
            _fail(training, f"Unexpected {type(error).__name__}: {error}"[:2000])


def _begin(training: Training) -> bool:
    """Whether there is something to do; counts the attempt."""
    training.refresh_from_db()
    if training.status not in UNFINISHED:
        return False
    if training.attempts >= MAX_ATTEMPTS:
        _fail(
            training, gettext("Given up: the worker died each time, perhaps of too little memory.")
        )
        return False
    training.attempts += 1
    rows = Training.objects.filter(pk=training.pk, status__in=UNFINISHED)
    begun = {"stage": "", "done": 0, "total": 0, "attempts": training.attempts}
    return bool(rows.update(status=RunStatus.RUNNING, **begun))


def _train(training: Training) -> None:
    project = training.project
    made = trained(
        project=project,
        selection=_selection(training),
        params=training.params,
        method=training.method,
        settings=training.settings,
        told=_Teller(training),
    )
    with transaction.atomic():
        # Holding the row: who cancels comes before the judge is made, or after.
        row = Training.objects.select_for_update().get(pk=training.pk)
        if row.status not in UNFINISHED:
            raise Stopped
        judge = keep_trained(
            project=project, name=training.name, trained=made, by=training.created_by
        )
        Training.objects.filter(pk=training.pk).update(
            status=RunStatus.DONE, judge=judge, finished_at=timezone.now()
        )


def _selection(training: Training) -> Selection:
    """The chosen sessions to learn from, and every run to compare with."""
    rounds = comparable_rounds(training.project)
    runs = [row.pk for row in rounds if row.kind == "run"]
    found = chosen(training.project, rounds, [*training.sessions, *runs])
    if not found.people:
        raise NothingToLearn(gettext("The chosen sessions hold no verdict any more."))
    return found


@dataclass
class _Teller:
    """Notes how far a training is, and stops it where somebody cancelled it."""

    training: Training
    _at: float = field(default=float("-inf"), init=False)
    _stage: str = field(default="", init=False)

    def __call__(self, progress: Progress) -> None:
        now = time.monotonic()
        if progress.stage == self._stage and now - self._at < TELL_EVERY:
            return
        self._at, self._stage = now, progress.stage
        rows = Training.objects.filter(pk=self.training.pk, status__in=UNFINISHED)
        if not rows.update(stage=progress.stage.value, done=progress.done, total=progress.of):
            raise Stopped


def _fail(training: Training, why: str) -> None:
    rows = Training.objects.filter(pk=training.pk, status__in=UNFINISHED)
    rows.update(status=RunStatus.FAILED, finished_at=timezone.now(), error=storable(why))


def requeue_unfinished(*, queue: str) -> int:
    """Enqueue the trainings that a worker left open, where the queue is theirs; how many."""
    if queue != QUEUE:
        return 0
    rows = list(Training.objects.filter(status__in=UNFINISHED))
    for row in rows:
        _enqueue(row)
    return len(rows)


def _enqueue(training: Training) -> None:
    """Hand it to the workers once this transaction is done."""
    pk = training.pk

    def send() -> None:
        # Imported here: the tasks call actions.
        from scoring.tasks import train_judge as task

        task.apply_async(kwargs={"training_id": pk}, queue=QUEUE)

    transaction.on_commit(send, robust=True)

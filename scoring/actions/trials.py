"""A judge is tried on one response: what it says is shown and is no verdict.

A trial is a preview of one response by a published version, carried out like any other.
"""

from __future__ import annotations

from collections.abc import Collection

from django.db import transaction
from django.utils.translation import gettext

from annotations.queries.blind import blind_responses
from rubricstudio.models import RubricVersion, User
from scoring.actions.preview import (
    NotPinnable,
    PreviewNotPossible,
    check_judge,
    enqueue_preview,
)
from scoring.models import Judge, PreviewRun
from scoring.queries.pinnable import responses_about
from scoring.queries.preview import trial_cells
from scoring.states import UNFINISHED


@transaction.atomic
def start_trial(
    *,
    judge: Judge,
    version: RubricVersion,
    response_id: int,
    by: User,
    criteria: Collection[int] = (),
    enqueue: bool = True,
) -> PreviewRun:
    """Ask a judge about one response by a published version, anew; the trial at work if one is.

    criteria: ids of those to ask about; all that such a judge may judge where there are none.
    Raises NotPinnable for a response that the rubric is not about or that `by` has still to
    judge blind, PreviewNotPossible.
    """
    rubric = version.rubric
    Judge.objects.select_for_update(of=("self",)).get(pk=judge.pk)
    check_judge(rubric, judge)
    response = responses_about(rubric).filter(pk=response_id).first()
    if response is None or response.pk in blind_responses(rubric.project, by):
        raise NotPinnable(gettext("This rubric is not about that response."))
    same = PreviewRun.objects.filter(judge=judge, response=response, version=version)
    at_work = same.filter(status__in=UNFINISHED).first()
    if at_work is not None:
        return at_work
    trial = PreviewRun(
        rubric=rubric,
        judge=judge,
        response=response,
        version=version,
        criteria=sorted(criteria),
        created_by=by,
    )
    trial.expected = len(trial_cells(trial))
    if version.is_draft or not trial.expected:
        raise PreviewNotPossible(gettext("This judge has no criterion of this rubric to judge."))
    trial.save()
    if enqueue:
        enqueue_preview(trial)
    return trial

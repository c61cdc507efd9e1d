"""A response and a criterion as a judge is asked about them."""

from __future__ import annotations

from rubricstudio.models import Criterion, Response
from scoring.judges import JudgeRequest, Message


def request_of(response: Response, criterion: Criterion, sample: int) -> JudgeRequest:
    """The request about a response, loaded with its task, and a criterion with its parent."""
    task = response.task
    return JudgeRequest(
        criterion=criterion.as_criterion(),
        response_text=response.text,
        messages=tuple(Message(m["role"], m["content"]) for m in task.messages),
        reference=task.reference,
        context=tuple(str(document) for document in task.context),
        task_id=task.external_id,
        response_id=response.external_id,
        sample=sample,
    )

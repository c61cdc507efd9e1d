"""Single tasks and responses; files go through rubricstudio.actions.imports."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from rubricstudio.models import Project, Response, Task


@transaction.atomic
def add_task(
    *,
    project: Project,
    external_id: str,
    messages: Sequence[dict[str, str]],
    reference: str = "",
    context: Sequence[str] = (),
    tags: Sequence[str] = (),
) -> Task:
    """Add a task, or return the one with this external id unchanged."""
    task, _ = Task.objects.get_or_create(
        project=project,
        external_id=external_id,
        defaults={
            "messages": list(messages),
            "reference": reference,
            "context": list(context),
            "tags": list(tags),
        },
    )
    return task


@transaction.atomic
def add_response(*, task: Task, external_id: str, source: str, text: str | None) -> Response:
    """Add a response, or return the one with this external id unchanged."""
    response, _ = Response.objects.get_or_create(
        project_id=task.project_id,
        external_id=external_id,
        defaults={"task": task, "source": source, "text": text},
    )
    return response

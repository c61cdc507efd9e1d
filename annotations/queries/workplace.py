"""All that the annotation page shows, and nothing that a blind annotator may not know."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from annotations.models import Assignment, AssignmentStatus
from annotations.queries.queue import QueueProgress, queue_progress
from annotations.queries.sheets import rubric_of
from annotations.sheet import asked_of_people
from rubricstudio.domain.rubric import Criterion, Rubric
from rubricstudio.models import Response


@dataclass(frozen=True, slots=True)
class Document:
    """A text that the task refers to."""

    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Workplace:
    """One item before its annotator. `source` is None unless the session shows it, `text`
    where the response is not available."""

    assignment: Assignment
    rubric: Rubric
    messages: Sequence[dict[str, str]]
    reference: str
    documents: Sequence[Document]
    text: str | None
    source: str | None
    progress: QueueProgress
    previous: Assignment | None
    following: Assignment | None

    @property
    def number(self) -> int:
        """The item's number as people count."""
        return self.assignment.item.position + 1

    @property
    def criteria(self) -> tuple[Criterion, ...]:
        """What is to be judged."""
        return asked_of_people(self.rubric)


_FIELDS = ("text", "task__messages", "task__reference", "task__context")


def workplace(assignment: Assignment) -> Workplace:
    """Load the page of an assignment (with its item and session at hand).

    Reads no verdict. Of the response it reads the text alone, and the source only where
    the session does not hide it; the response's id in a file often names the source, so
    that is not read either.
    """
    session = assignment.item.session
    fields = _FIELDS if session.hide_source else (*_FIELDS, "source")
    response: dict[str, Any] = Response.objects.values(*fields).get(pk=assignment.item.response_id)
    return Workplace(
        assignment=assignment,
        rubric=rubric_of(session),
        messages=response["task__messages"],
        reference=response["task__reference"],
        documents=[_document(raw) for raw in response["task__context"]],
        text=response["text"],
        source=response.get("source"),
        progress=queue_progress(session, assignment.rater_id),
        previous=_neighbour(assignment, "lt", "-item__position"),
        following=_neighbour(assignment, "gt", "item__position"),
    )


def _document(raw: object) -> Document:
    """Context is a list of texts, or of objects with a title and a text."""
    if isinstance(raw, dict):
        return Document(str(raw.get("title") or ""), str(raw.get("text") or ""))
    return Document("", str(raw))


def _neighbour(assignment: Assignment, side: str, order: str) -> Assignment | None:
    """The person's nearest item on one side that they did not skip."""
    return (
        Assignment.objects.filter(
            item__session=assignment.item.session_id,
            rater=assignment.rater_id,
            **{f"item__position__{side}": assignment.item.position},
        )
        .exclude(status=AssignmentStatus.SKIPPED)
        .order_by(order)
        .first()
    )

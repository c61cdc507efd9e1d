"""All that the annotation page shows, and nothing that a blind annotator may not know."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection

from annotations.models import Assignment
from annotations.queries.queue import QueueProgress, queue_progress
from annotations.queries.sheets import rubric_of
from annotations.sheet import asked_of_people
from rubricstudio.domain.rubric import Criterion, Rubric


@dataclass(frozen=True, slots=True)
class Document:
    """A text that the task refers to."""

    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Workplace:
    """One item before its annotator. `source` is None unless the session shows it, `text`
    where the response is not available. `previous` and `following` are the person's items
    beside this one."""

    assignment: Assignment
    rubric: Rubric
    messages: Sequence[dict[str, str]]
    reference: str
    documents: Sequence[Document]
    text: str | None
    source: str | None
    progress: QueueProgress
    previous: int | None
    following: int | None

    @property
    def number(self) -> int:
        """The item's number as people count."""
        return self.assignment.item.position + 1

    @property
    def criteria(self) -> tuple[Criterion, ...]:
        """What is to be judged."""
        return asked_of_people(self.rubric)


_TEXTS = """
    SELECT re.text, t.messages, t.reference, t.context, {source}
      FROM studio_response re JOIN studio_task t ON t.id = re.task_id
     WHERE re.id = %(response)s
"""


def workplace(assignment: Assignment) -> Workplace:
    """Load the page of an assignment (with its item and session at hand).

    Reads no verdict. Of the response it reads the text alone, and the source only where
    the session does not hide it; the response's id in a file often names the source, so
    that is not read either.
    """
    session = assignment.item.session
    query = _TEXTS.format(source="NULL" if session.hide_source else "re.source")
    with connection.cursor() as cursor:
        cursor.execute(query, {"response": assignment.item.response_id})
        text, messages, reference, context, source = cursor.fetchone()
    previous, following = _neighbours(assignment)
    return Workplace(
        assignment=assignment,
        rubric=rubric_of(session),
        messages=json.loads(messages),
        reference=reference,
        documents=[_document(raw) for raw in json.loads(context)],
        text=text,
        source=source,
        progress=queue_progress(session, assignment.rater_id),
        previous=previous,
        following=following,
    )


def _document(raw: object) -> Document:
    """Context is a list of texts, or of objects with a title and a text."""
    if isinstance(raw, dict):
        return Document(str(raw.get("title") or ""), str(raw.get("text") or ""))
    return Document("", str(raw))


_NEIGHBOURS = """
    WITH own AS (
        SELECT i.id, i.position FROM annotations_assignment a
          JOIN annotations_item i ON i.id = a.item_id
         WHERE a.rater_id = %(rater)s AND i.session_id = %(session)s AND a.status <> 'skipped')
    SELECT (SELECT id FROM own WHERE position < %(position)s ORDER BY position DESC LIMIT 1),
           (SELECT id FROM own WHERE position > %(position)s ORDER BY position LIMIT 1)
"""


def _neighbours(assignment: Assignment) -> tuple[int | None, int | None]:
    """The person's nearest items on both sides that they did not skip."""
    item = assignment.item
    about = {"rater": assignment.rater_id, "session": item.session_id, "position": item.position}
    with connection.cursor() as cursor:
        cursor.execute(_NEIGHBOURS, about)
        previous, following = cursor.fetchone()
    return previous, following

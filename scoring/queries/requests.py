"""Responses and criteria as a judge is asked about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeVar

from rubricstudio.models import Criterion, Project, Response
from rubricstudio.queries.images import images_named
from scoring.judges import Judge, JudgeRequest, Message
from scoring.judges.pictures import names_in, texts_of
from scoring.judges.protocol import PairRequest, Picture
from scoring.queries.examples import examples_for

AnyRequest = TypeVar("AnyRequest", bound=JudgeRequest)


def request_of(response: Response, criterion: Criterion, sample: int) -> JudgeRequest:
    """The request about a response, loaded with its task, and a criterion with its parent."""
    return JudgeRequest(**_about(response, criterion, sample))


def pair_request_of(
    first: Response, second: Response, criterion: Criterion, sample: int
) -> PairRequest:
    """The request to compare two responses to one task, in the order given; as `request_of`."""
    return PairRequest(
        **_about(first, criterion, sample), other_text=second.text, other_id=second.external_id
    )


def _about(response: Response, criterion: Criterion, sample: int) -> dict[str, Any]:
    task = response.task
    return {
        "criterion": criterion.as_criterion(),
        "response_text": response.text,
        "messages": tuple(Message(m["role"], m["content"]) for m in task.messages),
        "reference": task.reference,
        "context": tuple(str(document) for document in task.context),
        "task_id": task.external_id,
        "response_id": response.external_id,
        "sample": sample,
    }


def requests_for(
    judge: Judge, project: Project, cells: Sequence[tuple[Response, Criterion, int]]
) -> list[JudgeRequest]:
    """What the judge is asked of the cells, with pictures and examples where it uses them."""
    requests = [request_of(*cell) for cell in cells]
    if getattr(judge, "vision", False):
        requests = illustrated(project, requests)
    if wanted := getattr(judge, "examples", 0):
        shown = examples_for(project, [cell[:2] for cell in cells], wanted)
        requests = [replace(each, examples=of) for each, of in zip(requests, shown, strict=True)]
    return requests


def illustrated(project: Project, requests: Sequence[AnyRequest]) -> list[AnyRequest]:
    """The requests with the pictures that their texts name; one query."""
    named = [names_in(texts_of(request)) for request in requests]
    wanted = {name for names in named for name in names}
    kept = {
        image.name: Picture(image.name, image.media_type, bytes(image.data))
        for image in images_named(project, wanted)
    }
    return [
        replace(request, pictures=tuple(kept[name] for name in names if name in kept))
        for request, names in zip(requests, named, strict=True)
    ]

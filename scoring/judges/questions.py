"""What one call to a hosted model is about: one request, or several of one response.

Whatever a call is about, its verdicts pay for it once: `shares` divides what it cost.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scoring.judges.pictures import MOST
from scoring.judges.prompts import judge_messages, reply_schema, request_code, response_format
from scoring.judges.protocol import JudgeRequest, Message, Picture
from scoring.judges.replies import Reading, read_reply
from scoring.judges.rubric_prompts import rubric_messages, rubric_schema
from scoring.judges.rubric_replies import read_rubric_reply
from scoring.llm_calls import ChatFailure, ChatReply, Result


@dataclass(frozen=True, slots=True)
class Question:
    """One call to make.

    places: where its requests stand among those that the judge was given. shape: what is
    asked of the server about the form of the reply. several: whether the prompt is the one
    for several criteria, be there only one of them.
    """

    places: tuple[int, ...]
    requests: tuple[JudgeRequest, ...]
    prompt: tuple[Message, ...]
    shape: Mapping[str, object] | None
    several: bool

    @property
    def label(self) -> str:
        """What the call is for: no two calls of a run are for the same."""
        first = self.requests[0]
        keys = [request.criterion.key for request in self.requests]
        about = keys if self.several else keys[0]
        return json.dumps((first.task_id, first.response_id, about, first.sample, first.place))

    @property
    def pictures(self) -> tuple[Picture, ...]:
        """The pictures of all its requests, each once."""
        named = {each.name: each for request in self.requests for each in request.pictures}
        return tuple(named.values())[:MOST]

    def read(self, reply: ChatReply) -> list[Reading]:
        """What the reply says of each request, in order."""
        first = self.requests[0]
        code = request_code(first)
        shown = [each.response for request in self.requests for each in request.examples]
        response = "\n".join([first.response_text or "", *shown])
        if self.several:
            return read_rubric_reply(
                reply.text,
                criteria=[request.criterion for request in self.requests],
                response=response,
                code=code,
                finish_reason=reply.finish_reason,
                refusal=reply.refusal,
            )
        reading = read_reply(
            reply.text,
            scale=first.criterion.scale,
            response=response,
            code=code,
            finish_reason=reply.finish_reason,
            refusal=reply.refusal,
        )
        return [reading]


def one_by_one(requests: Sequence[JudgeRequest], style: str) -> list[Question]:
    """A question for each request; `style` says how the reply is asked for."""
    return [
        Question(
            (place,),
            (request,),
            judge_messages(request, json_reply=style != "text"),
            response_format(style, reply_schema(request.criterion)),
            several=False,
        )
        for place, request in enumerate(requests)
    ]


def by_response(requests: Sequence[JudgeRequest], style: str, most: int) -> list[Question]:
    """Questions about up to `most` criteria of one response and sample, in the order given."""
    groups: dict[object, list[int]] = {}
    for place, request in enumerate(requests):
        groups.setdefault(_material(request), []).append(place)
    return [
        _together(places[start : start + most], requests, style)
        for places in groups.values()
        for start in range(0, len(places), most)
    ]


def _together(places: Sequence[int], requests: Sequence[JudgeRequest], style: str) -> Question:
    asked = tuple(requests[place] for place in places)
    return Question(
        tuple(places),
        asked,
        rubric_messages(asked, json_reply=style != "text"),
        response_format(style, rubric_schema([request.criterion for request in asked])),
        several=True,
    )


def _material(request: JudgeRequest) -> object:
    """All that requests have in common which may share a call."""
    return (
        *(request.task_id, request.response_id, request.sample, request.response_text),
        *(request.messages, request.reference, request.context),
    )


@dataclass(frozen=True, slots=True)
class Share:
    """A verdict's part of what its call took: seconds, tokens, US dollars; None where not known."""

    latency: float
    tokens_in: int | None = None
    tokens_out: int | None = None
    cost: float | None = None


def shares(result: Result, count: int) -> list[Share]:
    """What a call took in `count` parts that add up to it: equal, whole ones of tokens."""
    latency = result.latency / count
    if isinstance(result, ChatFailure):
        return [Share(latency)] * count
    cost = None if result.cost is None else result.cost / count
    tokens = zip(_whole(result.tokens_in, count), _whole(result.tokens_out, count), strict=True)
    return [Share(latency, read, written, cost) for read, written in tokens]


def _whole(total: int | None, count: int) -> list[int | None]:
    """A whole number in whole parts, the remainder with the first."""
    if total is None:
        return [None] * count
    each, rest = divmod(total, count)
    return [each + rest, *[each] * (count - 1)]

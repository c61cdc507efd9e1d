"""What one call to a hosted model is about: one request, several of one response, or a pair.

Whatever a call is about, its verdicts pay for it once: `shares` divides what it cost.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scoring.judges.pair_prompts import PAIR_PROMPT_VERSION, pair_messages, pair_schema
from scoring.judges.pair_replies import read_pair_reply
from scoring.judges.pictures import MOST
from scoring.judges.prompts import (
    PROMPT_VERSION,
    judge_messages,
    reply_schema,
    request_code,
    response_format,
)
from scoring.judges.protocol import JudgeRequest, Message, PairRequest, Picture
from scoring.judges.replies import Reading, read_reply
from scoring.judges.rubric_prompts import RUBRIC_PROMPT_VERSION, rubric_messages, rubric_schema
from scoring.judges.rubric_replies import read_rubric_reply
from scoring.llm_calls import ChatFailure, ChatReply, Result


@dataclass(frozen=True, slots=True)
class Question:
    """One call to make, about one request.

    places: where its requests stand among those that the judge was given. shape: what is
    asked of the server about the form of the reply.
    """

    places: tuple[int, ...]
    requests: tuple[JudgeRequest, ...]
    prompt: tuple[Message, ...]
    shape: Mapping[str, object] | None

    @property
    def label(self) -> str:
        """What the call is for: no two calls of a run are for the same."""
        first = self.requests[0]
        about = (first.task_id, first.response_id, self._about(), first.sample, first.place)
        return json.dumps(about)

    def _about(self) -> object:
        """What tells this call from others about the same response."""
        return self.requests[0].criterion.key

    def told(self, result: Result) -> dict[str, object]:
        """What the provenance of its verdicts keeps of how they were asked for."""
        return {"prompt_version": PROMPT_VERSION}

    @property
    def pictures(self) -> tuple[Picture, ...]:
        """The pictures of all its requests, each once."""
        named = {each.name: each for request in self.requests for each in request.pictures}
        return tuple(named.values())[:MOST]

    def read(self, reply: ChatReply) -> list[Reading]:
        """What the reply says of each request, in order."""
        reading = read_reply(
            reply.text,
            scale=self.requests[0].criterion.scale,
            response=self._shown(),
            code=request_code(self.requests[0]),
            finish_reason=reply.finish_reason,
            refusal=reply.refusal,
        )
        return [reading]

    def _shown(self) -> str:
        """Every text of others that the model could copy a verdict from."""
        answers = [text or "" for _, text in self.requests[0].answers]
        examples = [each.response for request in self.requests for each in request.examples]
        return "\n".join([*answers, *examples])


class RubricQuestion(Question):
    """A call about several criteria of a response, be there only one of them left to ask."""

    __slots__ = ()

    def _about(self) -> object:
        return [request.criterion.key for request in self.requests]

    def told(self, result: Result) -> dict[str, object]:
        return {
            "mode": "rubric",
            "prompt_version": RUBRIC_PROMPT_VERSION,
            "criteria_in_call": len(self.requests),
            "call_latency": result.latency,
        }

    def read(self, reply: ChatReply) -> list[Reading]:
        return read_rubric_reply(
            reply.text,
            criteria=[request.criterion for request in self.requests],
            response=self._shown(),
            code=request_code(self.requests[0]),
            finish_reason=reply.finish_reason,
            refusal=reply.refusal,
        )


class PairQuestion(Question):
    """A call about two responses in the order shown, and one criterion."""

    __slots__ = ()

    def _about(self) -> object:
        (request,) = self.requests
        assert isinstance(request, PairRequest)
        return {"before": request.other_id, "by": request.criterion.key}

    def told(self, result: Result) -> dict[str, object]:
        return {"mode": "pairwise", "prompt_version": PAIR_PROMPT_VERSION}

    def read(self, reply: ChatReply) -> list[Reading]:
        reading = read_pair_reply(
            reply.text,
            responses=self._shown(),
            code=request_code(self.requests[0]),
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
        )
        for place, request in enumerate(requests)
    ]


def compared(requests: Sequence[PairRequest], style: str) -> list[Question]:
    """A question for each pair, criterion and order."""
    return [
        PairQuestion(
            (place,),
            (request,),
            pair_messages(request, json_reply=style != "text"),
            response_format(style, pair_schema()),
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
    return RubricQuestion(
        tuple(places),
        asked,
        rubric_messages(asked, json_reply=style != "text"),
        response_format(style, rubric_schema([request.criterion for request in asked])),
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

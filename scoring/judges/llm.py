"""Judges with a hosted model, through any provider LiteLLM speaks to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar

from rubricstudio.safe_address import UnsafeAddress, check_base, origin
from scoring.judges.config import parameter
from scoring.judges.outcomes import UNVERIFIED, all_or_raise, failed_status, outcome_of
from scoring.judges.pictures import picture_digests, with_pictures
from scoring.judges.prompts import prompt_sha256
from scoring.judges.protocol import (
    InvalidJudgeConfig,
    JudgeError,
    JudgeRequest,
    Outcome,
    PairRequest,
    Provenance,
    Site,
    Tell,
    Unscored,
    judge_readable,
)
from scoring.judges.questions import Question, by_response, compared, one_by_one, shares
from scoring.llm_calls import ChatCall, ChatFailure, ChatReply, Limits, Result
from scoring.llm_client import OPEN_ROUTES, LlmClient

REPLY_STYLES = ("json_schema", "json_object", "text")
PAIRWISE = "pairwise"
MODES = ("criterion", "rubric", PAIRWISE)
FURTHER_TOKENS = 256  # of a reply, for each criterion of a call after its first
EFFORTS = ("none", "minimal", "low", "medium", "high")


@dataclass(frozen=True, slots=True, kw_only=True)
class LlmJudge:
    """A hosted model that replies with a rationale, quotes and a verdict."""

    model: str = parameter(
        "The model as provider/name, such as openai/gpt-4.1; for a server of your own "
        "hosted_vllm/NAME or openai/NAME with `api_base`."
    )
    api_base: str | None = parameter(
        "The address of an OpenAI-compatible server, up to and with /v1.",
        default=None,
        optional=True,
    )
    api_key_env: str | None = parameter(
        "The environment variable that holds the key; its name ends in _API_KEY. Without "
        "one, the provider's usual variable is read, but never for an `api_base`.",
        default=None,
        optional=True,
    )
    mode: str = parameter(
        "What one call asks: criterion for a call about each criterion; rubric for all criteria "
        "of a response in one call, which costs less and lets them sway each other; pairwise for "
        "which of two responses is better by each criterion, asked in both orders.",
        default="criterion",
        choices=MODES,
    )
    criteria_per_call: int = parameter(
        "The most criteria in one call of mode rubric.", default=20, low=1, high=100
    )
    examples: int = parameter(
        "How many responses to other tasks that people decided are shown with a criterion.",
        default=0,
        low=0,
        high=6,
    )
    reply: str = parameter(
        "How the reply is asked for: json_schema where the server can hold a model to a "
        "schema, json_object where it can only promise JSON, text where it can neither.",
        default="json_schema",
        choices=REPLY_STYLES,
    )
    unverified_quotes: str = parameter(
        "What follows from quotes that the response does not hold: keep the verdict as it is, "
        "doubt it by a lower confidence, or refuse it where the criterion needs evidence and none "
        "of its quotes is there.",
        default="keep",
        choices=UNVERIFIED,
    )
    temperature: float | None = parameter(
        "Sampling temperature; null leaves it to the provider, as reasoning models need.",
        default=0.0,
        optional=True,
        low=0,
        high=2,
    )
    top_p: float | None = parameter(
        "Nucleus sampling share; null leaves it to the provider.",
        default=None,
        optional=True,
        low=0,
        high=1,
    )
    seed: int | None = parameter(
        "Sampling seed, where the provider takes one; each repeat adds its number to it.",
        default=None,
        optional=True,
        low=0,
    )
    max_tokens: int = parameter(
        "The longest reply in tokens, a reasoning model's thinking included; 256 more for each "
        "further criterion of a call.",
        default=1024,
        low=16,
        high=200_000,
    )
    reasoning_effort: str | None = parameter(
        "How long a reasoning model may think; null leaves it to the provider.",
        default=None,
        optional=True,
        choices=EFFORTS,
    )
    vision: bool = parameter(
        "Whether the model can see: pictures that the texts name are then sent along.",
        default=False,
    )
    extra_body: dict[str, object] = parameter(
        "Further fields of the request that this server understands.", default={}
    )
    timeout: float = parameter("Seconds to wait for one reply.", default=120.0, low=0.1, high=3600)
    attempts: int = parameter(
        "How often one call is tried when the server is busy or fails.", default=4, low=1, high=10
    )
    backoff: float = parameter(
        "Seconds before the second attempt, doubled each time; Retry-After wins.",
        default=1.0,
        low=0,
        high=60,
    )
    concurrency: int = parameter(
        "Calls under way at once in one batch.", default=16, low=1, high=256
    )
    price_in: float | None = parameter(
        "Dollars per million prompt tokens, for a model without a listed price.",
        default=None,
        optional=True,
        low=0,
        high=1_000_000,
    )
    price_out: float | None = parameter(
        "Dollars per million reply tokens, for a model without a listed price.",
        default=None,
        optional=True,
        low=0,
        high=1_000_000,
    )
    requests_per_minute: int | None = parameter(
        "The most calls a minute to this provider or server, all workers together.",
        default=None,
        optional=True,
        low=1,
    )
    tokens_per_minute: int | None = parameter(
        "The most tokens a minute likewise, counted as providers do: the prompt, and the "
        "longest reply that is allowed.",
        default=None,
        optional=True,
        low=1,
    )
    reuse: bool = parameter(
        "Whether an answer that this project has paid for may be taken again for the very same "
        "prompt and settings; such verdicts cost nothing and say so.",
        default=False,
    )
    site: Site = Site()

    queue: ClassVar[str] = "llm"
    # Calls run dry at the end of a batch: with fewer verdicts that would be most of its time.
    batch_cells: ClassVar[int] = 1000

    def __post_init__(self) -> None:
        if "://" in self.model or not self.model.strip():
            raise InvalidJudgeConfig("The parameter 'model' is a name: put an address in api_base.")
        if (self.price_in is None) != (self.price_out is None):
            raise InvalidJudgeConfig("Give both price_in and price_out, or neither.")
        if self.api_key_env is not None and not self.api_key_env.endswith("_API_KEY"):
            raise InvalidJudgeConfig(
                f"The parameter 'api_key_env' names {self.api_key_env!r}, but only a variable "
                "whose name ends in _API_KEY may be sent to a provider."
            )
        if self.compares and self.examples:
            raise InvalidJudgeConfig(
                "The parameter 'examples' shows verdicts on single responses, which mode "
                "pairwise does not ask for: leave it at 0."
            )
        if self.api_base is not None:
            self._check_base(self.api_base)

    def _check_base(self, api_base: str) -> None:
        if not self.model.startswith(OPEN_ROUTES):
            raise InvalidJudgeConfig(
                f"With an api_base, write the model as {' or '.join(OPEN_ROUTES)} and the name "
                f"that the server gives it, not {self.model!r}."
            )
        try:
            check_base(api_base, allow_private=self.site.allow_private)
        except UnsafeAddress as error:
            raise InvalidJudgeConfig(f"The parameter 'api_base': {error}") from error
        trusted = {origin(each) for each in self.site.api_bases}
        if self.api_key_env is not None and origin(api_base) not in trusted:
            raise InvalidJudgeConfig(
                f"{origin(api_base)} is not among the addresses that may be sent a key: leave "
                "out api_key_env, or ask the operator to add the address."
            )

    @property
    def compares(self) -> bool:
        """Whether it is asked about pairs (`PairRequest`) and about nothing else."""
        return self.mode == PAIRWISE

    def judge(self, requests: Sequence[JudgeRequest]) -> list[Outcome]:
        return self.judge_telling(requests, lambda _said: None)

    def judge_telling(self, requests: Sequence[JudgeRequest], tell: Tell) -> list[Outcome]:
        return judge_readable(requests, self.model, partial(self._judge, tell))

    def _judge(self, tell: Tell, requests: Sequence[JudgeRequest]) -> list[Outcome]:
        questions = self.questions(requests)
        outcomes: list[Outcome | None] = [None] * len(requests)

        def told(number: int, result: Result) -> None:
            # What a failure means depends on how the other calls end.
            if isinstance(result, ChatReply):
                question = questions[number]
                read = self._read(question, result)
                tell(list(zip(question.requests, read, strict=True)))
                for place, outcome in zip(question.places, read, strict=True):
                    outcomes[place] = outcome

        results = self.client().chat([self.call(question) for question in questions], told)
        works = any(isinstance(result, ChatReply) for result in results)
        failed = []
        for question, result in zip(questions, results, strict=True):
            if isinstance(result, ChatFailure):
                failed.append(result)
                for place, outcome in self._failed(question, result, lone=works):
                    outcomes[place] = outcome
        return all_or_raise(outcomes, failed)

    def questions(self, requests: Sequence[JudgeRequest]) -> list[Question]:
        """The calls that would be made for the requests."""
        pairs = [each for each in requests if isinstance(each, PairRequest)]
        if len(pairs) != (len(requests) if self.compares else 0):
            raise JudgeError("A judge of mode pairwise judges pairs, and no other judge does.")
        if self.compares:
            return compared(pairs, self.reply)
        if self.mode == "rubric":
            return by_response(requests, self.reply, self.criteria_per_call)
        return one_by_one(requests, self.reply)

    def client(self) -> LlmClient:
        """The client that calls this model with this judge's settings."""
        price = None
        if self.price_in is not None and self.price_out is not None:
            price = (self.price_in / 1e6, self.price_out / 1e6)
        options = {**self._sampling(), "extra_body": dict(self.extra_body) or None}
        return LlmClient(
            model=self.model,
            api_base=self.api_base,
            api_key=self._key(),
            options={name: value for name, value in options.items() if value is not None},
            timeout=self.timeout,
            attempts=self.attempts,
            backoff=self.backoff,
            concurrency=self.concurrency,
            allow_private=self.site.allow_private,
            price=price,
            limits=Limits(requests=self.requests_per_minute, tokens=self.tokens_per_minute),
            ledger=self.site.ledger,
            reuse=self.reuse,
        )

    def _key(self) -> str | None:
        if self.api_key_env is None:
            return None
        key = self.site.environ.get(self.api_key_env)
        if not key:
            raise JudgeError(
                f"The environment variable {self.api_key_env} is not set where the judge runs: "
                "set it for the workers and start them again."
            )
        return key

    def _sampling(self) -> dict[str, object]:
        """What shapes the reply and is not null; kept with each verdict."""
        chosen: dict[str, object] = {
            "temperature": self.temperature,
            "top_p": self.top_p,
            "max_tokens": self.max_tokens,
            "reasoning_effort": self.reasoning_effort,
        }
        return {name: value for name, value in chosen.items() if value is not None}

    def call(self, question: Question) -> ChatCall:
        """A question as it is sent."""
        options = self._call_options(question)
        if question.shape is not None:
            options["response_format"] = question.shape
        messages: list[dict[str, object]] = [
            {"role": each.role, "content": each.content} for each in question.prompt
        ]
        messages[-1]["content"] = with_pictures(question.prompt[-1].content, question.pictures)
        return ChatCall(messages=messages, options=options, label=question.label)

    def _call_options(self, question: Question) -> dict[str, object]:
        """What this call has other than the rest: its seed, and its length where it asks more."""
        options: dict[str, object] = {}
        if self.seed is not None:
            options["seed"] = self.seed + question.requests[0].sample
        if len(question.requests) > 1:
            options["max_tokens"] = self.longest_reply(question)
        return options

    def longest_reply(self, question: Question) -> int:
        """The tokens that the reply to a call may have."""
        return self.max_tokens + FURTHER_TOKENS * (len(question.requests) - 1)

    def _read(self, question: Question, reply: ChatReply) -> list[Outcome]:
        """What a reply says of each of its call's requests."""
        return [
            outcome_of(
                request,
                reading,
                replace(source, raw_reply=reading.said or reply.text),
                self.unverified_quotes,
            )
            for request, reading, source in zip(
                question.requests,
                question.read(reply),
                self._provenance(question, reply),
                strict=True,
            )
        ]

    def _failed(
        self, question: Question, failure: ChatFailure, *, lone: bool
    ) -> list[tuple[int, Outcome]]:
        """The outcomes of a failed call's requests, by place; none where it is to be repeated."""
        status = failed_status(failure, lone=lone)
        if status is None:
            return []
        sources = self._provenance(question, failure)
        return [
            (place, Unscored(status=status, reason=failure.message, provenance=source))
            for place, source in zip(question.places, sources, strict=True)
        ]

    def _provenance(self, question: Question, result: Result) -> list[Provenance]:
        """Where each of the call's verdicts came from, with its share of what the call took."""
        digest = prompt_sha256(question.prompt)
        taken = shares(result, len(question.requests))
        return [
            Provenance(
                model=self.model,
                parameters=self._parameters(question, request, result),
                prompt_sha256=digest,
                tokens_in=share.tokens_in,
                tokens_out=share.tokens_out,
                cost=share.cost,
                latency=share.latency,
            )
            for request, share in zip(question.requests, taken, strict=True)
        ]

    def _parameters(
        self, question: Question, request: JudgeRequest, result: Result
    ) -> dict[str, object]:
        """What a verdict's provenance keeps of how it was asked for and answered."""
        parameters: dict[str, object] = {
            **self._sampling(),
            "reply": self.reply,
            "attempts": result.attempts,
            **self._call_options(question),
            **question.told(result),
        }
        if self.examples:
            parameters["examples"] = [each.source for each in request.examples]
        if self.unverified_quotes != "keep":
            parameters["unverified_quotes"] = self.unverified_quotes
        if question.pictures:
            parameters["pictures"] = picture_digests(question.pictures)
        if self.extra_body:
            parameters["extra_body"] = dict(self.extra_body)
        if isinstance(result, ChatReply):
            parameters["served_model"] = result.model
            parameters |= {"reused": True} if result.reused else {}
        return parameters

"""Judges with a model in this process: the answer is read off the next token's probabilities.

Nothing is generated. The prompt ends where the answer begins, and the logits there say how
likely each offered answer is: Yes against No, or a letter per level.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from rubricstudio.domain.verdict import VerdictStatus
from scoring.judges.config import parameter
from scoring.judges.local_models import SMOLLM2, LoadedModel, load_model, model_folder
from scoring.judges.local_passes import passes
from scoring.judges.local_prompts import (
    PROMPT_VERSION,
    Option,
    Prompt,
    answer_tokens,
    encode_prompt,
    options,
    shorten,
)
from scoring.judges.prompts import tokens_sha256
from scoring.judges.protocol import (
    JudgeError,
    JudgeRequest,
    Outcome,
    Provenance,
    Scored,
    Site,
    Unscored,
    judge_readable,
)

if TYPE_CHECKING:
    import torch

FloatArray32 = NDArray[np.float32]

DTYPES = ("auto", "float32", "bfloat16", "float16")
SHORTEST_CONTEXT = 64


@dataclass(frozen=True, slots=True)
class Question:
    """One request made ready: its prompt as sent, and what its answers mean."""

    prompt: Prompt
    choices: tuple[Option, ...]
    answers: list[list[int]]
    left_out: int  # tokens of the response that did not fit


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """What the model holds where one prompt ends.

    logprobs: of each choice of the question, natural logarithms. states: (layers, width)
    float32, the hidden states of the layers that were asked for. latency: in seconds.
    """

    question: Question
    logprobs: list[float]
    states: FloatArray32
    loaded: LoadedModel
    latency: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalJudge:
    """A causal language model in a Hugging Face folder, on a GPU or the processor."""

    model: str = parameter(
        "A folder with config.json, tokenizer and *.safetensors inside the operator's model "
        f"folders; {SMOLLM2} needs no download.",
        default=SMOLLM2,
    )
    device: str = parameter(
        "Where to compute; auto takes a GPU if the worker has one.",
        default="auto",
        choices=("auto", "cpu", "cuda"),
    )
    dtype: str = parameter(
        "Precision; auto is bfloat16 on a GPU that has it and float32 elsewhere.",
        default="auto",
        choices=DTYPES,
    )
    threads: int | None = parameter(
        "Processor threads of the worker; null leaves it to torch.",
        default=None,
        optional=True,
        low=1,
        high=1024,
    )
    batch_tokens: int = parameter(
        "The most tokens in one forward pass; less memory with less. What prompts begin with in "
        "common counts once.",
        default=8192,
        low=SHORTEST_CONTEXT,
        high=1_000_000,
    )
    context: int | None = parameter(
        "The most tokens in one prompt; null for what the model was made for.",
        default=None,
        optional=True,
        low=SHORTEST_CONTEXT,
    )
    too_long: str = parameter(
        "What to do with a response that does not fit: unscored leaves it without a verdict; "
        "cut_middle judges the first two thirds and the last third of what fits, and records "
        "how many tokens were left out.",
        default="unscored",
        choices=("unscored", "cut_middle"),
    )
    site: Site = Site()

    queue: ClassVar[str] = "gpu"

    def judge(self, requests: Sequence[JudgeRequest]) -> list[Outcome]:
        return judge_readable(requests, self.model, self._judge)

    def _judge(self, requests: Sequence[JudgeRequest]) -> list[Outcome]:
        return self.outcomes(requests, lambda _, answer: self._outcome(answer))

    def outcomes(
        self,
        requests: Sequence[JudgeRequest],
        say: Callable[[int, Answer], Outcome],
        layers: Sequence[int] = (),
    ) -> list[Outcome]:
        """What `say` makes of each request's place and answer, in order. Raises JudgeError."""
        found: list[Outcome | None] = [None] * len(requests)
        try:
            for i, answer in self.answers(requests, layers):
                found[i] = answer if isinstance(answer, Unscored) else say(i, answer)
        except JudgeError as error:
            error.finished = tuple(found)
            raise
        return [outcome for outcome in found if outcome is not None]

    def answers(
        self, requests: Sequence[JudgeRequest], layers: Sequence[int] = ()
    ) -> Iterator[tuple[int, Answer | Unscored]]:
        """Every request by its place, once, in any order: the answer, or why there is none.

        layers: the hidden states to keep, see `scoring.packing.last_readings`. Raises
        JudgeError where a prompt does not fit in memory.
        """
        import torch

        loaded = self.load()
        asked: list[tuple[int, Question]] = []
        for i, request in enumerate(requests):
            ready = self._prepare(request, loaded)
            if isinstance(ready, Question):
                asked.append((i, ready))
            else:
                yield i, ready
        prompts = [question.prompt.tokens for _, question in asked]
        try:
            for done in passes(loaded, prompts, self.batch_tokens, layers):
                latency = done.seconds / len(done.prompts)
                for place, row, states in zip(
                    done.prompts, done.logprobs, done.states, strict=True
                ):
                    i, question = asked[place]
                    said = _said(row, question)
                    yield i, Answer(question, said, states.numpy(), loaded, latency)
        except torch.OutOfMemoryError as error:
            raise JudgeError(
                "A prompt does not fit in memory even by itself: use a smaller model or context."
            ) from error

    def load(self) -> LoadedModel:
        """The model, from then on held by this process. Raises JudgeError."""
        import torch

        if self.threads is not None:
            torch.set_num_threads(self.threads)
        return load_model(model_folder(self.model, self.site), self.device, self.dtype)

    def _prepare(self, request: JudgeRequest, loaded: LoadedModel) -> Question | Unscored:
        """The question for a request, or why it cannot be put to this model."""
        choices = options(request.criterion.scale)
        answers = answer_tokens(choices, loaded.tokenizer)
        if not choices or answers is None:
            reason = "The model has no single token for each value of this criterion's scale."
            return self._unscored(reason, loaded)
        prompt = encode_prompt(request, choices, loaded.tokenizer)
        limit = min(self.context or loaded.context, loaded.context)
        fitting = prompt
        if len(prompt) > limit:
            cut = shorten(prompt, limit) if self.too_long == "cut_middle" else None
            if cut is None:
                reason = f"The prompt has {len(prompt)} tokens and the model takes {limit}."
                return self._unscored(reason, loaded)
            fitting = cut
        return Question(fitting, choices, answers, len(prompt) - len(fitting))

    def _unscored(self, reason: str, loaded: LoadedModel) -> Unscored:
        provenance = Provenance(model=self.model, parameters=self._parameters(loaded), cost=0.0)
        return Unscored(status=VerdictStatus.ERROR, reason=reason, provenance=provenance)

    def _parameters(self, loaded: LoadedModel) -> dict[str, object]:
        return {
            "weights": loaded.fingerprint,
            "device": str(loaded.device),
            "dtype": str(loaded.dtype).removeprefix("torch."),
            "dtype_reason": loaded.why,
            "prompt_version": PROMPT_VERSION,
        }

    def provenance(
        self, answer: Answer, raw_reply: str, more: Mapping[str, object] | None = None
    ) -> Provenance:
        """Where an outcome that is read off `answer` comes from; `more` joins its parameters."""
        parameters = self._parameters(answer.loaded) | dict(more or {})
        if answer.question.left_out:
            parameters["response_tokens_left_out"] = answer.question.left_out
        return Provenance(
            model=self.model,
            parameters=parameters,
            prompt_sha256=tokens_sha256(answer.question.prompt.tokens),
            raw_reply=raw_reply,
            tokens_in=len(answer.question.prompt),
            tokens_out=0,
            cost=0.0,
            latency=answer.latency,
        )

    def _outcome(self, answer: Answer) -> Outcome:
        names = [option.name for option in answer.question.choices]
        raw = json.dumps({"logprobs": dict(zip(names, answer.logprobs, strict=True))})
        provenance = self.provenance(answer, raw)
        if not all(map(math.isfinite, answer.logprobs)):
            return not_a_number(provenance)
        shares = softmax(answer.logprobs)
        best = max(range(len(shares)), key=shares.__getitem__)
        values = [option.value for option in answer.question.choices]
        return Scored(
            value=values[best],
            confidence=shares[best],
            probabilities=tuple(zip(values, shares, strict=True)),
            provenance=provenance,
        )


def not_a_number(provenance: Provenance) -> Unscored:
    """There is no verdict where the model's arithmetic broke down."""
    reason = "The model's output is not a number: try another dtype."
    return Unscored(status=VerdictStatus.ERROR, reason=reason, provenance=provenance)


def _said(row: torch.Tensor, question: Question) -> list[float]:
    """The log-probability of each option, over all the tokens that stand for it."""
    import torch

    return [float(torch.logsumexp(row[tokens], dim=0)) for tokens in question.answers]


def softmax(logprobs: Sequence[float]) -> list[float]:
    """The shares, summing to 1, of answers with these log-probabilities."""
    top = max(logprobs)
    weights = [math.exp(each - top) for each in logprobs]
    return [min(1.0, weight / sum(weights)) for weight in weights]

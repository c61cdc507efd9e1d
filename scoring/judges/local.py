"""Judges with a model in this process: the answer is read off the next token's probabilities.

Nothing is generated. The prompt ends where the answer begins, and the logits there say how
likely each offered answer is: Yes against No, or a letter per level.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

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

DTYPES = ("auto", "float32", "bfloat16", "float16")
SHORTEST_CONTEXT = 64


@dataclass(frozen=True, slots=True)
class _Question:
    """One request made ready: its prompt as sent, and what its answers mean."""

    prompt: Prompt
    choices: tuple[Option, ...]
    answers: list[list[int]]
    left_out: int  # tokens of the response that did not fit


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
        import torch

        loaded = self._load()
        ready = [self._prepare(request, loaded) for request in requests]
        outcomes: list[Outcome | None] = [
            each if isinstance(each, Unscored) else None for each in ready
        ]
        asked = [i for i, each in enumerate(ready) if isinstance(each, _Question)]
        questions = [each for each in ready if isinstance(each, _Question)]
        try:
            for done in passes(loaded, [q.prompt.tokens for q in questions], self.batch_tokens):
                latency = done.seconds / len(done.prompts)
                for i, row in zip(done.prompts, done.logprobs, strict=True):
                    said = _said(row, questions[i])
                    outcomes[asked[i]] = self._outcome(questions[i], said, loaded, latency)
        except torch.OutOfMemoryError as error:
            raise JudgeError(
                "A prompt does not fit in memory even by itself: use a smaller model or context.",
                finished=outcomes,
            ) from error
        return [outcome for outcome in outcomes if outcome is not None]

    def _load(self) -> LoadedModel:
        import torch

        if self.threads is not None:
            torch.set_num_threads(self.threads)
        return load_model(model_folder(self.model, self.site), self.device, self.dtype)

    def _prepare(self, request: JudgeRequest, loaded: LoadedModel) -> _Question | Unscored:
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
        return _Question(fitting, choices, answers, len(prompt) - len(fitting))

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

    def _outcome(
        self, question: _Question, logprobs: list[float], loaded: LoadedModel, latency: float
    ) -> Outcome:
        parameters = self._parameters(loaded)
        if question.left_out:
            parameters["response_tokens_left_out"] = question.left_out
        names = [option.name for option in question.choices]
        provenance = Provenance(
            model=self.model,
            parameters=parameters,
            prompt_sha256=tokens_sha256(question.prompt.tokens),
            raw_reply=json.dumps({"logprobs": dict(zip(names, logprobs, strict=True))}),
            tokens_in=len(question.prompt),
            tokens_out=0,
            cost=0.0,
            latency=latency,
        )
        if not all(map(math.isfinite, logprobs)):
            reason = "The model's output is not a number: try another dtype."
            return Unscored(status=VerdictStatus.ERROR, reason=reason, provenance=provenance)
        shares = softmax(logprobs)
        best = max(range(len(shares)), key=shares.__getitem__)
        values = [option.value for option in question.choices]
        return Scored(
            value=values[best],
            confidence=shares[best],
            probabilities=tuple(zip(values, shares, strict=True)),
            provenance=provenance,
        )


def _said(row: torch.Tensor, question: _Question) -> list[float]:
    """The log-probability of each option, over all the tokens that stand for it."""
    import torch

    return [float(torch.logsumexp(row[tokens], dim=0)) for tokens in question.answers]


def softmax(logprobs: Sequence[float]) -> list[float]:
    """The shares, summing to 1, of answers with these log-probabilities."""
    top = max(logprobs)
    weights = [math.exp(each - top) for each in logprobs]
    return [min(1.0, weight / sum(weights)) for weight in weights]

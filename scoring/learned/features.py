"""What a local model holds where it would begin to answer, for each request."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rubricstudio.domain.table import BoolArray, FloatArray, IntArray
from scoring.judges.local import Answer, LocalJudge, softmax
from scoring.judges.local_models import LoadedModel
from scoring.judges.protocol import JudgeRequest, Unscored
from scoring.learned.cells import StateArray

LAYERS = 4
TELL_EVERY = 10


@dataclass(frozen=True, eq=False, slots=True)
class Readings:
    """n requests as a model reads them.

    states: (n, len(layers), width), 0 where there is no reading. untrained: (n,) the model's own
    probability of its last answer, NaN likewise. read: (n,) whether there is one. model: its
    fingerprint.
    """

    states: StateArray
    layers: tuple[int, ...]
    untrained: FloatArray
    read: BoolArray
    model: str


@dataclass(frozen=True, eq=False, slots=True)
class Asked:
    """n requests as they are put to a model.

    prompts: (n,) tokens each. responses: (n,) codes of what prompts begin with. answers: the
    tokens of each answer. untrained, read: as in `Readings`.
    """

    prompts: NDArray[np.object_]
    responses: IntArray
    answers: Sequence[Sequence[int]]
    untrained: FloatArray
    read: BoolArray


def candidate_layers(loaded: LoadedModel) -> tuple[int, ...]:
    """At most `LAYERS` layers, evenly from a quarter of the depth to the last one.

    Early layers tell more of the text, late ones more of what the model would answer.
    """
    last = int(loaded.model.config.num_hidden_layers)
    return tuple(sorted({round(each) for each in np.linspace(max(1, last / 4), last, LAYERS)}))


def read_states(
    judge: LocalJudge,
    requests: Sequence[JudgeRequest],
    told: Callable[[int], None] = lambda done: None,
) -> Readings:
    """The states of every request; `told` hears how many are done. Raises JudgeError."""
    loaded = judge.load()
    layers = candidate_layers(loaded)
    width = int(loaded.model.config.hidden_size)
    states = np.zeros((len(requests), len(layers), width), dtype=np.float32)
    untrained = np.full(len(requests), np.nan)
    for i, answer in _answers(judge, requests, told, layers):
        if np.isfinite(answer.states).all():
            states[i], untrained[i] = answer.states, softmax(answer.logprobs)[-1]
    return Readings(states, layers, untrained, ~np.isnan(untrained), loaded.fingerprint)


def ask(
    judge: LocalJudge,
    requests: Sequence[JudgeRequest],
    told: Callable[[int], None] = lambda done: None,
) -> Asked:
    """Every request put to the untrained model, all of met-or-not criteria. Raises JudgeError."""
    prompts = np.empty(len(requests), dtype=object)
    responses = np.zeros(len(requests), dtype=np.int64)
    untrained = np.full(len(requests), np.nan)
    codes: dict[tuple[int, ...], int] = {}
    answers: Sequence[Sequence[int]] = ()
    for i, answer in _answers(judge, requests, told):
        prompt, answers = answer.question.prompt, answer.question.answers
        begin = (*prompt.head, *prompt.response)
        prompts[i], responses[i] = prompt.tokens, codes.setdefault(begin, len(codes))
        untrained[i] = softmax(answer.logprobs)[-1]
    return Asked(prompts, responses, answers, untrained, ~np.isnan(untrained))


def _answers(
    judge: LocalJudge,
    requests: Sequence[JudgeRequest],
    told: Callable[[int], None],
    layers: Sequence[int] = (),
) -> Iterator[tuple[int, Answer]]:
    """The answers that there are, with their requests' places."""
    for done, (i, answer) in enumerate(judge.answers(requests, layers), 1):
        if not isinstance(answer, Unscored):
            yield i, answer
        if done % TELL_EVERY == 0 or done == len(requests):
            told(done)

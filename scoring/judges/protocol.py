"""What every judge takes, gives and may raise. The whole contract is on this page.

A judge knows nothing of the database: it is given values and returns values, so
the same judge serves a run, a reward function and a test.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, NamedTuple, Protocol, runtime_checkable

from rubricstudio.domain.rubric import Criterion
from rubricstudio.domain.verdict import Quote, VerdictStatus
from scoring.llm_calls import Ledger


class Message(NamedTuple):
    """One message of a task's prompt; `role` is system, user or assistant."""

    role: str
    content: str


class Picture(NamedTuple):
    """A picture that a text of the request names; `data` is the file."""

    name: str
    media_type: str
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedExample:
    """A response to another task, and what people decided of it by the same criterion.

    `prompt` and `response` may be cut; `source` is the response's id, for provenance.
    """

    source: str
    prompt: str
    response: str
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeRequest:
    """One response and one criterion to judge it by.

    `response_text` is None where the response was imported without its text; an empty
    string is an answer that was given and is empty. `sample` counts repeats from 0.
    `pictures` are there for a judge that says it can see, in the order of the texts, and
    `examples` for one that says how many it wants. `heard` is what members of a judge
    made of judges said of this very request before it failed, and `place` tells such a member
    from the others that are asked the same; empty for a judge alone.
    """

    criterion: Criterion
    response_text: str | None
    messages: tuple[Message, ...] = ()
    reference: str = ""
    context: tuple[str, ...] = ()
    task_id: str = ""
    response_id: str = ""
    sample: int = 0
    pictures: tuple[Picture, ...] = ()
    examples: tuple[JudgedExample, ...] = ()
    heard: Mapping[str, Outcome] = field(default_factory=dict)
    place: str = ""

    def __post_init__(self) -> None:
        if self.criterion.is_group:
            raise ValueError(f"{self.criterion.key!r} is a group: only its criteria are judged")

    @property
    def answers(self) -> tuple[tuple[str, str | None], ...]:
        """What is judged, each text by what a prompt calls it."""
        return (("RESPONSE", self.response_text),)

    @property
    def is_blank(self) -> bool:
        """Whether a text that is to be judged was imported without it."""
        return any(text is None for _, text in self.answers)

    def allows(self, value: float) -> bool:
        """Whether a verdict may have this value."""
        return self.criterion.scale.allows(value)

    def needs_quote(self, value: float | None) -> bool:
        """Whether a verdict of this value, None for no value, has to quote what is judged."""
        return self.criterion.needs_quote(value)


# What a comparison says: the value of a `Scored` on a `PairRequest`.
FIRST_BETTER, ALIKE, SECOND_BETTER = -1.0, 0.0, 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PairRequest(JudgeRequest):
    """Two responses to one task and one criterion to compare them by, in the order shown.

    The response is the one shown first, as A; `other_text` and `other_id` are the one shown
    second, as B.
    """

    other_text: str | None
    other_id: str = ""

    @property
    def answers(self) -> tuple[tuple[str, str | None], ...]:
        return (("RESPONSE A", self.response_text), ("RESPONSE B", self.other_text))

    def allows(self, value: float) -> bool:
        return value in (FIRST_BETTER, ALIKE, SECOND_BETTER)

    def needs_quote(self, value: float | None) -> bool:
        return self.criterion.evidence_required and value in (FIRST_BETTER, SECOND_BETTER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Where an outcome came from: enough to repeat it, explain it and pay for it.

    `parameters` holds JSON values only. `cost` is in US dollars and None where no price
    is known; `latency` is in seconds, without the waits between attempts. `made_of` is what a
    judge made of judges heard from its members and how it decided (judges/members.py).
    """

    model: str
    parameters: Mapping[str, object] = field(default_factory=dict)
    prompt_sha256: str = ""
    raw_reply: str = ""
    tokens_in: int | None = None
    tokens_out: int | None = None
    cost: float | None = None
    latency: float | None = None
    made_of: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """The judge reached a verdict.

    `value` is on the criterion's scale. `probabilities` pairs each offered value with the
    probability the model gave it, and is empty for a judge that only says its choice;
    `confidence` in [0, 1] is then None too: what a model says of itself is not a probability.
    `of_other` are the quotes of the response shown second, where two are compared.
    """

    value: float
    provenance: Provenance
    rationale: str = ""
    quotes: tuple[Quote, ...] = ()
    confidence: float | None = None
    probabilities: tuple[tuple[float, float], ...] = ()
    of_other: tuple[Quote, ...] = ()
    status: ClassVar[VerdictStatus] = VerdictStatus.OK

    def __post_init__(self) -> None:
        if self.confidence is not None and not 0 <= self.confidence <= 1:
            raise ValueError(f"confidence lies between 0 and 1, not {self.confidence}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Unscored:
    """There is no verdict; `status` and `reason` say why. Never "no" and never 0."""

    status: VerdictStatus
    reason: str
    provenance: Provenance
    rationale: str = ""
    quotes: tuple[Quote, ...] = ()
    of_other: tuple[Quote, ...] = ()
    value: ClassVar[None] = None

    def __post_init__(self) -> None:
        if self.status is VerdictStatus.OK:
            raise ValueError("an unscored outcome needs a status that says why")


Outcome = Scored | Unscored


class JudgeError(Exception):
    """The judge itself failed; the message is for the person who configured it.

    `permanent`: trying again cannot help. `finished` holds what was judged (and paid for)
    before the failure, one slot per request in order, None where there is no outcome:
    store these, then judge only the rest. `heard` holds, likewise one slot per request, what
    members said of requests without an outcome: hand it back with the request
    (`JudgeRequest.heard`), and they are not asked again.
    """

    def __init__(
        self,
        message: str,
        *,
        permanent: bool = True,
        finished: Sequence[Outcome | None] = (),
    ) -> None:
        super().__init__(message)
        self.permanent = permanent
        self.finished = tuple(finished)
        self.heard: tuple[Mapping[str, Outcome], ...] = ()


class JudgeBusy(JudgeError):
    """The judge is overloaded or away: the same call is worth trying again later.

    `retry_after` is the wait in seconds that the judge asked for, if it did.
    """

    def __init__(
        self,
        message: str,
        *,
        finished: Sequence[Outcome | None] = (),
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message, permanent=False, finished=finished)
        self.retry_after = retry_after


class JudgeStopped(JudgeError):
    """Whoever asked wants no more verdicts; `finished` has those reached before."""


class InvalidJudgeConfig(JudgeError):
    """A judge's configuration names something that does not exist or cannot work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What the operator of an installation decides, and no author of a judge can.

    data_folder: where prepared models are kept.
    model_folders: folders whose models a local judge may load, besides data_folder/models.
    allow_private: whether a judge may call loopback and private network addresses.
    api_bases: origins such as "https://llm.example.org" that may be sent a key from the
        environment; a key named beside any other `api_base` is refused.
    environ: where API keys are looked up.
    ledger: where calls of hosted models are written down, if anywhere.
    adapter: the file of an adapter's weights by its SHA-256, None where it is not kept.
    """

    data_folder: Path = Path(".studio")
    model_folders: tuple[Path, ...] = ()
    allow_private: bool = False
    api_bases: tuple[str, ...] = ()
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)
    ledger: Ledger | None = field(default=None, repr=False)
    adapter: Callable[[str], bytes | None] | None = field(default=None, repr=False)


class Judge(Protocol):
    """Decides whether responses meet criteria.

    Returns one outcome per request, in order. A reply that cannot be read is an
    `Unscored`, never a guess. Raises JudgeError when the judge itself failed,
    JudgeBusy when the same call is worth trying again later.
    """

    @property
    def queue(self) -> str:
        """The Celery queue it belongs on: "llm" (many at once) or "gpu" (one)."""

    def judge(self, requests: Sequence[JudgeRequest]) -> list[Outcome]: ...


Tell = Callable[[Sequence[tuple[JudgeRequest, Outcome]]], None]


@runtime_checkable
class TellingJudge(Protocol):
    """A judge that takes long over many requests, and tells of outcomes as it reaches them.

    `tell` is called in the caller's thread with what one call decided, all of it at once.
    What was told is in the result, and in a failure's `finished`, as well.
    """

    def judge_telling(self, requests: Sequence[JudgeRequest], tell: Tell) -> list[Outcome]: ...


def judge_readable(
    requests: Sequence[JudgeRequest],
    model: str,
    judge: Callable[[Sequence[JudgeRequest]], list[Outcome]],
) -> list[Outcome]:
    """Judge the requests that have a text with `judge`; the others cannot be assessed.

    Returns one outcome per request, in order. A failure's `finished` is in that order too.
    """
    blank = Unscored(
        status=VerdictStatus.CANNOT_ASSESS,
        reason="The response has no text.",
        provenance=Provenance(model=model),
    )
    refused = [blank if request.is_blank else None for request in requests]
    return judge_others(requests, refused, judge)


def judge_others(
    requests: Sequence[JudgeRequest],
    refused: Sequence[Unscored | None],
    judge: Callable[[Sequence[JudgeRequest]], list[Outcome]],
) -> list[Outcome]:
    """Judge the requests that are not `refused` with `judge`, which is not asked about none.

    Returns one outcome per request, in order. A failure's `finished` is in that order too.
    """
    slots: list[Outcome | None] = list(refused)
    asked = [i for i, outcome in enumerate(refused) if outcome is None]
    if not asked:
        return [outcome for outcome in refused if outcome is not None]
    try:
        judged = judge([requests[i] for i in asked])
    except JudgeError as error:
        padded = error.finished or (None,) * len(asked)
        for i, partial in zip(asked, padded, strict=True):
            slots[i] = partial
        error.finished = tuple(slots)
        if error.heard:
            said = dict(zip(asked, error.heard, strict=True))
            error.heard = tuple(said.get(i, {}) for i in range(len(slots)))
        raise
    for i, outcome in zip(asked, judged, strict=True):
        slots[i] = outcome
    return [outcome for outcome in slots if outcome is not None]


def check_outcomes(requests: Sequence[JudgeRequest], outcomes: Sequence[Outcome]) -> None:
    """Raise JudgeError unless there is one outcome per request and each value is on its scale.

    The last guard before a verdict is stored: a judge that breaks the contract stops its run.
    """
    if len(requests) != len(outcomes):
        raise JudgeError(
            f"The judge returned {len(outcomes)} outcomes for {len(requests)} requests."
        )
    for request, outcome in zip(requests, outcomes, strict=True):
        if isinstance(outcome, Scored) and not request.allows(outcome.value):
            raise JudgeError(
                f"The judge returned {outcome.value!r} for criterion {request.criterion.key!r}, "
                "whose scale has no such value."
            )

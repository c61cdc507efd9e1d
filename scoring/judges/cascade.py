"""A cascade: a cheap judge first, a stronger one where the first is uncertain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, ClassVar

from rubricstudio.domain.panel import Vote, combine
from scoring.judges.asking import Ask, News, ask_members, asks, judge_by
from scoring.judges.config import parameter
from scoring.judges.members import (
    PLAIN_OR_PANEL,
    Heard,
    MadeOfJudges,
    Member,
    combined_outcome,
    make_member,
    member_json,
    provenance_of,
    word_of,
)
from scoring.judges.protocol import (
    JudgeRequest,
    Outcome,
    Provenance,
    Scored,
    Site,
    Tell,
    judge_readable,
)

SECOND = "second"


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why the first judge's answer does not stand.

    why: no_verdict, confidence or samples; `known` is the first's confidence or the share of
    its samples that agree, and `least` what it should have been.
    """

    why: str
    known: float | None = None
    least: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CascadeJudge(MadeOfJudges):
    """Asks a first judge, and a second where the first has no verdict or is not sure of it."""

    first: dict[str, Any] = parameter(
        "The judge asked of everything, an object with name, kind and params: a copy of a judge "
        "that is no cascade."
    )
    second: dict[str, Any] = parameter(
        "The judge asked where the first is uncertain, an object of the same form."
    )
    threshold: float = parameter(
        "With one sample: the second is asked where the first's confidence is lower. A first judge "
        "that gives no confidence stands wherever it has a verdict.",
        default=0.8,
        low=0,
        high=1,
    )
    samples: int = parameter(
        "How often the first is asked; its majority counts, on a points scale its mean.",
        default=1,
        low=1,
        high=15,
    )
    agreement: float = parameter(
        "With several samples: the share of them that must agree, or the second is asked.",
        default=1.0,
        low=0,
        high=1,
    )
    model: str = parameter("The name recorded with each verdict.", default="cascade")
    site: Site = Site()
    inside: tuple[Member, Member] = field(init=False, repr=False)

    PARTS: ClassVar = ("first", "second")

    def __post_init__(self) -> None:
        first = make_member(self.first, PLAIN_OR_PANEL, self.site, "first")
        second = make_member(self.second, PLAIN_OR_PANEL, self.site, "second")
        object.__setattr__(self, "inside", (first, second))

    def judge(self, requests: Sequence[JudgeRequest]) -> list[Outcome]:
        return self.judge_telling(requests, lambda _said: None)

    def judge_telling(self, requests: Sequence[JudgeRequest], tell: Tell) -> list[Outcome]:
        return judge_readable(requests, self.model, partial(self._judge, tell))

    def _judge(self, tell: Tell, requests: Sequence[JudgeRequest]) -> list[Outcome]:
        return judge_by(requests, self._hear, self._decide, tell)

    def _hear(self, requests: Sequence[JudgeRequest], heard: Sequence[Heard], news: News) -> None:
        first, second = self.inside
        everything = range(len(requests))
        wanted: list[Ask] = []
        for sample in range(self.samples):
            again = [replace(each, sample=each.sample * self.samples + sample) for each in requests]
            wanted += asks(_slot(sample), again, heard, everything)
        ask_members([(first, wanted)], news)
        doubted = [place for place in everything if self._is_doubted(requests[place], heard[place])]
        ask_members([(second, asks(SECOND, requests, heard, doubted))], news)

    def _is_doubted(self, request: JudgeRequest, heard: Heard) -> bool:
        return self._doubt(self._first(request, self._samples(heard))) is not None

    def _samples(self, heard: Heard) -> list[Outcome]:
        return [heard[slot] for slot in map(_slot, range(self.samples)) if slot in heard]

    def _first(self, request: JudgeRequest, said: Sequence[Outcome]) -> Outcome:
        """What the first says: its one answer, or what its samples come to."""
        if len(said) == 1:
            return said[0]
        scale = request.criterion.scale
        combined = combine([Vote(each.value, each.status) for each in said], request.criterion)
        named = [(f"sample {n}", each) for n, each in enumerate(said, 1)]
        return combined_outcome(combined, named, scale, Provenance(model=self.model))

    def _doubt(self, first: Outcome) -> Doubt | None:
        """Why the first's answer is not enough; None where it is."""
        if not isinstance(first, Scored):
            return Doubt("no_verdict")
        if first.confidence is None:
            return None
        least, why = (
            (self.agreement, "samples") if self.samples > 1 else (self.threshold, "confidence")
        )
        return Doubt(why, first.confidence, least) if first.confidence < least else None

    def _decide(self, request: JudgeRequest, heard: Heard) -> Outcome | None:
        said = self._samples(heard)
        if len(said) < self.samples:
            return None
        first = self._first(request, said)
        doubt = self._doubt(first)
        if doubt is None:
            return self._decided(request, first, said, None, None)
        second = heard.get(SECOND)
        return self._decided(request, second, said, second, doubt) if second else None

    def _decided(
        self,
        request: JudgeRequest,
        outcome: Outcome,
        said: Sequence[Outcome],
        second: Outcome | None,
        doubt: Doubt | None,
    ) -> Outcome:
        """The outcome of the stage that decided, with where it came from."""
        scale, (cheap, strong) = request.criterion.scale, self.inside
        asked = [(cheap, each, "first") for each in said]
        asked += [(strong, second, "second")] if second else []
        made_of: dict[str, object] = {
            "kind": "cascade",
            "stage": asked[-1][2],
            "why": doubt.why if doubt else "sure",
            "known": doubt.known if doubt else getattr(outcome, "confidence", None),
            "least": doubt.least if doubt else None,
            "members": [member_json(m, each, stage=stage) for m, each, stage in asked],
        }
        provenance = provenance_of(
            self.model,
            {
                "threshold": self.threshold,
                "samples": self.samples,
                "agreement": self.agreement,
            },
            [each for _, each, _ in asked],
            made_of,
            "\n".join(f"{member.name}: {word_of(each, scale)}" for member, each, _ in asked),
        )
        return replace(outcome, provenance=provenance)


def _slot(sample: int) -> str:
    return f"first.{sample}"

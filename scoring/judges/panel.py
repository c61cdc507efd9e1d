"""A panel: several judges asked of the same, their answers made one by a rule."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, ClassVar

from rubricstudio.domain.panel import Combined, Rule, Ties, Vote, combine
from scoring.judges.asking import News, ask_members, asks, judge_by
from scoring.judges.config import parameter
from scoring.judges.members import (
    PLAIN,
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
    InvalidJudgeConfig,
    JudgeRequest,
    Outcome,
    Site,
    Tell,
    judge_readable,
)

FEWEST, MOST = 2, 16


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelJudge(MadeOfJudges):
    """Asks every member and makes one verdict of what they say."""

    members: list[dict[str, Any]] = parameter(
        "The judges asked: two to sixteen objects with name, kind, params and weight (1 if not "
        "given), each a copy of a judge that is no panel and no cascade."
    )
    rule: str = parameter(
        "How values that differ become one: majority (by weight; on a points scale the weighted "
        "mean), mean (on levels the level next to the weighted mean), unanimous (else no "
        "verdict), worst (the value that is worst for the response).",
        default=Rule.MAJORITY.value,
        choices=tuple(rule.value for rule in Rule),
    )
    ties: str = parameter(
        "What a tie is: no_verdict, or worse: the tied value that is worse for the response.",
        default=Ties.NO_VERDICT.value,
        choices=tuple(each.value for each in Ties),
    )
    quorum: float = parameter(
        "The least share of members that must give a value; with fewer there is no verdict.",
        default=0.5,
        low=0,
        high=1,
    )
    model: str = parameter("The name recorded with each verdict.", default="panel")
    site: Site = Site()
    inside: tuple[Member, ...] = field(init=False, repr=False)

    PARTS: ClassVar = ("members",)

    def __post_init__(self) -> None:
        if not FEWEST <= len(self.members) <= MOST:
            raise InvalidJudgeConfig(
                f"The parameter 'members' takes {FEWEST} to {MOST} judges, not {len(self.members)}."
            )
        made = tuple(make_member(each, PLAIN, self.site, "members") for each in self.members)
        for name, times in Counter(member.name for member in made).items():
            if times > 1:
                raise InvalidJudgeConfig(f"The parameter 'members' has {name!r} {times} times.")
        object.__setattr__(self, "inside", made)

    def judge(self, requests: Sequence[JudgeRequest]) -> list[Outcome]:
        return self.judge_telling(requests, lambda _said: None)

    def judge_telling(self, requests: Sequence[JudgeRequest], tell: Tell) -> list[Outcome]:
        return judge_readable(requests, self.model, partial(self._judge, tell))

    def _judge(self, tell: Tell, requests: Sequence[JudgeRequest]) -> list[Outcome]:
        return judge_by(requests, self._hear, self._decide, tell)

    def _hear(self, requests: Sequence[JudgeRequest], heard: Sequence[Heard], news: News) -> None:
        everything = range(len(requests))
        wanted = [
            (member, asks(str(slot), requests, heard, everything))
            for slot, member in enumerate(self.inside)
        ]
        ask_members(wanted, news)

    def _decide(self, request: JudgeRequest, heard: Heard) -> Outcome | None:
        outcomes = [heard.get(str(slot)) for slot in range(len(self.inside))]
        said = [
            (member, outcome)
            for member, outcome in zip(self.inside, outcomes, strict=True)
            if outcome is not None
        ]
        return self._decided(request, said) if len(said) == len(self.inside) else None

    def _decided(self, request: JudgeRequest, said: Sequence[tuple[Member, Outcome]]) -> Outcome:
        combined = combine(
            [Vote(each.value, each.status, member.weight) for member, each in said],
            request.criterion,
            rule=Rule(self.rule),
            ties=Ties(self.ties),
            quorum=self.quorum,
        )
        scale, named = request.criterion.scale, [(member.name, each) for member, each in said]
        provenance = provenance_of(
            self.model,
            {"rule": self.rule, "ties": self.ties, "quorum": self.quorum},
            [outcome for _, outcome in said],
            made_of(combined, [member_json(*pair) for pair in said]),
            "\n".join(f"{name}: {word_of(outcome, scale)}" for name, outcome in named),
        )
        return combined_outcome(combined, named, scale, provenance)


def made_of(combined: Combined, members: Sequence[Mapping[str, object]]) -> dict[str, object]:
    """How the members' answers became one, as the provenance keeps it."""
    return {
        "kind": "panel",
        "decision": combined.decision.value,
        "asked": combined.members,
        "voted": combined.voted,
        "agreeing": combined.agreeing,
        "share": combined.share,
        "deviation": combined.deviation,
        "members": list(members),
    }

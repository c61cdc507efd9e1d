"""What judges made of judges share: members from their configuration, and what comes of them.

How members are asked is in asking.py.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rubricstudio.domain.panel import Combined, Decision, agrees
from rubricstudio.domain.rubric import Scale, ScaleKind
from rubricstudio.domain.verdict import Quote
from scoring.judges import JUDGES, build
from scoring.judges.protocol import (
    InvalidJudgeConfig,
    Judge,
    Outcome,
    Provenance,
    Scored,
    Site,
    Unscored,
)
from scoring.judges.stored import as_json

FIELDS = {"name", "kind", "params", "weight"}
# A panel is made of judges that ask nobody else; a cascade may end, or begin, with a panel.
PLAIN = tuple(kind for kind in JUDGES if kind not in ("panel", "cascade"))
PLAIN_OR_PANEL = (*PLAIN, "panel")

Heard = dict[str, Outcome]


@dataclass(frozen=True, slots=True)
class Member:
    """A judge inside a judge: a copy of its configuration, and the judge built from it."""

    name: str
    kind: str
    weight: float
    judge: Judge

    def needs(self, what: str) -> int:
        """What the judge says that it needs of whoever runs it; 0 where it is silent."""
        return int(getattr(self.judge, what, 0))


class MadeOfJudges:
    """What a judge made of judges needs of whoever runs it: what any of its members needs."""

    __slots__ = ()
    inside: tuple[Member, ...]

    @property
    def queue(self) -> str:
        return "gpu" if any(each.judge.queue == "gpu" for each in self.inside) else "llm"

    @property
    def vision(self) -> bool:
        return any(each.needs("vision") for each in self.inside)

    @property
    def examples(self) -> int:
        return max(each.needs("examples") for each in self.inside)


def make_member(config: object, kinds: Collection[str], site: Site, parameter: str) -> Member:
    """The member of a configuration {name, kind, params, weight}; weight 1 where not given.

    Raises InvalidJudgeConfig naming `parameter` and the member.
    """
    if not isinstance(config, Mapping) or not {"name", "kind"} <= set(config) <= FIELDS:
        raise _refused(
            parameter, "takes objects with name, kind, params and, if need be, weight", config
        )
    name, kind, weight = config["name"], config["kind"], config.get("weight", 1)
    if not isinstance(name, str) or not name.strip():
        raise _refused(parameter, "needs a name for each judge", name)
    if kind not in kinds:
        known = ", ".join(sorted(kinds))
        raise _refused(parameter, f"takes judges of the kinds {known} in this place", kind)
    if isinstance(weight, bool) or not isinstance(weight, int | float) or not 0 < weight < math.inf:
        raise _refused(parameter, f"needs a weight above 0 for {name!r}", weight)
    params = config.get("params", {})
    if not isinstance(params, Mapping):
        raise _refused(parameter, f"needs an object for the params of {name!r}", params)
    try:
        judge = build(str(kind), params, site)
    except InvalidJudgeConfig as error:
        raise InvalidJudgeConfig(f"The parameter {parameter!r}, judge {name!r}: {error}") from error
    if getattr(judge, "compares", False):
        raise _refused(parameter, "takes judges of single responses, not of pairs", name)
    return Member(name, str(kind), float(weight), judge)


def _refused(parameter: str, words: str, given: object) -> InvalidJudgeConfig:
    return InvalidJudgeConfig(f"The parameter {parameter!r} {words}, not {given!r}.")


# -- what comes of it


def member_json(member: Member, outcome: Outcome, **more: object) -> dict[str, Any]:
    """What a member said, as the provenance keeps it."""
    named = {"name": member.name, "kind": member.kind, "weight": member.weight}
    return named | more | as_json(outcome)


def provenance_of(
    model: str,
    parameters: Mapping[str, object],
    outcomes: Sequence[Outcome],
    made_of: Mapping[str, object],
    raw_reply: str,
) -> Provenance:
    """Cost, tokens and model time are sums; a sum with an unknown part is unknown."""
    sources = [outcome.provenance for outcome in outcomes]
    hashes = "\n".join(source.prompt_sha256 for source in sources)
    return Provenance(
        model=model,
        parameters=parameters,
        prompt_sha256=hashlib.sha256(hashes.encode()).hexdigest() if hashes.strip() else "",
        raw_reply=raw_reply,
        tokens_in=_whole([source.tokens_in for source in sources]),
        tokens_out=_whole([source.tokens_out for source in sources]),
        cost=_sum([source.cost for source in sources]),
        latency=_sum([source.latency for source in sources]),
        made_of=made_of,
    )


def _sum(parts: Sequence[float | None]) -> float | None:
    known = [part for part in parts if part is not None]
    return math.fsum(known) if len(known) == len(parts) else None


def _whole(parts: Sequence[int | None]) -> int | None:
    total = _sum(parts)
    return None if total is None else int(total)


def word_of(outcome: Outcome, scale: Scale) -> str:
    """What an outcome says, in a word or a number."""
    if outcome.value is None:
        return outcome.status.value.replace("_", " ")
    if scale.kind is ScaleKind.BINARY:
        return "met" if outcome.value else "not met"
    return scale.label(outcome.value) or f"{outcome.value:g}"


def combined_outcome(
    combined: Combined,
    said: Sequence[tuple[str, Outcome]],
    scale: Scale,
    provenance: Provenance,
) -> Outcome:
    """One outcome of what several said, each under its name. Confidence is the share who agree."""
    split = _split(said, scale)
    if combined.value is None:
        reason = f"{_WHY[combined.decision].format(**_counts(combined))} {split}"
        return Unscored(status=combined.status, reason=reason, provenance=provenance)
    agreeing = [
        (name, each)
        for name, each in said
        if each.value is not None and agrees(each.value, combined.value, scale)
    ]
    reasons = [f"{name}: {each.rationale}" for name, each in agreeing if each.rationale]
    return Scored(
        value=combined.value,
        rationale="\n".join([split, *reasons]),
        quotes=_merged([quote for _, each in agreeing for quote in each.quotes]),
        confidence=combined.share,
        provenance=provenance,
    )


_WHY = {
    Decision.TIE: "They tie.",
    Decision.SPLIT: "They differ.",
    Decision.QUORUM: "{voted} of {members} gave a verdict, which is too few.",
}


def _counts(combined: Combined) -> dict[str, int]:
    return {"voted": combined.voted, "members": combined.members}


def _split(said: Sequence[tuple[str, Outcome]], scale: Scale) -> str:
    """Who said what: "met: A, B; not met: C.", the most frequent first."""
    sides: dict[str, list[str]] = {}
    for name, outcome in said:
        sides.setdefault(word_of(outcome, scale), []).append(name)
    ordered = sorted(sides.items(), key=lambda side: -len(side[1]))
    return "; ".join(f"{word}: {', '.join(names)}" for word, names in ordered) + "."


def _merged(quotes: Sequence[Quote]) -> tuple[Quote, ...]:
    """Each passage once, in the order in which it was first cited."""
    return tuple({(each.text, each.start): each for each in reversed(quotes)}.values())[::-1]

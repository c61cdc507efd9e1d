"""A judge that follows rules written in its configuration: for tests and the demo.

It calls no model, so the same configuration gives the same verdicts everywhere.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from rubricstudio.domain.rubric import Scale, ScaleKind
from rubricstudio.domain.verdict import Quote, VerdictStatus
from scoring.judges.config import parameter
from scoring.judges.protocol import (
    InvalidJudgeConfig,
    JudgeBusy,
    JudgeError,
    JudgeRequest,
    Outcome,
    Provenance,
    Scored,
    Site,
    Unscored,
    judge_readable,
)
from scoring.judges.quotes import find_quote

ANY = "*"  # in place of a criterion key or a response id: whatever has no rule of its own


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptedJudge:
    """Looks a verdict up, else looks for words, else says `otherwise`."""

    verdicts: dict[str, Any] = parameter(
        "Verdicts by criterion key, then by response id: a value, a status such as "
        '"refused", or {"value" or "status", "rationale", "quote", "confidence"}. '
        'The key or id "*" stands for all others.',
        default={},
    )
    words: dict[str, Any] = parameter(
        "Words by criterion key: a binary criterion is met where the response contains any "
        "of them; on other scales the share of them found sets the value.",
        default={},
    )
    otherwise: str = parameter(
        "What to say where no rule speaks.",
        default="cannot_assess",
        choices=("met", "not_met", "cannot_assess", "not_applicable"),
    )
    failures: dict[str, Any] = parameter(
        'Response ids whose judging fails: "busy" (worth trying again) or "error".',
        default={},
    )
    delay: float = parameter("Seconds to wait before each verdict.", default=0.0, low=0, high=60)
    model: str = parameter("The name recorded with each verdict.", default="scripted")
    site: Site = Site()

    queue: ClassVar[str] = "llm"

    def __post_init__(self) -> None:
        for rules in self.verdicts.values():
            if not isinstance(rules, Mapping):
                raise InvalidJudgeConfig(
                    "The parameter 'verdicts' maps a criterion key to an object of "
                    f"response ids, not to {rules!r}."
                )
            for rule in rules.values():
                _check_rule(rule)
        for words in self.words.values():
            if not isinstance(words, list) or not all(isinstance(w, str) and w for w in words):
                raise InvalidJudgeConfig(
                    f"The parameter 'words' maps a criterion key to a list of words, not {words!r}."
                )
        for failure in self.failures.values():
            if failure not in ("busy", "error"):
                raise InvalidJudgeConfig(
                    'The parameter \'failures\' maps a response id to "busy" or "error", '
                    f"not to {failure!r}."
                )

    def judge(self, requests: Sequence[JudgeRequest]) -> list[Outcome]:
        return judge_readable(requests, self.model, self._judge)

    def _judge(self, requests: Sequence[JudgeRequest]) -> list[Outcome]:
        outcomes: list[Outcome] = []
        for request in requests:
            if self.delay:  # plays a slow model, in seconds a reply
                time.sleep(self.delay)
            failure = self.failures.get(request.response_id)
            if failure is not None:
                left = [None] * (len(requests) - len(outcomes))
                raise _failure(failure, request, [*outcomes, *left])
            outcomes.append(self._outcome(request))
        return outcomes

    def _outcome(self, request: JudgeRequest) -> Outcome:
        rule = self._rule(request)
        if rule is not None:
            return self._by_rule(request, rule)
        words = self.words.get(request.criterion.key, self.words.get(ANY))
        if words:
            return self._by_words(request, words)
        scale = request.criterion.scale
        if self.otherwise in ("met", "not_met"):
            value = scale.high if self.otherwise == "met" else scale.low
            return self._scored(value, "No rule speaks of it.")
        return self._unscored(VerdictStatus(self.otherwise), "No rule speaks of it.")

    def _rule(self, request: JudgeRequest) -> object:
        for key in (request.criterion.key, ANY):
            rules = self.verdicts.get(key, {})
            for response in (request.response_id, ANY):
                if response in rules:
                    return rules[response]
        return None

    def _by_rule(self, request: JudgeRequest, rule: object) -> Outcome:
        fields: Mapping[str, Any] = rule if isinstance(rule, Mapping) else _as_fields(rule)
        quote = fields.get("quote")
        quotes = (find_quote(quote, request.response_text or ""),) if quote else ()
        rationale = fields.get("rationale", "")
        if "status" in fields:
            reason = rationale or "The script says so."
            return self._unscored(VerdictStatus(fields["status"]), reason, quotes)
        value = float(fields["value"])
        if not request.criterion.scale.allows(value):
            reason = f"The script gives {value:g}, which the scale does not have."
            return self._unscored(VerdictStatus.PARSE_ERROR, reason, quotes)
        return self._scored(value, rationale, quotes, fields.get("confidence"))

    def _by_words(self, request: JudgeRequest, words: list[str]) -> Outcome:
        text = request.response_text or ""
        hits = [re.search(re.escape(word), text, re.IGNORECASE) for word in words]
        quotes = tuple(Quote(h.group(), h.start(), h.end(), "exact") for h in hits if h)
        value = _value_for_share(request.criterion.scale, len(quotes) / len(words))
        if not quotes:
            return self._scored(value, "None of the words is there: " + ", ".join(words) + ".")
        found = ", ".join(f"“{quote.text}”" for quote in quotes)
        return self._scored(value, f"Found {found}.", quotes)

    def _scored(
        self,
        value: float,
        rationale: str,
        quotes: tuple[Quote, ...] = (),
        confidence: float | None = None,
    ) -> Scored:
        return Scored(
            value=value,
            rationale=rationale,
            quotes=quotes,
            confidence=confidence,
            provenance=self._provenance(f"{value:g}"),
        )

    def _unscored(
        self, status: VerdictStatus, reason: str, quotes: tuple[Quote, ...] = ()
    ) -> Unscored:
        provenance = self._provenance(status.value)
        return Unscored(status=status, reason=reason, quotes=quotes, provenance=provenance)

    def _provenance(self, reply: str) -> Provenance:
        return Provenance(model=self.model, raw_reply=reply, cost=0.0)


def _as_fields(rule: object) -> dict[str, object]:
    return {"status": rule} if isinstance(rule, str) else {"value": rule}


def _check_rule(rule: object) -> None:
    """Refuse a rule that gives neither one number nor one status."""
    fields = rule if isinstance(rule, Mapping) else _as_fields(rule)
    value, status = fields.get("value"), fields.get("status")
    statuses = [each.value for each in VerdictStatus if each is not VerdictStatus.OK]
    if ("value" in fields) == ("status" in fields):
        raise InvalidJudgeConfig(f"The scripted verdict {rule!r} needs a value or a status.")
    if "value" in fields and not isinstance(value, int | float):
        raise InvalidJudgeConfig(f"The scripted verdict {rule!r} needs a number for its value.")
    confidence = fields.get("confidence")
    if confidence is not None and not (
        isinstance(confidence, int | float) and 0 <= confidence <= 1
    ):
        raise InvalidJudgeConfig(f"The scripted confidence in {rule!r} must be from 0 to 1.")
    if "status" in fields and status not in statuses:
        raise InvalidJudgeConfig(
            f"The scripted status {status!r} does not exist: use one of {', '.join(statuses)}."
        )


def _value_for_share(scale: Scale, share: float) -> float:
    """The value that finding `share` (0 to 1) of the words earns."""
    if scale.kind is ScaleKind.BINARY:
        return 1.0 if share > 0 else 0.0
    if scale.kind is ScaleKind.ORDINAL:
        return scale.levels[round(share * (len(scale.levels) - 1))].value
    return share * scale.maximum


def _failure(kind: object, request: JudgeRequest, finished: list[Outcome | None]) -> JudgeError:
    words = f"The script makes response {request.response_id!r} fail."
    if kind == "busy":
        return JudgeBusy(words, finished=finished)
    return JudgeError(words, permanent=True, finished=finished)

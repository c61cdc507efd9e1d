"""A local model that was trained on people's verdicts, in one of two ways.

The prompt is the local judge's. With a probe the verdict comes from the hidden state where the
answer would begin, weighed by the probe, and not from what the model would say; with an adapter
the model itself answers, bent by the adapter.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np

from rubricstudio.domain.hashing import criterion_judging_hash
from rubricstudio.domain.rubric import Criterion, ScaleKind
from rubricstudio.domain.verdict import VerdictStatus
from scoring.judges.config import parameter
from scoring.judges.local import Answer, LocalJudge, not_a_number, softmax
from scoring.judges.local_adapters import attached, weights_of
from scoring.judges.local_prompts import PROMPT_VERSION
from scoring.judges.protocol import (
    InvalidJudgeConfig,
    JudgeError,
    JudgeRequest,
    Outcome,
    Provenance,
    Scored,
    Unscored,
    judge_others,
)
from scoring.learned.artefact import Adapter, InvalidArtefact, Probe, adapter_from, probe_from

OTHER_WEIGHTS = (
    "It was trained on other weights than those of %r here: take that model, or train again."
)


@dataclass(frozen=True, kw_only=True)
class LearnedJudge(LocalJudge):
    """A probe or an adapter of a local model, trained by `manage.py train_judge`."""

    probe: dict[str, object] | None = parameter(
        "The trained probe, as train_judge makes it; a probe that was changed is refused.",
        default=None,
        optional=True,
    )
    adapter: dict[str, object] | None = parameter(
        "In a probe's place the trained adapter, as train_judge --method lora makes it; its "
        "weights are kept beside it, named by their SHA-256.",
        default=None,
        optional=True,
    )
    unseen: str = parameter(
        "What to say of a criterion that it was not trained on, or that was changed since: "
        "cannot_assess leaves it without a verdict; judge judges it all the same, of which no "
        "figure tells how good that is.",
        default="cannot_assess",
        choices=("cannot_assess", "judge"),
    )

    def __post_init__(self) -> None:
        given = [name for name in ("probe", "adapter") if getattr(self, name) is not None]
        if len(given) != 1:
            raise InvalidJudgeConfig("A judge of the kind 'learned' needs 'probe' or 'adapter'.")
        try:
            _ = self.trained
        except InvalidArtefact as error:
            raise InvalidJudgeConfig(
                f"The parameter {given[0]!r} does not fit: {error}."
            ) from error

    @cached_property
    def trained(self) -> Probe | Adapter:
        """What was trained, as numbers."""
        return adapter_from(self.adapter) if self.adapter else probe_from(self.probe or {})

    def _judge(self, requests: Sequence[JudgeRequest]) -> list[Outcome]:
        refused = [self._refused(request.criterion) for request in requests]
        return judge_others(requests, refused, self._asked)

    def _refused(self, criterion: Criterion) -> Unscored | None:
        """That there is nothing to say of the criterion, where that is so."""
        known = criterion_judging_hash(criterion) in self.trained.criteria
        binary = criterion.scale.kind is ScaleKind.BINARY
        if known or (binary and self.unseen == "judge"):
            return None
        reason = f"The judge was not trained on the criterion {criterion.key!r} as it is now."
        if not binary:
            reason = "The judge says met or not met; this criterion has another scale."
        provenance = Provenance(model=self.model, parameters=self._artefact(), cost=0.0)
        return Unscored(status=VerdictStatus.CANNOT_ASSESS, reason=reason, provenance=provenance)

    def _asked(self, requests: Sequence[JudgeRequest]) -> list[Outcome]:
        trained, loaded = self.trained, self.load()
        if loaded.fingerprint != trained.model:
            raise JudgeError(OTHER_WEIGHTS % self.model)
        if trained.prompt_version != PROMPT_VERSION:
            raise JudgeError("The form of the question has changed since training: train again.")
        hashes = [criterion_judging_hash(request.criterion) for request in requests]
        if isinstance(trained, Probe):
            said = partial(self._weighed, trained, hashes)
            return self.outcomes(requests, said, (trained.layer,))
        weights = weights_of(self.site, trained.weights, loaded.device)
        with attached(loaded.model, weights, trained.scale):
            return self.outcomes(requests, partial(self._answered, trained))

    def _artefact(self) -> dict[str, object]:
        if isinstance(self.trained, Probe):
            return {"probe": (self.probe or {})["sha256"], "layer": self.trained.layer}
        return {"adapter": (self.adapter or {})["sha256"]}

    def _weighed(self, probe: Probe, hashes: Sequence[str], place: int, answer: Answer) -> Outcome:
        log_odds = probe.log_odds(answer.states[0].astype(np.float64), hashes[place])
        return self._said(log_odds, answer, {"untrained": _own(answer)})

    def _answered(self, adapter: Adapter, _: int, answer: Answer) -> Outcome:
        return self._said(adapter.log_odds(_own(answer)), answer, {"adapted": _own(answer)})

    def _said(self, log_odds: float, answer: Answer, own: dict[str, float]) -> Outcome:
        """The verdict of log-odds of met; `own` is what the model itself said, for the record."""
        raw = json.dumps({"log_odds": log_odds, **own})
        provenance = self.provenance(answer, raw, self._artefact())
        if not math.isfinite(log_odds):
            return not_a_number(provenance)
        no, yes = softmax([0.0, log_odds])
        is_met = log_odds >= self.trained.cut
        return Scored(
            value=float(is_met),
            confidence=yes if is_met else no,
            probabilities=((0.0, no), (1.0, yes)),
            provenance=provenance,
        )


def _own(answer: Answer) -> float:
    """The model's log-odds of its last answer against its first."""
    return answer.logprobs[-1] - answer.logprobs[0]

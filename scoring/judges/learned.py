"""A local model read by a probe that was trained on people's verdicts.

The prompt is the local judge's; the verdict comes from its hidden state where the answer would
begin, weighed by the probe, and not from what the model would say.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from rubricstudio.domain.hashing import criterion_judging_hash
from rubricstudio.domain.rubric import Criterion, ScaleKind
from rubricstudio.domain.verdict import VerdictStatus
from scoring.judges.config import parameter
from scoring.judges.local import Answer, LocalJudge, not_a_number, softmax
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
from scoring.learned.artefact import InvalidProbe, Probe, probe_from


@dataclass(frozen=True, kw_only=True)
class LearnedJudge(LocalJudge):
    """A probe on the hidden states of a local model, trained by `manage.py train_judge`."""

    probe: dict[str, object] = parameter(
        "The trained probe, as train_judge makes it; a probe that was changed is refused."
    )

    unseen: str = parameter(
        "What to say of a criterion that the probe was not trained on, or that was changed since: "
        "cannot_assess leaves it without a verdict; judge weighs the state alone, of which no "
        "figure tells how good that is.",
        default="cannot_assess",
        choices=("cannot_assess", "judge"),
    )

    def __post_init__(self) -> None:
        try:
            _ = self.trained
        except InvalidProbe as error:
            raise InvalidJudgeConfig(f"The parameter 'probe' does not fit: {error}.") from error

    @cached_property
    def trained(self) -> Probe:
        """The probe as numbers."""
        return probe_from(self.probe)

    def _judge(self, requests: Sequence[JudgeRequest]) -> list[Outcome]:
        refused = [self._refused(request.criterion) for request in requests]
        return judge_others(requests, refused, self._asked)

    def _refused(self, criterion: Criterion) -> Unscored | None:
        """That the probe has nothing to say of the criterion, where that is so."""
        known = criterion_judging_hash(criterion) in self.trained.criteria
        binary = criterion.scale.kind is ScaleKind.BINARY
        if known or (binary and self.unseen == "judge"):
            return None
        reason = f"The judge was not trained on the criterion {criterion.key!r} as it is now."
        if not binary:
            reason = "The judge says met or not met; this criterion has another scale."
        provenance = Provenance(model=self.model, parameters=self._probe(), cost=0.0)
        return Unscored(status=VerdictStatus.CANNOT_ASSESS, reason=reason, provenance=provenance)

    def _asked(self, requests: Sequence[JudgeRequest]) -> list[Outcome]:
        if self.load().fingerprint != self.trained.model:
            raise JudgeError(
                f"The probe was trained on other weights than those of {self.model!r} here: take"
                " that model, or train again."
            )
        if self.trained.prompt_version != PROMPT_VERSION:
            raise JudgeError("The form of the question has changed since training: train again.")
        hashes = [criterion_judging_hash(request.criterion) for request in requests]
        return self.outcomes(
            requests, lambda i, answer: self._said(hashes[i], answer), (self.trained.layer,)
        )

    def _probe(self) -> dict[str, object]:
        return {"probe": self.probe["sha256"], "layer": self.trained.layer}

    def _said(self, judging: str, answer: Answer) -> Outcome:
        log_odds = self.trained.log_odds(answer.states[0].astype(np.float64), judging)
        own = answer.logprobs[-1] - answer.logprobs[0]
        raw = json.dumps({"log_odds": log_odds, "untrained": own})
        provenance = self.provenance(answer, raw, self._probe())
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

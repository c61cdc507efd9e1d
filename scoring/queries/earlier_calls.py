"""What earlier calls of a model took: by them later ones are estimated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rubricstudio.models import Project, Verdict
from scoring.models import CallState, Judge, ModelCall

NEWEST = 1000
NEWEST_RUNS = 5


@dataclass(frozen=True, slots=True)
class EarlierCall:
    """An answered call; cost in US dollars. None is not known."""

    judge_id: int
    prompt_bytes: int
    tokens_in: int
    tokens_out: int
    cost: float | None

    @property
    def tokens(self) -> int:
        return self.tokens_in + self.tokens_out


def earlier_calls(project: Project, model: str) -> Sequence[EarlierCall]:
    """The newest answered calls of a model in a project whose tokens are known."""
    rows = ModelCall.objects.filter(project=project, model=model, state=CallState.ANSWERED)
    fields = ("judge_id", "prompt_bytes", "tokens_in", "tokens_out", "cost")
    newest = list(rows.order_by("-pk").values_list(*fields)[:NEWEST])
    return [
        EarlierCall(judge, size, read, written, None if cost is None else float(cost))
        for judge, size, read, written, cost in newest
        if size and read is not None and written is not None
    ]


def asked_second(judge: Judge) -> tuple[int, int]:
    """Of a cascade's newest verdicts, how many its second judge was asked for, and how many."""
    runs = judge.runs.order_by("-pk").values_list("pk", flat=True)[:NEWEST_RUNS]
    rows = Verdict.objects.filter(round__in=list(runs)).order_by("-pk")
    stages = rows.values_list("provenance__made_of__stage", flat=True)[:NEWEST]
    known = [stage for stage in stages if stage is not None]
    return sum(stage == "second" for stage in known), len(known)

"""Members of judges made of judges, under a test's control."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from scoring.judges import JudgeBusy, JudgeError, JudgeRequest, Outcome, Provenance, Scored
from scoring.judges import members as judges_members


class Model:
    """Answers in turn, counts, costs a cent a time; fails once where told to."""

    queue = "llm"
    vision, examples = False, 0

    def __init__(self, *answers: float, fail_at: int | None = None, busy: bool = True) -> None:
        self.answers, self.fail_at, self.busy = answers, fail_at, busy
        self.asked: list[JudgeRequest] = []

    def judge(self, requests: Sequence[JudgeRequest]) -> list[Outcome]:
        finished: list[Outcome | None] = [None] * len(requests)
        for i, request in enumerate(requests):
            if len(self.asked) == self.fail_at:
                self.fail_at = None
                raise (
                    JudgeBusy("Too many.", finished=finished)
                    if self.busy
                    else JudgeError("No key.", finished=finished)
                )
            value = self.answers[len(self.asked) % len(self.answers)]
            self.asked.append(request)
            source = Provenance(model="m", cost=0.01, tokens_in=10, tokens_out=2, latency=0.5)
            finished[i] = Scored(value=value, provenance=source)
        return [each for each in finished if each]


def stand_in(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Whatever their configuration says, members of these names are such models."""
    found: dict[str, Any] = {}
    made = judges_members.make_member

    def make(config: Any, *rest: Any) -> judges_members.Member:
        member = made(config, *rest)
        return replace(member, judge=found[member.name]) if member.name in found else member

    monkeypatch.setattr("scoring.judges.panel.make_member", make)
    monkeypatch.setattr("scoring.judges.cascade.make_member", make)
    return found

"""The kinds of judge there are, and how one is built from its configuration.

A judge is imported on first use, so the web process never loads a model library.
Adding one: a module, a line here, a section in docs/judges.md, and the contract test.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from scoring.judges.config import Parameter, parameters_of, read_config
from scoring.judges.protocol import (
    InvalidJudgeConfig,
    Judge,
    JudgeBusy,
    JudgedExample,
    JudgeError,
    JudgeRequest,
    JudgeStopped,
    Message,
    Outcome,
    Provenance,
    Scored,
    Site,
    Unscored,
    check_outcomes,
)

__all__ = [
    "JUDGES",
    "InvalidJudgeConfig",
    "Judge",
    "JudgeBusy",
    "JudgeError",
    "JudgeRequest",
    "JudgeStopped",
    "JudgedExample",
    "Message",
    "Outcome",
    "Parameter",
    "Provenance",
    "Scored",
    "Site",
    "Unscored",
    "build",
    "check_outcomes",
    "judge_class",
    "parameters",
]

JUDGES: dict[str, tuple[str, str]] = {
    "llm": ("Hosted model", "scoring.judges.llm.LlmJudge"),
    "local": ("Local model", "scoring.judges.local.LocalJudge"),
    "learned": ("Trained on verdicts", "scoring.judges.learned.LearnedJudge"),
    "program": ("Programs of the criteria", "scoring.judges.program.ProgramJudge"),
    "scripted": ("Scripted rules", "scoring.judges.scripted.ScriptedJudge"),
}


def judge_class(kind: str) -> type[Any]:
    """The class behind a kind. Raises InvalidJudgeConfig for a kind that does not exist."""
    if kind not in JUDGES:
        raise InvalidJudgeConfig(
            f"There is no judge of the kind {kind!r}: choose one of {', '.join(sorted(JUDGES))}."
        )
    module, _, name = JUDGES[kind][1].rpartition(".")
    found: type[Any] = getattr(import_module(module), name)
    return found


def parameters(kind: str) -> tuple[Parameter, ...]:
    """The parameters a kind takes, in the order a form should show them."""
    return parameters_of(judge_class(kind))


def build(kind: str, config: Mapping[str, object], site: Site | None = None) -> Judge:
    """The judge of `kind` with `config`, under what the operator allows (`site`).

    Raises InvalidJudgeConfig where the kind, a name or a value cannot work; the message
    says which and what would. Nothing is loaded and nothing is called yet.
    """
    found = judge_class(kind)
    judge: Judge = found(**read_config(kind, parameters_of(found), config), site=site or Site())
    return judge

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
    "calls_models",
    "check_outcomes",
    "judge_class",
    "members_of",
    "parameters",
    "queue_of",
]

JUDGES: dict[str, tuple[str, str]] = {
    "llm": ("Hosted model", "scoring.judges.llm.LlmJudge"),
    "local": ("Local model", "scoring.judges.local.LocalJudge"),
    "learned": ("Trained on verdicts", "scoring.judges.learned.LearnedJudge"),
    "panel": ("Panel of judges", "scoring.judges.panel.PanelJudge"),
    "cascade": ("Cascade of two judges", "scoring.judges.cascade.CascadeJudge"),
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


def members_of(kind: str, config: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The configurations of the judges inside a judge made of judges; none inside any other.

    What is no configuration is left out: `build` refuses it in words.
    """
    parts = getattr(judge_class(kind), "PARTS", ())
    given = [each for part in parts for each in _listed(config.get(part))]
    kinds = list(JUDGES)
    return [each for each in given if isinstance(each, Mapping) and each.get("kind") in kinds]


def _listed(part: object) -> list[object]:
    return part if isinstance(part, list) else [part]


def queue_of(kind: str, config: Mapping[str, Any]) -> str:
    """The Celery queue that a judge's work goes to: "gpu" too where one inside it needs that."""
    found = judge_class(kind)
    if not hasattr(found, "PARTS"):
        return str(found.queue)
    queues = {queue_of(each["kind"], each.get("params") or {}) for each in members_of(kind, config)}
    return "gpu" if "gpu" in queues else "llm"


def calls_models(kind: str, config: Mapping[str, Any]) -> bool:
    """Whether a judge, or one inside it, calls hosted models, which cost money."""
    inside = members_of(kind, config) if kind in JUDGES else []
    return kind == "llm" or any(
        calls_models(each["kind"], each.get("params") or {}) for each in inside
    )


def build(kind: str, config: Mapping[str, object], site: Site | None = None) -> Judge:
    """The judge of `kind` with `config`, under what the operator allows (`site`).

    Raises InvalidJudgeConfig where the kind, a name or a value cannot work; the message
    says which and what would. Nothing is loaded and nothing is called yet.
    """
    found = judge_class(kind)
    judge: Judge = found(**read_config(kind, parameters_of(found), config), site=site or Site())
    return judge

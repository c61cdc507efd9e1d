"""Low-rank adapters (LoRA): small matrices beside some of a model's, which were trained.

A projection W of the model gives W x; with an adapter it gives W x + scale * B (A x), A of
(rank, in) and B of (out, rank). The model's own weights stay as they are, and whoever else holds
the model does not notice: an adapter is in force inside `attached` alone. Names are those of
peft, so that the file can be used elsewhere too.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from scoring.judges.protocol import JudgeError, Site

if TYPE_CHECKING:
    import torch

Weights = Mapping[str, "torch.Tensor"]

FOLDER = "adapters"
_PREFIX, _A, _B = "base_model.model.", ".lora_A.weight", ".lora_B.weight"
_ATTENTION = ("attn", "attention")
HELD = 2
"""Adapters that a process holds at once."""
_held: dict[tuple[str, torch.device], Weights] = {}


def projections(model: Any, where: str) -> list[str]:
    """The names of the linear maps to adapt: those of the attention, or all but the output's.

    where: "attention" or "all". Raises JudgeError where the model has none.
    """
    import torch

    head = model.get_output_embeddings()
    found = [
        name
        for name, module in model.named_modules()
        if isinstance(module, torch.nn.Linear) and module is not head
        if where == "all" or any(word in name.rpartition(".")[0] for word in _ATTENTION)
    ]
    if not found:
        raise JudgeError("The model has no linear projections that an adapter could be put beside.")
    return found


def fresh(model: Any, names: Sequence[str], rank: int, seed: int) -> dict[str, torch.Tensor]:
    """Weights that change nothing yet (B is 0), in float32 on the model's device, to be trained."""
    import torch

    random = torch.Generator().manual_seed(seed)
    made: dict[str, torch.Tensor] = {}
    for name in names:
        linear = model.get_submodule(name)
        down = torch.randn(rank, linear.in_features, generator=random) / linear.in_features**0.5
        made[_down(name)] = down.to(model.device)
        made[_up(name)] = torch.zeros(linear.out_features, rank, device=model.device)
    return {name: weight.requires_grad_() for name, weight in made.items()}


def _down(name: str) -> str:
    return f"{_PREFIX}{name}{_A}"


def _up(name: str) -> str:
    return f"{_PREFIX}{name}{_B}"


@contextmanager
def attached(model: Any, weights: Weights, scale: float) -> Iterator[None]:
    """The model with the adapter, for a while. A worker judges one pass at a time.

    Raises JudgeError where the adapter is not one of this model.
    """
    names = [name for name in weights if name.endswith(_A)]
    with ExitStack() as stack:
        for place in (name.removeprefix(_PREFIX).removesuffix(_A) for name in names):
            try:
                added = partial(_add, weights[_down(place)], weights[_up(place)], scale)
                hook = model.get_submodule(place).register_forward_hook(added)
            except (AttributeError, KeyError) as error:
                raise JudgeError(f"The adapter does not fit the model at {place}.") from error
            stack.callback(hook.remove)
        yield


def _add(
    down: torch.Tensor, up: torch.Tensor, scale: float, _: Any, given: Any, output: torch.Tensor
) -> torch.Tensor:
    added: torch.Tensor = given[0].to(down.dtype) @ down.T @ up.T
    return output + (scale * added).to(output.dtype)


def to_bytes(weights: Weights) -> bytes:
    """The weights as a safetensors file."""
    from safetensors.torch import save

    return save({name: each.detach().cpu().contiguous() for name, each in weights.items()})


def weights_of(site: Site, sha256: str, device: torch.device) -> Weights:
    """The adapter's weights, from then on held by this process. Raises JudgeError."""
    key = (sha256, device)
    if key not in _held:
        from safetensors.torch import load

        data = adapter_bytes(site, sha256)
        if data is None:
            raise JudgeError(absent(site, sha256))
        while len(_held) >= HELD:
            _held.pop(next(iter(_held)))
        _held[key] = {name: each.to(device) for name, each in load(data).items()}
    return _held[key]


def absent(site: Site, sha256: str) -> str:
    """What to do about an adapter that is not there, or not as it was trained."""
    return (
        "The adapter's weights are not in this installation as they were trained: put their file"
        f" into {site.data_folder / FOLDER} as {sha256}.safetensors, or train again."
    )


def adapter_bytes(site: Site, sha256: str) -> bytes | None:
    """The file of this digest from the operator's folder or from what is kept; None without."""
    path = site.data_folder / FOLDER / f"{sha256}.safetensors"
    data = path.read_bytes() if path.is_file() else site.adapter and site.adapter(sha256)
    return data if data and hashlib.sha256(data).hexdigest() == sha256 else None

"""One forward pass over a bin of packed prompts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from scoring.packing.tree import Bin, Block, blocks

if TYPE_CHECKING:
    import torch

SPARSE = "packed_blocks"
ROWS = 256
"""Rows of attention at a time on the processor."""
# Layers of these kinds look at the nearest tokens or carry a state along: in a packed row the
# nearest tokens are another prompt's.
_LOCAL_LAYERS = ("sliding", "chunked", "linear", "recurrent", "mamba", "conv", "ssm")


def packable(model: Any) -> bool:
    """Whether a transformers model gives each packed prompt what it gives it alone.

    It does where every layer attends to all it may see and where positions are given from
    outside. Models with sliding windows, recurrent layers or positions of their own do not.
    """
    config = model.config
    kinds = [str(kind) for kind in getattr(config, "layer_types", None) or ()]
    if any(word in kind for kind in kinds for word in _LOCAL_LAYERS):
        return False
    if not kinds and getattr(config, "sliding_window", None) and _uses_window(config):
        return False
    attention = getattr(config, "_attn_implementation", "")
    return attention in ("sdpa", "eager") and getattr(config, "rope_parameters", None) is not None


def _uses_window(config: Any) -> bool:
    return bool(getattr(config, "use_sliding_window", True))


def tree_mask(packed: Bin, device: torch.device) -> torch.Tensor:
    """(1, 1, n, n), true where a token (row) sees another (column): itself and what it follows."""
    import torch

    until = torch.from_numpy(packed.until).to(device)
    places = torch.arange(len(packed.tokens), device=device)
    rows = places.unsqueeze(1)
    return ((places <= rows) & (rows < until)).unsqueeze(0).unsqueeze(0)


def _sparse_attention(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    *,
    scaling: float | None = None,
    packed_blocks: Sequence[_Ready],
    **_: object,
) -> tuple[torch.Tensor, None]:
    """Attention block by block: (1, heads, n, size) to (1, n, heads, size), as transformers asks.

    Equal to attention under the whole tree's mask; what no row of a block sees is not computed.
    """
    import torch

    parts = [
        torch.nn.functional.scaled_dot_product_attention(
            query[:, :, block.start : block.stop],
            key[:, :, block.columns],
            value[:, :, block.columns],
            attn_mask=block.mask,
            scale=scaling,
            enable_gqa=key.shape[1] != query.shape[1],
        )
        for block in packed_blocks
    ]
    return torch.cat(parts, dim=2).transpose(1, 2).contiguous(), None


class _Ready(NamedTuple):
    """A block as torch takes it; columns without a gap are a slice, which copies nothing."""

    start: int
    stop: int
    columns: slice | torch.Tensor
    mask: torch.Tensor


def _ready(block: Block) -> _Ready:
    import torch

    first, last = int(block.columns[0]), int(block.columns[-1])
    gapless = last - first + 1 == len(block.columns)
    columns = slice(first, last + 1) if gapless else torch.from_numpy(block.columns)
    return _Ready(block.start, block.stop, columns, torch.from_numpy(block.mask))


@contextmanager
def _attention(model: Any, name: str) -> Iterator[None]:
    """The model with another attention for a while. A worker judges one pass at a time."""
    from transformers import AttentionInterface

    AttentionInterface.register(SPARSE, _sparse_attention)
    usual = model.config._attn_implementation
    model.config._attn_implementation = name
    try:
        yield
    finally:
        model.config._attn_implementation = usual


def last_logprobs(model: Any, packed: Bin) -> torch.Tensor:
    """Log-probabilities of the token after each prompt, (prompts, vocabulary), float32 on CPU.

    Rows are in the order of `packed.prompts`. Raises torch.OutOfMemoryError.
    """
    return last_readings(model, packed)[0]


def last_readings(
    model: Any, packed: Bin, layers: Sequence[int] = ()
) -> tuple[torch.Tensor, torch.Tensor]:
    """What the model holds where each prompt ends: `last_logprobs`, and its hidden states there.

    layers: which states, as transformers counts them: 0 the embeddings, the last one after the
    final norm. States are (prompts, len(layers), width), float32 on CPU. Raises
    torch.OutOfMemoryError.
    """
    import torch

    with torch.inference_mode():
        return readings(*ends(model, packed, layers))


def ends(
    model: Any, packed: Bin, layers: Sequence[int] = ()
) -> tuple[torch.Tensor, list[torch.Tensor]]:
    """As the model gives them, with gradients where something learns: (prompts, vocabulary) logits
    of the token after each prompt, and for each layer its (prompts, width) states there.
    """
    import torch

    device = model.device
    sparse = device.type == "cpu" and model.config._attn_implementation == "sdpa"
    last = torch.tensor(packed.last, device=device)
    with ExitStack() as stack:
        if sparse:
            stack.enter_context(_attention(model, SPARSE))
            # Any mask of four dimensions is handed on as it is.
            options: dict[str, Any] = {
                "attention_mask": torch.zeros(1, 1, 1, 1),
                "packed_blocks": [_ready(block) for block in blocks(packed, ROWS)],
            }
        else:
            options = {"attention_mask": _dense_mask(model, packed)}
        output = model(
            input_ids=torch.from_numpy(packed.tokens).unsqueeze(0).to(device),
            position_ids=torch.from_numpy(packed.positions).unsqueeze(0).to(device),
            use_cache=False,
            # The vocabulary is wide: logits only where a prompt ends.
            logits_to_keep=last,
            output_hidden_states=bool(layers),
            **options,
        )
        states = [output.hidden_states[layer][0, last] for layer in layers]
        return output.logits[0], states


def readings(
    logits: torch.Tensor, states: Sequence[torch.Tensor]
) -> tuple[torch.Tensor, torch.Tensor]:
    """(prompts, vocabulary) logits and (prompts, width) states of some layers, as a caller keeps
    them: log-probabilities, and (prompts, layers, width), both float32 on CPU.
    """
    import torch

    kept = torch.stack(list(states), dim=1) if states else torch.empty(len(logits), 0, 0)
    return torch.log_softmax(logits.float(), dim=-1).cpu(), kept.float().cpu()


def _dense_mask(model: Any, packed: Bin) -> torch.Tensor:
    import torch

    mask = tree_mask(packed, model.device)
    if model.config._attn_implementation != "eager":
        return mask
    # Eager attention adds the mask instead of choosing by it.
    lowest = torch.finfo(model.dtype).min
    added = torch.zeros(mask.shape, dtype=model.dtype, device=model.device)
    return added.masked_fill(~mask, lowest)

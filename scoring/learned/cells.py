"""Labelled cells: what a model holds about a response and a criterion, and what people said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from rubricstudio.domain.table import BoolArray, FloatArray, IntArray

StateArray = NDArray[np.float32]


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Cells:
    """n cells of one response and one met-or-not criterion each.

    states: (n, len(layers), width) the hidden states where the answer begins. layers: their
    numbers in the model. zero_shot: (n,) the model's own probability of met, in [0, 1].
    labels: (n,) what people say together, 1.0 met, 0.0 not. shares: (n,) of those who say met,
    in [0, 1], which is what is learned. criteria, tasks, sources: (n,) codes; those of criteria
    are places in `keys`.
    """

    states: StateArray
    layers: tuple[int, ...]
    zero_shot: FloatArray
    labels: FloatArray
    shares: FloatArray
    criteria: IntArray
    tasks: IntArray
    sources: IntArray
    keys: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.labels)

    def where(self, chosen: BoolArray) -> Cells:
        """The cells marked True."""
        names = ("states", "zero_shot", "labels", "shares", "criteria", "tasks", "sources")
        parts: Mapping[str, NDArray[np.generic]] = {
            name: getattr(self, name)[chosen] for name in names
        }
        return replace(self, **parts)  # type: ignore[arg-type]  # mypy sees no keys in a mapping

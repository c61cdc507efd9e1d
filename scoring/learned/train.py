"""From labelled cells to what a judge holds, and what is known of how well it does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from rubricstudio.domain.table import FloatArray
from scoring.learned.artefact import Adapter, Known, Probe
from scoring.learned.cells import AskedCells, Cells, ReadCells
from scoring.learned.lora import Adapted
from scoring.learned.probe import Probing


def train(
    cells: ReadCells,
    hashes: Sequence[str],
    *,
    model: str,
    prompt_version: str,
    trained: Mapping[str, object],
) -> Probe:
    """The probe on all cells, its setting chosen by folds that keep tasks whole.

    hashes: of what a rater sees of each criterion, in the order of `Cells.keys`. trained: what
    to keep with it; the setting joins it.
    """
    found = Probing().learn(cells)
    return Probe(
        layer=found.layer,
        weights=found.fitted.weights.astype("<f4").astype("f8"),
        intercept=found.fitted.intercept,
        cut=found.cut,
        criteria=_known(cells, hashes, found.fitted.offsets),
        model=model,
        prompt_version=prompt_version,
        trained={**trained, "strength": found.chosen.setting.strength},
    )


def adapter_of(
    found: Adapted,
    cells: AskedCells,
    hashes: Sequence[str],
    *,
    weights: str,
    prompt_version: str,
    trained: Mapping[str, object],
) -> Adapter:
    """What is kept of an adapter that was trained on all cells. weights: their file's SHA-256."""
    return Adapter(
        weights=weights,
        rank=found.settings.rank,
        scale=found.settings.scale,
        slope=found.slope,
        shift=found.shift,
        cut=found.cut,
        criteria=_known(cells, hashes, np.zeros(len(cells.keys))),
        model=found.loaded.fingerprint,
        prompt_version=prompt_version,
        trained={**trained, **found.choice},
    )


def _known(cells: Cells, hashes: Sequence[str], offsets: FloatArray) -> dict[str, Known]:
    counts = Counter(cells.criteria.tolist())
    return {
        judging: Known(key, float(offsets[code]), counts[code])
        for code, (judging, key) in enumerate(zip(hashes, cells.keys, strict=True))
        if counts[code]
    }

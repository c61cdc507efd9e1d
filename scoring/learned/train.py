"""From labelled cells to a trained probe and what is known of how well it does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from scoring.learned.artefact import Known, Probe
from scoring.learned.cells import Cells
from scoring.learned.probe import choose, fit, settings_of


def train(
    cells: Cells,
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
    choice = choose(cells, settings_of(cells))
    fitted = fit(cells, choice)
    counts = Counter(cells.criteria.tolist())
    return Probe(
        layer=cells.layers[choice.setting.layer],
        weights=fitted.weights.astype("<f4").astype("f8"),
        intercept=fitted.intercept,
        cut=choice.cut,
        criteria={
            judging: Known(key, float(fitted.offsets[code]), counts[code])
            for code, (judging, key) in enumerate(zip(hashes, cells.keys, strict=True))
            if counts[code]
        },
        model=model,
        prompt_version=prompt_version,
        trained={**trained, "strength": choice.setting.strength},
    )

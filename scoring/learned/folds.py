"""Folds that keep groups whole, so that no text of a held-out group is seen in training."""

from __future__ import annotations

import numpy as np

from rubricstudio.domain.table import IntArray


def grouped_folds(groups: IntArray, most: int) -> IntArray:
    """(n,) codes of groups to (n,) folds from 0, at most `most`, of about equal size.

    The largest group goes first, each to the fold with the fewest cells: the same groups give
    the same folds.
    """
    codes, sizes = np.unique(groups, return_counts=True)
    filled = np.zeros(min(most, len(codes)), dtype=np.int64)
    fold_of: dict[int, int] = {}
    for place in np.argsort(-sizes, kind="stable").tolist():
        fold = int(filled.argmin())
        fold_of[int(codes[place])] = fold
        filled[fold] += sizes[place]
    return np.array([fold_of[int(group)] for group in groups], dtype=np.int64)

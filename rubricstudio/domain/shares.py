"""The interval of a share of independent trials."""

from __future__ import annotations

from math import sqrt
from statistics import NormalDist


def wilson(k: float, n: float, confidence: float = 0.95) -> tuple[float, float]:
    """The Wilson score interval of k successes in n trials (n above 0), both ends in [0, 1].

    It has a width also where none or all succeed. Neither need be whole: trials that are not
    independent are worth fewer. Wilson 1927, doi:10.1080/01621459.1927.10502953.
    """
    if not 0 <= k <= n or n <= 0:
        raise ValueError("k lies between 0 and n, and n is more than 0")
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    share, extra = k / n, z * z / n
    middle = (share + extra / 2) / (1 + extra)
    half = z / (1 + extra) * sqrt(share * (1 - share) / n + extra / (4 * n))
    # Rounding must not leave an end beside the share itself.
    return max(0.0, min(share, middle - half)), min(1.0, max(share, middle + half))

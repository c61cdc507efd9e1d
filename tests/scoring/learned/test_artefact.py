"""A probe as JSON: exact there and back, and refused where somebody changed it."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from scoring.learned.artefact import InvalidArtefact, Known, Probe, probe_from


def a_probe() -> Probe:
    return Probe(
        layer=9,
        weights=np.array([0.25, -1.5, 3.0]),
        intercept=-0.1,
        cut=-1.2,
        criteria={"ab" * 32: Known("dose", 0.5, 12)},
        model="f" * 12,
        prompt_version="1",
        trained={"n": 12, "evaluation": {"warnings": []}},
    )


def test_a_probe_comes_back_from_json_as_it_was() -> None:
    stored = json.loads(json.dumps(a_probe().as_json()))

    found = probe_from(stored)

    assert found.as_json() == a_probe().as_json()
    # 0.25 - 3 + 3 - 0.1 = 0.15, and 0.5 more for the criterion it knows
    state = np.array([1.0, 2.0, 1.0])
    assert found.log_odds(state, "other") == pytest.approx(0.15)
    assert found.log_odds(state, "ab" * 32) == pytest.approx(0.65)


def test_a_number_without_a_fraction_may_come_back_as_a_whole_one() -> None:
    stored = a_probe().as_json()

    assert probe_from({**stored, "layer": 9.0}).layer == 9


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"cut": 4.0}, "changed after it was trained"),
        ({"trained": {"n": 999}}, "changed after it was trained"),
        ({"format": 2}, "no trained probe"),
    ],
)
def test_a_probe_that_was_changed_is_refused(change: dict[str, Any], why: str) -> None:
    with pytest.raises(InvalidArtefact, match=why):
        probe_from({**a_probe().as_json(), **change})


def test_what_is_no_probe_is_refused() -> None:
    with pytest.raises(InvalidArtefact, match="no trained probe"):
        probe_from({"weights": "AAAA"})

"""A trained probe as plain JSON: what a judge's configuration holds, named by its own content.

The weights are float32 in little-endian order as base64, so the file is short and exact. The
digest is over everything else: a probe that was changed by hand is refused.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from rubricstudio.domain.table import FloatArray

FORMAT = 1


class InvalidProbe(ValueError):
    """What is given is no trained probe, or is not as it was trained; the message says why."""


@dataclass(frozen=True, slots=True)
class Known:
    """A criterion the probe was trained on.

    offset: what it adds to the log-odds of met. n: the verdicts behind it.
    """

    key: str
    offset: float
    n: int


@dataclass(frozen=True, eq=False, slots=True)
class Probe:
    """A probe ready to judge. `layer` is the model's, `weights` (width,) are float32.

    cut: the log-odds from which the verdict is met.
    criteria: by the hash of what a rater sees, so that a changed criterion is another one.
    model: the fingerprint of the weights it reads, `prompt_version` the form of the question.
    trained: where it comes from and how it did on what it had not seen, as JSON values.
    """

    layer: int
    weights: FloatArray
    intercept: float
    cut: float
    criteria: Mapping[str, Known]
    model: str
    prompt_version: str
    trained: Mapping[str, object]

    def log_odds(self, state: FloatArray, judging: str) -> float:
        """Of met, for the (width,) state of one prompt about the criterion of this hash."""
        known = self.criteria.get(judging)
        offset = known.offset if known else 0.0
        return float(state @ self.weights) + self.intercept + offset

    def as_json(self) -> dict[str, object]:
        """The probe as it is stored, with its digest."""
        weights = base64.b64encode(self.weights.astype("<f4").tobytes()).decode()
        content: dict[str, object] = {
            "format": FORMAT,
            "layer": self.layer,
            "weights": weights,
            "intercept": self.intercept,
            "cut": self.cut,
            "criteria": {
                judging: {"key": each.key, "offset": each.offset, "n": each.n}
                for judging, each in self.criteria.items()
            },
            "model": self.model,
            "prompt_version": self.prompt_version,
            "trained": dict(self.trained),
        }
        return content | {"sha256": digest(content)}


def digest(content: Mapping[str, object]) -> str:
    """SHA-256 of everything but the digest, as JSON with sorted keys."""
    rest = {name: value for name, value in content.items() if name != "sha256"}
    # Numbers come back from the database as they went in, but 1.0 may come back as 1.
    plain = json.dumps(_plain(rest), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(plain.encode()).hexdigest()


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def probe_from(content: Mapping[str, object]) -> Probe:
    """The probe of its JSON. Raises InvalidProbe."""
    if content.get("format") != FORMAT:
        raise InvalidProbe("this is no trained probe of a version that is known here")
    if content.get("sha256") != digest(content):
        raise InvalidProbe("the probe was changed after it was trained: its digest does not fit")
    try:
        return _read(content)
    except (KeyError, TypeError, ValueError, AttributeError, binascii.Error) as error:
        raise InvalidProbe(f"the probe cannot be read: {error}") from error


def _read(content: Mapping[str, object]) -> Probe:
    criteria, trained = content["criteria"], content["trained"]
    if not isinstance(criteria, Mapping) or not isinstance(trained, Mapping):
        raise TypeError("criteria and trained are objects")
    weights = np.frombuffer(base64.b64decode(str(content["weights"]), validate=True), "<f4")
    return Probe(
        layer=int(float(str(content["layer"]))),
        weights=weights.astype(np.float64),
        intercept=float(str(content["intercept"])),
        cut=float(str(content["cut"])),
        criteria={
            str(judging): Known(str(each["key"]), float(each["offset"]), int(each["n"]))
            for judging, each in criteria.items()
        },
        model=str(content["model"]),
        prompt_version=str(content["prompt_version"]),
        trained=trained,
    )

"""What training leaves behind, as plain JSON in a judge's configuration, named by its content.

A probe's weights stand in it, float32 in little-endian order as base64; those of an adapter are
a file of their own, named by its digest. The digest is over everything else: what was changed
by hand is refused.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from rubricstudio.domain.table import FloatArray

FORMAT = 1
T = TypeVar("T")
_SHA256 = re.compile(r"[0-9a-f]{64}")


class InvalidArtefact(ValueError):
    """What is given was not trained, or is not as it was trained; the message says why."""


@dataclass(frozen=True, slots=True)
class Known:
    """A criterion that was trained on.

    offset: what it adds to the log-odds of met, 0 of an adapter. n: the verdicts behind it.
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
        return _sealed(self, {"layer": self.layer, "weights": weights, "intercept": self.intercept})


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Adapter:
    """Low-rank matrices beside a model's own, after which it answers as people do.

    weights: the SHA-256 of their safetensors file. rank: theirs. scale: what their product is
    multiplied by. slope, shift: from the model's log-odds of its answer to those of met. The
    rest as in a probe.
    """

    weights: str
    rank: int
    scale: float
    slope: float
    shift: float
    cut: float
    criteria: Mapping[str, Known]
    model: str
    prompt_version: str
    trained: Mapping[str, object]

    def log_odds(self, answered: float) -> float:
        """Of met, for the log-odds of the model's answer with the adapter."""
        return answered * self.slope + self.shift

    def as_json(self) -> dict[str, object]:
        """The adapter as it is stored, with its digest."""
        names = ("weights", "rank", "scale", "slope", "shift")
        return _sealed(self, {name: getattr(self, name) for name in names})


def _sealed(trained: Probe | Adapter, own: Mapping[str, object]) -> dict[str, object]:
    content: dict[str, object] = {
        "format": FORMAT,
        **own,
        "cut": trained.cut,
        "criteria": {
            judging: {"key": each.key, "offset": each.offset, "n": each.n}
            for judging, each in trained.criteria.items()
        },
        "model": trained.model,
        "prompt_version": trained.prompt_version,
        "trained": dict(trained.trained),
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
    """The probe of its JSON. Raises InvalidArtefact."""
    return _opened("probe", content, _probe)


def adapter_from(content: Mapping[str, object]) -> Adapter:
    """The adapter of its JSON. Raises InvalidArtefact."""
    return _opened("adapter", content, _adapter)


def _opened(
    kind: str, content: Mapping[str, object], read: Callable[[Mapping[str, object]], T]
) -> T:
    if content.get("format") != FORMAT:
        raise InvalidArtefact(f"this is no trained {kind} of a version that is known here")
    if content.get("sha256") != digest(content):
        raise InvalidArtefact(f"the {kind} was changed after it was trained: its digest differs")
    try:
        return read(content)
    except (KeyError, TypeError, ValueError, AttributeError, binascii.Error) as error:
        raise InvalidArtefact(f"the {kind} cannot be read: {error}") from error


def _probe(content: Mapping[str, object]) -> Probe:
    weights = np.frombuffer(base64.b64decode(str(content["weights"]), validate=True), "<f4")
    return Probe(
        layer=int(_number(content, "layer")),
        weights=weights.astype(np.float64),
        intercept=_number(content, "intercept"),
        cut=_number(content, "cut"),
        criteria=_criteria(content),
        model=str(content["model"]),
        prompt_version=str(content["prompt_version"]),
        trained=_object(content, "trained"),
    )


def _adapter(content: Mapping[str, object]) -> Adapter:
    weights = str(content["weights"])
    if not _SHA256.fullmatch(weights):
        raise ValueError("its weights are named by no SHA-256")
    return Adapter(
        weights=weights,
        rank=int(_number(content, "rank")),
        scale=_number(content, "scale"),
        slope=_number(content, "slope"),
        shift=_number(content, "shift"),
        cut=_number(content, "cut"),
        criteria=_criteria(content),
        model=str(content["model"]),
        prompt_version=str(content["prompt_version"]),
        trained=_object(content, "trained"),
    )


def _number(content: Mapping[str, object], name: str) -> float:
    return float(str(content[name]))


def _object(content: Mapping[str, object], name: str) -> Mapping[str, Any]:
    found = content[name]
    if not isinstance(found, Mapping):
        raise TypeError(f"{name} is no object")
    return found


def _criteria(content: Mapping[str, object]) -> dict[str, Known]:
    return {
        str(judging): Known(str(each["key"]), float(each["offset"]), int(each["n"]))
        for judging, each in _object(content, "criteria").items()
    }

"""What lint says: findings with a reason, and the change that would mend them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple, TypeAlias


class Severity(StrEnum):
    """How sure and how grave: an error makes scores wrong, a warning verdicts unreliable."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class Span(NamedTuple):
    """A passage of a text: characters from `start` up to, not with, `end`."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Fix:
    """A change that mends a finding, for the action layer to apply.

    key: the criterion. says: what it does, in a few words for a button. changes: fields of
    `Criterion` by name. parts: the texts of the criteria to split it into; its weight is
    shared among them. removes: it is deleted.
    """

    key: str
    says: str
    changes: Mapping[str, Any] = field(default_factory=dict)
    parts: tuple[str, ...] = ()
    removes: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """One remark of one rule.

    keys: the criteria it is about, the one to mark first; none where it is about the whole
    rubric. says: the reason, with places for `values` (as in `says % values`), so that it can
    be translated. span: the offending passage in the text of the first criterion. texts: those
    of `keys`, which `lint` fills in.
    """

    rule: str
    keys: tuple[str, ...]
    severity: Severity
    says: str
    values: Mapping[str, Any] = field(default_factory=dict)
    span: Span | None = None
    fix: Fix | None = None
    texts: tuple[str, ...] = ()

    @property
    def reason(self) -> str:
        """The reason in English."""
        return self.says % self.values if self.values else self.says

    @property
    def ident(self) -> str:
        """Twelve hexadecimal digits, the same as long as rule, criteria, texts and reason are."""
        said = "\0".join((self.rule, *self.keys, *self.texts, self.reason))
        return hashlib.sha256(said.encode()).hexdigest()[:12]


def is_ident(text: str) -> bool:
    """Whether a text may be the ident of a finding."""
    return re.fullmatch(r"[0-9a-f]{12}", text) is not None


class Agreement(NamedTuple):
    """Responses that two or more raters of a group judged, and those on which all agree."""

    n: int
    agreed: int


@dataclass(frozen=True, slots=True)
class Known:
    """What responses judged so far say of one criterion in its present words.

    n: responses with a verdict. met: how much of them meets it, in responses: the sum of the
    shares of the scale that their verdicts reach on average, from 0 to n. groups: agreement
    within a group of raters, by the group's name.
    """

    n: int
    met: float
    groups: Mapping[str, Agreement] = field(default_factory=dict)


# Pairs (i, j, score) of texts, i < j, whose likeness in [0, 100] reaches the cutoff.
Similarity: TypeAlias = Callable[[Sequence[str], float], Iterable[tuple[int, int, float]]]

"""What a rule is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from rubricstudio.domain.lint.context import Context
from rubricstudio.domain.lint.values import Finding


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of lint, with what its page in the documentation says.

    name: for programs. title: for people. mark: a few words beside a row. why: why it matters,
    in one sentence. bad, good: examples. english: it reads English wording and is silent on
    any other.
    """

    name: str
    title: str
    mark: str
    why: str
    bad: str
    good: str
    check: Callable[[Context], Iterator[Finding]]
    english: bool = False

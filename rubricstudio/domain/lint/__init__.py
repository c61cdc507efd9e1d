"""Lint: remarks on a rubric as it is written, each with its reason and, where there is one,
the change that mends it.

Rules are pure and read the rubric only; what needs a library or a database is passed in.
Rules for English wording say so and are silent on other languages and scripts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from rubricstudio.domain.lint.balance import PRESENCE_ONLY, UNREACHABLE
from rubricstudio.domain.lint.compound import COMPOUND
from rubricstudio.domain.lint.context import Context
from rubricstudio.domain.lint.elsewhere import ELSEWHERE
from rubricstudio.domain.lint.judged import CONSTANT, DISAGREED
from rubricstudio.domain.lint.pairs import CONTRADICTION, DUPLICATE, SUBSET
from rubricstudio.domain.lint.polarity import NEGATED, SIGN
from rubricstudio.domain.lint.rule import Rule
from rubricstudio.domain.lint.structure import GATE, LEVELS, SUMS, TINY_SHARES
from rubricstudio.domain.lint.unseen import UNSEEN
from rubricstudio.domain.lint.values import (
    Agreement,
    Finding,
    Fix,
    Known,
    Severity,
    Similarity,
    Span,
    is_ident,
)
from rubricstudio.domain.lint.wording import LENGTH, VAGUE
from rubricstudio.domain.rubric import Rubric
from rubricstudio.domain.table import FloatArray

RULES: Mapping[str, Rule] = {
    rule.name: rule
    for rule in (
        *(COMPOUND, VAGUE, ELSEWHERE, UNSEEN, LENGTH),
        *(DUPLICATE, SUBSET, CONTRADICTION),
        *(SIGN, NEGATED),
        *(PRESENCE_ONLY, UNREACHABLE, GATE, LEVELS, SUMS, TINY_SHARES),
        *(CONSTANT, DISAGREED),
    )
}
READ = 2_000
"""Characters of a text that rules read: what is longer is a document, not a criterion."""
_ORDER = {severity: index for index, severity in enumerate(Severity)}


def lint(
    rubric: Rubric,
    *,
    similarity: Similarity | None = None,
    vectors: Mapping[str, FloatArray] | None = None,
    known: Mapping[str, Known] | None = None,
    shares: Mapping[str, float] | None = None,
    floor: int = 10,
) -> list[Finding]:
    """Every remark on a rubric: the gravest first, then in display order.

    similarity: how alike texts are by letters; without it near-duplicates are found by their
    words alone. vectors: what criteria mean, unit vectors by key. known: judged responses by
    key; under `floor` of them nothing is said. shares: each leaf's part of the score by key,
    where weights are not all of it.

    Texts are read up to READ characters; no fix is offered for what was read in part.
    """
    read = _readable(rubric)
    context = Context(read, similarity, vectors or {}, known or {}, shares or {}, floor)
    places = {criterion.key: place for place, (_, criterion) in enumerate(rubric.walk())}
    texts = {criterion.key: criterion.text for criterion in rubric.criteria}
    found = [
        _about_whole_texts(finding, tuple(texts[key] for key in finding.keys))
        for rule in RULES.values()
        for finding in rule.check(context)
    ]
    return sorted(found, key=lambda x: (_ORDER[x.severity], places[x.keys[0]] if x.keys else -1))


def _readable(rubric: Rubric) -> Rubric:
    if all(len(criterion.text) <= READ for criterion in rubric.criteria):
        return rubric
    cut = (replace(criterion, text=criterion.text[:READ]) for criterion in rubric.criteria)
    return replace(rubric, criteria=tuple(cut))


def _about_whole_texts(finding: Finding, texts: tuple[str, ...]) -> Finding:
    whole = all(len(text) <= READ for text in texts)
    return replace(finding, texts=texts, fix=finding.fix if whole else None)


__all__ = [
    "READ",
    "RULES",
    "Agreement",
    "Finding",
    "Fix",
    "Known",
    "Rule",
    "Severity",
    "Similarity",
    "Span",
    "is_ident",
    "lint",
]

"""Three hashes of a rubric version, and what each kind of edit touches.

content: anything. judging: what a rater sees (text, description, scale, polarity,
evidence rule, examples, who judges, the program that does): verdicts become stale. scoring:
weights, gates, tiers, the tree and the aggregator: scores are computed anew, verdicts stay.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from rubricstudio.domain.rubric import Criterion, Rubric


@dataclass(frozen=True, slots=True)
class Hashes:
    """SHA-256 digests in hexadecimal, 64 characters each."""

    content: str
    judging: str
    scoring: str


def rubric_hashes(rubric: Rubric) -> Hashes:
    """The three hashes of a rubric. Equal values hash equally on every machine."""
    judging = [(c.key, criterion_judging_hash(c)) for c in rubric.leaves]
    return Hashes(
        content=_digest(
            [[_judged(c), _scored(c), *_described(c), c.key] for c in rubric.criteria]
            + [rubric.aggregator, _params(rubric)]
        ),
        # The order of criteria is no matter to a rater who sees one at a time.
        judging=_digest(sorted(judging)),
        scoring=_digest(
            [sorted(_scored(c) for c in rubric.criteria), rubric.aggregator, _params(rubric)]
        ),
    )


def criterion_judging_hash(criterion: Criterion) -> str:
    """What a rater sees of one criterion; verdicts carry over where it is unchanged."""
    return _digest(_judged(criterion))


def _judged(c: Criterion) -> list[Any]:
    levels = [[_number(x.value), x.label, x.description] for x in c.scale.levels]
    return [
        *(c.text.strip(), c.description.strip(), c.met_means.value),
        *(c.scale.kind.value, levels, _number(c.scale.maximum)),
        *(c.evidence_required, c.judged_by.value, c.is_group),
        # Absent rather than empty, so that criteria without them hash as they always did.
        *([["examples", *([x.text, x.met, x.note] for x in c.examples)]] if c.examples else []),
        *([["program", c.program.strip()]] if c.program.strip() else []),
    ]


def _described(c: Criterion) -> list[Any]:
    """What neither a rater nor a score takes notice of."""
    origin = [["origin", c.origin.kind, c.origin.name, c.origin.ref]] if c.origin else []
    references = [["references", *c.references]] if c.references else []
    return [list(c.tags), c.category, *references, *origin]


def _scored(c: Criterion) -> list[Any]:
    tier = c.tier.value if c.tier else ""
    return [c.key, _number(c.weight), c.gate, tier, c.parent or "", c.is_group, c.met_means.value]


def _params(rubric: Rubric) -> dict[str, float]:
    return {name: _number(value) for name, value in rubric.params.items()}


def _number(value: float) -> float:
    """One spelling for equal numbers: 5 as 5.0, -0.0 as 0.0."""
    return float(value) + 0.0


def _digest(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()

"""What writers share: the leaves of a rubric, and a name for everything a format cannot hold."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from rubricstudio.domain.rubric import Criterion, MetMeans, Rubric
from rubricstudio.domain.rubric_formats.polarity import polarity
from rubricstudio.domain.rubric_formats.protocol import Loss, NamedRubric
from rubricstudio.domain.rubric_formats.reading import position_key

_PLAIN = Criterion("-", "-")
# What is said of a field that a format has no place for. Keys, groups and aggregators differ.
_FIELDS = {
    "description": "descriptions: left out",
    "weight": "weights: left out; reading gives 1",
    "met_means": "polarity: left out; reading takes meeting as good",
    "scale": "scales: left out; reading gives met or not met",
    "tier": "tiers: left out",
    "gate": "gates: left out",
    "judged_by": "who judges: left out",
    "evidence_required": "evidence rules: left out",
    "tags": "tags: left out",
    "category": "categories: left out",
    "examples": "examples: left out",
    "references": "references: left out",
    "program": "programs: left out",
    "origin": "origins: left out",
}
FIELDS = frozenset(_FIELDS)


class Losing:
    """Counts what a writer leaves out or rewrites, by message, in the order it came up."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    def note(self, message: str, criteria: int = 0) -> None:
        self._counts[message] += criteria

    @property
    def losses(self) -> tuple[Loss, ...]:
        return tuple(Loss(message, count) for message, count in self._counts.items())

    def fields(self, criteria: Iterable[Criterion], kept: Collection[str]) -> None:
        """Name each filled field that is none of `kept`."""
        for criterion in criteria:
            for field, message in _FIELDS.items():
                if field not in kept and getattr(criterion, field) != getattr(_PLAIN, field):
                    self.note(message, 1)

    def about(self, named: NamedRubric, aggregator: str, *, kept: Collection[str] = ()) -> None:
        """Name what a format cannot hold of the rubric as a whole.

        aggregator: the one that reading gives. kept: of name, task and prompt.
        """
        if named.rubric.aggregator != aggregator or named.rubric.params:
            self.note(f"aggregator and parameters: left out; reading gives {aggregator}")
        for field in ("name", "task", "prompt"):
            if field not in kept and getattr(named, field):
                self.note(f"{field} of the rubric: left out")
        if not named.rubric.leaves:
            self.note("a rubric without criteria holds nothing to judge")

    def flat(self, named: NamedRubric, *, keyed: bool = False) -> list[Criterion]:
        """The leaves, in display order; groups are named as lost, and keys unless `keyed`."""
        groups = len(named.rubric.criteria) - len(named.rubric.leaves)
        if groups:
            self.note("groups: left out; what is in them stands side by side", groups)
        leaves = [c for _, c in walk(named.rubric) if not c.is_group]
        if [c.key for c in leaves] != [c.key for c in named.rubric.leaves]:
            self.note("order: criteria stand with their groups", len(leaves))
        if not keyed:
            self.positions(leaves)
        return leaves

    def positions(self, leaves: Sequence[Criterion]) -> None:
        """Name the keys that reading replaces by c1, c2 and so on."""
        other = sum(c.key != position_key(n) for n, c in enumerate(leaves, 1))
        if other:
            self.note("keys: left out; reading gives c1, c2 and so on", other)

    def signed(self, criterion: Criterion) -> float:
        """The weight under which meeting is bad exactly where it is negative."""
        bad = criterion.met_means is MetMeans.BAD
        weight = -abs(criterion.weight) if bad else abs(criterion.weight)
        if bad and weight == 0:
            self.note("polarity: a weight of 0 has no sign, reading takes meeting as good", 1)
        elif weight > criterion.weight:
            self.note("negative weights where meeting is good: rewritten as positive", 1)
        elif weight < criterion.weight:
            self.note("positive weights where meeting is bad: rewritten as negative", 1)
        return weight + 0.0

    def guessed(self, criterion: Criterion) -> float:
        """The weight for a format in which the wording says what a negative one means."""
        weight = criterion.weight
        if criterion.met_means is MetMeans.BAD and weight > 0:
            self.note("positive weights where meeting is bad: rewritten as negative", 1)
            weight = -weight
        means, _ = polarity(criterion.key, criterion.text, weight)
        if means is not criterion.met_means:
            self.note("polarity: the wording reads the other way round", 1)
        return weight

    def positive(self, criterion: Criterion) -> float:
        """The size of the weight; a negative one is named as rewritten."""
        if criterion.weight < 0:
            self.note("negative weights: rewritten as positive", 1)
        return abs(criterion.weight)

    def good(self, criterion: Criterion) -> str:
        """The text, worded so that meeting it is good."""
        if criterion.met_means is MetMeans.GOOD:
            return criterion.text
        self.note("criteria where meeting is bad: reworded as \u201cNot the case: ...\u201d", 1)
        return f"Not the case: {criterion.text}"


def number(value: float) -> int | float:
    """The number as a whole one where it is one, as people write them."""
    return int(value) if float(value).is_integer() and abs(value) < 2**53 else value


def lines(rows: Iterable[Any]) -> str:
    """JSON Lines."""
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def pretty(value: Any) -> str:
    """One JSON value for people to read."""
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"


def walk(rubric: Rubric) -> list[tuple[int, Criterion]]:
    """Each criterion depth first with its depth, in one pass over any size and depth."""
    below: dict[str | None, list[Criterion]] = {}
    for criterion in rubric.criteria:
        below.setdefault(criterion.parent, []).append(criterion)
    found, stack = [], [(0, c) for c in reversed(below.get(None, []))]
    while stack:
        depth, criterion = stack.pop()
        found.append((depth, criterion))
        stack += [(depth + 1, c) for c in reversed(below.get(criterion.key, []))]
    return found


def filled(**values: Any) -> dict[str, Any]:
    """The values that are neither empty nor None."""
    return {name: value for name, value in values.items() if value not in ("", None, [], {})}

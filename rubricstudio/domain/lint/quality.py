"""How often rules are right: rubrics with labels, and counts against them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from rubricstudio.domain.lint import RULES, Agreement, Finding, Known
from rubricstudio.domain.rubric import (
    BINARY,
    Criterion,
    Level,
    MetMeans,
    Rubric,
    Scale,
    ScaleKind,
    Tier,
)


@dataclass(frozen=True, slots=True)
class Case:
    """A rubric, often of one criterion, and the rules that should speak on it.

    split: "design" where rules were made with it in view, "held_out" where they were not.
    """

    ident: str
    split: str
    topic: str
    rubric: Rubric
    expect: frozenset[str]
    known: Mapping[str, Known] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Counts:
    """Cases on which a rule spoke rightly, spoke wrongly, and was silent wrongly."""

    right: int = 0
    wrong: int = 0
    missed: int = 0

    @property
    def n(self) -> int:
        """Cases on which it should speak."""
        return self.right + self.missed

    @property
    def precision(self) -> float | None:
        """The share of what it said that is right; None where it said nothing."""
        said = self.right + self.wrong
        return self.right / said if said else None

    @property
    def recall(self) -> float | None:
        """The share of what it should say that it said; None where there is nothing."""
        return self.right / self.n if self.n else None


def case_from(record: Mapping[str, Any]) -> Case:
    """A case from one line of the labelled set. KeyError and ValueError where it is wrong."""
    unknown = set(record["expect"]) - set(RULES)
    if unknown:
        raise ValueError(f"{record['id']}: there is no rule {sorted(unknown)[0]!r}")
    criteria = tuple(_criterion(i, x) for i, x in enumerate(record["criteria"]))
    known = {
        key: Known(x["n"], x["met"], {g: Agreement(*v) for g, v in x.get("groups", {}).items()})
        for key, x in record.get("known", {}).items()
    }
    rubric = Rubric(criteria, record.get("aggregator", "min_max"), record.get("params", {}))
    expect = frozenset(record["expect"])
    return Case(record["id"], record["split"], record["field"], rubric, expect, known)


def _criterion(index: int, given: Mapping[str, Any]) -> Criterion:
    values = {"key": f"c{index + 1}", **given}
    if "met_means" in values:
        values["met_means"] = MetMeans(values["met_means"])
    if "tier" in values:
        values["tier"] = Tier(values["tier"])
    scale = values.pop("scale", None)
    values["scale"] = _scale(scale) if scale else BINARY
    return Criterion(**values)


def _scale(given: Mapping[str, Any]) -> Scale:
    levels = tuple(Level(**level) for level in given.get("levels", ()))
    return Scale(ScaleKind(given["kind"]), levels, given.get("maximum", 1.0))


def counted(
    cases: Iterable[Case], findings_of: Callable[[Case], Iterable[Finding]]
) -> dict[str, Counts]:
    """Counts by rule. A case counts once for a rule, however many findings there are."""
    totals = {name: [0, 0, 0] for name in RULES}
    for case in cases:
        said = {finding.rule for finding in findings_of(case)}
        for name, total in totals.items():
            total[0] += name in said and name in case.expect
            total[1] += name in said and name not in case.expect
            total[2] += name not in said and name in case.expect
    return {name: Counts(*total) for name, total in totals.items()}

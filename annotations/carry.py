"""What becomes of a session's verdicts when its rubric has a new version. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from annotations.sheet import asked_of_people
from rubricstudio.domain.hashing import criterion_judging_hash
from rubricstudio.domain.rubric import Rubric


class Fate(StrEnum):
    """Of a criterion: its verdicts hold, are to be asked again or first given, or fall away."""

    KEPT = "kept"
    AGAIN = "again"
    NEW = "new"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class CriterionFate:
    """A criterion, what becomes of it, and how many verdicts it has so far."""

    key: str
    text: str
    fate: Fate
    verdicts: int


@dataclass(frozen=True, slots=True)
class Adoption:
    """The criteria of the new version in display order, then those that go."""

    criteria: tuple[CriterionFate, ...]

    def _sum(self, fate: Fate) -> int:
        return sum(row.verdicts for row in self.criteria if row.fate is fate)

    @property
    def kept(self) -> int:
        """How many verdicts hold for the new version."""
        return self._sum(Fate.KEPT)

    @property
    def again(self) -> int:
        """How many verdicts have to be given again."""
        return self._sum(Fate.AGAIN)

    @property
    def gone(self) -> int:
        """How many verdicts are on criteria that the new version does not ask."""
        return self._sum(Fate.GONE)

    @property
    def asks_nothing(self) -> bool:
        """Whether people would have nothing to say that they have not said."""
        return all(row.fate in (Fate.KEPT, Fate.GONE) for row in self.criteria)


def adopt(old: Rubric, new: Rubric, verdicts: Mapping[str, int]) -> Adoption:
    """Return what becomes of each criterion that people judge, by what a rater sees of it.

    `verdicts` counts those on the old version by criterion key.
    """
    before, after = judging_hashes(old), judging_hashes(new)
    rows = [
        CriterionFate(c.key, c.text, _fate(before.get(c.key), after[c.key]), verdicts.get(c.key, 0))
        for c in asked_of_people(new)
    ]
    rows += [
        CriterionFate(c.key, c.text, Fate.GONE, verdicts.get(c.key, 0))
        for c in asked_of_people(old)
        if c.key not in after
    ]
    return Adoption(tuple(rows))


def _fate(before: str | None, after: str) -> Fate:
    if before is None:
        return Fate.NEW
    return Fate.KEPT if before == after else Fate.AGAIN


def judging_hashes(rubric: Rubric) -> dict[str, str]:
    """What a rater sees of each criterion that people judge, as a digest by key."""
    return {c.key: criterion_judging_hash(c) for c in asked_of_people(rubric)}

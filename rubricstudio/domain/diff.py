"""What changed between two versions of a rubric, and what that means for verdicts.

Criteria are matched by key. A verdict stays where what a rater sees is unchanged
(`criterion_judging_hash`); weights, gates, tiers and order never touch verdicts.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

from rubricstudio.domain.hashing import criterion_judging_hash
from rubricstudio.domain.outline import rising
from rubricstudio.domain.rubric import Criterion, Rubric


class Change(StrEnum):
    """One way in which a criterion differs between two versions."""

    ADDED = "added"
    REMOVED = "removed"
    MOVED = "moved"
    REWORDED = "reworded"
    REWEIGHTED = "reweighted"
    SCALE = "scale"
    POLARITY = "polarity"
    GATE = "gate"
    TIER = "tier"
    JUDGING = "judging"  # who judges, by which program, or whether evidence is asked for
    EXAMPLES = "examples"
    LABELS = "labels"  # tags, category and references


class Effect(StrEnum):
    """What a change does to the verdicts on one criterion."""

    KEPT = "kept"
    STALE = "stale"
    DROPPED = "dropped"
    NONE = "none"  # a new criterion or a group: there are no verdicts


@dataclass(frozen=True, slots=True)
class CriterionChange:
    """A criterion before and after; `old` is None where it was added, `new` where removed."""

    key: str
    old: Criterion | None
    new: Criterion | None
    kinds: tuple[Change, ...]
    effect: Effect


@dataclass(frozen=True, slots=True)
class RubricDiff:
    """The changes in the order of the new version, removed ones where they used to stand."""

    changes: tuple[CriterionChange, ...]
    unchanged: int
    aggregator: tuple[str, str] | None
    params_changed: bool

    @property
    def counts(self) -> dict[Change, int]:
        """How many criteria changed in each way; a criterion may count in several."""
        found = Counter(kind for change in self.changes for kind in change.kinds)
        return {kind: found[kind] for kind in Change if found[kind]}

    @property
    def is_empty(self) -> bool:
        """Whether the two versions are the same in every respect."""
        return not (self.changes or self.aggregator or self.params_changed)


def compare(old: Rubric, new: Rubric) -> RubricDiff:
    """What changed from `old` to `new`. Comparing a rubric with itself gives an empty diff."""
    moved = _moved(old, new)
    changes = []
    for key in _reading_order(old, new):
        before, after = old.by_key.get(key), new.by_key.get(key)
        kinds = tuple(_kinds(before, after, key in moved))
        if kinds:
            changes.append(CriterionChange(key, before, after, kinds, _effect(before, after)))
    both = len(old.by_key.keys() & new.by_key.keys())
    return RubricDiff(
        changes=tuple(changes),
        unchanged=both - sum(1 for c in changes if c.old and c.new),
        aggregator=((old.aggregator, new.aggregator) if old.aggregator != new.aggregator else None),
        params_changed=dict(old.params) != dict(new.params),
    )


def _kinds(old: Criterion | None, new: Criterion | None, moved: bool) -> Iterator[Change]:
    if old is None or new is None:
        yield Change.ADDED if old is None else Change.REMOVED
        return
    pairs = {
        Change.MOVED: (False, moved),
        Change.REWORDED: (
            (old.text.strip(), old.description.strip()),
            (new.text.strip(), new.description.strip()),
        ),
        Change.REWEIGHTED: (old.weight, new.weight),
        Change.SCALE: ((old.scale, old.is_group), (new.scale, new.is_group)),
        Change.POLARITY: (old.met_means, new.met_means),
        Change.GATE: (old.gate, new.gate),
        Change.TIER: (old.tier, new.tier),
        Change.JUDGING: (
            (old.judged_by, old.evidence_required, old.program.strip()),
            (new.judged_by, new.evidence_required, new.program.strip()),
        ),
        Change.EXAMPLES: (old.examples, new.examples),
        Change.LABELS: (
            (old.tags, old.category, old.references),
            (new.tags, new.category, new.references),
        ),
    }
    yield from (kind for kind, (before, after) in pairs.items() if before != after)


def _effect(old: Criterion | None, new: Criterion | None) -> Effect:
    if old is None or old.is_group:
        return Effect.NONE
    if new is None or new.is_group:
        return Effect.DROPPED
    same = criterion_judging_hash(old) == criterion_judging_hash(new)
    return Effect.KEPT if same else Effect.STALE


def _moved(old: Rubric, new: Rubric) -> set[str]:
    """Keys in both versions that sit in another group or in another order among siblings.

    The fewest that explain the new order: the rest form a longest rising run.
    """
    places = {c.key: index for index, (_, c) in enumerate(old.walk())}
    parents = {c.key: c.parent for c in old.criteria}
    moved = {c.key for c in new.criteria if c.key in places and parents[c.key] != c.parent}
    siblings: dict[str | None, list[str]] = {}
    for _, criterion in new.walk():
        if criterion.key in places and criterion.key not in moved:
            siblings.setdefault(criterion.parent, []).append(criterion.key)
    for keys in siblings.values():
        kept = {keys[index] for index in rising([places[key] for key in keys])}
        moved |= set(keys) - kept
    return moved


def _reading_order(old: Rubric, new: Rubric) -> list[str]:
    order = [criterion.key for _, criterion in new.walk()]
    before: str | None = None
    for _, criterion in old.walk():
        if criterion.key not in new.by_key:
            order.insert(order.index(before) + 1 if before is not None else 0, criterion.key)
        before = criterion.key
    return order


# -- words


class Mark(StrEnum):
    SAME = "same"
    OUT = "out"
    IN = "in"


@dataclass(frozen=True, slots=True)
class Run:
    """Neighbouring words that stayed, went out or came in, white space behind them included."""

    mark: Mark
    text: str


# Scripts without spaces are compared character by character, everything else by word.
_UNSPACED = "\u0e00-\u0e7f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_WORD = re.compile(rf"(?:[{_UNSPACED}]|[^\W{_UNSPACED}]+|[^\w\s])\s*|\s+")
_POPULAR = 1000  # words, above which difflib may skip the most frequent ones


def words(old: str, new: str) -> tuple[Run, ...]:
    """What went out of `old` and came into `new`, word by word, in reading order.

    The runs marked same and in make up `new` exactly; same and out make up `old` but
    for white space, which is never a difference.
    """
    was, now = _WORD.findall(old), _WORD.findall(new)
    matcher = SequenceMatcher(
        None,
        [word.strip() for word in was],
        [word.strip() for word in now],
        autojunk=max(len(was), len(now)) > _POPULAR,
    )
    runs: list[Run] = []
    for tag, i, j, k, l in matcher.get_opcodes():  # noqa: E741  # difflib's own names
        if tag == "equal":
            runs.append(Run(Mark.SAME, "".join(now[k:l])))
            continue
        runs += [Run(Mark.OUT, "".join(was[i:j]))] if j > i else []
        runs += [Run(Mark.IN, "".join(now[k:l]))] if l > k else []
    return tuple(runs)


# -- verdicts


@dataclass(frozen=True, slots=True)
class CriterionImpact:
    """What publishing does to the verdicts on one criterion, in numbers of verdicts.

    kept: count now and will count. stale: count now, but what a rater sees changes.
    dropped: count now, but the criterion goes. revived: do not count now and will
    again. outdated: did not count before and will not.
    """

    key: str
    text: str
    kept: int = 0
    stale: int = 0
    dropped: int = 0
    revived: int = 0
    outdated: int = 0


@dataclass(frozen=True, slots=True)
class Impact:
    """The impact by criterion, in the order of the new version, then those that go."""

    criteria: tuple[CriterionImpact, ...]

    @property
    def total(self) -> CriterionImpact:
        """The sums over all criteria; its key and text are empty."""
        fields = ("kept", "stale", "dropped", "revived", "outdated")
        return CriterionImpact(
            "", "", *(sum(getattr(row, name) for row in self.criteria) for name in fields)
        )

    @property
    def has_verdicts(self) -> bool:
        """Whether there is any verdict to speak of."""
        total = self.total
        return any((total.kept, total.stale, total.dropped, total.revived, total.outdated))


def impact(old: Rubric | None, new: Rubric, verdicts: Mapping[tuple[str, str], int]) -> Impact:
    """What happens to the verdicts given so far when `new` follows `old`.

    old: the newest version that was published, None where there is none. verdicts: how
    many there are by (criterion key, judging hash they were given on). Each verdict
    counts exactly once; criteria without verdicts get a row of zeros.
    """
    now = _hashes(old.leaves if old else ())
    later = _hashes(new.leaves)
    texts = {c.key: c.text for c in (*(old.leaves if old else ()), *new.leaves)}
    found: dict[str, Counter[str]] = {key: Counter() for key in later}
    for (key, digest), count in verdicts.items():
        fate = _fate(digest, now.get(key), later.get(key))
        found.setdefault(key, Counter())[fate] += count
    return Impact(
        tuple(CriterionImpact(key, texts.get(key, key), **row) for key, row in found.items())
    )


def _fate(digest: str, now: str | None, later: str | None) -> str:
    if digest == later:
        return "kept" if digest == now else "revived"
    if digest != now:
        return "outdated"
    return "dropped" if later is None else "stale"


def _hashes(leaves: Iterable[Criterion]) -> dict[str, str]:
    return {criterion.key: criterion_judging_hash(criterion) for criterion in leaves}

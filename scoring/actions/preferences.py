"""Outcomes of comparisons made into preferences and stored, a pair at a time.

A pair is stored once every criterion was asked in both orders. What its calls answered before
that is in the books (ledger.py), so that a worker that ends in between pays for nothing twice.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from annotations.models import CriterionPreference
from rubricstudio.domain.both_orders import Orders, Part, part_of, whole_of
from rubricstudio.domain.verdict import VerdictStatus
from rubricstudio.models import Criterion, Preference, Preferred, Response
from scoring.actions.verdicts import CHUNK, LONGEST_UNSEEN, Told
from scoring.judges import JudgeRequest, Outcome, Scored, check_outcomes
from scoring.judges.stored import evidence_of
from scoring.models import Run
from scoring.storable import storable

RULE = "both-orders-1"
_PREFERRED = {-1: Preferred.A, 0: Preferred.TIE, 1: Preferred.B}
_SUMS = ("tokens_in", "tokens_out", "cost", "latency")


@dataclass(frozen=True, slots=True)
class PairCell:
    """A pair and a criterion in one order, asked the `sample`-th time; `a` has the smaller id.

    turned: b is shown first.
    """

    a: Response
    b: Response
    criterion: Criterion
    turned: bool
    sample: int

    @property
    def shown(self) -> tuple[Response, Response]:
        return (self.b, self.a) if self.turned else (self.a, self.b)

    @property
    def unit(self) -> tuple[int, int, int]:
        """What one preference is about: the pair and the sample."""
        return (self.a.pk, self.b.pk, self.sample)

    def side(self, outcome: Outcome) -> int | None:
        """The response that an outcome prefers, -1 for a and 1 for b; None where it has no value.

        A judge says which of those shown is better.
        """
        if outcome.value is None:
            return None
        return round(-outcome.value if self.turned else outcome.value)


class PairShelf:
    """The preferences that cells make up, stored as soon as they are whole; `told` then hears."""

    def __init__(
        self, run: Run, requests: Sequence[JudgeRequest], cells: Sequence[PairCell], told: Told
    ) -> None:
        self._run, self._cells, self._told = run, cells, told
        self._places = {id(request): place for place, request in enumerate(requests)}
        self._outcomes: dict[int, Outcome] = {}
        self._units: dict[tuple[int, int, int], list[int]] = {}
        for place, cell in enumerate(cells):
            self._units.setdefault(cell.unit, []).append(place)
        self._waiting: dict[tuple[int, int, int], list[int]] = {}
        self._stored_at = time.monotonic()

    def add(self, said: Sequence[tuple[JudgeRequest, Outcome]]) -> None:
        """Take what one call decided."""
        requests, outcomes = zip(*said, strict=True)
        check_outcomes(requests, outcomes)
        self._take({self._places[id(request)]: outcome for request, outcome in said})
        waiting = sum(map(len, self._waiting.values()))
        late = time.monotonic() - self._stored_at >= LONGEST_UNSEEN
        if self._waiting and (waiting >= CHUNK or late):
            self._store()
            self._told()

    def put_away(self, outcomes: Sequence[Outcome | None]) -> None:
        """Store what is whole in the end and was not stored before."""
        self._take({n: each for n, each in enumerate(outcomes) if each is not None})
        self._store()

    def _take(self, outcomes: Mapping[int, Outcome]) -> None:
        self._outcomes |= outcomes
        for unit in {self._cells[place].unit for place in outcomes}:
            places = self._units.get(unit, [])
            if places and all(place in self._outcomes for place in places):
                self._waiting[unit] = self._units.pop(unit)

    def _store(self) -> None:
        said = [
            [(self._cells[place], self._outcomes[place]) for place in places]
            for places in self._waiting.values()
        ]
        _store(self._run, said)
        self._waiting.clear()
        self._stored_at = time.monotonic()


Said = list[tuple[PairCell, Outcome]]
"""Cells of one pair and sample, each with its outcome."""


@transaction.atomic
def _store(run: Run, said: Sequence[Said]) -> None:
    """Store preferences with their parts, all or none; those that are there stay as they are."""
    parts = {cells[0][0].unit: _by_criterion(cells) for cells in said}
    Preference.objects.bulk_create(
        [_preference(run, found) for found in parts.values()], ignore_conflicts=True
    )
    rows = Preference.objects.filter(
        round_id=run.pk, rater_id=run.judge_id, response_a__in={a for a, _, _ in parts}
    ).values_list("pk", "response_a_id", "response_b_id", "sample")
    CriterionPreference.objects.bulk_create(
        [
            CriterionPreference(
                preference_id=pk,
                criterion=each.criterion,
                status=each.status.value,
                strength=each.part.side,
                rationale=each.rationale,
            )
            for pk, *unit in rows
            for each in parts.get((unit[0], unit[1], unit[2]), ())
        ],
        ignore_conflicts=True,
    )


@dataclass(frozen=True, slots=True)
class _Criterion:
    """What was said by one criterion, `ahead` with a shown first and `behind` with b."""

    ahead: tuple[PairCell, Outcome]
    behind: tuple[PairCell, Outcome]

    @property
    def criterion(self) -> Criterion:
        return self.ahead[0].criterion

    @property
    def part(self) -> Part:
        return part_of(*(cell.side(outcome) for cell, outcome in (self.ahead, self.behind)))

    @property
    def status(self) -> VerdictStatus:
        """ok where both orders were answered, else why the first of the others was not."""
        said = [outcome.status for _, outcome in (self.ahead, self.behind)]
        return next((each for each in said if each is not VerdictStatus.OK), VerdictStatus.OK)

    @property
    def rationale(self) -> str:
        """Both reasons, each after the order in which its A and B are meant."""
        told = (("a, b", self.ahead[1].rationale), ("b, a", self.behind[1].rationale))
        return "\n".join(f"({order}) {storable(text)}" for order, text in told if text)


def _by_criterion(said: Said) -> list[_Criterion]:
    """In the order of the cells; every criterion was asked in both orders."""
    ahead = {cell.criterion.pk: (cell, outcome) for cell, outcome in said if not cell.turned}
    behind = {cell.criterion.pk: (cell, outcome) for cell, outcome in said if cell.turned}
    return [_Criterion(each, behind[pk]) for pk, each in ahead.items()]


def _preference(run: Run, said: Sequence[_Criterion]) -> Preference:
    parts = [each.part for each in said]
    whole = whole_of([part.side for part in parts], [abs(each.criterion.weight) for each in said])
    orders = Counter(part.orders for part in parts)
    answers = [answer for each in said for answer in (each.ahead, each.behind)]
    cell, outcome = answers[0]
    return Preference(
        round_id=run.pk,
        rater_id=run.judge_id,
        task_id=cell.a.task_id,
        response_a=cell.a,
        response_b=cell.b,
        sample=cell.sample,
        status=VerdictStatus.OK if whole.side is not None else _why_not(said),
        preferred=None if whole.side is None else _PREFERRED[whole.side],
        strength=whole.balance,
        provenance={
            "model": outcome.provenance.model,
            **{name: _total(name, answers) for name in _SUMS},
            "rule": RULE,
            "criteria": whole.of,
            "answered": whole.answered,
            "weight_share": whole.weight_share,
            "orders": {each.value: orders[each] for each in Orders},
            "parts": {each.criterion.key: each.part.side for each in said},
            "answers": [_answer(*each) for each in answers],
        },
    )


def _why_not(said: Sequence[_Criterion]) -> VerdictStatus:
    """The most frequent reason; where the criteria that were answered weigh nothing, no reason."""
    counted = Counter(each.status for each in said if each.status is not VerdictStatus.OK)
    return counted.most_common(1)[0][0] if counted else VerdictStatus.CANNOT_ASSESS


def _total(name: str, answers: Sequence[tuple[PairCell, Outcome]]) -> float | None:
    """What all calls took together; None where it is not known of one of them."""
    taken = [getattr(outcome.provenance, name) for _, outcome in answers]
    return None if None in taken else sum(taken)


def _answer(cell: PairCell, outcome: Outcome) -> dict[str, Any]:
    """One call's answer as JSON values; sides and quotes by response, as a and b."""
    source = outcome.provenance
    first, second = evidence_of(outcome.quotes), evidence_of(outcome.of_other)
    return {
        "criterion": cell.criterion.key,
        "order": "ba" if cell.turned else "ab",
        "status": outcome.status.value,
        "side": cell.side(outcome),
        "rationale": storable(outcome.rationale),
        "quotes": {"a": second, "b": first} if cell.turned else {"a": first, "b": second},
        **({} if isinstance(outcome, Scored) else {"reason": storable(outcome.reason)}),
        **{name: getattr(source, name) for name in _SUMS},
        "parameters": dict(source.parameters),
        "prompt_sha256": source.prompt_sha256,
        "raw_reply": storable(source.raw_reply),
    }

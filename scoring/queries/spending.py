"""What a run has spent and on what: its calls by endpoint, its verdicts by criterion."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.core.cache import cache
from django.db import connection

from rubricstudio.models import Criterion
from scoring.judges import calls_models
from scoring.models import CallState, ModelCall, Run, RunBudget
from scoring.queries.runs import Known


@dataclass(frozen=True, slots=True)
class EndpointCalls:
    """The calls of one model at one endpoint; latency is the median of answers, in seconds.

    cost: over the answered calls whose price was known, in US dollars.
    """

    endpoint: str
    model: str
    answered: int
    failed: tuple[tuple[str, int], ...]
    lost: int
    under_way: int
    retries: int
    tokens_in: Known
    tokens_out: Known
    cost: Known
    latency: float | None

    @property
    def failures(self) -> int:
        return sum(n for _, n in self.failed)

    @property
    def calls(self) -> int:
        return self.answered + self.failures + self.lost + self.under_way


@dataclass(frozen=True, slots=True)
class CriterionSpending:
    """What the verdicts on one criterion took, as their provenance says; of a judge that compares
    each call's answer counts as one.

    unscored: verdicts without a value. retries: attempts after the first. reused: verdicts whose
    answer was paid for by another run.
    """

    criterion: Criterion
    verdicts: int
    unscored: int
    tokens_in: Known
    tokens_out: Known
    cost: Known
    latency: float | None
    retries: int
    reused: int


@dataclass(frozen=True, slots=True)
class RunMoney:
    """What a run may spend, has spent, and on what."""

    budget: RunBudget
    endpoints: Sequence[EndpointCalls]
    criteria: Sequence[CriterionSpending]

    @property
    def calls(self) -> int:
        return sum(each.calls for each in self.endpoints)

    @property
    def answered(self) -> int:
        return sum(each.answered for each in self.endpoints)

    @property
    def under_way(self) -> int:
        return sum(each.under_way for each in self.endpoints)

    @property
    def lost(self) -> int:
        return sum(each.lost for each in self.endpoints)

    @property
    def failures(self) -> int:
        return sum(each.failures for each in self.endpoints)

    @property
    def failed(self) -> list[tuple[str, int]]:
        """Failed attempts by kind of trouble, the most frequent first."""
        counted: Counter[str] = Counter()
        for each in self.endpoints:
            counted.update(dict(each.failed))
        return counted.most_common()

    @property
    def retries(self) -> int:
        return sum(each.retries for each in self.endpoints)

    @property
    def reused(self) -> int:
        return sum(each.reused for each in self.criteria)

    @property
    def priced(self) -> int:
        """How many answered calls have a cost."""
        return sum(each.cost.n for each in self.endpoints)

    @property
    def spent(self) -> Decimal | None:
        """US dollars, lost calls at their bound; None where no price is known of any call."""
        spent = self.budget.spent_cost
        return spent if self.priced or spent or not self.answered + self.lost else None

    @property
    def unpriced(self) -> int:
        """Answered calls without a cost."""
        return self.answered - self.priced

    @property
    def stopped_at(self) -> datetime | None:
        return self.budget.stopped_at


def budget_of(run: Run) -> RunBudget:
    """The budget of a run, which every run has."""
    return RunBudget.objects.get(run=run)


def money_of(run: Run) -> RunMoney | None:
    """The money of a run; None where its judge calls no hosted model. Four queries at most."""
    if not calls_models(run.judge.kind, run.judge.params):
        return None
    return RunMoney(budget_of(run), _endpoints(run), _criteria(run))


_CALLS = f"""
    SELECT endpoint, model, state, trouble, count(*), count(*) FILTER (WHERE attempt > 1),
           sum(tokens_in)::float, count(tokens_in), sum(tokens_out)::float, count(tokens_out),
           sum(cost)::float, count(cost),
           percentile_cont(0.5) WITHIN GROUP (ORDER BY latency)
      FROM {ModelCall._meta.db_table}
     WHERE run_id = %s
     GROUP BY endpoint, model, state, trouble
     ORDER BY endpoint, model
"""  # noqa: S608 - no value of a person's is in it


def _endpoints(run: Run) -> list[EndpointCalls]:
    rows = _sums("calls", _CALLS, run, count=4)
    places = dict.fromkeys((row[0], row[1]) for row in rows)
    return [_endpoint(*place, [row[2:] for row in rows if row[:2] == place]) for place in places]


def _endpoint(endpoint: str, model: str, rows: Sequence[tuple[Any, ...]]) -> EndpointCalls:
    """One endpoint, of its rows without the first two columns of `_CALLS`."""
    counts = Counter[str]()
    for state, _trouble, n, *_rest in rows:
        counts[state] += n
    failed = [(trouble, n) for state, trouble, n, *_ in rows if state == CallState.FAILED]
    answered = [row for row in rows if row[0] == CallState.ANSWERED]
    *sums, latency = answered[0][4:] if answered else (None, 0, None, 0, None, 0, None)
    return EndpointCalls(
        endpoint=endpoint,
        model=model,
        answered=counts[CallState.ANSWERED],
        failed=tuple(failed),
        lost=counts[CallState.LOST],
        under_way=counts[CallState.SENT],
        retries=sum(row[3] for row in rows),
        tokens_in=Known(sums[0], sums[1]),
        tokens_out=Known(sums[2], sums[3]),
        cost=Known(sums[4], sums[5]),
        latency=latency,
    )


# Read out of their JSON before they are sorted: what is sorted is then a tenth as wide.
_CRITERIA = """
    WITH v AS MATERIALIZED (
        SELECT criterion_id, status,
               (provenance ->> 'tokens_in')::double precision AS tokens_in,
               (provenance ->> 'tokens_out')::double precision AS tokens_out,
               (provenance ->> 'cost')::double precision AS cost,
               (provenance ->> 'latency')::double precision AS latency,
               (provenance -> 'parameters' ->> 'attempts')::int AS attempts,
               provenance -> 'parameters' ? 'reused' AS reused
          FROM studio_verdict WHERE round_id = %s
    )
    SELECT criterion_id, count(*), count(*) FILTER (WHERE status <> 'ok'),
           sum(tokens_in), count(tokens_in), sum(tokens_out), count(tokens_out),
           sum(cost), count(cost),
           percentile_cont(0.5) WITHIN GROUP (ORDER BY latency),
           coalesce(sum(attempts - 1), 0), count(*) FILTER (WHERE reused)
      FROM v
     GROUP BY criterion_id
"""
# Of preferences, each call stands in the answers of the pair.
_COMPARED = """
    (SELECT c.id AS criterion_id, answer ->> 'status' AS status, answer AS provenance, round_id
       FROM studio_preference
       JOIN studio_round r ON r.id = round_id
      CROSS JOIN jsonb_array_elements(provenance -> 'answers') answer
       JOIN studio_criterion c ON c.version_id = r.version_id AND c.key = answer ->> 'criterion')
"""


def _criteria(run: Run) -> list[CriterionSpending]:
    """Dearest first; by tokens where no cost is known."""
    of_pairs = _CRITERIA.replace("studio_verdict", _COMPARED + " said")
    rows = _sums("criteria", of_pairs if run.judge.compares else _CRITERIA, run, count=1)
    named = Criterion.objects.in_bulk([row[0] for row in rows])
    found = [
        CriterionSpending(
            criterion=named[pk],
            verdicts=n,
            unscored=unscored,
            tokens_in=Known(sums[0], sums[1]),
            tokens_out=Known(sums[2], sums[3]),
            cost=Known(sums[4], sums[5]),
            latency=latency,
            retries=retries,
            reused=reused,
        )
        for pk, n, unscored, *sums, latency, retries, reused in rows
    ]
    return sorted(found, key=_dearest)


def _dearest(row: CriterionSpending) -> tuple[float, float, int]:
    tokens = (row.tokens_in.total or 0) + (row.tokens_out.total or 0)
    return -(row.cost.total or 0), -tokens, row.criterion.position


MANY = 20_000
"""Rows; the database sums so many in less than a tenth of a second."""
REST = 20
"""How many times as long as they took, sums of a run that goes on stand."""
STANDS = 600.0  # seconds, for one that is finished


def _sums(name: str, sql: str, run: Run, *, count: int) -> list[tuple[Any, ...]]:
    """The rows of a query about a run; column `count` says how many rows each is the sum of.

    A page asks every few seconds, and a million rows take seconds: sums of many are remembered,
    so that polling takes a twentieth of the database's time at most.
    """
    finished = run.finished_at.timestamp() if run.finished_at else ""
    key = f"run-{name}:{run.pk}:{run.status}:{finished}"
    kept: list[tuple[Any, ...]] | None = cache.get(key)
    if kept is not None:
        return kept
    begun = time.monotonic()
    with connection.cursor() as cursor:
        cursor.execute(sql, [run.pk])
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    if sum(row[count] for row in rows) > MANY:
        rest = STANDS if run.finished_at else REST * (time.monotonic() - begun)
        cache.set(key, rows, timeout=rest)
    return rows

"""The books of calls to hosted models, in the database: see `scoring.llm_calls.Ledger`.

One transaction writes how calls ended and which are about to be sent, so that a worker
killed at any moment leaves every call it sent behind, answered or under way. The next
worker on the same batch writes those under way off as lost.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext

from scoring.llm_calls import ChatFailure, ChatReply, Intent, Limits, Permit, Result
from scoring.llm_errors import Trouble
from scoring.models import CallState, Endpoint, Judge, ModelCall, Run, RunBatch, RunBudget
from scoring.states import UNFINISHED
from scoring.storable import storable

LONGEST_SHUT = timedelta(minutes=15)
MINUTE = 60.0  # seconds
# Costs are kept to a billionth of a dollar: a token costs some hundred of these at least.
PRECISION = Decimal("1e-9")


@dataclass(frozen=True, slots=True, kw_only=True)
class CallLedger:
    """The books of a judge at work, on a batch of a run or, without one, on something else.

    since: when that work was asked for; what was answered later is its own.
    """

    judge: Judge
    run: Run | None = None
    batch: RunBatch | None = None
    since: datetime | None = None

    def known(self, wanted: Mapping[str, str], *, elsewhere: bool) -> Mapping[str, ChatReply]:
        """Answers of this work that no verdict was made of; `elsewhere`, of the project, too."""
        rows = ModelCall.objects.filter(state=CallState.ANSWERED)
        found: dict[str, ChatReply] = {}
        if elsewhere:
            same = rows.filter(project=self.judge.rater.project_id, key__in=wanted.values())
            by_key = {row.key: _reply(row, reused=True) for row in same.order_by("pk")}
            found |= {cell: by_key[key] for cell, key in wanted.items() if key in by_key}
        if self.run is not None or self.since is not None:
            own = rows.filter(run=self.run, cell__in=wanted)
            if self.since is not None:
                own = own.filter(judge=self.judge, sent_at__gte=self.since)
            found |= {row.cell: _reply(row, reused=False) for row in own}
        return found

    def pace(self, intents: Sequence[Intent], limits: Limits) -> Sequence[float]:
        """Take each intent's turn: evenly spaced, so that no minute ever holds too many."""
        with transaction.atomic():
            place = _locked_endpoint(intents[0].endpoint)
            now = timezone.now()
            waits = [_turn(place, intent, limits, now) for intent in intents]
            place.save(update_fields=["requests_free_at", "tokens_free_at"])
        return waits

    def write(
        self, intents: Sequence[Intent], ended: Sequence[tuple[Permit, Result]]
    ) -> Sequence[Permit | ChatFailure]:
        with transaction.atomic():
            budget = self._locked_budget()
            _close(ended, budget)
            permits = self._open(intents, budget)
            if budget is not None:
                budget.save()
        return permits

    def shut(self, endpoint: str, seconds: float, why: str) -> None:
        """Have nobody call an endpoint for a while: it had asked for peace."""
        until = timezone.now() + min(timedelta(seconds=seconds), LONGEST_SHUT)
        Endpoint.objects.update_or_create(
            name=endpoint, defaults={"closed_until": until, "closed_why": storable(why)}
        )

    def _locked_budget(self) -> RunBudget | None:
        """The run's budget, held until the transaction ends: limits hold for all workers."""
        if self.run is None:
            return None
        rows = RunBudget.objects.select_for_update(of=("self",)).select_related("run")
        return rows.get(run=self.run)

    def _open(
        self, intents: Sequence[Intent], budget: RunBudget | None
    ) -> list[Permit | ChatFailure]:
        if not intents:
            return []
        now = timezone.now()
        closed = _closed(intents[0].endpoint, now)
        refusals = [closed or self._refusal(intent, budget) for intent in intents]
        sent = [
            intent for intent, refusal in zip(intents, refusals, strict=True) if refusal is None
        ]
        numbers = iter(self._insert(sent, now))
        return [next(numbers) if refusal is None else refusal for refusal in refusals]

    def _refusal(self, intent: Intent, budget: RunBudget | None) -> ChatFailure | None:
        """Why a call must not be sent; where it may, its bounds are held from the budget."""
        if budget is None:
            return None
        if budget.run.status not in UNFINISHED:
            return _unsent(Trouble.STOPPED, gettext("The run was cancelled."))
        refusal = _hold(budget, intent)
        if not refusal:
            return None
        budget.stopped_at = timezone.now()
        return _unsent(Trouble.BUDGET, refusal)

    def _insert(self, intents: Sequence[Intent], now: datetime) -> list[int]:
        """A row for each intent, written as it is: models would take twice the processor time."""
        if not intents:
            return []
        whose = [
            self.judge.rater.project_id,
            self.judge.pk,
            self.run and self.run.pk,
            self.batch and self.batch.pk,
            now,
        ]
        rows = json.dumps([_beginning(intent) for intent in intents])
        with connection.cursor() as cursor:
            cursor.execute(_OPEN, [*whose, rows])
            return [pk for (pk,) in cursor.fetchall()]


@transaction.atomic
def write_off(batch: RunBatch) -> int:
    """Count the calls of a batch that are still under way as lost, and as paid; how many.

    For whoever alone has the batch: the worker that sent them is gone.
    """
    budget = RunBudget.objects.select_for_update().get(run=batch.run_id)
    under_way = ModelCall.objects.filter(batch=batch, state=CallState.SENT)
    bounds = list(under_way.values_list("most_tokens", "most_cost"))
    under_way.update(state=CallState.LOST, ended_at=timezone.now())
    for tokens, cost in bounds:
        _release(budget, tokens, cost)
        budget.spent_tokens += tokens
        budget.spent_cost += cost or 0
    budget.save()
    return len(bounds)


# -- how calls begin and end

_OPEN = """
    INSERT INTO scoring_model_call
           (project_id, judge_id, run_id, batch_id, sent_at, state, trouble, message,
            cell, key, endpoint, model, attempt, most_tokens, most_cost, prompt_bytes)
    SELECT %s, %s, %s, %s, %s, 'sent', '', '',
           d.cell, d.key, d.endpoint, d.model, d.attempt, d.most_tokens, d.most_cost,
           d.prompt_bytes
      FROM ROWS FROM (json_to_recordset(%s::json)
               AS (cell text, key text, endpoint text, model text, attempt int,
                   most_tokens bigint, most_cost numeric, prompt_bytes bigint))
           WITH ORDINALITY
           AS d(cell, key, endpoint, model, attempt, most_tokens, most_cost, prompt_bytes, place)
     ORDER BY d.place
    RETURNING id
"""

_CLOSE = """
    UPDATE scoring_model_call c
       SET state = d.state, reply = d.reply, trouble = d.trouble, message = d.message,
           tokens_in = d.tokens_in, tokens_out = d.tokens_out, cost = d.cost,
           latency = d.latency, ended_at = %s
      FROM json_to_recordset(%s::json)
           AS d(id bigint, state text, reply jsonb, trouble text, message text,
                tokens_in bigint, tokens_out bigint, cost numeric, latency float)
     WHERE c.id = d.id AND c.state = 'sent'
    RETURNING c.id, c.most_tokens, c.most_cost
"""


def _beginning(intent: Intent) -> dict[str, object]:
    return {
        "cell": intent.cell,
        "key": intent.key,
        "endpoint": intent.endpoint,
        "model": intent.model,
        "attempt": intent.attempt,
        "most_tokens": intent.most_tokens,
        "most_cost": _written(intent.most_cost),
        "prompt_bytes": intent.prompt_bytes,
    }


def _close(ended: Sequence[tuple[Permit, Result]], budget: RunBudget | None) -> None:
    """Complete the rows of calls that ended; those written off meanwhile stay lost."""
    if not ended:
        return
    rows = json.dumps([_ending(permit, result) for permit, result in ended])
    with connection.cursor() as cursor:
        cursor.execute(_CLOSE, [timezone.now(), rows])
        bounds = {pk: (tokens, cost) for pk, tokens, cost in cursor.fetchall()}
    for permit, result in ended:
        if budget is not None and permit in bounds:
            _settle(budget, result, *bounds[permit])


def _ending(permit: Permit, result: Result) -> dict[str, object]:
    if isinstance(result, ChatFailure):
        return {
            "id": permit,
            "state": CallState.FAILED.value,
            "trouble": result.trouble.value,
            "message": storable(result.message),
            "latency": result.latency,
        }
    kept = {
        "text": storable(result.text),
        "finish_reason": storable(result.finish_reason),
        "refusal": storable(result.refusal),
        "model": storable(result.model),
    }
    return {
        "id": permit,
        "state": CallState.ANSWERED.value,
        "reply": kept,
        "trouble": "",
        "message": "",
        "tokens_in": result.tokens_in,
        "tokens_out": result.tokens_out,
        "cost": _written(result.cost),
        "latency": result.latency,
    }


def _settle(budget: RunBudget, result: Result, tokens: int, cost: Decimal | None) -> None:
    """Put what a call took in place of its bounds, which stay where it is not known."""
    _release(budget, tokens, cost)
    if isinstance(result, ChatFailure):
        if result.maybe_paid:
            budget.spent_tokens += tokens
            budget.spent_cost += cost or 0
        return
    known = result.tokens_in is not None and result.tokens_out is not None
    budget.spent_tokens += (result.tokens_in or 0) + (result.tokens_out or 0) if known else tokens
    paid = _dollars(result.cost)
    budget.spent_cost += (cost or 0) if paid is None else paid


def _release(budget: RunBudget, tokens: int, cost: Decimal | None) -> None:
    budget.held_tokens -= tokens
    budget.held_cost -= cost or 0


# -- what is about to be sent


def _hold(budget: RunBudget, intent: Intent) -> str:
    """Hold a call's bounds from the budget; else why not, in words."""
    cost = _dollars(intent.most_cost)
    if budget.limit_cost is not None:
        if cost is None:
            return gettext(
                "The run has a budget in dollars, but the price of %(model)s is not known: make "
                "a judge with price_in and price_out, or give the budget in tokens."
            ) % {"model": intent.model}
        if budget.spent_cost + budget.held_cost + cost > budget.limit_cost:
            return gettext(
                "The budget of $%(limit)s is used up: the next call could have passed it. "
                "Resume the run with a larger one."
            ) % {"limit": f"{budget.limit_cost.normalize():f}"}
    used = budget.spent_tokens + budget.held_tokens + intent.most_tokens
    if budget.limit_tokens is not None and used > budget.limit_tokens:
        return gettext(
            "The budget of %(limit)s tokens is used up: the next call could have passed it. "
            "Resume the run with a larger one."
        ) % {"limit": f"{budget.limit_tokens:,}"}
    budget.held_tokens += intent.most_tokens
    budget.held_cost += cost or 0
    return ""


def _closed(endpoint: str, now: datetime) -> ChatFailure | None:
    """Why an endpoint is left alone at present; None where it may be called."""
    place = Endpoint.objects.filter(name=endpoint, closed_until__gt=now).first()
    if place is None or place.closed_until is None:
        return None
    left = (place.closed_until - now).total_seconds()
    return _unsent(Trouble.BUSY, place.closed_why, retry_after=left)


def _unsent(trouble: Trouble, message: str, retry_after: float | None = None) -> ChatFailure:
    return ChatFailure(trouble=trouble, message=message, retry_after=retry_after, unsent=True)


def _locked_endpoint(name: str) -> Endpoint:
    Endpoint.objects.get_or_create(name=name)
    return Endpoint.objects.select_for_update().get(name=name)


def _turn(place: Endpoint, intent: Intent, limits: Limits, now: datetime) -> float:
    """Seconds until an intent's turn, which is taken: the next comes after it."""
    start = now
    if limits.requests is not None:
        start = max(start, place.requests_free_at or now)
    if limits.tokens is not None:
        start = max(start, place.tokens_free_at or now)
    if limits.requests is not None:
        place.requests_free_at = start + timedelta(seconds=MINUTE / limits.requests)
    if limits.tokens is not None:
        share = intent.expected_tokens / limits.tokens
        place.tokens_free_at = start + timedelta(seconds=MINUTE * share)
    return (start - now).total_seconds()


# -- values


def _dollars(cost: float | None) -> Decimal | None:
    return None if cost is None else Decimal(repr(cost)).quantize(PRECISION)


def _written(cost: float | None) -> str | None:
    """Dollars as JSON can hold them exactly: as a string."""
    dollars = _dollars(cost)
    return None if dollars is None else f"{dollars:f}"


def _reply(row: ModelCall, *, reused: bool) -> ChatReply:
    """A kept answer; one that another run paid for costs this one nothing."""
    said = row.reply or {}  # the database has one for every answered call
    cost = 0.0 if reused else None if row.cost is None else float(row.cost)
    return ChatReply(
        **said,
        tokens_in=row.tokens_in,
        tokens_out=row.tokens_out,
        cost=cost,
        latency=row.latency or 0.0,
        attempts=row.attempt,
        reused=reused,
    )

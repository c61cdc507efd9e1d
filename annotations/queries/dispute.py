"""One unit with everything that was said about it, and what the methods make of it."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.cache import cache
from django.db.models import F
from django.db.models.fields.json import KeyTextTransform, KeyTransform
from django.db.models.functions import Left

from annotations.models import Adjudication
from annotations.queries.disputes import Filter, Scope, Unit, disputes
from rubricstudio.domain.consensus import Suggestion, Trust, suggestions, trust
from rubricstudio.domain.rubric import Criterion as CriterionValue
from rubricstudio.domain.rubric import Scale
from rubricstudio.domain.table import Label
from rubricstudio.models import Criterion, Response, RoundKind, Verdict
from rubricstudio.queries.verdict_table import verdict_columns

KEPT = 300  # seconds that error rates and a queue's order are kept


@dataclass(frozen=True)
class UnitPage:
    """A unit before its adjudicator. decisions: newest first. The source is never read."""

    unit: Unit
    criterion: CriterionValue
    messages: Sequence[Mapping[str, str]]
    reference: str
    text: str | None
    verdicts: Sequence[Verdict]
    decisions: Sequence[Adjudication]

    @property
    def decision(self) -> Adjudication | None:
        """What holds now, None while open."""
        return self.decisions[0] if self.decisions else None


def current_verdicts(scope: Scope, units: Collection[Unit]) -> dict[Unit, list[Verdict]]:
    """The last revision of what each rater said of these units, by name. One query."""
    members = [pk for unit in units for pk in scope.members.get(unit.criterion, ())]
    rows = (
        Verdict.objects.filter(
            round__in=scope.ids,
            response__in={unit.response for unit in units},
            criterion__in=set(members),
            sample=0,
        )
        .current()
        .select_related("rater", "round")
    )
    found: dict[Unit, list[Verdict]] = {unit: [] for unit in units}
    for row in rows:
        unit = Unit(row.response_id, scope.same[row.criterion_id])
        if unit in found:
            found[unit].append(row)
    for verdicts in found.values():
        verdicts.sort(key=lambda row: (row.rater.name.casefold(), row.round_id))
    return found


def decisions_on(scope: Scope, unit: Unit) -> list[Adjudication]:
    """The adjudications of a unit in these rounds, newest first."""
    rows = Adjudication.objects.filter(
        round__in=scope.ids,
        response=unit.response,
        criterion__in=scope.members.get(unit.criterion, ()),
    )
    return list(rows.select_related("by", "adopted").order_by("-pk"))


def unit_page(scope: Scope, unit: Unit) -> UnitPage | None:
    """A unit of the scope, None where nobody judged it there. Three queries."""
    if unit.criterion not in scope.values:
        return None
    verdicts = current_verdicts(scope, [unit])[unit]
    if not verdicts:
        return None
    fields = ("text", "task__messages", "task__reference")
    response: dict[str, Any] = Response.objects.values(*fields).get(pk=unit.response)
    return UnitPage(
        unit,
        scope.values[unit.criterion],
        response["task__messages"],
        response["task__reference"],
        response["text"],
        verdicts,
        decisions_on(scope, unit),
    )


def judges_of(scope: Scope, unit: Unit) -> list[Verdict]:
    """What judges said of the unit in any run of the project, by name."""
    rows = (
        Verdict.objects.filter(
            round__project=scope.project,
            round__kind=RoundKind.RUN,
            response=unit.response,
            criterion__in=scope.members.get(unit.criterion, ()),
        )
        .current()
        .select_related("rater", "round")
    )
    return sorted(rows, key=lambda row: (row.rater.name.casefold(), row.round_id, row.sample))


def criterion_row(unit: Unit) -> Criterion:
    """The row of a unit's criterion, with its rubric."""
    return Criterion.objects.select_related("version__rubric").get(pk=unit.criterion)


def prompts_of(responses: Iterable[int]) -> dict[int, str]:
    """The beginning of each response's task, for lists."""
    last = KeyTextTransform("content", KeyTransform(-1, "task__messages"))
    rows = Response.objects.filter(pk__in=set(responses)).annotate(prompt=Left(last, 300))
    return {
        pk: prompt or task
        for pk, prompt, task in rows.values_list("pk", "prompt", F("task__external_id"))
    }


# -- suggestions


def suggested(scope: Scope, page: UnitPage, *, learn: bool) -> tuple[list[Suggestion], bool]:
    """What each method makes of the votes, and whether the raters' reliability was known.

    It is learnt from all verdicts of the rounds, once every five minutes; without `learn`
    only what is at hand is used, so that no page waits for it.
    """
    name = _name("trust", scope.ids, page.criterion.scale)
    known: Trust | None = cache.get(name)
    if known is None and learn:
        columns = verdict_columns(rounds=scope.ids)
        scales: dict[Label, Scale] = {pk: value.scale for pk, value in columns.criteria.items()}
        known = trust(columns.table(), page.unit.criterion, scales)
        cache.set(name, known, KEPT)
    votes: dict[Label, float] = {
        row.rater_id: row.value for row in page.verdicts if row.value is not None
    }
    return suggestions(votes, page.criterion.scale, known), known is not None


def _name(*parts: object) -> str:
    return "adjudication-" + hashlib.sha256(repr(parts).encode()).hexdigest()


# -- what comes next


def remember(scope: Scope, user: int, chosen: Filter, units: Sequence[Unit]) -> None:
    """Keep the order of a page of the queue, so that going on needs no counting."""
    cache.set(_name("queue", scope.ids, user, chosen), [unit.code for unit in units], KEPT)


def next_unit(
    scope: Scope, user: int, chosen: Filter, blind: Collection[int], current: Unit
) -> Unit | None:
    """The open unit that follows the current one, in the order kept or else counted anew."""
    kept = cache.get(_name("queue", scope.ids, user, chosen)) or []
    units = [Unit(*map(int, code.split("-"))) for code in kept]
    behind = units[units.index(current) + 1 :] if current in units else []
    found = _first_open(scope, behind)
    if found is not None:
        return found
    listed = Filter(chosen.criterion, state="open")
    page = disputes(scope, blind=blind, chosen=listed)
    fresh = [row.unit for row in page.rows if row.unit != current]
    remember(scope, user, chosen, [current, *fresh])
    return fresh[0] if fresh else None


def _first_open(scope: Scope, units: Sequence[Unit]) -> Unit | None:
    rows = Adjudication.objects.filter(
        round__in=scope.ids, response__in={unit.response for unit in units}
    ).values_list("response_id", "criterion_id")
    decided = {Unit(response, scope.same[criterion]) for response, criterion in rows}
    return next((unit for unit in units if unit not in decided), None)

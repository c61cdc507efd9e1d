"""Where raters of chosen rounds disagree, the most pressing first, counted by the database.

A unit is a response and a criterion; the criterion stands for all of any version that say
the same (see `same_criteria`). Its priority is the share of its pairs of raters who
disagree times the criterion's share of the rubric's absolute weight. On a points scale a
pair disagrees by the part of the scale that lies between its two values.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db import connection
from django.db.models import Exists, OuterRef

from annotations.models import Item, ItemKind
from rubricstudio.domain.rubric import Criterion as CriterionValue
from rubricstudio.domain.rubric import shares_of
from rubricstudio.models import Criterion, Project, Round, RoundKind, Verdict
from rubricstudio.queries.verdict_table import same_criteria

PAGE = 25
OPEN, DECIDED, ALL = "open", "decided", "all"


@dataclass(frozen=True, slots=True)
class Unit:
    """A response and a criterion, by their ids; `code` is "12-34" for addresses."""

    response: int
    criterion: int

    @property
    def code(self) -> str:
        return f"{self.response}-{self.criterion}"


@dataclass(frozen=True)
class Scope:
    """The rounds whose disagreements are settled together, and what was judged in them.

    same: criterion id of any version to the unit's. values: the newest wording of each.
    shares: each criterion's share of its version's absolute weight, in [0, 1].
    """

    project: Project
    rounds: tuple[Round, ...]
    same: Mapping[int, int]
    values: Mapping[int, CriterionValue]
    shares: Mapping[int, float]

    @property
    def ids(self) -> list[int]:
        """The rounds by id."""
        return [row.pk for row in self.rounds]

    @cached_property
    def members(self) -> Mapping[int, list[int]]:
        """The criterion ids of any version that each unit's criterion stands for."""
        found: dict[int, list[int]] = {}
        for pk, unit in self.same.items():
            found.setdefault(unit, []).append(pk)
        return found


def judged_rounds(project: Project) -> list[Round]:
    """The rounds in which people judged something, newest first."""
    said = Exists(Verdict.objects.filter(round=OuterRef("pk")))
    rounds = Round.objects.filter(project=project, kind=RoundKind.SESSION).filter(said)
    return list(rounds.select_related("version__rubric").order_by("-created_at", "-pk"))


def set_aside(rounds: Sequence[int]) -> list[tuple[int, int]]:
    """Round and response of items that teach or test annotators: they are not in dispute."""
    items = Item.objects.filter(session__in=rounds).exclude(kind=ItemKind.WORK)
    return list(items.values_list("session_id", "response_id"))


def scope_of(project: Project, rounds: Sequence[Round]) -> Scope:
    """What can be settled in these rounds. Three queries."""
    ids = [row.pk for row in rounds]
    same, values = same_criteria(ids) if ids else ({}, {})
    return Scope(project, tuple(rounds), same, values, _shares(same))


def _shares(same: Mapping[int, int]) -> dict[int, float]:
    """Each unit's share of the absolute weight in the newest version that has it."""
    rows = (
        Criterion.objects.filter(pk__in=list(same))
        .order_by("version__number", "pk")
        .values_list("pk", "version_id", "weight")
    )
    versions: dict[int, dict[int, float]] = {}
    for pk, version, weight in rows:
        versions.setdefault(version, {})[pk] = weight
    return {
        same[pk]: share for weights in versions.values() for pk, share in shares_of(weights).items()
    }


@dataclass(frozen=True, slots=True)
class Dispute:
    """A unit of the queue. disagreement and priority lie in [0, 1]; n: raters with a value.

    decision and cause are those of the newest adjudication, empty without one.
    """

    unit: Unit
    n: int
    disagreement: float
    priority: float
    decision: str
    cause: str

    @property
    def place(self) -> str:
        """What the next page begins after, for addresses."""
        return f"{self.priority!r}_{self.unit.code}"


@dataclass(frozen=True, slots=True)
class Facet:
    """How many units of a criterion stand so: decision and cause are empty while open."""

    criterion: int
    decision: str
    cause: str
    n: int


@dataclass(frozen=True)
class Filter:
    """Which units to list: None and "" stand for all. state: open, decided or all."""

    criterion: int | None = None
    state: str = OPEN
    cause: str = ""


@dataclass(frozen=True)
class DisputePage:
    """Some units, most pressing first. hidden: units whose response the reader must judge first."""

    rows: Sequence[Dispute]
    facets: Sequence[Facet]
    hidden: int
    more: bool

    def count(self, *, criterion: int | None = None, state: str = ALL, cause: str = "") -> int:
        """How many units there are of a criterion, a state and a cause."""
        return sum(
            facet.n
            for facet in self.facets
            if criterion in (None, facet.criterion)
            and (state == ALL or (state == OPEN) == (facet.decision == ""))
            and cause in ("", facet.cause)
        )


# Of binary values a count and a sum tell the disagreeing pairs; of others the values of
# the units that are not unanimous are compared one with another.
_UNITS = """
    WITH kind(id, unit, share, scale, span) AS (
        SELECT * FROM unnest(%(ids)s::bigint[], %(units)s::bigint[], %(shares)s::float8[],
                             %(scales)s::text[], %(spans)s::float8[])),
    told AS (
        SELECT v.response_id, k.unit, count(v.value) AS n, sum(v.value) AS total,
               min(k.scale) AS scale, min(k.share) AS share, min(k.span) AS span,
               array_agg(v.value) FILTER (WHERE k.scale <> 'binary' AND v.value IS NOT NULL)
                   AS given
          FROM studio_verdict v JOIN kind k ON k.id = v.criterion_id
         WHERE v.round_id = ANY(%(rounds)s) AND v.sample = 0 AND {current} AND {counts}
         GROUP BY v.response_id, k.unit HAVING min(v.value) < max(v.value)),
    split AS (
        SELECT response_id, unit, n, share,
               CASE WHEN scale = 'binary' THEN 2 * total * (n - total) / (n * (n - 1.0))
                    ELSE (SELECT sum(CASE WHEN scale = 'points' THEN abs(a - b) / span
                                          ELSE (a <> b)::int END)
                            FROM unnest(given) a, unnest(given) b) / (n * (n - 1.0))
               END AS disagreement
          FROM told),
    settled AS (
        SELECT DISTINCT ON (a.response_id, k.unit) a.response_id, k.unit, a.decision, a.cause,
               k.share
          FROM annotations_adjudication a JOIN kind k ON k.id = a.criterion_id
         WHERE a.round_id = ANY(%(rounds)s) ORDER BY a.response_id, k.unit, a.id DESC),
    everything AS (
        SELECT response_id, unit, coalesce(n, 0) AS n, coalesce(disagreement, 0) AS disagreement,
               coalesce(disagreement * split.share, 0) AS priority,
               coalesce(decision, '') AS decision, coalesce(cause, '') AS cause,
               response_id = ANY(%(blind)s) AS hidden
          FROM split FULL JOIN settled USING (response_id, unit)),
    seen AS MATERIALIZED (SELECT * FROM everything)
    SELECT (SELECT count(*) FROM seen WHERE hidden),
           (SELECT coalesce(json_agg(f), '[]') FROM (
               SELECT unit, decision, cause, count(*) AS n FROM seen WHERE NOT hidden
                GROUP BY unit, decision, cause) f),
           (SELECT coalesce(json_agg(r), '[]') FROM (
               SELECT response_id, unit, n, disagreement, priority, decision, cause FROM seen
                WHERE NOT hidden
                  AND (%(criterion)s::bigint IS NULL OR unit = %(criterion)s)
                  AND (%(state)s = 'all' OR (%(state)s = 'open') = (decision = ''))
                  AND (%(cause)s = '' OR cause = %(cause)s)
                  AND (%(after)s::float8 IS NULL OR (-priority, response_id, unit)
                       > (-%(after)s::float8, %(after_response)s::bigint, %(after_unit)s::bigint))
                ORDER BY priority DESC, response_id, unit LIMIT %(limit)s) r)
"""
_ANY_CORRECTED = (
    "SELECT EXISTS (SELECT FROM studio_verdict WHERE round_id = ANY(%s) AND revision > 0)"
)
_AT_WORK = """
    (v.round_id, v.response_id) NOT IN (
        SELECT * FROM unnest(%(aside_rounds)s::bigint[], %(aside_responses)s::bigint[]))
"""
_LAST_REVISION = """
    v.id NOT IN (
        SELECT earlier.id FROM studio_verdict later
          JOIN studio_verdict earlier USING (round_id, response_id, criterion_id, rater_id, sample)
         WHERE later.revision > 0 AND earlier.revision < later.revision
           AND later.round_id = ANY(%(rounds)s))
"""


def disputes(
    scope: Scope,
    *,
    blind: Collection[int] = (),
    chosen: Filter | None = None,
    after: tuple[float, Unit] | None = None,
    limit: int = PAGE,
) -> DisputePage:
    """The most pressing units behind `after` (a priority and a unit), and counts of all.

    blind: responses to leave out and only count. Three queries, whatever the number of
    verdicts; a hundred thousand take about a tenth of a second.
    """
    chosen = chosen or Filter()
    place = after or (None, Unit(0, 0))
    aside = set_aside(scope.ids)
    parameters = _parameters(scope) | {
        "aside_rounds": [round_ for round_, _ in aside],
        "aside_responses": [response for _, response in aside],
        "blind": list(blind),
        "criterion": chosen.criterion,
        "state": chosen.state,
        "cause": chosen.cause,
        "after": place[0],
        "after_response": place[1].response,
        "after_unit": place[1].criterion,
        "limit": limit + 1,
    }
    with connection.cursor() as cursor:
        cursor.execute(_ANY_CORRECTED, [scope.ids])
        current = _LAST_REVISION if cursor.fetchone()[0] else "true"
        cursor.execute(
            _UNITS.format(current=current, counts=_AT_WORK if aside else "true"), parameters
        )
        hidden, facets, rows = cursor.fetchone()
    found = [_dispute(row) for row in _listed(rows)]
    counted = [Facet(f["unit"], f["decision"], f["cause"], f["n"]) for f in _listed(facets)]
    return DisputePage(found[:limit], counted, hidden, len(found) > limit)


def _listed(value: Any) -> list[dict[str, Any]]:
    return list(json.loads(value) if isinstance(value, str) else value)


def _dispute(row: Mapping[str, Any]) -> Dispute:
    rest = (row[name] for name in ("n", "disagreement", "priority", "decision", "cause"))
    return Dispute(Unit(row["response_id"], row["unit"]), *rest)


def _parameters(scope: Scope) -> dict[str, Any]:
    units = list(scope.same.values())
    scales = [scope.values[unit].scale for unit in units]
    return {
        "rounds": scope.ids,
        "ids": list(scope.same),
        "units": units,
        "shares": [scope.shares.get(unit, 0.0) for unit in units],
        "scales": [scale.kind.value for scale in scales],
        "spans": [scale.high - scale.low for scale in scales],
    }

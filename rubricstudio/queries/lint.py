"""What lint says of a version: the domain's rules, with what the database adds to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

import numpy as np
from django.conf import settings
from django.db import connection
from django.utils.translation import gettext as _

from rubricstudio.domain import rubric as domain
from rubricstudio.domain.hashing import criterion_judging_hash
from rubricstudio.domain.library import text_digest
from rubricstudio.domain.lint import RULES, Agreement, Finding, Known, Rule, Severity, lint
from rubricstudio.domain.table import FloatArray
from rubricstudio.models import Criterion, Dismissal, RubricVersion, TextVector, User
from rubricstudio.queries.near import near_texts
from rubricstudio.queries.sheet import totals_of

ROUNDS = 10  # the newest, whose verdicts are looked at
VERDICTS = 50_000  # of them, so that a large project lints as fast as a small one


@dataclass(frozen=True)
class Remark:
    """A finding as pages show it: the row it marks, the others it is about, in words."""

    finding: Finding
    row: Criterion | None
    others: Sequence[Criterion]

    @property
    def rule(self) -> Rule:
        return RULES[self.finding.rule]

    @property
    def title(self) -> str:
        return _(self.rule.title)

    @property
    def mark(self) -> str:
        return _(self.rule.mark)

    @property
    def why(self) -> str:
        return _(self.rule.why)

    @property
    def reason(self) -> str:
        values = dict(self.finding.values)
        if "group" in values:
            values["group"] = {"people": _("people"), "judges": _("judges")}[values["group"]]
        said = _(self.finding.says)
        return said % values if values else said

    @property
    def tone(self) -> str:
        return str(self.finding.severity)

    @property
    def fix_label(self) -> str:
        return _(self.finding.fix.says) if self.finding.fix else ""

    @cached_property
    def passage(self) -> tuple[str, str, str] | None:
        """What stands before the offending passage, the passage, and what stands behind it."""
        span = self.finding.span
        if span is None or self.row is None:
            return None
        text = self.row.text
        return text[: span.start], text[span.start : span.end], text[span.end :]


@dataclass(frozen=True)
class Settled:
    """A remark that the authors have dismissed, and who did it when."""

    remark: Remark
    by: User
    at: datetime


@dataclass(frozen=True)
class Review:
    """The remarks on a version, the gravest first; those that were dismissed stand apart."""

    version: RubricVersion
    remarks: Sequence[Remark]
    dismissed: Sequence[Settled] = field(default=())

    @property
    def counts(self) -> dict[str, int]:
        """Remarks by severity, each named, the gravest first; none that was dismissed."""
        said = [remark.tone for remark in self.remarks]
        return {severity.value: said.count(severity.value) for severity in Severity}

    def marks(self) -> list[tuple[int, list[Remark]]]:
        """Remarks by row id."""
        by_row: dict[int, list[Remark]] = {}
        for remark in self.remarks:
            if remark.row is not None:
                by_row.setdefault(remark.row.pk, []).append(remark)
        return list(by_row.items())


def review(version: RubricVersion, *, judged: bool) -> Review:
    """The remarks on a version; three queries, with `judged` two more.

    judged: also what verdicts say of criteria. They are other people's, so whoever may not
    see results is not told.
    """
    rows = list(version.criteria.select_related("parent").order_by("position", "pk"))
    by_key = {row.key: row for row in rows}
    remarks = [
        Remark(
            finding,
            by_key[finding.keys[0]] if finding.keys else None,
            [by_key[key] for key in finding.keys[1:]],
        )
        for finding in findings(version, rows, judged=judged)
    ]
    settled = _settled(version, remarks)
    apart = [
        Settled(remark, settled[remark.finding.ident].by, settled[remark.finding.ident].at)
        for remark in remarks
        if remark.finding.ident in settled
    ]
    return Review(version, [x for x in remarks if x.finding.ident not in settled], apart)


def _settled(version: RubricVersion, remarks: Sequence[Remark]) -> dict[str, Dismissal]:
    """Which of the remarks were dismissed, by ident. Others stay for when their words return."""
    idents = {remark.finding.ident for remark in remarks}
    found = Dismissal.objects.filter(rubric=version.rubric_id, ident__in=idents)
    return {dismissal.ident: dismissal for dismissal in found.select_related("by")}


def findings(version: RubricVersion, rows: Sequence[Criterion], *, judged: bool) -> list[Finding]:
    """What lint says of the rows of a version; a query, with `judged` two more."""
    criteria = tuple(row.as_criterion() for row in rows)
    value = domain.Rubric(criteria, version.aggregator, dict(version.params))
    return lint(
        value,
        similarity=near_texts,
        vectors=_vectors(value),
        known=_known(version, value) if judged else None,
        shares=totals_of(value).shares,
        floor=settings.AGREEMENT_FLOOR,
    )


def _vectors(value: domain.Rubric) -> dict[str, FloatArray]:
    """What the leaves mean, as far as their texts were indexed for the library."""
    digests = {leaf.key: text_digest(leaf.text) for leaf in value.leaves}
    found = dict(
        TextVector.objects.filter(digest__in=set(digests.values())).values_list("digest", "vector")
    )
    units = {digest: _unit(vector) for digest, vector in found.items()}
    return {key: units[digest] for key, digest in digests.items() if digest in units}


def _unit(vector: Sequence[float]) -> FloatArray:
    values = np.asarray(vector, dtype=np.float64)
    length = float(np.linalg.norm(values))
    return values / length if length else values


# Current verdicts of the newest rounds on criteria in these words: by rater, then by response
# and kind of rater, then by criterion. A rater's samples are averaged.
_JUDGED = """
    WITH words AS (
        SELECT * FROM unnest(%(ids)s::bigint[], %(keys)s::text[], %(low)s::float8[],
                             %(high)s::float8[]) AS w(id, key, low, high)
    ), rounds AS (
        SELECT id FROM studio_round WHERE project_id = %(project)s
           AND (version_id IS NULL OR version_id IN
                (SELECT id FROM studio_rubric_version WHERE rubric_id = %(rubric)s))
         ORDER BY id DESC LIMIT %(rounds)s
    ), seen AS (
        SELECT v.round_id, v.response_id, v.criterion_id, v.rater_id, v.sample, v.revision, v.value
          FROM studio_verdict v
         WHERE v.round_id IN (SELECT id FROM rounds) AND v.criterion_id = ANY(%(ids)s)
           AND (v.sample = 0 OR v.rater_id IN (SELECT id FROM studio_rater WHERE user_id IS NULL))
         LIMIT %(verdicts)s
    ), current AS (
        SELECT DISTINCT ON (round_id, response_id, criterion_id, rater_id, sample) *
          FROM seen
         ORDER BY round_id, response_id, criterion_id, rater_id, sample, revision DESC
    ), said AS (
        SELECT w.key, c.response_id, r.kind, c.rater_id, avg((c.value - w.low) / (w.high - w.low))
               AS credit
          FROM current c JOIN words w ON w.id = c.criterion_id
          JOIN studio_rater r ON r.id = c.rater_id
         WHERE c.value IS NOT NULL
         GROUP BY w.key, c.response_id, r.kind, c.rater_id
    ), cells AS (
        SELECT key, response_id, kind, count(*) AS raters, min(credit) = max(credit) AS alike,
               sum(credit) AS total
          FROM said GROUP BY key, response_id, kind
    ), responses AS (
        SELECT key, count(*) AS n, sum(mean) AS met
          FROM (SELECT key, response_id, sum(total) / sum(raters) AS mean
                  FROM cells GROUP BY key, response_id) one
         GROUP BY key
    )
    SELECT c.key, c.kind, count(*) FILTER (WHERE c.raters > 1),
           count(*) FILTER (WHERE c.raters > 1 AND c.alike), r.n, r.met
      FROM cells c JOIN responses r USING (key)
     GROUP BY c.key, c.kind, r.n, r.met
"""
_GROUPS = {"person": "people", "judge": "judges"}


def _known(version: RubricVersion, value: domain.Rubric) -> dict[str, Known]:
    """What the newest verdicts say of the leaves in their present words."""
    leaves = {(leaf.key, criterion_judging_hash(leaf)): leaf for leaf in value.leaves}
    same = (
        Criterion.objects.filter(
            version__rubric=version.rubric_id,
            is_group=False,
            judging_hash__in=[digest for _, digest in leaves],
        )
        .exclude(version__status="draft")
        .values_list("pk", "key", "judging_hash")
    )
    judged = {pk: leaves[key, digest] for pk, key, digest in same if (key, digest) in leaves}
    if not judged:
        return {}
    scales = [leaf.scale for leaf in judged.values()]
    named: dict[str, Any] = {
        "ids": list(judged),
        "keys": [leaf.key for leaf in judged.values()],
        "low": [scale.low for scale in scales],
        "high": [scale.high for scale in scales],
        "project": version.rubric.project_id,
        "rubric": version.rubric_id,
        "rounds": ROUNDS,
        "verdicts": VERDICTS,
    }
    with connection.cursor() as cursor:
        cursor.execute(_JUDGED, named)
        return _by_key(cursor.fetchall())


def _by_key(found: Sequence[tuple[str, str, int, int, int, float]]) -> dict[str, Known]:
    known: dict[str, Known] = {}
    for key, kind, compared, agreed, n, met in found:
        groups: Mapping[str, Agreement] = known[key].groups if key in known else {}
        known[key] = Known(n, met, {**groups, _GROUPS[kind]: Agreement(compared, agreed)})
    return known

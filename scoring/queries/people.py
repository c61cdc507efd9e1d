"""How far people agree among themselves, in as many ways as a page can ask for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from typing import Any

import numpy as np
from django.db import connection

from annotations.models import Session, SessionStatus
from rubricstudio.domain.agreement.answers import Answers, answers_of
from rubricstudio.domain.agreement.dyads import Dyads, Pair
from rubricstudio.domain.agreement.study import Row, Slicing, Study, whole
from rubricstudio.domain.rubric import Criterion, Scale
from rubricstudio.domain.table import BoolArray, IntArray, Label
from rubricstudio.models import Criterion as CriterionRow
from rubricstudio.models import Project, Rater, Round, User, Verdict
from rubricstudio.queries.verdict_table import repeats_of, verdict_columns
from scoring.queries.comparison import scope_of
from scoring.queries.material import PREFERENCE, preference_rows, preference_value, unit_weights
from scoring.queries.sampling import Sampling, sampling_of

MOST_PAIRS = 500
"""Pairs of annotators that get a row, those with most units in common first."""
SHOWN_PAIRS = 40
"""Pairs that get a column of the heatmap."""
MOST_TAGS = 100
"""Tags of tasks that get a row, the most frequent first."""
# One array of ids: a list of a hundred thousand parameters takes seconds to put together.
_TAGS_OF = """
    SELECT id, tags FROM studio_task
     WHERE tags <> '{}' AND id IN (SELECT task_id FROM studio_response WHERE id = ANY(%s))
"""
_SOURCES_OF = "SELECT id, source FROM studio_response WHERE id = ANY(%s)"


class By(StrEnum):
    """What a table has a row for."""

    CRITERION = "criterion"
    PAIR = "pair"
    ANNOTATOR = "annotator"
    GROUP = "group"


@dataclass(frozen=True)
class Line:
    """A row of a table. kind: overall, criterion, pair, annotator, group, tag or source.

    name: what a file calls it; text: what a page shows; people: the codes of its raters.
    """

    kind: str
    name: str
    text: str
    row: Row
    criterion: Criterion | None = None
    people: tuple[int, ...] = ()


@dataclass(frozen=True, eq=False)
class People:
    """What people said in some rounds, ready to be compared.

    set_aside: answers left out because they were given in training, on gold items or a second
    time. by_hand: units left out of weighted estimates, not chosen by
    chance.
    criteria: by id in display order; None for preferences.
    """

    project: Project
    rounds: tuple[Round, ...]
    answers: Answers
    names: tuple[str, ...]
    criteria: Mapping[int, Criterion] | None
    sampling: Sampling
    set_aside: int
    by_hand: int

    @property
    def is_weighted(self) -> bool:
        return self.answers.weights is not None

    @property
    def scales(self) -> Mapping[Label, Scale] | None:
        if self.criteria is None:
            return None
        return {pk: criterion.scale for pk, criterion in self.criteria.items()}

    @cached_property
    def study(self) -> Study:
        return Study(self.answers, self.scales)

    @cached_property
    def scope(self) -> tuple[BoolArray, Scale | None]:
        """(n_units,) what figures over several criteria are about, and of which scale."""
        return scope_of(self.answers.table, self.shown_criteria)

    @property
    def shown_criteria(self) -> list[tuple[Label, Criterion]]:
        """The criteria that have a unit, in display order; empty for preferences."""
        table = self.answers.table
        present = {table.criterion_labels[code] for code in np.unique(table.criteria).tolist()}
        return [(pk, value) for pk, value in (self.criteria or {}).items() if pk in present]

    @cached_property
    def dyads(self) -> Dyads:
        return Dyads(self.study, self.scope[0])

    @cached_property
    def overall(self) -> Line:
        """The line over everything in scope."""
        units = np.flatnonzero(self.scope[0])
        row = self.study.rows(Slicing(units, np.zeros(len(units), np.int64), 1))[0]
        return Line("overall", "all", "", row)

    def lines(self, by: By, *, sources: bool = True) -> list[Line]:
        """The rows of a table. sources: whether those by source may be shown."""
        if by is By.CRITERION:
            return self._criteria()
        if by is By.PAIR:
            return self._pairs()
        if by is By.ANNOTATOR:
            return self._annotators()
        return [*self._criterion_groups(), *self._tags(), *(self._sources() if sources else [])]

    def _criteria(self) -> list[Line]:
        table = self.answers.table
        slicing = whole(table.n_units)
        slicing = Slicing(slicing.units, table.criteria, len(table.criterion_labels))
        rows = self.study.rows(slicing)
        codes = {label: code for code, label in enumerate(table.criterion_labels)}
        return [
            Line("criterion", value.key, value.text, rows[codes[pk]], value)
            for pk, value in self.shown_criteria
        ]

    def _pairs(self) -> list[Line]:
        pairs = self.dyads.most_shared(MOST_PAIRS)
        rows = self.dyads.pair_rows(pairs)
        return [self._pair(pair, row) for pair, row in zip(pairs, rows, strict=True)]

    def _pair(self, pair: Pair, row: Row) -> Line:
        name = " / ".join(self.names[code] for code in pair)
        return Line("pair", name, name, row, people=pair)

    def _annotators(self) -> list[Line]:
        rows = self.dyads.rater_rows()
        return [
            Line("annotator", name, name, row, people=(code,))
            for code, (name, row) in enumerate(zip(self.names, rows, strict=True))
        ]

    def heatmap(self) -> tuple[list[Pair], dict[int, list[Row]]]:
        """Pairs, and the rows of each criterion (its code in the table) by those pairs."""
        pairs = self.dyads.most_shared(SHOWN_PAIRS)
        return pairs, self.dyads.cells(pairs)

    # -- groups

    def _criterion_groups(self) -> list[Line]:
        parents = {pk: value.parent for pk, value in self.shown_criteria if value.parent}
        if not parents:
            return []
        texts = dict(
            CriterionRow.objects.filter(
                version__rubric__project=self.project, is_group=True, key__in=parents.values()
            )
            .order_by("version__number")
            .values_list("key", "text")
        )
        names = list(dict.fromkeys(parents.values()))
        table = self.answers.table
        of_code = [
            names.index(parents[label]) if label in parents else -1
            for label in table.criterion_labels
        ]
        group = np.array(of_code, dtype=np.int64)[table.criteria]
        units = np.flatnonzero(group >= 0)
        return self._lines("group", names, Slicing(units, group[units], len(names)), texts)

    def _tags(self) -> list[Line]:
        table = self.answers.table
        tags = self._looked_up(_TAGS_OF, self._responses())
        counts: dict[str, int] = {}
        for names in tags.values():
            for name in set(names):
                counts[name] = counts.get(name, 0) + 1
        kept = sorted(counts, key=lambda name: (-counts[name], name))[:MOST_TAGS]
        place = {name: at for at, name in enumerate(kept)}
        held = [
            sorted({place[name] for name in tags.get(int(label), ()) if name in place})
            for label in table.task_labels
        ]
        return self._lines("tag", kept, self._in_scope(table.tasks, held, len(kept)), {})

    def _sources(self) -> list[Line]:
        table = self.answers.table
        found = self._looked_up(_SOURCES_OF, self._responses())
        names = sorted(set(found.values()))
        if self.criteria is None or len(names) < 2:
            return []  # a pair has two sources
        place = {name: at for at, name in enumerate(names)}
        held = [[place[found[int(label)]]] for label in table.response_labels]
        return self._lines("source", names, self._in_scope(table.responses, held, len(names)), {})

    def _responses(self) -> list[int]:
        labels = self.answers.table.response_labels
        if self.criteria is None:
            return [int(label) for pair in labels for label in str(pair).split(",")]
        return [int(label) for label in labels]

    @staticmethod
    def _looked_up(query: str, ids: list[int]) -> dict[int, Any]:
        with connection.cursor() as cursor:
            cursor.execute(query, [ids])
            return dict(cursor.fetchall())

    def _in_scope(self, codes: IntArray, held: Sequence[Sequence[int]], n: int) -> Slicing:
        """Units in scope by what their task or response holds; a unit may be in several."""
        units = np.flatnonzero(self.scope[0])
        sizes = np.array([len(one) for one in held], dtype=np.int64)
        flat = np.array([at for one in held for at in one], dtype=np.int64)
        starts = np.cumsum(sizes) - sizes
        times = sizes[codes[units]]
        repeated = np.repeat(units, times)
        within = np.arange(len(repeated)) - np.repeat(np.cumsum(times) - times, times)
        return Slicing(repeated, flat[starts[codes[repeated]] + within], n)

    def _lines(
        self, kind: str, names: Sequence[str], slicing: Slicing, texts: Mapping[str, str]
    ) -> list[Line]:
        rows = self.study.rows(slicing) if names else []
        return [
            Line(kind, name, texts.get(name, name), row)
            for name, row in zip(names, rows, strict=True)
        ]


def people_of_verdicts(
    project: Project, rounds: Sequence[Round], *, weighted: bool = True
) -> People:
    """What people said of criteria in these rounds.

    Five queries, two more for weights, one for checks.
    """
    columns = verdict_columns(rounds=[row.pk for row in rounds])
    sampling = sampling_of([row.pk for row in rounds])
    members = _texts(columns.response) if sampling.aside else [""] * len(columns)
    kept = sampling.counts(columns.round, members, columns.sample)
    answers = answers_of(
        tasks=columns.task[kept],
        responses=columns.response[kept],
        criteria=columns.criterion[kept],
        raters=columns.rater[kept],
        values=columns.value[kept],
        repeats=repeats_of(columns.scales),
    )
    aside = int(np.count_nonzero(~kept)) + (_further_samples(rounds) if sampling.has_aside else 0)
    return _people(project, rounds, answers, columns.criteria, sampling, aside, weighted)


def _further_samples(rounds: Sequence[Round]) -> int:
    """How many answers people gave here besides sample 0, which are not read as columns."""
    given = Verdict.objects.filter(round__in=[row.pk for row in rounds], revision=0)
    return given.filter(sample__gt=0, rater__user__isnull=False).count()


def people_of_preferences(
    project: Project, rounds: Sequence[Round], *, weighted: bool = True
) -> People:
    """What people preferred in these rounds: units are pairs, whichever way they were shown."""
    sampling = sampling_of([row.pk for row in rounds])
    rows = preference_rows([row.pk for row in rounds])
    members = [f"{min(row.a, row.b)},{max(row.a, row.b)}" for row in rows]
    columns = np.array([(row.round, row.sample) for row in rows], dtype=np.int64).reshape(-1, 2)
    kept = sampling.counts(columns[:, 0], members, columns[:, 1])
    chosen = [(row, member) for row, member, keep in zip(rows, members, kept, strict=True) if keep]
    answers = answers_of(
        tasks=[row.task for row, _ in chosen],
        responses=[member for _, member in chosen],
        criteria=[PREFERENCE] * len(chosen),
        raters=np.array([row.rater for row, _ in chosen], dtype=np.int64),
        values=[preference_value(row.a, row.b, row.preferred) for row, _ in chosen],
    )
    aside = len(rows) - len(chosen)
    return _people(project, rounds, answers, None, sampling, aside, weighted)


def _people(
    project: Project,
    rounds: Sequence[Round],
    answers: Answers,
    criteria: Mapping[int, Criterion] | None,
    sampling: Sampling,
    aside: int,
    weighted: bool,
) -> People:
    raters = Rater.objects.in_bulk([int(label) for label in answers.raters])
    names = tuple(raters[int(label)].name for label in answers.raters)
    by_hand = 0
    weights = unit_weights(answers.table, sampling) if weighted else None
    if weights is not None:
        by_chance = ~np.isnan(weights)
        by_hand = int(np.count_nonzero(~by_chance))
        answers = replace(answers, weights=weights).where(by_chance)
    return People(project, tuple(rounds), answers, names, criteria, sampling, aside, by_hand)


def _texts(ids: IntArray) -> list[str]:
    unique, inverse = np.unique(ids, return_inverse=True)
    texts = [str(pk) for pk in unique.tolist()]
    return [texts[place] for place in inverse.tolist()]


def may_see_sources(rounds: Sequence[Round], user: User) -> bool:
    """Whether no chosen session hides sources from the user, who still annotates in it."""
    open_states = (SessionStatus.DRAFT, SessionStatus.ACTIVE, SessionStatus.PAUSED)
    blind = Session.objects.filter(
        pk__in=[row.pk for row in rounds],
        hide_source=True,
        status__in=open_states,
        annotators__rater__user=user,
    )
    return not blind.exists()


def has_verdicts(rounds: Sequence[Round]) -> bool:
    """Whether anybody gave a verdict on a criterion in these rounds."""
    return Verdict.objects.filter(round__in=[row.pk for row in rounds]).exists()

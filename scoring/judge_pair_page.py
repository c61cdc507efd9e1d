"""Two judges side by side as their page shows them."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import QueryDict

from rubricstudio.domain.agreement import JudgeAgreement
from scoring.compare_page import JUDGES, PEOPLE, scope_words
from scoring.figures import Figure, figure
from scoring.queries.judge_pair import JudgePair


@dataclass(frozen=True)
class PairRow:
    """How far two raters agree on n cells; `text` says what of, or who."""

    text: str
    n: int
    agreement: Figure
    kappa: Figure


@dataclass(frozen=True)
class PairPage:
    """overall and lines: the judges with each other. people: each with the people's majority."""

    scope: str
    overall: PairRow
    lines: list[PairRow]
    people: list[PairRow]
    only_first: int
    only_second: int
    compare_query: str


def pair_page(pair: JudgePair, floor: int) -> PairPage:
    """The figures, nothing shown under `floor` cells."""
    query = QueryDict(mutable=True)
    query.setlist(PEOPLE, [str(row.pk) for row in pair.sessions])
    query.setlist(JUDGES, [str(row.pk) for row in pair.runs])
    against = sorted(pair.with_people.judges, key=lambda row: -row.judge.column)
    return PairPage(
        scope=scope_words(pair.scope),
        overall=_row("", pair.overall, floor),
        lines=[
            _row(criterion.text, pair.by_criterion[pk], floor)
            for pk, criterion in pair.criteria
            if pk in pair.by_criterion
        ],
        people=[_row(row.judge.label, row.overall, floor) for row in against],
        only_first=pair.only_first,
        only_second=pair.only_second,
        compare_query=query.urlencode(),
    )


def _row(text: str, found: JudgeAgreement, floor: int) -> PairRow:
    return PairRow(text, found.n, figure(found.agreement, floor), figure(found.kappa, floor))

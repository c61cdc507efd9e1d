"""What the page of a run of a judge that compares shows besides its progress."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rubricstudio.domain.agreement import JudgeAgreement
from rubricstudio.models import Criterion, Round, User
from scoring.figures import Figure, figure
from scoring.models import Run
from scoring.queries.pair_results import position_of_run, with_people
from scoring.queries.people import may_see_sources
from scoring.queries.plans import sessions_of
from scoring.queries.wins import SourceWins, outcome_of


@dataclass(frozen=True, slots=True)
class Agreed:
    """The judge against people's majority, on the pair as a whole (criterion None) or by one.

    n: pairs with a preference of the judge and a majority of people. tied: pairs on which people
    are split.
    """

    criterion: Criterion | None
    n: int
    tied: int
    agreement: Figure
    kappa: Figure
    ac1: Figure


@dataclass(frozen=True, slots=True)
class PairResults:
    """What the preferences stored so far say.

    consistency, first: what the order shown did; see `domain.both_orders.Position`. wins: by
    source, None where sources are hidden from the user. people: the sessions compared with.
    """

    said: int
    ties: int
    unassessed: int
    consistency: Figure
    first: Figure
    wins: Sequence[tuple[SourceWins, Figure]] | None
    people: Sequence[Round]
    agreed: Sequence[Agreed]
    floor: int


def pair_results(run: Run, user: User, floor: int) -> PairResults:
    """Read and compute them; under `floor` comparable units values are withheld."""
    outcome, position, people = outcome_of(run.pk), position_of_run(run), with_people(run)
    sources = may_see_sources(list(sessions_of(run.round.project)), user)
    agreed = []
    if people is not None:
        agreed = [
            _agreed(None, people.whole, floor),
            *(_agreed(criterion, row, floor) for criterion, row in people.by_criterion),
        ]
    return PairResults(
        said=outcome.said,
        ties=outcome.ties,
        unassessed=outcome.unassessed,
        consistency=figure(position.consistency, floor),
        first=figure(position.first, floor),
        wins=[(row, figure(row.rate, floor)) for row in outcome.sources] if sources else None,
        people=people.rounds if people else (),
        agreed=agreed,
        floor=floor,
    )


def _agreed(criterion: Criterion | None, row: JudgeAgreement, floor: int) -> Agreed:
    return Agreed(
        criterion=criterion,
        n=row.n,
        tied=row.tied,
        agreement=figure(row.agreement, floor),
        kappa=figure(row.kappa, floor),
        ac1=figure(row.ac1, floor),
    )

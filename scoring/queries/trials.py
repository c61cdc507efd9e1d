"""What a judge said in a trial, criterion by criterion."""

from __future__ import annotations

from dataclasses import dataclass

from rubricstudio.domain.rubric import Criterion
from rubricstudio.domain.verdict import Quote
from scoring.models import PreviewRun, PreviewVerdict
from scoring.queries.preview import quotes_of, trial_cells


@dataclass(frozen=True)
class TrialRow:
    """A criterion and what the judge said of it; None while, or because, it said nothing."""

    criterion: Criterion
    said: PreviewVerdict | None
    word: str
    quotes: tuple[Quote, ...]


@dataclass(frozen=True)
class Trial:
    """A trial as its page shows it.

    cost, seconds: sums over the answers that know them, None where none does; `priced` and
    `timed` say how many those are.
    """

    run: PreviewRun
    rows: list[TrialRow]
    done: int
    cost: float | None
    priced: int
    seconds: float | None
    timed: int


def trial_of(run: PreviewRun) -> Trial:
    """The trial with what was said so far. Two queries."""
    said = {row.criterion_key: row for row in run.verdicts.all()}
    rows = []
    for cell in trial_cells(run):
        criterion, found = cell.criterion.as_criterion(), said.get(cell.criterion.key)
        word = criterion.scale.label(found.value) if found else ""
        rows.append(TrialRow(criterion, found, word, quotes_of(found) if found else ()))
    costs = [row.cost for row in said.values() if row.cost is not None]
    times = [row.latency for row in said.values() if row.latency is not None]
    return Trial(
        run=run,
        rows=rows,
        done=len(said),
        cost=sum(costs) if costs else None,
        priced=len(costs),
        seconds=sum(times) if times else None,
        timed=len(times),
    )

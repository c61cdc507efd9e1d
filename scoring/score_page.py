"""What the tab of scores shows: means by source for whoever scored, on one axis."""

from __future__ import annotations

from dataclasses import dataclass

from rubricstudio.domain.aggregation import AGGREGATORS, Aggregator, Missing, Unit
from rubricstudio.models import RoundKind
from scoring.figures import Figure, figure
from scoring.queries.score_means import MeanScore, Scorer, Scores


@dataclass(frozen=True)
class SourceMean:
    """A source's mean by one scorer; source None is all of them."""

    source: str | None
    figure: Figure
    n_responses: int
    coverage: float | None
    lower: float | None
    upper: float | None


@dataclass(frozen=True)
class ScorerBlock:
    """A scorer with the means of all sources, the best first, all of them together on top."""

    scorer: Scorer
    is_panel: bool
    is_judge: bool
    rows: tuple[SourceMean, ...]


@dataclass(frozen=True)
class ScoresPage:
    """The tab. axis: unit (0 to 1), signed (-1 to 1) or empty, where no fixed axis fits."""

    blocks: tuple[ScorerBlock, ...]
    aggregators: tuple[str, ...]
    axis: str


def scores_page(found: Scores) -> ScoresPage:
    """The means as blocks, one for each scorer, on an axis that fits all of them."""
    blocks = tuple(_block(scorer, means) for scorer, means in found.means.items())
    return ScoresPage(blocks, tuple(found.aggregators), _axis(found, blocks))


def _block(scorer: Scorer, means: tuple[MeanScore, ...]) -> ScorerBlock:
    rows = [_source_mean(mean) for mean in means if mean.n_responses]
    rows.sort(key=lambda row: (row.source is not None, -(row.figure.value or 0), row.source or ""))
    if len(rows) == 2:  # one source: "all" would say the same again
        rows = rows[1:]
    is_judge = scorer.round.kind == RoundKind.RUN
    return ScorerBlock(scorer, scorer.rater is None, is_judge, tuple(rows))


def _source_mean(mean: MeanScore) -> SourceMean:
    # No floor: a mean score is no coefficient; its interval says how much it is worth.
    drawn = figure(mean.mean, floor=0)
    return SourceMean(mean.source, drawn, mean.n_responses, mean.coverage, mean.lower, mean.upper)


def _axis(found: Scores, blocks: tuple[ScorerBlock, ...]) -> str:
    names = {pin.aggregator(found.scoring.aggregator).name for pin in found.scoring.pins}
    if any(AGGREGATORS[name].unit is not Unit.SHARE for name in names):
        return ""
    drawn = [row.figure for block in blocks for row in block.rows]
    ends = [end for one in drawn for end in (one.value, one.low) if end is not None]
    lowest = min(ends, default=0.0)
    if lowest < -1:
        return ""
    return "signed" if lowest < 0 else "unit"


def aggregators_to_choose() -> list[Aggregator]:
    """Every aggregator, in the order of the registry."""
    return list(AGGREGATORS.values())


MISSING_POLICIES = tuple(policy.value for policy in Missing)

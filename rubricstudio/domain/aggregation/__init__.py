"""Scores: every public way to turn verdicts and weights into a number, named and versioned."""

from rubricstudio.domain.aggregation.means import mean_of_scores, means_of_scores
from rubricstudio.domain.aggregation.panel import by_response, panel_values
from rubricstudio.domain.aggregation.registry import (
    AGGREGATORS,
    Aggregator,
    Unit,
    aggregator_named,
)
from rubricstudio.domain.aggregation.scoring import Given, score, score_many, score_of
from rubricstudio.domain.aggregation.values import (
    Clip,
    InvalidScoreInput,
    Missing,
    Score,
    ScoreColumns,
    UnfitRubric,
)

__all__ = [
    "AGGREGATORS",
    "Aggregator",
    "Clip",
    "Given",
    "InvalidScoreInput",
    "Missing",
    "Score",
    "ScoreColumns",
    "UnfitRubric",
    "Unit",
    "aggregator_named",
    "by_response",
    "mean_of_scores",
    "means_of_scores",
    "panel_values",
    "score",
    "score_many",
    "score_of",
]

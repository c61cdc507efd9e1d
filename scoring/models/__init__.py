"""The tables of the scoring app, one noun a file."""

from scoring.models.judges import Judge
from scoring.models.previews import LONGEST_SAID, PreviewRun, PreviewVerdict, RubricReview
from scoring.models.runs import Run, RunBatch, RunStatus, SuspectResponse

__all__ = [
    "LONGEST_SAID",
    "Judge",
    "PreviewRun",
    "PreviewVerdict",
    "RubricReview",
    "Run",
    "RunBatch",
    "RunStatus",
    "SuspectResponse",
]

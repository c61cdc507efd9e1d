"""The tables of the scoring app, one noun a file."""

from scoring.models.calls import CallState, Endpoint, ModelCall, RunBudget
from scoring.models.judges import Judge
from scoring.models.previews import LONGEST_SAID, PreviewRun, PreviewVerdict, RubricReview
from scoring.models.runs import Run, RunBatch, RunStatus, SuspectResponse
from scoring.models.training import AdapterWeights, Method, Training

__all__ = [
    "AdapterWeights",
    "Method",
    "LONGEST_SAID",
    "CallState",
    "Endpoint",
    "Judge",
    "ModelCall",
    "PreviewRun",
    "PreviewVerdict",
    "RubricReview",
    "Run",
    "RunBatch",
    "RunBudget",
    "RunStatus",
    "SuspectResponse",
    "Training",
]

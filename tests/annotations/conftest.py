"""A session over the four responses of `data`: Nuria and Nils annotate, each item by both."""

from __future__ import annotations

import pytest

from annotations.actions import activate, create_session
from annotations.models import Session
from annotations.sheet import Entry, Sheet
from rubricstudio.domain.verdict import VerdictStatus
from tests.conftest import Cast, Data

COMPLETE = Sheet(
    {
        "warns": Entry(VerdictStatus.OK, 1.0, "Names the interaction."),
        "invents": Entry(VerdictStatus.OK, 0.0),
        "clarity": Entry(VerdictStatus.CANNOT_ASSESS),
    },
    "Reads well.",
)


@pytest.fixture
def draft_session(cast: Cast, data: Data) -> Session:
    return create_session(
        project=cast.project,
        name="First round",
        version=data.version,
        by=cast.owner,
        coverage=2,
        instructions="Judge *only* what is written.",
        annotators=[cast.annotator, cast.second_annotator],
    )


@pytest.fixture
def session(draft_session: Session, cast: Cast) -> Session:
    return activate(session=draft_session, by=cast.owner)

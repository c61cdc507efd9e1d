"""Rules on what experts wrote: they must not drown in remarks."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings

from tests.domain.lint.real import flagged, texts_of
from tests.domain.lint.test_docs import REAL

FOLDER = Path(settings.REAL_DATA)


@pytest.mark.skipif(
    not FOLDER.is_dir(), reason=f"the public data sets are not at {FOLDER} (setting REAL_DATA)"
)
def test_the_shares_of_real_criteria_that_rules_speak_on() -> None:
    for name, rubrics in texts_of(FOLDER).items():
        n, counts = REAL[name]

        assert sum(map(len, rubrics)) == n, name
        assert dict(flagged(rubrics)) == counts, name

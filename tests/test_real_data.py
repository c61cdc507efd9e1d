"""The public data sets through import and comparison, as `make real-data` does it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings

from rubricstudio import real_data
from rubricstudio.models import Verdict

FOLDER = Path(settings.REAL_DATA)
needs_data = pytest.mark.skipif(
    not FOLDER.is_dir(), reason=f"the public data sets are not at {FOLDER} (setting REAL_DATA)"
)


@needs_data
@pytest.mark.django_db
@pytest.mark.parametrize("data_set", [real_data.ttcw, real_data.pandalm, real_data.llm_rubric])
def test_every_reference_value_is_reproduced(
    data_set: Callable[[Path], list[real_data.Check]],
) -> None:
    checks = data_set(FOLDER)

    assert len(checks) >= 5
    assert [check for check in checks if not check.agrees] == []


@needs_data
@pytest.mark.django_db
def test_importing_again_changes_nothing() -> None:
    real_data.import_dataset("ttcw", FOLDER)
    before = Verdict.objects.count()

    real_data.import_dataset("ttcw", FOLDER)

    assert before == 2016 + 6 * 672 + 658
    assert Verdict.objects.count() == before


def test_a_value_that_differs_in_a_printed_digit_is_found() -> None:
    assert real_data.Check("d", "alpha", 0.4264, 0.42643).agrees
    assert not real_data.Check("d", "alpha", 0.4264, 0.42646).agrees
    assert not real_data.Check("d", "alpha", 0.4264, None).agrees
    assert not real_data.Check("d", "alpha", None, 0.0).agrees
    assert real_data.Check("d", "alpha", None, None).agrees

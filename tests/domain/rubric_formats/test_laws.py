"""What holds for every format: nothing is lost unnamed, what was read is written as it was."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubricstudio.domain.rubric_formats.protocol import NamedRubric, ReadResult, RubricFormat
from rubricstudio.rubric_files import FORMATS
from tests.domain.rubric_formats.holding import held_by
from tests.domain.rubric_formats.strategies import named, often

BOTH_WAYS = [known for known in FORMATS.values() if known.read and known.write]
LOSSLESS = ("native", "native-yaml", "csv", "tsv", "inspect")
LOSSLESS_FORMATS = [FORMATS[name] for name in LOSSLESS]


def _read(known: RubricFormat, text: str) -> ReadResult:
    assert known.read is not None
    result = known.read(text)
    assert result.problems == (), (result.problems, text)
    return result


def _written(result: ReadResult) -> list[NamedRubric]:
    return [NamedRubric(r.rubric, r.name, r.task, r.prompt) for r in result.rubrics]


@pytest.mark.parametrize("known", LOSSLESS_FORMATS, ids=lambda known: known.name)
@often
@given(named())
def test_a_format_that_holds_everything_gives_it_back(
    known: RubricFormat, rubric: NamedRubric
) -> None:
    assert known.write is not None
    written = known.write([rubric])

    assert written.losses == ()
    assert _written(_read(known, written.text)) == [rubric]


@pytest.mark.parametrize("known", BOTH_WAYS, ids=lambda known: known.name)
@often
@given(st.data())
def test_what_a_format_says_it_holds_it_gives_back(
    known: RubricFormat, data: st.DataObject
) -> None:
    """Every example counts: rubrics are drawn from what the format holds, so none is lost."""
    assert known.write is not None
    rubric = data.draw(held_by(known.name))
    written = known.write([rubric])

    assert written.losses == ()
    assert _written(_read(known, written.text)) == [rubric]


@pytest.mark.parametrize("known", BOTH_WAYS, ids=lambda known: known.name)
@often
@given(st.lists(named(), min_size=1, max_size=2))
def test_a_rubric_that_does_not_come_back_as_it_was_had_a_loss_named(
    known: RubricFormat, rubrics: list[NamedRubric]
) -> None:
    assert known.write is not None
    written = known.write(rubrics)

    same = _written(_read(known, written.text)) == rubrics

    assert same or written.losses


@pytest.mark.parametrize("known", BOTH_WAYS, ids=lambda known: known.name)
@often
@given(named())
def test_what_a_format_gave_it_holds_without_loss(known: RubricFormat, rubric: NamedRubric) -> None:
    assert known.write is not None
    first = _read(known, known.write([rubric]).text)

    again = known.write(_written(first))

    assert again.losses == ()
    second = _read(known, again.text)
    assert _written(second) == _written(first)
    assert known.write(_written(second)) == again


@pytest.mark.parametrize("known", BOTH_WAYS, ids=lambda known: known.name)
def test_no_rubric_at_all_is_written_without_an_error(known: RubricFormat) -> None:
    assert known.read is not None and known.write is not None

    found = known.read(known.write([]).text)

    assert found.rubrics == () and found.problems

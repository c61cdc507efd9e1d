"""No text makes a reader raise: what is wrong becomes problems that can be shown and stored."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubricstudio.domain.formats.lines import can_be_stored
from rubricstudio.domain.rubric_formats.protocol import ReadResult, RubricFormat
from rubricstudio.rubric_files import FORMATS, detect, read
from tests.domain.rubric_formats.strategies import AWKWARD, named, often

READERS = [known for known in FORMATS.values() if known.read]
NAMES = (
    *("rubrics", "rubric", "criteria", "criterion", "points", "weight", "tags", "prompt", "key"),
    *("text", "annotations", "weight_class", "title", "important_weight", "items", "content"),
    *("mandatory", "good_to_have", "ideal", "info_recall", "analysis", "requirements", "id"),
    *("sub_tasks", "requirement", "options", "value", "label", "na", "choices", "name", "tests"),
    *("assert", "type", "vars", "score_rubric", "score1_description", "score2", "metadata"),
    *("target", "input", "rubric_list", "description", "scale", "kind", "levels", "params"),
    *("conversation", "messages", "role", "reward_model", "instruction", "question", "axis"),
    *("criterion_description", "criterion_weight", "examples", "origin", "parent", "is_group"),
)
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**20), 10**20),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(["\ud800", "\0", "llm-rubric", "ordinal", "1. a [Hard Rule]", *AWKWARD]),
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.sampled_from(NAMES), inner, max_size=5)
    ),
    max_leaves=20,
)


def _check(result: ReadResult) -> None:
    assert result.rubrics or result.problems
    for problem in result.problems:
        assert problem.message and problem.line >= 0
        assert can_be_stored(problem.message + problem.field + problem.hint)
    for found in result.rubrics:
        for criterion in found.rubric.criteria:
            assert can_be_stored(criterion.key + criterion.text + criterion.description)
        assert {guess.key for guess in found.guesses} <= set(found.rubric.by_key)


def _read(known: RubricFormat, text: str) -> None:
    assert known.read is not None
    _check(known.read(text))


@pytest.mark.parametrize("known", READERS, ids=lambda known: known.name)
@often
@given(st.text(max_size=200))
def test_any_text_is_read_or_complained_of(known: RubricFormat, text: str) -> None:
    _read(known, text)


@pytest.mark.parametrize("known", READERS, ids=lambda known: known.name)
@often
@given(st.one_of(values, st.lists(st.dictionaries(st.sampled_from(NAMES), values, max_size=6))))
def test_any_json_is_read_or_complained_of(known: RubricFormat, value: Any) -> None:
    _read(known, json.dumps(value))


@pytest.mark.parametrize("known", [k for k in READERS if k.write], ids=lambda known: known.name)
@often
@given(st.data())
def test_a_damaged_file_is_read_or_complained_of(known: RubricFormat, data: st.DataObject) -> None:
    assert known.write is not None
    text = known.write([data.draw(named())]).text
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 30)))
    patch = data.draw(st.sampled_from(["", '"', "{", "]", "null", "\n", "\t", ": ", "\0", "- "]))

    _read(known, text[:start] + patch + text[end:])


@pytest.mark.parametrize("known", READERS, ids=lambda known: known.name)
@pytest.mark.parametrize(
    "text",
    [
        "[" * 5000,
        '{"sub_tasks": [' * 3000,
        '{"criteria": ' * 500 + "1" + "}" * 500,
        "- " * 2000,
        "{a: " * 2000,
        '{"weight": 1' + "0" * 5000 + "}",
        "a: &a [x]\nb: [*a, *a]\n",
        "? [a]\n: b\n",
        "a: !!python/object:os.system x\n",
        "%YAML 9.9\n--- x\n",
        'a,"b\nc',
        "text\n\x00",
    ],
    ids=lambda text: text[:12],
)
def test_hostile_texts_are_complained_of_or_harmless(known: RubricFormat, text: str) -> None:
    _read(known, text)


@often
@given(st.sampled_from(["", "a.csv", "a.json", "a.yaml", "A.TSV", "x"]), st.text(max_size=80))
def test_reading_by_guess_never_raises(file_name: str, text: str) -> None:
    _check(read("", file_name, text))
    detect(file_name, text)


def test_a_format_that_is_not_there_is_named() -> None:
    [problem] = read("nothing", "a.csv", "text\nx").problems

    assert "nothing" in problem.message

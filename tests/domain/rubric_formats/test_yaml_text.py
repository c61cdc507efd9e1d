"""YAML as plain values: JSON's types and nothing that surprises."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubricstudio.domain.rubric_formats.reading import UnreadableText
from rubricstudio.yaml_text import LIMIT, dump_yaml, load_yaml
from tests.domain.rubric_formats.strategies import often, texts

values = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(10**15), 10**15),
        st.floats(allow_nan=False, allow_infinity=False),
        texts,
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(texts, inner, max_size=3)),
    max_leaves=8,
)


@often
@given(values)
def test_what_was_written_is_read_back(value: Any) -> None:
    assert load_yaml(dump_yaml(value)) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("2026-01-31", "2026-01-31"),
        ("010", "010"),
        ("1:30", "1:30"),
        ("0x1f", "0x1f"),
        (".inf", ".inf"),
        ("1e3", 1000.0),
        ("-7", -7),
        ("true", True),
        ("~", None),
        ("", None),
        ("'5'", "5"),
        ("{a: {<<: b}}", {"a": {"<<": "b"}}),
    ],
)
def test_a_word_means_what_json_would(text: str, value: Any) -> None:
    assert load_yaml(text) == value


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("a: &x [1]\nb: *x\n", 2, "refers back"),
        ("a: 1\n\na: 2\n", 3, "'a' stands twice"),
        ("? [a]\n: b\n", 1, "key that is no text"),
        ("a: 'open\n", 2, "is not YAML"),
        ("a\x01", 0, "is not YAML"),
        ("[" * 150 + "]" * 150, 1, "nested more than 100 deep"),
        ("[" * 20000, 0, "nested more than 100 deep"),
        ("a" * (LIMIT + 1), 0, "4 MB"),
    ],
    ids=lambda part: str(part)[:12],
)
def test_what_is_refused_is_said_with_its_line(text: str, line: int, said: str) -> None:
    with pytest.raises(UnreadableText, match=said) as wrong:
        load_yaml(text)

    assert wrong.value.line == line


def test_a_tag_makes_no_object_of_a_text() -> None:
    assert load_yaml("!!python/object:os.system ls") == "ls"
    assert load_yaml("!!binary aGk=") == "aGk="

"""A judge's stored configuration becomes typed parameters, or a sentence saying why not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from scoring.judges import InvalidJudgeConfig
from scoring.judges.config import Parameter, parameter, parameters_of, read_config


@dataclass(frozen=True, kw_only=True)
class Sample:
    name: str = parameter("A name.")
    count: int = parameter("How many.", default=3, low=1, high=9)
    share: float | None = parameter("Which part.", default=None, optional=True, low=0, high=1)
    flag: bool = parameter("Whether.", default=False)
    rules: dict[str, Any] = parameter("Rules.", default={})
    kind: str = parameter("Which.", default="a", choices=("a", "b"))
    other: int = 0


DECLARED = parameters_of(Sample)


def read(**config: Any) -> dict[str, Any]:
    return read_config("sample", DECLARED, {"name": "n", **config})


def test_declared_fields_are_parameters_and_others_are_not() -> None:
    assert [each.name for each in DECLARED] == ["name", "count", "share", "flag", "rules", "kind"]
    assert DECLARED[1] == Parameter("count", "int", 3, "How many.", low=1, high=9)
    assert DECLARED[0].required
    assert DECLARED[2].optional


@pytest.mark.parametrize(
    ("name", "given", "kept"),
    [
        ("count", 4, 4),
        ("count", 4.0, 4),
        ("share", 1, 1.0),
        ("share", None, None),
        ("flag", True, True),
        ("rules", {"a": 1}, {"a": 1}),
        ("kind", "b", "b"),
    ],
)
def test_a_fitting_value_is_kept_with_its_type(name: str, given: object, kept: object) -> None:
    found = read(**{name: given})[name]

    assert found == kept
    assert type(found) is type(kept)


@pytest.mark.parametrize(
    ("name", "given", "words"),
    [
        ("count", 4.5, "'count' must be a whole number, not 4.5"),
        ("count", True, "must be a whole number"),
        ("count", None, "must be a whole number"),
        ("count", 0, "must be 1 or more, not 0"),
        ("count", 10, "must be 9 or less"),
        ("share", float("nan"), "must be a number"),
        ("share", "0.5", "must be a number"),
        ("flag", 1, "must be true or false"),
        ("rules", [], "must be an object"),
        ("name", 3, "must be text"),
        ("kind", "c", "must be one of a, b"),
        ("nam", "x", "did you mean 'name'"),
        ("zzz", "x", "it takes name, count, share, flag, rules, kind"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_by_name(name: str, given: object, words: str) -> None:
    with pytest.raises(InvalidJudgeConfig, match=words):
        read(**{name: given})


def test_a_missing_parameter_is_asked_for_with_its_help() -> None:
    with pytest.raises(InvalidJudgeConfig, match="needs 'name': A name"):
        read_config("sample", DECLARED, {})


def test_defaults_that_can_change_are_not_shared() -> None:
    one, other = Sample(name="a"), Sample(name="b")

    one.rules["x"] = 1

    assert other.rules == {}

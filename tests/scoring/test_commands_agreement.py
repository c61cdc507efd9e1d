"""What `manage.py agreement` prints, and with which exit code."""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from pytest_django.fixtures import Settings

from rubricstudio.actions.imports import import_records
from rubricstudio.domain.formats.records import Preferred
from tests.conftest import Cast
from tests.scoring.compare_data import fill, pairs, preference


def _run(*arguments: str) -> tuple[str, str]:
    out, err = io.StringIO(), io.StringIO()
    call_command("agreement", *arguments, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def _json(*arguments: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(_run(*arguments, "--format", "json")[0])
    return found


def _two_people_and_a_judge(cast: Cast) -> None:
    # 30 cells: the people agree on 24; the judge says what Ann says.
    ann = np.tile([[1.0], [0.0]], (15, 1))
    bob = ann.copy()
    bob[:6] = 1 - bob[:6]
    fill(cast, people={"ann": ann, "bob": bob}, judges={"gpt": ann})


def test_it_prints_figures_as_json_and_progress_on_stderr(cast: Cast) -> None:
    _two_people_and_a_judge(cast)

    out, err = _run("demo", "--format", "json")

    found = json.loads(out)
    assert found["people"]["overall"]["pairwise"]["value"] == pytest.approx(24 / 30)
    assert found["people"]["raters"] == ["ann", "bob"]
    judge = found["judges"][0]
    assert (judge["run"], judge["overall"]["n"], judge["overall"]["tied"]) == ("gpt", 24, 6)
    assert judge["overall"]["agreement"]["value"] == 1.0
    assert judge["criteria"][0]["confusion"] == [[12, 0], [0, 12]]
    assert "comparing experts, gpt" in err


def test_under_the_floor_the_value_is_left_out_and_n_stays(cast: Cast, settings: Settings) -> None:
    _two_people_and_a_judge(cast)
    settings.AGREEMENT_FLOOR = 25

    found = _json("demo")

    alpha = found["people"]["overall"]["alpha"]
    assert alpha["value"] is not None
    kappa = found["judges"][0]["overall"]["kappa"]
    assert kappa == {
        "value": None,
        "low": None,
        "high": None,
        "interval": None,
        "n": 24,
        "reason": "too few items to show a value",
    }


def test_it_prints_tables_for_people(cast: Cast) -> None:
    _two_people_and_a_judge(cast)

    out, _ = _run("demo")

    lines = out.splitlines()
    assert lines[0] == "Agreement among people"
    assert lines[1].split()[:4] == ["criterion", "n", "coverage", "alpha"]
    assert lines[2].split()[:3] == ["all", "30", "1.0000"]


def test_a_run_can_be_chosen(cast: Cast) -> None:
    values = np.ones((3, 1))
    fill(cast, people={"ann": values}, judges={"gpt": values, "bard": values})

    assert [row["run"] for row in _json("demo", "--run", "bard")["judges"]] == ["bard"]


def test_nothing_comparable_ends_with_1(cast: Cast) -> None:
    with pytest.raises(CommandError, match="nothing comparable") as ended:
        _run("demo")

    assert ended.value.returncode == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nowhere",), "there is no project 'nowhere'; there are: demo, elsewhere"),
        (("demo", "--run", "bard"), "there is no run 'bard' with verdicts; there are: gpt"),
        (
            ("demo", "--preferences", "--session", "x"),
            "there is no session 'x' with preferences; there is no session to compare",
        ),
    ],
)
def test_an_unknown_name_ends_with_2(cast: Cast, arguments: tuple[str, ...], said: str) -> None:
    _two_people_and_a_judge(cast)

    with pytest.raises(CommandError) as ended:
        _run(*arguments)

    assert (str(ended.value), ended.value.returncode) == (said, 2)


def test_preferences_are_compared_when_asked(cast: Cast) -> None:
    people = [
        preference(n, name, Preferred.A if n % 2 else Preferred.B)
        for n in range(24)
        for name in ("ann", "bob")
    ]
    judge = [preference(n, "gpt", Preferred.A, judge=True) for n in range(24)]
    records = [*pairs(24), *people, *judge]
    import_records(project=cast.project, records=records, by=cast.owner)

    found = _json("demo", "--preferences")

    assert found["people"]["overall"]["alpha"]["value"] == 1.0
    assert found["judges"][0]["overall"]["agreement"]["value"] == 0.5
    assert found["judges"][0]["overall"]["categories"] == [1.0, 2.0]


@pytest.mark.parametrize(
    ("by", "names"),
    [
        ("criterion", ["k0"]),
        ("pair", ["ann / bob"]),
        ("annotator", ["ann", "bob"]),
        ("group", ["heron", "wren"]),
    ],
)
def test_people_are_compared_in_detail(cast: Cast, by: str, names: list[str]) -> None:
    _two_people_and_a_judge(cast)

    found = _json("demo", "--by", by)
    out, _ = _run("demo", "--by", by)

    assert [row["name"] for row in found[by]] == names
    assert found["overall"]["percent"]["value"] == pytest.approx(24 / 30)
    assert out.splitlines()[2].split()[:2] == ["all", "30"]


def test_nothing_between_people_ends_with_1(cast: Cast) -> None:
    fill(cast, people={"ann": np.ones((3, 1))}, judges={})

    with pytest.raises(CommandError, match="no two people") as ended:
        _run("demo", "--by", "pair")

    assert ended.value.returncode == 1

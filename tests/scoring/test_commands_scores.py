"""What `manage.py scores` prints, and with which exit code."""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from rubricstudio.domain.aggregation import Clip, mean_of_scores, means_of_scores
from rubricstudio.domain.rubric import Criterion, MetMeans, Rubric
from tests.conftest import Cast
from tests.scoring.compare_data import fill


def _run(*arguments: str) -> str:
    out = io.StringIO()
    call_command("scores", *arguments, stdout=out, stderr=io.StringIO())
    return out.getvalue()


def _json(*arguments: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(_run(*arguments, "--format", "json"))
    return found


def _universe(cast: Cast) -> None:
    # Weights 3 and -1 (met is bad). Ann: met, not met: 3 of 3. Bob: not met, met: -1 of 3.
    rubric = Rubric(
        (
            Criterion(key="good", text="Good.", weight=3),
            Criterion(key="bad", text="Bad.", weight=-1, met_means=MetMeans.BAD),
        )
    )
    people = {"ann": np.array([[1.0, 0.0]]), "bob": np.array([[0.0, 1.0]])}
    judges = {"gpt": np.array([[1.0, np.nan]])}
    fill(cast, people=people, judges=judges, rubric=rubric, n_tasks=1)


def test_it_prints_means_and_every_score(cast: Cast) -> None:
    _universe(cast)

    found = _json("demo")

    by_rater = {row["rater"]: row["value"] for row in found["responses"]}
    # Together they tie on both, and a tie goes to the worse value: -1 of 3.
    assert by_rater == {
        None: pytest.approx(-1 / 3),
        "ann": 1.0,
        "bob": pytest.approx(-1 / 3),
        "gpt": 1.0,
    }
    gpt = next(row for row in found["responses"] if row["rater"] == "gpt")
    assert (gpt["run"], gpt["lower"], gpt["upper"]) == ("gpt", pytest.approx(2 / 3), 1.0)
    assert found["aggregators"] == ["pos_normalised v1, clip mean"]
    assert found["missing"] == "exclude"
    scorer = next(row for row in found["scorers"] if row["rater"] == "gpt")
    assert [mean["source"] for mean in scorer["means"]] == [None, "heron"]
    assert scorer["means"][0]["coverage"] == 0.5


def test_the_mean_is_cut_where_the_aggregator_says_so(cast: Cast) -> None:
    _universe(cast)

    found = _json("demo")

    bob = next(row for row in found["scorers"] if row["rater"] == "bob")
    assert bob["means"][0]["mean"] == 0.0


def test_it_prints_a_table_that_names_aggregator_and_policy(cast: Cast) -> None:
    _universe(cast)

    lines = _run("demo", "--aggregator", "min_max", "--missing", "fail", "--responses").splitlines()

    assert lines[0] == "Mean scores by source (min_max v1, clip none; missing verdicts: fail)"
    assert "Scores by response" in lines
    # The judge's missing verdict counts as the worst: 3 of 4 points.
    gpt = next(line for line in lines if line.startswith("gpt"))
    assert gpt.split()[:5] == ["gpt", "gpt", "all", "1", "0.7500"]


def test_one_round_can_be_chosen(cast: Cast) -> None:
    _universe(cast)

    assert {row["rater"] for row in _json("demo", "--round", "gpt")["scorers"]} == {"gpt"}


@pytest.mark.parametrize(
    ("arguments", "said", "code"),
    [
        (("demo", "--round", "x"), "no session or run 'x' with verdicts; there are: experts", 2),
        (("demo", "--aggregator", "x"), "there is no aggregator 'x'; there are pos_norm", 2),
        (("demo", "--rubric", "x"), "there is no published 'x'; there are: points v1", 2),
        (("demo", "--version", "9"), "there is no published version 9 of any rubric", 2),
        (("nowhere",), "there is no project 'nowhere'", 2),
        (("demo", "--aggregator", "weighted_mean"), "criterion 'bad' weighs -1", 1),
        (("elsewhere",), "nothing to score", 1),
    ],
)
def test_it_ends_with_a_code_that_scripts_can_trust(
    cast: Cast, arguments: tuple[str, ...], said: str, code: int
) -> None:
    _universe(cast)

    with pytest.raises(CommandError) as ended:
        _run(*arguments)

    assert said in str(ended.value)
    assert ended.value.returncode == code


@pytest.mark.parametrize("clip", [Clip.NONE, Clip.MEAN])
def test_means_of_slices_equal_the_mean_of_each(clip: Clip) -> None:
    rng = np.random.default_rng(1)
    values = np.where(rng.random(60) < 0.1, np.nan, rng.normal(0.1, 1, 60))
    slices, tasks = rng.integers(0, 3, 60), rng.integers(0, 12, 60)

    found = means_of_scores(values, slices, 3, clip=clip, tasks=tasks)

    for code, one in enumerate(found):
        mine = slices == code
        alone = mean_of_scores(values[mine], clip=clip, tasks=tasks[mine])
        assert one.value == pytest.approx(alone.value)
        assert one.n == alone.n
        assert one.low is not None and one.high is not None and one.low <= one.high

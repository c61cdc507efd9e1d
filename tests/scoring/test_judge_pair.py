"""Two judges side by side: settings, and figures on what both have judged."""

from __future__ import annotations

import numpy as np
import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from rubricstudio.models import Response, RubricVersion
from scoring.actions.here import work_here
from scoring.actions.judges import create_judge
from scoring.actions.runs import start_run
from scoring.models import Judge
from scoring.queries.judge_pair import JudgePair, differences, judge_pair
from tests.conftest import Cast
from tests.scoring.compare_data import fill

URL = "/projects/demo/judges/compare/"

# Eight responses to eight tasks, one criterion.
PEOPLE = [1, 1, 1, 1, 0, 0, 0, 0]
FIRST: list[int | None] = [1, 1, 1, 0, 0, 0, 0, 0]
SECOND: list[int | None] = [1, 1, 1, 1, 1, 1, 0, None]


def _judge(cast: Cast, name: str, said: list[int | None], **params: object) -> Judge:
    verdicts = {f"r{n}": value for n, value in enumerate(said) if value is not None}
    config = {"verdicts": {"k0": verdicts}, **params}
    return create_judge(
        project=cast.project, name=name, kind="scripted", params=config, by=cast.owner
    )


def _run(cast: Cast, judge: Judge, name: str, responses: int = 8) -> None:
    wanted = [f"r{n}" for n in range(responses)]
    rows = Response.objects.filter(external_id__in=wanted).values_list("pk", flat=True)
    run = start_run(
        judge=judge,
        version=RubricVersion.objects.get(rubric__external_id="points"),
        response_ids=list(rows),
        name=name,
        by=cast.owner,
        enqueue=False,
    )
    work_here(run=run)


@pytest.fixture
def judges(cast: Cast) -> tuple[Judge, Judge]:
    """The first has two runs: what the newer says of r0 to r2 is what counts."""
    fill(cast, people={"ann": np.array([PEOPLE], dtype=float).T}, judges={})
    first, second = _judge(cast, "First", FIRST), _judge(cast, "Second", SECOND, delay=0.001)
    _run(cast, first, "first")
    _run(cast, first, "first again", responses=3)
    _run(cast, second, "second")
    return first, second


def _found(judges: tuple[Judge, Judge]) -> JudgePair:
    found = judge_pair(*judges)
    assert found is not None
    return found


def test_figures_are_of_the_cells_on_which_both_reached_a_verdict(
    judges: tuple[Judge, Judge],
) -> None:
    found = _found(judges)

    # r7 has no verdict of the second. On r0..r6 they differ in r3, r4 and r5.
    assert (found.overall.n, found.only_first, found.only_second) == (7, 1, 0)
    assert found.overall.agreement.value == pytest.approx(4 / 7)
    # by chance: 3/7 * 6/7 + 4/7 * 1/7 = 22/49; (28/49 - 22/49) / (27/49)
    assert found.overall.kappa.value == pytest.approx(6 / 27)
    by_name = {row.judge.label: row.overall for row in found.with_people.judges}
    assert {name: row.n for name, row in by_name.items()} == {"First": 7, "Second": 7}
    assert by_name["First"].agreement.value == pytest.approx(6 / 7)
    assert by_name["Second"].agreement.value == pytest.approx(5 / 7)


def test_the_page_shows_what_is_set_differently_and_withholds_few(
    cast: Cast, client: Client, judges: tuple[Judge, Judge], settings: Settings
) -> None:
    client.force_login(cast.viewer)
    chosen = {"first": judges[0].pk, "second": judges[1].pk}

    few = client.get(URL, chosen).content.decode()
    settings.AGREEMENT_FLOOR = 5
    shown = client.get(URL, chosen)

    assert [row.name for row in differences(*judges)] == ["verdicts", "delay"]
    assert "too few" in few
    text = shown.content.decode()
    assert "0.571" in text and "0.857" in text


def test_without_runs_only_the_settings_are_compared(cast: Cast, client: Client) -> None:
    first, second = _judge(cast, "First", []), _judge(cast, "Second", [], otherwise="met")
    client.force_login(cast.viewer)

    page = client.get(URL, {"first": first.pk, "second": second.pk}).content.decode()
    asked = client.get(URL, {"first": "9" * 30, "second": "x"})

    assert "has no verdict in a run yet" in page
    assert "otherwise" in page
    assert asked.status_code == 200

"""Panels and cascades in the browser: chosen by name, shown with who said what."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from rubricstudio.domain.rubric import MetMeans, Scale, ScaleKind
from scoring.actions.judges import archive_judge, create_judge
from scoring.members_page import split_of
from scoring.models import Judge
from scoring.queries.copying import copy_of
from tests.conftest import Cast, Data
from tests.scoring.judged import rules, worked

NEW = "/projects/demo/judges/new/"


@pytest.fixture
def author(cast: Cast, client: Client) -> Client:
    client.force_login(cast.author)
    return client


def _make(client: Client, kind: str, **fields: Any) -> Any:
    sent = {"param-rule": "majority", "param-ties": "no_verdict", "param-quorum": "0.5"}
    if kind == "cascade":
        sent = {"param-threshold": "0.8", "param-samples": "1", "param-agreement": "1"}
    names = {name.replace("_", "-", 1): value for name, value in fields.items()}
    return client.post(f"{NEW}?kind={kind}", {"name": "New", **sent, **names})


# -- made


def test_a_panel_is_made_of_judges_chosen_by_name(author: Client, cast: Cast) -> None:
    first, second, other = rules(cast, "A"), rules(cast, "B"), rules(cast, "Gone")
    archive_judge(judge=other, by=cast.author)
    page = author.get(f"{NEW}?kind=panel")
    assert [row.judge for row in page.context["form"].rows] == [second, first]

    made = _make(
        author,
        "panel",
        param_members=[str(first.pk), str(second.pk)],
        **{f"weight_{first.pk}": "2", f"weight_{second.pk}": "1"},
    )

    judge = Judge.objects.get(kind="panel")
    assert made.url == judge.get_absolute_url()
    assert judge.params == {"members": [copy_of(first) | {"weight": 2}, copy_of(second)]}


def test_what_was_chosen_stays_chosen_where_something_is_wrong(author: Client, cast: Cast) -> None:
    first, second = rules(cast, "A"), rules(cast, "B")

    one = _make(author, "panel", param_members=[str(first.pk)])
    light = _make(
        author,
        "panel",
        param_members=[str(first.pk), str(second.pk)],
        **{f"weight_{first.pk}": "0"},
    )

    assert one.status_code == light.status_code == 422
    assert "Choose from 2 to 16 judges." in one.content.decode()
    assert [row.chosen for row in one.context["form"].rows] == [False, True]
    assert "greater than or equal to 0.001" in light.content.decode()
    assert not Judge.objects.filter(kind="panel").exists()


def test_without_judges_the_page_says_what_is_needed(author: Client) -> None:
    page = author.get(f"{NEW}?kind=panel")

    assert "There is no judge to choose yet" in page.content.decode()
    assert _make(author, "panel").status_code == 422


def test_a_cascade_is_made_of_two_judges(author: Client, cast: Cast) -> None:
    cheap, strong = rules(cast, "cheap"), rules(cast, "strong")

    refused = _make(author, "cascade", param_first=str(cheap.pk))
    _make(author, "cascade", param_first=str(cheap.pk), param_second=str(strong.pk))

    assert "param-second" in refused.context["form"].errors
    judge = Judge.objects.get(kind="cascade")
    assert judge.params == {"first": copy_of(cheap), "second": copy_of(strong)}


# -- shown


SPLIT = {"verdicts": {"warns": {"*": {"value": 0, "rationale": "It only hints."}}}}


def _panel(cast: Cast) -> Judge:
    members = [rules(cast, "A"), rules(cast, "B"), rules(cast, "C", **SPLIT)]
    return create_judge(
        project=cast.project,
        name="Panel",
        kind="panel",
        params={"members": [copy_of(each) for each in members]},
        by=cast.author,
    )


def test_a_judge_lists_its_members_with_links(author: Client, cast: Cast) -> None:
    judge = _panel(cast)

    page = author.get(judge.get_absolute_url()).content.decode()

    for original in Judge.objects.filter(kind="scripted"):
        assert f'href="{original.get_absolute_url()}"' in page


def test_the_verdicts_of_a_run_tell_who_said_what(author: Client, cast: Cast, data: Data) -> None:
    run = worked(cast, data, _panel(cast))

    text = author.get(run.get_absolute_url()).content.decode()

    # "warns": two met and one not; "invents" and "clarity": the third has no rule
    assert text.count("2 of 3 met, 1 not met") == 4
    assert text.count("2 of 2 not met, 1 without a verdict") == 4
    assert text.count("It only hints.") == 4


BINARY, POINTS = Scale(), Scale(ScaleKind.POINTS, maximum=10)


def _said(value: float | None, **more: Any) -> dict[str, Any]:
    status = "timeout" if value is None else "ok"
    about = {"name": "A", "kind": "llm", "weight": 1, "rationale": "", "quotes": []}
    return {**about, "status": status, "value": value, **more}


@pytest.mark.parametrize(
    ("scale", "made_of", "summary"),
    [
        (BINARY, {"kind": "panel", "members": [_said(1), _said(None)]}, "1 of 1 met, 1 without"),
        (BINARY, {"kind": "panel", "members": [_said(None)]}, "1 without a verdict"),
        (POINTS, {"kind": "panel", "members": [_said(4), _said(7.5)]}, "2 from 4 to 7.5"),
        (
            BINARY,
            {"kind": "cascade", "why": "sure", "known": None, "least": None, "members": [_said(1)]},
            "A decided",
        ),
        (
            BINARY,
            {
                **{"kind": "cascade", "why": "confidence", "known": 0.55, "least": 0.8},
                "members": [_said(1), _said(0, name="B")],
            },
            "B decided: A had a confidence of 0.55, under 0.80",
        ),
    ],
)
def test_a_split_in_few_words(scale: Scale, made_of: Any, summary: str) -> None:
    found = split_of({"made_of": made_of}, scale, MetMeans.GOOD)

    assert found
    assert found.summary.startswith(summary)


@pytest.mark.parametrize(
    "provenance",
    [
        None,
        [],
        {"made_of": "panel"},
        {"made_of": {}},
        {"made_of": {"kind": "panel", "members": [1]}},
        {"made_of": {"kind": "panel", "members": [_said(1, status="maybe")]}},
        {"made_of": {"kind": ["panel"], "members": []}},
        {"made_of": {"kind": "cascade", "members": []}},
        {"made_of": {"kind": "cascade", "why": "x", "known": 1, "least": 1, "members": [_said(1)]}},
        {"made_of": {"kind": "panel", "members": [_said(1, quotes=7)]}},
    ],
)
def test_an_imported_provenance_of_another_form_is_passed_over(provenance: Any) -> None:
    assert split_of(provenance, BINARY, MetMeans.GOOD) is None

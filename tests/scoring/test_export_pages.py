"""The export page, its downloads, and the same over the API."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from django.http import HttpResponseBase
from django.test import Client
from django.urls import reverse

from rubricstudio.actions.tokens import create_token
from rubricstudio.models import ApiToken, User
from tests.conftest import Cast
from tests.scoring.compare_data import fill

API = "/api/v1/projects/demo/export"


def _client(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def _url(name: str) -> str:
    return reverse(f"scoring:{name}", args=["demo"])


def _body(response: HttpResponseBase) -> str:
    assert response.status_code == 200, response
    return b"".join(response).decode() if response.streaming else ""


def _lines(response: HttpResponseBase) -> list[dict[str, Any]]:
    return [json.loads(line) for line in _body(response).splitlines()]


def _some_verdicts(cast: Cast) -> None:
    values = np.array([[1.0], [0.0]])
    fill(cast, people={"ann": values, "bob": values}, judges={"gpt": values, "bard": 1 - values})


def test_the_page_offers_versions_rounds_and_aggregators(cast: Cast) -> None:
    _some_verdicts(cast)

    html = _client(cast.reviewer).get(_url("export")).content.decode()

    assert 'name="session" value="experts"' in html
    assert 'name="run" value="bard"' in html
    assert "published: version 1" in html
    assert "/api/v1/projects/demo/export.jsonl" in html


def test_an_empty_project_is_told_to_publish_first(cast: Cast) -> None:
    assert "Nothing to export yet" in _client(cast.owner).get(_url("export")).content.decode()


@pytest.mark.parametrize("name", ["export", "export-jsonl", "export-csv"])
def test_exports_are_for_those_who_may_export(cast: Cast, name: str) -> None:
    _some_verdicts(cast)

    answers = {
        role: _client(user).get(_url(name)).status_code for role, user in cast.by_role().items()
    }

    assert answers == {
        "owner": 200,
        "author": 200,
        "reviewer": 200,
        "viewer": 403,
        "annotator": 403,
        "stranger": 404,
    }


def test_the_download_is_a_stream_with_a_name(cast: Cast) -> None:
    _some_verdicts(cast)

    response = _client(cast.owner).get(_url("export-jsonl"))

    assert response.streaming
    assert response["Content-Type"] == "application/x-ndjson"
    assert response["Content-Disposition"].startswith('attachment; filename="demo-')
    kinds = [line["type"] for line in _lines(response)]
    assert kinds[0] == "export"
    assert kinds.count("verdict") == 8
    # Two responses each for Ann, Bob, both together, and two judges.
    assert kinds.count("score") == 10


def test_the_form_limits_rounds_and_names_the_aggregator(cast: Cast) -> None:
    _some_verdicts(cast)

    address = f"{_url('export-jsonl')}?run=bard&aggregator=count_share&missing=fail&version=1"
    lines = _lines(_client(cast.owner).get(address))

    assert lines[0]["rubrics"][0]["aggregator"] == "count_share"
    assert lines[0]["missing"] == "fail"
    assert {x["rater"] for x in lines if x["type"] in ("verdict", "score")} == {"bard"}


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("version=two", "The version is a whole number"),
        ("version=7", "there is no published version 7"),
        ("run=nobody", "there is no run &#x27;nobody&#x27;"),
        ("aggregator=mean", "there is no aggregator"),
        ("missing=zero", "missing is one of exclude, fail, bounds"),
    ],
)
@pytest.mark.parametrize("name", ["export-jsonl", "export-csv"])
def test_a_wrong_form_comes_back_with_the_reason(
    cast: Cast, name: str, query: str, said: str
) -> None:
    _some_verdicts(cast)

    response = _client(cast.owner).get(f"{_url(name)}?{query}")

    assert response.status_code == 422
    assert said in response.content.decode()


def test_the_csv_download_opens_in_a_spreadsheet(cast: Cast) -> None:
    _some_verdicts(cast)

    text = _body(_client(cast.owner).get(_url("export-csv")))

    assert text.startswith("\ufefftask,response,")
    assert len(text.splitlines()) == 9


# -- the API


def _api(user: User, address: str, scope: str = ApiToken.Scope.READ) -> Any:
    _, token = create_token(user=user, name="script", scope=ApiToken.Scope(scope))
    return Client().get(address, headers={"authorization": f"Bearer {token}"})


def test_a_script_gets_the_same_export(cast: Cast) -> None:
    _some_verdicts(cast)
    page = _lines(_client(cast.owner).get(_url("export-jsonl")))

    api = _lines(_api(cast.owner, f"{API}.jsonl"))

    page[0].pop("exported_at"), api[0].pop("exported_at")
    assert api == page


def test_the_api_takes_names_as_parameters(cast: Cast) -> None:
    _some_verdicts(cast)

    lines = _lines(_api(cast.owner, f"{API}.jsonl?run=gpt&run=bard&rubric=points&version=1"))

    assert {x["rater"] for x in lines if x["type"] == "verdict"} == {"gpt", "bard"}


def test_the_api_says_what_is_wrong(cast: Cast) -> None:
    _some_verdicts(cast)

    response = _api(cast.owner, f"{API}.jsonl?rubric=point")

    assert response.status_code == 422
    assert "there are: points v1" in response.json()["detail"]
    assert _api(cast.owner, f"{API}.jsonl?version=x").status_code == 422


def test_the_api_keeps_to_roles_and_tokens(cast: Cast) -> None:
    _some_verdicts(cast)

    assert Client().get(f"{API}.jsonl").status_code == 401
    assert _api(cast.viewer, f"{API}.jsonl").status_code == 403
    assert _api(cast.stranger, f"{API}.csv").status_code == 404


def test_the_csv_of_the_api_has_no_mark_in_front(cast: Cast) -> None:
    _some_verdicts(cast)

    assert _body(_api(cast.owner, f"{API}.csv")).startswith("task,response,")

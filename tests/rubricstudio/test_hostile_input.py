"""Input that no author means: refused in words, never lost, never a server error."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from rubricstudio.actions.rubrics import publish, start_draft
from rubricstudio.forms.criteria import LONGEST_TEXT
from rubricstudio.models import RubricVersion
from tests.conftest import Cast, Data

HTMX = {"HX-Request": "true"}
LONG = "word " * (LONGEST_TEXT // 5) + "end"


def url(name: str, *args: object) -> str:
    return reverse(f"rubricstudio:{name}", args=["demo", *args])


@pytest.fixture
def draft(client: Client, cast: Cast, data: Data) -> RubricVersion:
    client.force_login(cast.author)
    return start_draft(rubric=data.version.rubric, by=cast.author)


def test_a_text_that_nobody_could_check_is_refused_and_stays_on_the_page(
    client: Client, draft: RubricVersion
) -> None:
    row = draft.criteria.get(key="warns")
    added = {"text": LONG}
    edited = {**added, "weight": "5", "met_means": "good", "row_version": "0"}
    halves = {"first": LONG, "second": "b", "row_version": "0", "weighing": "divide"}
    sent = [
        (url("criterion-add", draft.rubric_id), added),
        (url("criterion", draft.rubric_id, row.pk), edited),
        (url("criterion-split", draft.rubric_id, row.pk), halves),
        (url("criteria-paste", draft.rubric_id), {"pasted": f"- A.\n- {LONG}", "do": "store"}),
    ]
    before = draft.as_rubric()

    for address, fields in sent:
        assert client.post(address, fields, headers=HTMX).status_code == 422, address
        answer = client.post(address, fields)
        assert answer.status_code == 422, address
        assert LONG in answer.content.decode(), address

    assert draft.as_rubric() == before


@pytest.mark.parametrize("field", ["after", "parent"])
@pytest.mark.parametrize("name", ["criterion-add", "criteria-paste"])
@pytest.mark.parametrize("place", ["\0", "nowhere", "x" * 5000])
def test_a_place_that_is_not_there_is_refused_and_the_text_stays(
    client: Client, draft: RubricVersion, name: str, field: str, place: str
) -> None:
    sent = {"text": "Kept as typed.", "pasted": "Kept as typed.\nAnd this.", "do": "store"}

    answer = client.post(url(name, draft.rubric_id), {**sent, field: place}, headers=HTMX)

    assert answer.status_code == 422
    assert "Kept as typed." in answer.content.decode()


def test_halves_typed_while_somebody_published_stay_in_the_form(
    client: Client, cast: Cast, draft: RubricVersion
) -> None:
    row = draft.criteria.get(key="warns")
    halves = {"first": "My first half.", "second": "b", "row_version": "0", "weighing": "divide"}
    publish(version=draft, by=cast.owner)

    answer = client.post(url("criterion-split", draft.rubric_id, row.pk), halves)

    assert answer.status_code == 409
    assert "My first half." in answer.content.decode()


@pytest.mark.parametrize("text", ["\u200b", "\u202e \u200d\ufeff", "\t \u2028"])
def test_a_text_that_cannot_be_seen_is_none(
    client: Client, draft: RubricVersion, text: str
) -> None:
    rubric = draft.rubric_id
    before = draft.as_rubric()

    assert (
        client.post(url("criterion-add", rubric), {"text": text}, headers=HTMX).status_code == 422
    )
    assert client.post(url("comments", rubric), {"text": text, "key": ""}).status_code == 422
    assert client.post(url("rubric-new"), {"name": text}).status_code == 422

    assert draft.as_rubric() == before
    assert not draft.rubric.comments.exists()

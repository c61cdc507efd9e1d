"""Judges in the browser: the list, the form made from declared parameters, one judge."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from scoring.forms import JudgeForm
from scoring.judges import JUDGES, parameters
from scoring.models import Judge
from scoring.params import UnreadableValue, read_json
from tests.conftest import Cast, Data
from tests.scoring.judged import rules, worked

JUDGES_URL = "/projects/demo/judges/"


@pytest.fixture
def author(cast: Cast, client: Client) -> Client:
    client.force_login(cast.author)
    return client


def _make(client: Client, kind: str, **fields: Any) -> Any:
    """Send the form of a kind as the page would: defaults everywhere but in `fields`."""
    form = JudgeForm(kind=kind)
    sent = {bound.name: bound.value() for bound in form if bound.value() is not None}
    sent |= {name if name == "name" else f"param-{name}": text for name, text in fields.items()}
    return client.post(f"{JUDGES_URL}new/?kind={kind}", sent)


@pytest.mark.parametrize("kind", JUDGES)
def test_the_form_of_a_kind_has_a_field_with_help_for_each_parameter(
    author: Client, cast: Cast, kind: str
) -> None:
    rules(cast)  # judges made of judges need one to choose

    page = author.get(f"{JUDGES_URL}new/?kind={kind}").content.decode()

    for parameter in parameters(kind):
        assert f'name="param-{parameter.name}"' in page


def test_a_judge_keeps_only_what_differs_from_the_defaults(author: Client) -> None:
    response = _make(author, "llm", name="GPT", model="openai/gpt-4.1", max_tokens=99)

    judge = Judge.objects.get()
    assert response.url == judge.get_absolute_url()
    assert judge.params == {"model": "openai/gpt-4.1", "max_tokens": 99}
    assert judge.model == "openai/gpt-4.1"


def test_an_empty_field_is_null_where_that_is_allowed(author: Client) -> None:
    _make(author, "llm", name="GPT", model="openai/o5", temperature="", max_tokens="")

    assert Judge.objects.get().params == {"model": "openai/o5", "temperature": None}


def test_what_the_judge_refuses_stands_at_the_field(author: Client) -> None:
    response = _make(author, "llm", name="GPT", model="https://llm.example.org/v1")

    assert response.status_code == 422
    assert "put an address in api_base" in str(response.context["form"].errors["param-model"])
    assert not Judge.objects.exists()


@pytest.mark.parametrize(
    ("kind", "field", "text", "words"),
    [
        ("llm", "timeout", "-1", "greater than or equal to 0.1"),
        ("llm", "max_tokens", "many", "whole number"),
        ("llm", "seed", "1" + "0" * 400, "less than or equal"),
        ("llm", "extra_body", '{"a": 1,}', "not JSON: line 1, column"),
        ("llm", "extra_body", "[1]", "must be an object"),
        ("llm", "extra_body", '{"a": NaN}', "NaN is not a number of JSON"),
        ("llm", "extra_body", '{"a": "\\u0000"}', "null character"),
        ("llm", "extra_body", '{"a": "\\ud800"}', "cannot be stored"),
        ("scripted", "otherwise", "perhaps", "perhaps is not one of the available choices"),
    ],
)
def test_a_value_that_cannot_work_is_refused_in_words(
    author: Client, kind: str, field: str, text: str, words: str
) -> None:
    response = _make(author, kind, name="X", **{"model": "openai/x", field: text})

    assert response.status_code == 422
    assert words in str(response.context["form"].errors[f"param-{field}"])


def test_a_deeply_nested_value_is_refused() -> None:
    with pytest.raises(UnreadableValue):
        read_json("[" * 100_000 + "]" * 100_000)


def test_a_pasted_key_is_refused_and_does_not_come_back(author: Client) -> None:
    response = _make(author, "llm", name="GPT", model="openai/x", api_key_env="sk-secret-1234")

    assert response.status_code == 422
    assert "sk-secret-1234" not in response.content.decode()
    assert "never the key itself" in response.content.decode()


def test_a_taken_name_says_so(author: Client, cast: Cast) -> None:
    rules(cast, "Rules")

    response = _make(author, "scripted", name="Rules")

    assert "already" in str(response.context["form"].errors["name"])


def test_further_settings_stand_open_only_where_one_is_wrong(author: Client) -> None:
    closed = author.get(f"{JUDGES_URL}new/?kind=llm")
    wrong = _make(author, "llm", name="GPT", model="openai/x", timeout="0")

    assert not closed.context["form"].more_is_open
    assert wrong.context["form"].more_is_open


def test_a_judge_shows_its_settings_and_its_runs(author: Client, cast: Cast, data: Data) -> None:
    judge = rules(cast, delay=0.001)
    worked(cast, data, judge, "morning")

    page = author.get(judge.get_absolute_url())

    shown = {each.name: (each.value, each.is_set) for each in page.context["settings"]}
    assert shown["delay"] == ("0.001", True)
    assert shown["otherwise"] == ("cannot_assess", False)
    assert "Frozen" in page.content.decode()
    assert "morning" in page.content.decode()


def test_an_archived_judge_is_not_offered_and_comes_back(author: Client, cast: Cast) -> None:
    judge = rules(cast)

    author.post(f"{JUDGES_URL}{judge.pk}/archive/")
    assert not author.get("/projects/demo/runs/new/").context["can_start"]
    author.post(f"{JUDGES_URL}{judge.pk}/archive/", {"step": "restore"})

    judge.refresh_from_db()
    assert judge.archived_at is None


def test_the_list_takes_the_same_queries_for_one_judge_and_for_nine(
    author: Client, cast: Cast, data: Data, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    worked(cast, data, rules(cast))
    with django_assert_num_queries(5):
        author.get(JUDGES_URL)

    for n in range(8):
        worked(cast, data, rules(cast, f"Rules {n}"), f"run {n}")

    with django_assert_num_queries(5):
        page = author.get(JUDGES_URL)
    assert len(page.context["judges"]) == 9


def test_a_viewer_sees_judges_and_cannot_change_them(client: Client, cast: Cast) -> None:
    judge = rules(cast)
    client.force_login(cast.viewer)

    page = client.get(judge.get_absolute_url())

    assert page.status_code == 200
    assert "Archive" not in page.content.decode()
    assert client.get(f"{JUDGES_URL}new/").status_code == 403

"""Without its store of limits and signs of life the studio still lets people in."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.cache import cache
from django.test import Client
from pytest_django.fixtures import Settings

from rubricstudio.actions.tokens import create_token
from rubricstudio.models import ApiToken
from tests.conftest import Cast


@pytest.fixture(autouse=True)
def no_store(settings: Settings, tmp_path: Path) -> None:
    """A cache whose socket is not there, as after Valkey was killed."""
    nowhere = {"LOCATION": f"unix://{tmp_path / 'none.sock'}?db=0"}
    settings.CACHES = {"default": settings.CACHES["default"] | nowhere}


def test_a_store_that_is_away_is_an_empty_one() -> None:
    cache.set("a", 1)

    assert cache.add("a", 1) is True
    assert cache.get("a", "nothing") == "nothing"
    assert cache.get_many(["a", "b"]) == {}
    assert cache.incr("a", 3) == 3
    assert cache.delete("a") is False


def test_people_sign_in_while_the_store_is_away(cast: Cast) -> None:
    client = Client()

    fields = {"login": cast.owner.email, "password": "studio-test"}
    response = client.post("/accounts/login/", fields)

    assert response.status_code == 302
    assert client.get("/projects/demo/").status_code == 200


def test_the_api_answers_while_the_store_is_away(cast: Cast) -> None:
    _, token = create_token(user=cast.owner, name="nightly", scope=ApiToken.Scope.READ)

    right, wrong = (
        Client().get("/api/v1/me", headers={"Authorization": f"Bearer {text}"})
        for text in (token, "wrong")
    )

    assert (right.status_code, wrong.status_code) == (200, 401)

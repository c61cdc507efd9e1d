"""Pages of failures: what a person and a program are told, and with which status."""

from __future__ import annotations

import importlib

import pytest
from django.db import OperationalError
from django.test import Client

from tests.conftest import Cast

# The package exports the view under the same name.
home = importlib.import_module("rubricstudio.views.home")


def _fail(*_: object) -> None:
    raise OperationalError("connection refused")


@pytest.fixture
def client(cast: Cast) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(cast.owner)
    return client


def test_a_database_that_is_away_is_a_503_to_try_again(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(home, "render", _fail)

    reply = client.get("/")

    assert (reply.status_code, reply["Retry-After"]) == (503, "10")
    assert b"The database cannot be reached" in reply.content


def test_any_other_failure_is_a_500(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(home, "render", fail)

    assert client.get("/").status_code == 500

"""The tests reach nothing outside this machine, and production settings pass Django's checks."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from pytest_socket import SocketConnectBlockedError

ROOT = Path(__file__).resolve().parent.parent


# 192.0.2.1 is set aside for documentation: nobody answers there.
@pytest.mark.parametrize("host", ["192.0.2.1", "8.8.8.8"])
def test_tests_cannot_reach_the_outside(host: str) -> None:
    with (
        socket.socket(socket.AF_INET, socket.SOCK_STREAM) as client,
        pytest.warns(UserWarning, match="tried to use socket"),
        pytest.raises(SocketConnectBlockedError),
    ):
        client.connect((host, 80))


def test_tests_can_reach_this_machine() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()[:2], timeout=5) as client,
    ):
        assert client.getpeername() == server.getsockname()


def _check(**variables: str) -> subprocess.CompletedProcess[str]:
    """`manage.py check --deploy` with these settings on top of the tests' services."""
    return subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=ROOT,
        env=os.environ | variables,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_production_settings_pass_every_check() -> None:
    checked = _check(
        SECRET_KEY="9b0sYk3zqkJmNw1Uq7eTt5rXv2PaLdHcGfEiObMuRnQyZxWs8h2j4k6",
        HTTPS="true",
        ALLOWED_HOSTS="studio.example.com",
        DEBUG="false",
        DEMO="false",
    )

    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize(
    ("variables", "identifier"),
    [
        ({"HTTPS": "true"}, "rubricstudio.E001"),
        ({"HTTPS": "true", "DEMO": "true"}, "rubricstudio.W001"),
        ({"HTTPS": "true", "DEBUG": "true"}, "security.W018"),
        ({"HTTPS": "false"}, "security.W008"),
        ({"OIDC_SERVER_URL": "https://sso.example.com"}, "rubricstudio.E002"),
        ({"READING_WORDS_A_MINUTE": "0"}, "rubricstudio.E003"),
    ],
)
def test_unsafe_settings_are_named(variables: dict[str, str], identifier: str) -> None:
    checked = _check(**variables)

    assert checked.returncode != 0
    assert identifier in checked.stdout + checked.stderr

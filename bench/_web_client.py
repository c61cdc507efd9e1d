"""A browser as far as a benchmark needs one: cookies, one kept connection, a stopwatch."""

from __future__ import annotations

import http.client
import json
import subprocess
import time
import urllib.parse
from collections.abc import Mapping
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any, NamedTuple

CHUNK = 1 << 16


class Reply(NamedTuple):
    """An answer, read to its end. seconds: from the request's first byte to that end."""

    status: int
    location: str
    body: bytes
    seconds: float

    def json(self) -> Any:
        return json.loads(self.body)


class Stream(NamedTuple):
    """An answer that was counted and thrown away."""

    bytes: int
    lines: int
    seconds: float


class Refused(RuntimeError):
    """The server answered otherwise than a benchmark can use."""


class Client:
    """Speaks to one server on this machine."""

    def __init__(self, port: int, headers: Mapping[str, str] | None = None) -> None:
        self.cookies: dict[str, str] = {}
        self.headers = dict(headers or {})
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)

    def get(self, path: str) -> Reply:
        return self._ask("GET", path)

    def post_form(self, path: str, fields: Mapping[str, str]) -> Reply:
        body = urllib.parse.urlencode(fields).encode()
        return self._ask("POST", path, body, "application/x-www-form-urlencoded")

    def post_json(self, path: str, value: object) -> Reply:
        return self._ask("POST", path, json.dumps(value).encode(), "application/json")

    def post_file(self, path: str, name: str, content: bytes) -> Reply:
        """A form with one file in the field `file`."""
        border = "a-border-of-the-benchmark"
        head = (
            f'--{border}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
            "Content-Type: application/json\r\n\r\n"
        )
        body = head.encode() + content + f"\r\n--{border}--\r\n".encode()
        return self._ask("POST", path, body, f"multipart/form-data; boundary={border}")

    def stream(self, path: str) -> Stream:
        """Read an answer chunk by chunk and keep none of it. Raises Refused."""
        start = time.perf_counter()
        response = self._send("GET", path)
        n_bytes = n_lines = 0
        while chunk := response.read(CHUNK):
            n_bytes += len(chunk)
            n_lines += chunk.count(b"\n")
        taken = time.perf_counter() - start
        _expect(response.status, path, b"")
        return Stream(n_bytes, n_lines, taken)

    def _ask(self, method: str, path: str, body: bytes = b"", kind: str = "") -> Reply:
        start = time.perf_counter()
        response = self._send(method, path, body, kind)
        content = response.read()
        taken = time.perf_counter() - start
        _expect(response.status, path, content)
        return Reply(response.status, response.headers.get("Location", ""), content, taken)

    def _send(
        self, method: str, path: str, body: bytes = b"", kind: str = ""
    ) -> http.client.HTTPResponse:
        headers = dict(self.headers)
        if kind:
            headers["Content-Type"] = kind
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={word}" for name, word in self.cookies.items())
        self._connection.request(method, path, body or None, headers)
        response = self._connection.getresponse()
        for line in response.headers.get_all("Set-Cookie") or ():
            self.cookies.update((name, word.value) for name, word in SimpleCookie(line).items())
        return response

    def close(self) -> None:
        """Let the connection go; the next request opens another."""
        self._connection.close()


def _expect(status: int, path: str, body: bytes) -> None:
    if status >= 400:
        raise Refused(f"{path} answered {status}: {body[:300]!r}")


def await_answer(
    path: str, port: int, server: subprocess.Popen[bytes], log: Path, patience: float
) -> None:
    """Ask a server that was just started until it answers; end with its log where it does not.

    A refusal is an answer that no waiting makes better: it ends at once, with its reason.
    patience: seconds. Neither server tells when it listens, so there is nothing else to wait for.
    """
    reason = f"no server at {path}"
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline and server.poll() is None:
        try:
            Client(port).get(path)
        except OSError:
            time.sleep(0.1)
        except Refused as error:
            reason = str(error)
            break
        else:
            return
    raise SystemExit(f"{reason}:\n{log.read_text()[-2000:]}")

"""An OpenAI-compatible chat server on loopback whose behaviour a test scripts.

    with ScriptedServer(lambda call: say("met")) as server:
        ...  # server.url, server.calls, server.most_at_once

Each call is answered by what the script returns for it: a verdict, a 429 with
Retry-After, an error, a body cut in half, a refusal, or nothing at all (`hang`).
`python -m tests.scripted_server --latency 0.2` serves one kind of reply for benchmarks.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import socket
import struct
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self


@dataclass(frozen=True)
class Call:
    """One request the server received; `index` counts from 0 in order of arrival."""

    index: int
    path: str
    headers: Mapping[str, str]
    body: Mapping[str, Any]

    @property
    def text(self) -> str:
        """All message contents, joined: what the model would read."""
        return "\n".join(str(m.get("content")) for m in self.body.get("messages", ()))


@dataclass(frozen=True)
class Answer:
    """What the server sends back.

    `hang` keeps the connection open and says nothing, `cut` closes it midway, `reset` breaks it
    before a word, `dribble` sends one byte after another without end. `raw` is the body itself.
    """

    status: int = 200
    content: str | None = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    finish_reason: str = "stop"
    refusal: str | None = None
    error: str = ""
    code: str = ""
    delay: float = 0.0
    hang: bool = False
    cut: bool = False
    reset: bool = False
    raw: bytes | None = None
    dribble: bool = False


Script = Callable[[Call], Answer]


def say(verdict: object, rationale: str = "Because.", quotes: tuple[str, ...] = ()) -> Answer:
    """A well-formed structured reply."""
    reply = {"rationale": rationale, "quotes": list(quotes), "verdict": verdict}
    return Answer(content=json.dumps(reply))


def fail(status: int, error: str = "scripted", *, code: str = "", **headers: str) -> Answer:
    """An HTTP error; `Retry_After="2"` becomes the header Retry-After."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status=status, error=error, code=code, headers=named)


class ScriptedServer:
    """Serves `script` on a free port of 127.0.0.1 from a thread of its own."""

    def __init__(self, script: Script, port: int = 0) -> None:
        self.script = script
        self.calls: list[Call] = []
        self.most_at_once = 0
        self.connections = 0
        self._at_once = 0
        self._port = port
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)

    @property
    def url(self) -> str:
        """What a client is given as its API base."""
        return f"{self.origin}/v1"

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait(10)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Close every connection and free the port; again does nothing."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join(10)

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        self._open: set[asyncio.Task[None]] = set()
        server = await asyncio.start_server(self._connection, "127.0.0.1", self._port)
        self._port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop.wait()
        server.close()
        for task in tuple(self._open):
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        self.connections += 1
        try:
            while await self._exchange(reader, writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            self._open.discard(task)
            writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Answer one request; whether the connection stays open."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in head[1:])}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        call = Call(len(self.calls), head[0].split(" ")[1], headers, json.loads(body or b"{}"))
        self.calls.append(call)
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            answer = self._answer(call)
            await asyncio.sleep(answer.delay)
            if answer.hang:
                await asyncio.Event().wait()
        finally:
            self._at_once -= 1
        if answer.reset:
            _reset(writer)
            return False
        payload = json.dumps(_payload(call, answer)).encode() if answer.raw is None else answer.raw
        writer.write(_head(answer, 1_000_000 if answer.dribble else len(payload)))
        while answer.dribble:
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.02)
        writer.write(payload[: len(payload) // 2] if answer.cut else payload)
        await writer.drain()
        return not answer.cut

    def _answer(self, call: Call) -> Answer:
        try:
            return self.script(call)
        except Exception as error:  # the test should read it, not time out
            return fail(418, f"the script failed: {error!r}")


def _reset(writer: asyncio.StreamWriter) -> None:
    """Break a connection, so that the other side reads of a reset and not of an end."""
    at_once = struct.pack("ii", 1, 0)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
    writer.transport.abort()


def _head(answer: Answer, length: int) -> bytes:
    lines = [f"HTTP/1.1 {answer.status} Scripted", "Content-Type: application/json"]
    lines += [f"Content-Length: {length}", *(f"{k}: {v}" for k, v in answer.headers.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def _payload(call: Call, answer: Answer) -> dict[str, Any]:
    if answer.status != 200:
        error = {"message": answer.error, "type": "scripted", "code": answer.code or answer.status}
        return {"error": error}
    message = {"role": "assistant", "content": answer.content, "refusal": answer.refusal}
    prompt, completion = len(call.text) // 4, len(answer.content or "") // 4
    return {
        "id": f"call-{call.index}",
        "object": "chat.completion",
        "created": 1,
        "model": call.body.get("model", ""),
        "choices": [{"index": 0, "message": message, "finish_reason": answer.finish_reason}],
        "usage": {
            "prompt_tokens": prompt,
            "completion_tokens": completion,
            "total_tokens": prompt + completion,
        },
    }


def main() -> None:
    """Serve "met" after a fixed latency until interrupted; prints the address."""
    options = argparse.ArgumentParser(description=main.__doc__)
    options.add_argument("--latency", type=float, default=0.2, help="seconds before each reply")
    options.add_argument("--port", type=int, default=0)
    chosen = options.parse_args()
    content = say("met").content
    server = ScriptedServer(lambda _: Answer(content=content, delay=chosen.latency), chosen.port)
    with server:
        print(server.url, flush=True)
        threading.Event().wait()  # until it is ended


if __name__ == "__main__":
    main()

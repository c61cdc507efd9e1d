"""The other side of the web benchmark: Label Studio in an environment of its own, over REST.

Each task holds the prompt and a response and is labelled by ten choices, which is how its
users ask for a rubric of ten criteria.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from _common import median, say
from _web_client import Client, Refused, await_answer
from _web_data import CRITERIA, prompt, response, says_met

START_SECONDS = 240


def install(folder: Path, version: str) -> Path:
    """Its Python in an environment below `folder`, made on first use."""
    python = folder / "bin" / "python"
    program = folder / "bin" / "label-studio"
    if not program.exists():
        say(f"installing label-studio {version} into {folder} (a few minutes)")
        run = [sys.executable, "-m", "venv", str(folder)]
        subprocess.run(run, check=True, stdout=sys.stderr)
        pip = [str(python), "-m", "pip", "install", "--quiet", f"label-studio=={version}"]
        subprocess.run(pip, check=True, stdout=sys.stderr)
    return python


def measure_label_studio(
    python: Path, folder: Path, n_tasks: int, n_requests: int
) -> dict[str, float]:
    """Seconds by kind of work, and the most memory its process held, in MB."""
    token = secrets.token_hex(20)
    with _server(python, folder, token) as (port, process):
        client = Client(port, {"Authorization": f"Token {token}"})
        project = client.post_json("/api/projects/", _project()).json()["id"]
        say(f"Label Studio: importing {n_tasks:,} tasks")
        content = json.dumps([_task(number) for number in range(n_tasks)]).encode()
        address = f"/api/projects/{project}/import"
        imported = client.post_file(address, "tasks.json", content)
        counts = imported.json()
        if (counts["task_count"], counts["annotation_count"]) != (n_tasks, n_tasks):
            raise Refused(f"Label Studio imported {counts}")
        found = {"import": imported.seconds}
        found |= _pages(client, project, min(n_requests, n_tasks))
        say("Label Studio: exporting")
        address = f"/api/projects/{project}/export?exportType=JSON"
        export = client.get(address)
        if len(export.json()) < n_tasks:
            raise Refused(f"Label Studio exported {len(export.json())} of {n_tasks} tasks")
        return found | {"export": export.seconds, "memory": _peak_mb(process)}


def _pages(client: Client, project: int, n: int) -> dict[str, float]:
    """Medians of `n` requests each, after a few to warm up."""
    say("Label Studio: list, open, submit")
    address = f"/api/tasks?project={project}&page=1&page_size=50"
    listed = [client.get(address) for _ in range(min(n, 30))]
    tasks = [task["id"] for task in listed[0].json()["tasks"]]
    opened, submitted = [], []
    for number in range(n):
        task = tasks[number % len(tasks)]
        opened.append(client.get(f"/api/tasks/{task}/?project={project}").seconds)
        answer = {"result": _result(number, rater=1), "lead_time": 10.0}
        submitted.append(client.post_json(f"/api/tasks/{task}/annotations/", answer).seconds)
    warm = min(3, n - 1)
    return {
        "list": median(reply.seconds for reply in listed[warm:]),
        "open": median(opened[warm:]),
        "submit": median(submitted[warm:]),
    }


def _project() -> dict[str, str]:
    choices = "".join(
        f'<Header value="{key}"/><Choices name="{key}" toName="answer" choice="single-radio">'
        '<Choice value="met"/><Choice value="not_met"/></Choices>'
        for key in CRITERIA
    )
    texts = '<Text name="prompt" value="$prompt"/><Text name="answer" value="$answer"/>'
    return {"title": "Points", "label_config": f"<View>{texts}{choices}</View>"}


def _task(number: int) -> dict[str, Any]:
    return {
        "data": {"prompt": prompt(number), "answer": response(number)},
        "annotations": [{"result": _result(number, rater=0)}],
    }


def _result(task: int, *, rater: int) -> list[dict[str, Any]]:
    return [
        {
            "from_name": key,
            "to_name": "answer",
            "type": "choices",
            "value": {"choices": ["met" if says_met(task, number, rater) else "not_met"]},
        }
        for number, key in enumerate(CRITERIA)
    ]


@contextmanager
def _server(python: Path, folder: Path, token: str) -> Iterator[tuple[int, int]]:
    """It serves from a scratch folder with SQLite, its default: (port, process id)."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    program = python.parent / "label-studio"
    command = [
        *(str(python), str(program), "start", "--no-browser", "--port", str(port)),
        *("--internal-host", "127.0.0.1", "--data-dir", str(folder / "label-studio")),
        *("--username", "olga@example.com", "--password", secrets.token_urlsafe(12)),
        *("--user-token", token, "--enable-legacy-api-token", "--log-level", "ERROR"),
    ]
    # Nothing is sent anywhere while it is measured.
    quiet = {"COLLECT_ANALYTICS": "false", "LATEST_VERSION_CHECK": "false", "SENTRY_DSN": ""}
    scratch = {key: word for key, word in os.environ.items() if not key.startswith("DJANGO_")}
    log = folder / "label-studio.log"
    with log.open("wb") as output:
        server = subprocess.Popen(
            command, env={**scratch, **quiet}, cwd=folder, stdout=output, stderr=output
        )
    try:
        say("Label Studio: starting")
        await_answer("/health", port, server, log, START_SECONDS)
        yield port, server.pid
    finally:
        server.terminate()
        server.wait(30)


def _peak_mb(process: int) -> float:
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise Refused("Label Studio's process is gone")

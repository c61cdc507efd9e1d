"""Our side of the web benchmark. Import this once Django is set up."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from _common import say
from _web_client import Client, Reply, await_answer
from _web_data import CRITERIA, says_met, write_dataset, write_round
from django.conf import settings
from django.test import Client as SignIn
from django.urls import reverse

from annotations.actions import activate, create_session
from annotations.models import Session
from rubricstudio.actions.imports import import_records
from rubricstudio.actions.imports.files import DataFile, Reading, read_files
from rubricstudio.actions.projects import create_project
from rubricstudio.management.commands.serve import processes
from rubricstudio.models import Project, RubricVersion, User

START_SECONDS = 60

_TOKEN = re.compile(rb'name="csrfmiddlewaretoken" value="([^"]+)"')
_REVISION = re.compile(rb'name="revision" value="([^"]+)"')


class Studio:
    """A fresh installation with one person and the folder that import files are written to."""

    def __init__(self, folder: Path, tasks: int) -> None:
        self.folder, self.tasks = folder, tasks
        self.user = User.objects.create_user(username="olga", email="olga@example.com")

    def project(self, slug: str) -> Project:
        return create_project(by=self.user, name=slug, slug=slug)

    def import_dataset(self, project: Project, *, sheets: bool) -> float:
        """Import tasks, responses, a rubric and a person's verdicts; the seconds it took."""
        path = self.folder / ("sheets.jsonl" if sheets else "verdicts.jsonl")
        if not path.exists():
            write_dataset(path, tasks=self.tasks, sheets=sheets)
        return self._import(project, path)

    def import_rounds(self, project: Project, raters: Sequence[int]) -> None:
        """Import the verdicts of more raters, each in a session of their own."""
        for rater in raters:
            path = self.folder / "round.jsonl"
            write_round(path, tasks=self.tasks, rater=rater)
            self._import(project, path)

    def _import(self, project: Project, path: Path) -> float:
        """As manage.py import_dataset does it, from the file on disk to the commit."""
        start = time.perf_counter()
        records = read_files([DataFile(path.name, path)], Reading())
        report = import_records(project=project, records=records, by=self.user)
        taken = time.perf_counter() - start
        expected = self.tasks * len(CRITERIA)
        if report.added["verdict"] != expected:
            raise SystemExit(f"{report.added['verdict']} verdicts came in instead of {expected}")
        return taken

    def session(self, project: Project) -> Session:
        """An open session over all responses, with this person as its annotator."""
        version = RubricVersion.objects.get(rubric__project=project)
        session = create_session(
            project=project,
            name="Expert judgement",
            version=version,
            by=self.user,
            coverage=1,
            annotators=[self.user],
        )
        return activate(session=session, by=self.user)

    def browser(self, port: int) -> Client:
        """A client that is signed in."""
        client = Client(port)
        sign_in = SignIn()
        sign_in.force_login(self.user)
        client.cookies[settings.SESSION_COOKIE_NAME] = sign_in.cookies["sessionid"].value
        return client


@contextmanager
def web_server(log: Path) -> Iterator[tuple[int, int]]:
    """The web process as `manage.py serve` runs it, without workers: (port, process id)."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = processes(bind=f"127.0.0.1:{port}")["web"]
    with log.open("wb") as output:
        server = subprocess.Popen(command, stdout=output, stderr=output, env=os.environ)
    try:
        await_answer("/accounts/login/", port, server, log, START_SECONDS)
        children = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()
        yield port, int(children[0])
    finally:
        server.terminate()
        server.wait(30)


def list_page(client: Client, project: Project) -> Reply:
    return client.get(reverse("rubricstudio:data", args=[project.slug]))


def export_address(project: Project) -> str:
    return f"/projects/{project.slug}/export.jsonl"


def annotate(client: Client, project: Project, session: Session, n: int) -> tuple[list[float], ...]:
    """Judge `n` items as a person does: open a page, submit it, be sent to the next.

    The seconds of each page, and of each submit, which stores ten verdicts and reserves the
    next item.
    """
    queue = reverse("annotations:queue", args=[project.slug, session.pk])
    fields = {"csrfmiddlewaretoken": _found(_TOKEN, client.get(queue))}
    reply = client.post_form(queue.replace("/queue/", "/next/"), fields)
    opened, submitted = [], []
    for number in range(n):
        address = reply.location
        page = client.get(address)
        reply = client.post_form(f"{address}submit/", _sheet(page, number))
        if "/items/" not in reply.location:
            raise SystemExit(f"submit led to {reply.location or reply.status} and no next item")
        opened.append(page.seconds)
        submitted.append(reply.seconds)
    return opened, submitted


def _sheet(page: Reply, task: int) -> dict[str, str]:
    answers = {
        f"answer:{key}": str(int(says_met(task, number, 0))) for number, key in enumerate(CRITERIA)
    }
    token, revision = _found(_TOKEN, page), _found(_REVISION, page)
    return {"csrfmiddlewaretoken": token, "revision": revision, "tab": "", **answers}


def _found(pattern: re.Pattern[bytes], page: Reply) -> str:
    match = pattern.search(page.body)
    if match is None:
        say(page.body.decode()[:2000])
        raise SystemExit(f"the page holds no {pattern.pattern!r}")
    return match[1].decode()


def peak_mb(process: int) -> float:
    """The most memory a process ever held, in MB."""
    status = Path(f"/proc/{process}/status").read_text()
    match = re.search(r"^VmHWM:\s+(\d+) kB$", status, re.MULTILINE)
    return int(match[1]) / 1024 if match else 0.0

"""The web process killed at any moment of a submit: a whole submission or a draft, never half."""

from __future__ import annotations

import http.client
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.urls import reverse

from annotations.actions import activate, create_session, next_item
from annotations.actions.sheets import stored_sheet
from annotations.models import Assignment, Session
from rubricstudio.actions.tasks import add_response
from rubricstudio.management.commands.serve import processes
from rubricstudio.models import Verdict
from tests.conftest import Cast, Data
from tests.waiting import PATIENCE, until, until_database_is_quiet

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

KILLS = 15
ANSWERS = {
    "answer:warns": "1",
    "comment:warns": "Names the interaction.",
    "answer:invents": "0",
    "answer:clarity": "2",
    "comment": "Reads well.",
}


class Web:
    """The web process of `manage.py serve` on the test database, to be killed and started."""

    def __init__(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        name = connection.settings_dict["NAME"]
        database = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()
        self.process = subprocess.Popen(
            processes(bind=f"127.0.0.1:{self.port}")["web"],
            cwd=Path(settings.BASE_DIR),
            env={**os.environ, "DATABASE_URL": database, "PYTHONWARNINGS": "ignore"},
            stdout=subprocess.DEVNULL,
            stderr=sys.stderr,
            start_new_session=True,
        )
        until(self._answers, "the web process to start")

    def _answers(self) -> bool:
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        with closing(line), suppress(OSError):
            line.request("GET", "/accounts/login/")
            with line.getresponse() as answer:
                return answer.status == 200
        return False

    def kill(self) -> None:
        """Master and workers at once, as a power cut would."""
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(PATIENCE)


@pytest.fixture
def web() -> Iterator[Web]:
    made = Web()
    made.start()
    yield made
    made.kill()


@pytest.fixture
def session(cast: Cast, data: Data) -> Session:
    for n in range(KILLS + 1 - len(data.responses)):
        add_response(task=data.tasks[n % 2], external_id=f"more-{n}", source="wren", text="Ask.")
    made = create_session(
        project=cast.project,
        name="To be killed",
        version=data.version,
        by=cast.owner,
        coverage=1,
        annotators=[cast.annotator],
    )
    return activate(session=made, by=cast.owner)


class Annotator:
    """A person's browser without scripts: presses submit, and may get no answer."""

    def __init__(self, web: Web, cast: Cast) -> None:
        client = Client()
        client.force_login(cast.annotator)
        self.port = web.port
        self.token = "a" * 32
        self.cookie = f"sessionid={client.cookies['sessionid'].value}; csrftoken={self.token}"

    def submit(self, item: Assignment) -> int | None:
        """The status of the answer, None where none came. Reads `item.item`."""
        path = reverse("annotations:submit", args=["demo", item.item.session_id, item.item_id])
        body = {**ANSWERS, "revision": "0", "tab": "t", "csrfmiddlewaretoken": self.token}
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        headers = {"Cookie": self.cookie, "Content-Type": "application/x-www-form-urlencoded"}
        with closing(line), suppress(OSError, http.client.HTTPException):
            line.request("POST", path, urlencode(body), headers)
            with line.getresponse() as answer:
                return answer.status
        return None


def _check_whole(item: Assignment, *, answered: bool) -> bool:
    """Whether it is submitted; fails on anything between all and nothing."""
    item.refresh_from_db()
    stored = list(Verdict.objects.filter(response=item.item.response_id, revision=0))
    if item.status == "submitted":
        assert len(stored) == 3
        assert item.submitted_at is not None
        assert item.submitted_version == item.draft_version
        assert stored_sheet(item).entry("clarity").value == 2
        return True
    assert not answered, "the person was told that it is submitted"
    assert item.status in ("pending", "draft")
    assert stored == []
    return False


def test_killed_at_any_moment_of_a_submit_it_is_whole_or_not_there(
    web: Web, cast: Cast, session: Session
) -> None:
    moments = random.Random(4)
    person = Annotator(web, cast)
    warm = next_item(session=session, by=cast.annotator)
    assert warm
    person.submit(warm)
    began = time.monotonic()
    person.submit(warm)
    usual = time.monotonic() - began
    whole = 0

    for _ in range(KILLS):
        item = next_item(session=session, by=cast.annotator)
        assert item
        assert item.item.session_id == session.pk  # read here: a thread would open a connection
        answers: list[int | None] = []
        sender = threading.Thread(target=lambda at=item, to=answers: to.append(person.submit(at)))
        sender.start()
        time.sleep(moments.uniform(0, 1.5 * usual))  # any moment of it may be the one
        web.kill()
        sender.join(PATIENCE)
        until_database_is_quiet()
        submitted = _check_whole(item, answered=answers == [302])
        whole += submitted

        # The person, told nothing, presses again: it is stored once, whatever happened.
        web.start()
        assert person.submit(item) == 302
        assert _check_whole(item, answered=True)
        assert Verdict.objects.filter(response=item.item.response_id).count() == 3

    print(f"killed {KILLS} times within {1.5 * usual * 1000:.0f} ms: {whole} were whole already")
    assert Verdict.objects.count() == 3 * (KILLS + 1)

"""What the journeys share: visitors in a real Chromium, and real workers.

With SCREENSHOTS set to a folder each journey refreshes its pictures there
(`make screenshots`); docs/guide.md shows them.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from rubricstudio.management.commands.serve import processes
from rubricstudio.workers import worker_status
from tests.browsing import DESK, PHONE, assert_accessible, browsing
from tests.waiting import until

ROOT = Path(settings.BASE_DIR)


@dataclass
class Visitor:
    """A person at a browser: goes to pages, and has each one looked at."""

    page: Page
    url: str
    shots: Path | None

    def go(self, path: str) -> None:
        answer = self.page.goto(self.url + path)
        assert answer is not None
        assert answer.status == 200, f"{path}: {answer.status}"

    def sign_in(self, email: str, password: str) -> None:
        self.go("/accounts/login/")
        self.page.locator("#id_login").fill(email)
        self.page.locator("#id_password").fill(password)
        self.page.keyboard.press("Enter")
        expect(self.page.get_by_role("heading", level=1)).not_to_have_text("Sign in")

    def press(self, name: str) -> None:
        """Press the button, or follow the link, that says so."""
        button = self.page.get_by_role("button", name=name, exact=True)
        link = self.page.get_by_role("link", name=name, exact=True)
        button.or_(link).first.click()

    def fill(self, label: str, text: str) -> None:
        """Type into the field with this label, whether it is optional or not."""
        name = re.compile(rf"^\s*{re.escape(label)}(\s+\(optional\))?\s*$")
        self.page.get_by_label(name).fill(text)

    def title(self, text: str) -> None:
        """Wait until the page's heading says so."""
        expect(self.page.get_by_role("heading", level=1)).to_have_text(text)

    def look(self, name: str, *shots: str) -> None:
        """No serious accessibility finding, light or dark, and nothing wider than a phone.

        `shots` are the pictures to take when pictures are asked for: "light", "dark", "phone".
        """
        self.page.mouse.move(0, 0)
        assert_accessible(self.page, name)
        self._picture(name, "light", shots)
        self.page.emulate_media(color_scheme="dark")
        # Dark differs in colours only.
        assert_accessible(self.page, f"{name}, dark", runOnly=["color-contrast"])
        self._picture(f"{name}-dark", "dark", shots)
        self.page.emulate_media(color_scheme="light")
        self.page.set_viewport_size(PHONE)  # type: ignore[arg-type]  # a plain dict
        self._fits(name)
        self._picture(f"{name}-phone", "phone", shots)
        self.page.set_viewport_size(DESK)  # type: ignore[arg-type]  # as above

    def fits(self, name: str) -> None:
        """Nothing is wider than a phone."""
        self.page.set_viewport_size(PHONE)  # type: ignore[arg-type]  # a plain dict
        self._fits(name)
        self.page.set_viewport_size(DESK)  # type: ignore[arg-type]  # as above

    def _fits(self, name: str) -> None:
        wide, reach = self.page.evaluate(
            """() => {
              const root = document.documentElement, width = root.clientWidth;
              const reach = [...document.querySelectorAll("body *")]
                .filter((element) => element.getBoundingClientRect().right > width + 0.5)
                .map((element) => `${element.tagName}.${element.className}`);
              return [root.scrollWidth - width, reach.slice(0, 5)];
            }"""
        )
        assert wide <= 0, f"{name} is {wide} pixels wider than a phone: {reach}"

    def _picture(self, name: str, kind: str, wanted: tuple[str, ...]) -> None:
        if self.shots is not None and kind in wanted:
            self.page.screenshot(path=self.shots / f"{name}.png", animations="disabled")


class MakeVisitor(Protocol):
    """Makes a visitor with a browser session of their own."""

    def __call__(self, *, locale: str = "en-GB", scripts: bool = True) -> Visitor: ...


@pytest.fixture
def visitor(launched: Browser, live_server: LiveServer) -> Iterator[MakeVisitor]:
    folder = os.environ.get("SCREENSHOTS")
    shots = ROOT / folder if folder else None
    if shots is not None:
        shots.mkdir(parents=True, exist_ok=True)

    with ExitStack() as opened:

        def make(*, locale: str = "en-GB", scripts: bool = True) -> Visitor:
            options = {"viewport": DESK, "locale": locale, "java_script_enabled": scripts}
            page = opened.enter_context(browsing(launched, **options)).new_page()
            page.on("pageerror", lambda error: pytest.fail(f"script error: {error}"))
            return Visitor(page, live_server.url, shots)

        yield make


def database_url() -> str:
    """The test database, for processes of their own."""
    known: dict[str, Any] = connection.get_connection_params()
    return f"postgresql://{known['user']}@/{known['dbname']}?host={known['host']}"


@pytest.fixture
def workers(transactional_db: None, live_server: LiveServer) -> Iterator[None]:
    """The workers of `manage.py serve` on the test database, up before the test begins."""
    cache.clear()  # the whole database of the broker: no message is left from another test
    quiet = "ignore:You're running the worker with superuser privileges"
    environ = {
        **os.environ,
        "PYTHONWARNINGS": quiet,
        "DATABASE_URL": database_url(),
        "TORCH_THREADS": "1",
    }
    commands = processes(bind="")
    running = [
        subprocess.Popen(
            [*commands[name], "--without-gossip", "--without-mingle"],
            cwd=ROOT,
            env=environ,
            stdout=subprocess.DEVNULL,
            stderr=sys.stderr,
        )
        for name in ("llm", "gpu")
    ]
    try:
        until(lambda: not worker_status().missing, "the workers to start")
        yield
    finally:
        for process in running:
            process.send_signal(signal.SIGQUIT)  # at once, not when its task is done
        for process in running:
            process.wait(30)

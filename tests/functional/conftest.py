"""What the journeys share: a real Chromium, real workers, pictures and accessibility rules.

With SCREENSHOTS set to a folder each journey refreshes its pictures there
(`make screenshots`).
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from pytest_django.live_server_helper import LiveServer

from rubricstudio.management.commands.serve import processes
from rubricstudio.workers import worker_status
from tests import browser as chromium

ROOT = Path(settings.BASE_DIR)
DESK = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
SERIOUS = ("serious", "critical")


@pytest.fixture(scope="module")
def launched() -> Iterator[Browser]:
    path = chromium.find()
    assert path, "no Chromium: run python -m tests.browser"
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        # Playwright's loop runs in this thread, and the fixtures use the database in it.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        browser = playwright.chromium.launch(
            executable_path=path,
            args=["--no-sandbox", "--disable-background-networking", "--disable-gpu"],
        )
        yield browser
        browser.close()


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

    def look(self, name: str) -> None:
        """No serious accessibility finding, nothing wider than a phone, and the pictures."""
        self._axe(name)
        self.page.set_viewport_size(PHONE)  # type: ignore[arg-type]  # a plain dict
        wide = self.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert wide <= 0, f"{name} is {wide} pixels wider than a phone"
        self._picture(f"{name}-390")
        self.page.set_viewport_size(DESK)  # type: ignore[arg-type]  # as above
        self._picture(name)
        self.page.emulate_media(color_scheme="dark")
        self._axe(f"{name}, dark")
        self._picture(f"{name}-dark")
        self.page.emulate_media(color_scheme="light")

    def _picture(self, name: str) -> None:
        if self.shots is not None:
            self.page.screenshot(path=self.shots / f"{name}.png")

    def _axe(self, name: str) -> None:
        found = Axe().run(self.page).response["violations"]
        serious = [
            (rule["id"], [node["html"][:120] for node in rule["nodes"][:3]])
            for rule in found
            if rule["impact"] in SERIOUS
        ]
        assert serious == [], f"{name}: {serious}"


@pytest.fixture
def visitor(launched: Browser, live_server: LiveServer) -> Iterator[Callable[[], Visitor]]:
    """Makes visitors, each with a browser session of their own."""
    contexts: list[BrowserContext] = []
    folder = os.environ.get("SCREENSHOTS")
    shots = ROOT / folder if folder else None
    if shots is not None:
        shots.mkdir(parents=True, exist_ok=True)

    def make() -> Visitor:
        context = launched.new_context(viewport=DESK, locale="en-GB")  # type: ignore[arg-type]  # a plain dict
        context.set_default_timeout(15_000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: pytest.fail(f"script error: {error}"))
        return Visitor(page, live_server.url, shots)

    yield make
    for context in contexts:
        context.close()


def database_url() -> str:
    """The test database, for processes of their own."""
    known: dict[str, Any] = connection.get_connection_params()
    return f"postgresql://{known['user']}@/{known['dbname']}?host={known['host']}"


@pytest.fixture
def workers(transactional_db: None, live_server: LiveServer) -> Iterator[None]:
    """The workers of `manage.py serve` on the test database, up before the test begins."""
    cache.clear()
    environ = {**os.environ, "DATABASE_URL": database_url(), "TORCH_THREADS": "1"}
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
        _wait_until(lambda: not worker_status().missing, "the workers did not start")
        yield
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.wait(30)


def _wait_until(done: Callable[[], bool], message: str, seconds: int = 60) -> None:
    """Look until it is so, for a bounded time."""
    import threading
    import time

    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while not done():
        assert time.monotonic() < deadline, message
        pause.wait(0.1)

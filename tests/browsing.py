"""Sessions in the browser of the tests, closed so that nothing they send outlives the test."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, expect

from rubricstudio.models import User

DESK = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
# The colours of the scheme are drawn, and nothing fades from one to another. Chromium on a
# busy machine sometimes leaves elements in the colours of the scheme before; a rule that
# matches every element, with a value it never had, makes it compute all of them again.
SETTLED = """async () => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`*, *::before, *::after { --drawn-at: ${performance.now()} }`);
  document.adoptedStyleSheets = [sheet];
  const frame = () => new Promise(requestAnimationFrame);
  const still = async () => {
    await frame();
    await frame();
    await Promise.allSettled(document.getAnimations().map((each) => each.finished));
  };
  await Promise.race([still(), new Promise((done) => setTimeout(done, 5000))]);
}"""
PATIENCE = 30_000
"""Milliseconds that a busy machine may take for what a person would see at once."""
expect.set_options(timeout=PATIENCE)
TOLERATED = ("minor", "moderate")


@contextmanager
def browsing(browser: Browser, **options: Any) -> Iterator[BrowserContext]:
    """A browser session of its own in which nothing moves."""
    wanted = {"viewport": DESK, "locale": "en-GB", "reduced_motion": "reduce", **options}
    context = browser.new_context(**wanted)
    context.set_default_timeout(PATIENCE)
    try:
        yield context
    finally:
        context.set_offline(True)  # what a closing page still sends must not meet the next test
        context.close()


def sign_in(context: BrowserContext, url: str, person: User) -> None:
    """Signed in at this address, without the form."""
    client = Client()
    client.force_login(person)
    name = settings.SESSION_COOKIE_NAME
    context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": url}])


def assert_accessible(
    page: Page,
    name: str = "the page",
    *,
    context: str | None = None,
    tolerated: Sequence[str] = TOLERATED,
    **options: object,
) -> None:
    """axe finds nothing on a page, or in `context`, that is not tolerated. options: of axe.run."""
    page.evaluate(SETTLED)
    options["resultTypes"] = ["violations"]  # the rest takes as long again to describe
    found = Axe().run(page, context, options=options).response["violations"]
    wrong = [
        (rule["id"], [(n["html"][:120], n["failureSummary"]) for n in rule["nodes"][:3]])
        for rule in found
        if rule["impact"] not in tolerated
    ]
    assert wrong == [], f"{name}: {wrong}"

"""Sessions in the browser of the tests, closed so that nothing they send outlives the test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext

from rubricstudio.models import User

DESK = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}


@contextmanager
def browsing(
    browser: Browser, *, patience: int = 10_000, **options: Any
) -> Iterator[BrowserContext]:
    """A browser session of its own in which nothing moves. `patience` is in milliseconds."""
    wanted = {"viewport": DESK, "locale": "en-GB", "reduced_motion": "reduce", **options}
    context = browser.new_context(**wanted)
    context.set_default_timeout(patience)
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

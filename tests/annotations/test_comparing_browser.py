"""Comparing and ranking in a real browser: keys, views, drafts, accessibility."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer

from annotations.actions import activate
from annotations.models import Assignment, Session
from rubricstudio.actions.tasks import add_response
from rubricstudio.models import Preference
from tests.annotations.test_browser import _saved, _url
from tests.annotations.test_comparing import PAIRS, RANKED, compared, pull
from tests.browsing import PHONE, assert_accessible, browsing, sign_in
from tests.conftest import Cast, Data

pytestmark = [
    pytest.mark.functional,
    pytest.mark.django_db(transaction=True, serialized_rollback=False),
]


@pytest.fixture
def context(launched: Browser, live_server: LiveServer, cast: Cast) -> Iterator[BrowserContext]:
    with browsing(launched) as opened:
        sign_in(opened, live_server.url, cast.annotator)
        yield opened


@pytest.fixture
def pairs(cast: Cast, data: Data) -> Session:
    return activate(session=compared(cast, data, PAIRS), by=cast.owner)


@pytest.fixture
def ranked(cast: Cast, data: Data) -> Session:
    """A task of four responses, another of two."""
    for source in ("crane", "finch"):
        add_response(
            task=data.tasks[0], external_id=f"x/{source}", source=source, text=f"{source}: no."
        )
    return activate(session=compared(cast, data, RANKED), by=cast.owner)


def _picture(page: Page, name: str) -> None:
    """Keeps a picture where somebody wants to look at the page."""
    if folder := os.environ.get("PICTURES"):
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)


def _open(context: BrowserContext, server: LiveServer, assignment: Assignment) -> Page:
    page = context.new_page()
    page.goto(_url(server, "annotate", assignment))
    return page


def test_a_pair_is_compared_with_five_keys(
    context: BrowserContext, live_server: LiveServer, pairs: Session, cast: Cast
) -> None:
    page = _open(context, live_server, pull(pairs, cast.annotator))
    expect(page.locator("#criterion-1")).to_be_focused()
    page.keyboard.press("d")
    expect(page.locator(".compared-marked mark").first).to_be_visible()
    assert_accessible(page, tolerated=())
    _picture(page, "pair-1440")
    page.keyboard.press("1")
    page.keyboard.press("3")
    page.keyboard.press("a")
    expect(page.locator("#criterion-4")).to_be_focused()
    page.keyboard.press("5")
    _saved(page)
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Item 2")

    row = Preference.objects.get()
    assert row.preferred != (row.provenance or {})["shown_first"]
    assert abs(row.strength or 0) == 2
    assert row.parts.filter(status="cannot_assess").count() == 1


def test_on_a_phone_one_response_is_shown_at_a_time(
    context: BrowserContext, live_server: LiveServer, pairs: Session, cast: Cast
) -> None:
    mine = pull(pairs, cast.annotator)
    page = context.new_page()
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]  # a plain dict
    page.goto(_url(live_server, "annotate", mine))
    expect(page.locator("#response-A")).to_be_visible()
    expect(page.locator("#response-B")).to_be_hidden()
    page.get_by_role("radio", name="B", exact=True).check()
    expect(page.locator("#response-B")).to_be_visible()
    expect(page.locator("#response-A")).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert_accessible(page, tolerated=())
    _picture(page, "pair-390")


def test_a_ranking_by_keys_is_saved_submitted_and_shown_again(
    context: BrowserContext, live_server: LiveServer, ranked: Session, cast: Cast
) -> None:
    mine = pull(ranked, cast.annotator)
    page = _open(context, live_server, mine)
    expect(page.locator("#criterion-1")).to_be_focused()
    # A B C D; D goes up twice: A D B C; C is tied with B.
    page.locator("#criterion-4").focus()
    page.keyboard.press("Alt+ArrowUp")
    page.keyboard.press("Alt+ArrowUp")
    page.locator("#criterion-3").focus()
    page.keyboard.press("t")
    places = [page.locator(f"#place-{letter}").input_value() for letter in "ABCD"]
    assert places == ["1", "3", "3", "2"]
    _saved(page)
    assert_accessible(page, tolerated=())
    _picture(page, "ranking-1440")
    page.reload()
    rows = page.locator("[data-rank-item]")
    assert [rows.nth(n).get_attribute("data-criterion") for n in range(4)] == list("ADBC")
    page.keyboard.press("Control+Enter")
    expect(page.locator("h1")).to_have_text("Item 2")

    assert Preference.objects.count() == 6
    assert Preference.objects.filter(preferred="tie").count() == 1


def test_a_ranking_by_dragging(
    context: BrowserContext, live_server: LiveServer, ranked: Session, cast: Cast
) -> None:
    page = _open(context, live_server, pull(ranked, cast.annotator))
    last = page.locator("#criterion-4 [data-rank-handle]").bounding_box()
    first = page.locator("#criterion-1").bounding_box()
    assert last and first
    page.mouse.move(last["x"] + 5, last["y"] + 5)
    page.mouse.down()
    page.mouse.move(first["x"] + 30, first["y"] + 12, steps=5)
    page.mouse.move(first["x"] + 30, first["y"] + 4)
    page.mouse.up()
    places = [page.locator(f"#place-{letter}").input_value() for letter in "ABCD"]
    assert places == ["2", "3", "4", "1"]
    _saved(page)

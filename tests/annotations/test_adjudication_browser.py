"""Adjudicating by keyboard in a real browser."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from annotations.models import Adjudication, Session
from rubricstudio.models import Comment
from tests.annotations.test_adjudication import judge_all, sheet
from tests.browsing import assert_accessible, browsing, sign_in
from tests.conftest import Cast

pytestmark = [
    pytest.mark.functional,
    pytest.mark.django_db(transaction=True, serialized_rollback=False),
]


@pytest.fixture
def page(launched: Browser, live_server: LiveServer, cast: Cast) -> Iterator[Page]:
    with browsing(launched) as context:
        sign_in(context, live_server.url, cast.reviewer)
        yield context.new_page()


def test_five_units_are_decided_by_keyboard(
    page: Page, live_server: LiveServer, session: Session, cast: Cast
) -> None:
    judge_all(session, cast.annotator, sheet(1, 0, 1))
    judge_all(session, cast.second_annotator, sheet(0, 0, 3))
    page.goto(live_server.url + reverse("annotations:adjudication", args=["demo"]))
    page.keyboard.press("n")
    expect(page.locator("#suggestions")).to_contain_text("Dawid")
    assert_accessible(page, tolerated=())

    def after(keys: list[str]) -> None:
        """Press keys; the last of them goes on to another unit."""
        before = page.url
        for key in keys[:-1]:
            page.keyboard.press(key)
        with page.expect_navigation(url=lambda url: url != before):
            page.keyboard.press(keys[-1])

    after(["1"])
    after(["e", "2"])
    after(["u"])
    after(["a", "1"])
    # The fifth against everybody: the select by key, its reason, and the button.
    before = page.url
    page.keyboard.press("o")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Escape")
    page.locator("#reason").focus()
    page.keyboard.type("Neither read the last line.")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    with page.expect_navigation(url=lambda url: url != before):
        page.keyboard.press("Enter")

    made = list(Adjudication.objects.order_by("pk").values_list("decision", "cause"))
    assert made == [
        ("adopted", ""),
        ("adopted", "edge_case"),
        ("unresolved", ""),
        ("adopted", "ambiguous"),
        ("overridden", ""),
    ]
    _propose(page)
    assert Comment.objects.count() == 1


def _propose(page: Page) -> None:
    page.locator("#propose summary").press("Enter")
    page.locator("#proposal").fill("Name the interaction.")
    page.get_by_role("button", name="Propose").press("Enter")
    expect(page.get_by_text("Proposed:")).to_be_visible()

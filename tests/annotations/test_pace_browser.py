"""Pace in a real browser: the warning on the next page, and the pages of managers."""

from __future__ import annotations

import pytest
from django.urls import reverse
from playwright.sync_api import Browser, expect
from pytest_django.live_server_helper import LiveServer

from annotations.actions import next_item, submit
from annotations.models import Assignment, Session
from rubricstudio.models import Response
from tests.annotations.conftest import COMPLETE
from tests.browsing import DESK, PHONE, assert_accessible, browsing, sign_in
from tests.conftest import Cast

pytestmark = [
    pytest.mark.functional,
    pytest.mark.django_db(transaction=True, serialized_rollback=False),
]


@pytest.mark.parametrize("is_ahead", [True, False])
def test_who_submits_at_once_is_told_on_the_next_page_and_goes_on(
    session: Session, cast: Cast, launched: Browser, live_server: LiveServer, is_ahead: bool
) -> None:
    """Whether the next page was ready here or is fetched by going there."""
    Response.objects.update(text="word " * 3000)  # 400 s at 450 words a minute
    item = next_item(session=session, by=cast.annotator)
    assert item is not None
    with browsing(launched) as context:
        sign_in(context, live_server.url, cast.annotator)
        page = context.new_page()
        if not is_ahead:
            page.route("**/ahead/", lambda route: route.abort())
        page.goto(
            live_server.url
            + reverse("annotations:annotate", args=["demo", session.pk, item.item_id])
        )
        expect(page.locator("#criterion-1")).to_be_focused()
        page.keyboard.press("1")
        if is_ahead:
            expect(page.locator("[data-ahead-state]")).to_contain_text("Item 2")
        page.keyboard.press("2")
        page.keyboard.press("a")
        page.keyboard.press("Enter")

        expect(page.locator("h1")).to_have_text("Item 2")
        told = page.locator("#toasts .toast")
        expect(told).to_have_count(1)
        expect(told).to_contain_text("quicker than the text can be read")
        assert_accessible(page)
        page.reload()
        expect(page.locator("h1")).to_have_text("Item 2")
        expect(page.locator("#toasts .toast")).to_have_count(0)

    item.refresh_from_db()
    assert item.seconds_to_submit is not None and item.reading_seconds == 400


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_of_managers_are_accessible(
    session: Session, cast: Cast, launched: Browser, live_server: LiveServer, scheme: str
) -> None:
    for seconds in (4, 90, 300):
        item = next_item(session=session, by=cast.annotator)
        assert item is not None
        submit(assignment=item, sheet=COMPLETE, by=cast.annotator)
        Assignment.objects.filter(pk=item.pk).update(reading_seconds=120, seconds_to_submit=seconds)
    with browsing(launched, color_scheme=scheme) as context:
        sign_in(context, live_server.url, cast.owner)
        page = context.new_page()
        for size in (DESK, PHONE):
            page.set_viewport_size(size)  # type: ignore[arg-type]  # a plain dict
            page.goto(live_server.url + reverse("annotations:dashboard", args=["demo", session.pk]))
            assert_accessible(page, f"the dashboard, {size['width']} px")
            page.locator("#pace-of-reading").get_by_role("link", name="2 of 3").click()
            expect(page.locator("tbody tr")).to_have_count(2)
            assert_accessible(page, f"the list, {size['width']} px")
            width = page.evaluate("document.documentElement.scrollWidth")
            assert width <= size["width"]

"""Gold answers made of verdicts, in a real browser by keyboard, in both schemes and on a phone."""

from __future__ import annotations

import pytest
from django.urls import reverse
from playwright.sync_api import Browser, expect
from pytest_django.live_server_helper import LiveServer

from annotations.actions import complete, next_item, submit
from annotations.models import Gold, Session
from tests.annotations.conftest import COMPLETE
from tests.browsing import PHONE, assert_accessible, browsing, sign_in
from tests.conftest import Cast

pytestmark = [
    pytest.mark.functional,
    pytest.mark.django_db(transaction=True, serialized_rollback=False),
]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_gold_answers_are_made_by_keyboard(
    session: Session, cast: Cast, launched: Browser, live_server: LiveServer, scheme: str
) -> None:
    for person in (cast.annotator, cast.second_annotator):
        while (item := next_item(session=session, by=person)) is not None:
            submit(assignment=item, sheet=COMPLETE, by=person)
    complete(session=session, by=cast.owner)
    with browsing(launched, color_scheme=scheme) as context:
        sign_in(context, live_server.url, cast.owner)
        page = context.new_page()
        page.goto(live_server.url + reverse("annotations:gold-from", args=["demo", session.pk]))
        page.get_by_label("What was adjudicated in it").focus()
        page.keyboard.press("ArrowDown")
        expect(page.get_by_label("What all people answered alike")).to_be_checked()
        page.get_by_role("button", name="Count them").press("Enter")
        expect(page.locator("#found")).to_contain_text("8 answers, on 4 responses")
        assert_accessible(page, "the count")
        page.set_viewport_size(PHONE)  # type: ignore[arg-type]  # a plain dict
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        assert_accessible(page, "the count on a phone")
        page.get_by_role("button", name="Make gold answers").press("Enter")
        expect(page.locator("h1")).to_have_text("Quality")
        assert Gold.objects.count() == 8
        page.get_by_role("link", name="task-1/wren").click()
        expect(page.locator("#origins + dl")).to_contain_text("unanimous answers of 2 people")
        assert_accessible(page, "where they come from")

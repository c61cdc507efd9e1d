"""The annotation page in a real browser: keys, drafts, a lost connection, accessibility."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.urls import reverse
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer

from annotations.actions import next_item, save_draft
from annotations.actions.sheets import stored_sheet
from annotations.models import Assignment, Session
from annotations.sheet import Entry, Sheet
from rubricstudio.domain.verdict import VerdictStatus
from rubricstudio.models import Verdict
from tests.browsing import DESK, PHONE, assert_accessible, browsing, sign_in
from tests.conftest import Cast

pytestmark = [
    pytest.mark.functional,
    pytest.mark.django_db(transaction=True, serialized_rollback=False),
]
OK = VerdictStatus.OK


@pytest.fixture
def context(launched: Browser, live_server: LiveServer, cast: Cast) -> Iterator[BrowserContext]:
    with browsing(launched) as opened:
        sign_in(opened, live_server.url, cast.annotator)
        yield opened


@pytest.fixture
def item(session: Session, cast: Cast) -> Assignment:
    found = next_item(session=session, by=cast.annotator)
    assert found
    return found


def _url(server: LiveServer, name: str, assignment: Assignment) -> str:
    session = assignment.item.session
    return server.url + reverse(
        f"annotations:{name}", args=[session.round.project.slug, session.pk, assignment.item_id]
    )


@pytest.fixture
def page(context: BrowserContext, live_server: LiveServer, item: Assignment) -> Page:
    """The first item, the script ready: it has put the focus on the first criterion."""
    opened = context.new_page()
    opened.goto(_url(live_server, "annotate", item))
    expect(opened.locator("#criterion-1")).to_be_focused()
    return opened


def _saved(page: Page) -> None:
    expect(page.locator("[data-save-state]")).to_have_attribute("data-state", "saved")


def test_an_item_is_judged_with_six_keys(
    page: Page, item: Assignment, live_server: LiveServer
) -> None:
    page.keyboard.press("1")
    expect(page.locator("#criterion-2")).to_be_focused()
    page.keyboard.press("2")
    expect(page.locator("#criterion-3")).to_be_focused()
    page.keyboard.press("a")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Item 2")

    values = Verdict.objects.values_list("criterion__key", "status", "value")
    assert set(values) == {
        ("warns", "ok", 1.0),
        ("invents", "ok", 0.0),
        ("clarity", "cannot_assess", None),
    }


def test_keys_move_clear_comment_and_leave_a_field(page: Page, item: Assignment) -> None:
    page.keyboard.press("j")
    expect(page.locator("#criterion-2")).to_be_focused()
    page.keyboard.press("k")
    expect(page.locator("#criterion-1")).to_be_focused()
    page.keyboard.press("1")
    page.keyboard.press("k")
    page.keyboard.press("x")
    expect(page.locator("#criterion-1 input:checked")).to_have_count(0)
    page.keyboard.press("c")
    page.keyboard.type("12 a j x")
    expect(page.locator("#criterion-1 [data-comment]")).to_have_value("12 a j x")
    page.keyboard.press("Escape")
    expect(page.locator("#criterion-1")).to_be_focused()
    page.keyboard.press("2")
    _saved(page)

    item.refresh_from_db()
    assert stored_sheet(item).entry("warns") == Entry(OK, 0.0, "12 a j x")


def test_enter_on_an_open_item_goes_to_what_is_missing(page: Page) -> None:
    page.keyboard.press("1")
    page.keyboard.press("Enter")
    expect(page.locator("#criterion-2")).to_be_focused()
    expect(page.locator("#toasts")).to_contain_text("Some criteria are still open.")
    assert Verdict.objects.count() == 0


def test_g_opens_the_guidelines_and_s_asks_why_to_skip(page: Page) -> None:
    page.keyboard.press("g")
    expect(page.locator("dialog#guidelines")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("s")
    expect(page.locator("dialog#skip-dialog")).to_be_visible()
    page.get_by_label("outside my expertise").check()
    page.locator("#skip-dialog").get_by_role("button", name="Skip and next").click()
    expect(page.locator("h1")).to_have_text("Item 2")
    assert Assignment.objects.filter(status="skipped").count() == 1


def test_question_mark_shows_the_keys_of_this_page(page: Page) -> None:
    page.keyboard.press("?")
    sheet = page.locator("#help-sheet")
    expect(sheet).to_be_visible()
    expect(sheet).to_contain_text("Cannot assess")
    expect(sheet).to_contain_text("Guidelines")


def test_a_lost_connection_keeps_the_draft_here_and_sends_it_later(
    page: Page, context: BrowserContext, item: Assignment
) -> None:
    context.set_offline(True)
    page.keyboard.press("1")
    expect(page.locator("[data-save-state]")).to_have_attribute("data-state", "offline")
    item.refresh_from_db()
    assert item.draft == {}
    assert page.evaluate("Object.keys(localStorage).some((k) => k.startsWith('rs.draft.'))")

    page.keyboard.press("2")
    page.keyboard.press("a")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#toasts")).to_contain_text("No connection.")
    expect(page.locator("h1")).to_have_text("Item 1")

    expect(page.locator("[data-save-state]")).to_have_attribute("data-state", "queued")

    context.set_offline(False)
    expect(page.locator("h1")).to_have_text("Item 2")
    assert Verdict.objects.count() == 3


def test_a_page_closed_while_offline_comes_back_with_its_entries(
    page: Page, context: BrowserContext, live_server: LiveServer, item: Assignment
) -> None:
    context.set_offline(True)
    page.keyboard.press("1")
    expect(page.locator("[data-save-state]")).to_have_attribute("data-state", "offline")
    page.close()
    context.set_offline(False)

    again = context.new_page()
    again.goto(_url(live_server, "annotate", item))

    expect(again.locator("#criterion-1 input[value='1']")).to_be_checked()
    _saved(again)
    item.refresh_from_db()
    assert stored_sheet(item).entry("warns").value == 1.0


def test_two_tabs_that_disagree_are_shown_side_by_side(
    page: Page, context: BrowserContext, live_server: LiveServer, item: Assignment
) -> None:
    other = context.new_page()
    other.goto(_url(live_server, "annotate", item))
    expect(other.locator("#criterion-1")).to_be_focused()
    page.keyboard.press("1")
    _saved(page)

    other.bring_to_front()
    other.keyboard.press("2")
    expect(other.locator("[data-save-state]")).to_have_attribute("data-state", "conflict")
    other.get_by_role("button", name="Show both").click()

    expect(other.get_by_text("In the other tab: met")).to_be_visible()
    expect(other.locator("#criterion-1 input[value='0']")).to_be_checked()
    other.locator("#criterion-1 .option", has_text="Met").first.click()
    _saved(other)
    item.refresh_from_db()
    assert stored_sheet(item).entry("warns").value == 1.0


def test_two_tabs_that_answer_different_criteria_end_up_the_same(
    page: Page, cast: Cast, item: Assignment
) -> None:
    elsewhere = Sheet({"invents": Entry(OK, 0.0, "None found.")})
    save_draft(assignment=item, sheet=elsewhere, by=cast.annotator, version=0, tab="other")

    page.keyboard.press("1")

    expect(page.locator("#criterion-2 input[value='0']")).to_be_checked()
    expect(page.locator("#criterion-2 [data-comment]")).to_have_value("None found.")
    _saved(page)
    item.refresh_from_db()
    assert set(stored_sheet(item).entries) == {"warns", "invents"}


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_on_the_page_keeps_people_out(
    page: Page, size: dict[str, int], scheme: str
) -> None:
    page.set_viewport_size(size)  # type: ignore[arg-type]  # a plain dict
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]  # one of the two

    assert_accessible(page)
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")

    assert wide <= 0
    expect(page.locator("[data-submit-next]")).to_be_in_viewport()

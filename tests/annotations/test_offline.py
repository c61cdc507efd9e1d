"""No work is lost: the network goes, the server fails, the sign-in ends, somebody else comes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from django.conf import settings
from django.urls import reverse
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect
from pytest_django.live_server_helper import LiveServer

from annotations.actions import complete, next_item, save_draft, submit
from annotations.actions.sheets import stored_sheet
from annotations.models import Assignment, Session
from annotations.sheet import Entry, Sheet
from rubricstudio.domain.verdict import VerdictStatus
from rubricstudio.models import User, Verdict
from tests.annotations.conftest import COMPLETE
from tests.browsing import browsing, sign_in
from tests.conftest import Cast

pytestmark = [
    pytest.mark.functional,
    pytest.mark.django_db(transaction=True, serialized_rollback=False),
]
OK = VerdictStatus.OK


def _sign_in(context: BrowserContext, server: LiveServer, user: User) -> None:
    """As in another tab: the session and the token against forgery are new."""
    context.clear_cookies()
    sign_in(context, server.url, user)
    tab = context.new_page()
    tab.goto(server.url + "/account/")
    tab.close()


@pytest.fixture
def context(launched: Browser, live_server: LiveServer, cast: Cast) -> Iterator[BrowserContext]:
    with browsing(launched) as opened:
        _sign_in(opened, live_server, cast.annotator)
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


def _queue(server: LiveServer, session: Session) -> str:
    return server.url + reverse("annotations:queue", args=["demo", session.pk])


@pytest.fixture
def page(context: BrowserContext, live_server: LiveServer, item: Assignment) -> Page:
    opened = context.new_page()
    opened.goto(_url(live_server, "annotate", item))
    expect(opened.locator("#criterion-1")).to_be_focused()
    return opened


def _state(page: Page, state: str) -> None:
    expect(page.locator("[data-save-state]")).to_have_attribute("data-state", state)


def _title(page: Page, text: str) -> None:
    expect(page.locator("h1")).to_have_text(text)


def _press(page: Page, keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def _copies(page: Page) -> int:
    return int(
        page.evaluate("Object.keys(localStorage).filter((k) => k.startsWith('rs.draft.')).length")
    )


def _nothing_kept(page: Page) -> None:
    for _ in range(400):
        if _copies(page) == 0:
            return
        page.wait_for_timeout(25)  # lets the page go on; an expectation cannot see its store
    pytest.fail("something is still kept in the browser")


def _verdicts(position: int) -> set[tuple[str, str, float | None, str]]:
    rows = Verdict.objects.filter(
        response__session_items__position=position, round__session__isnull=False
    )
    return set(rows.values_list("criterion__key", "status", "value", "rationale"))


def _ready(page: Page) -> None:
    """The next item is reserved and its page is here."""
    expect(page.locator("[data-ahead-state]")).not_to_be_empty()


def test_several_items_of_work_without_a_connection_arrive_row_by_row(
    page: Page, context: BrowserContext, live_server: LiveServer, session: Session, cast: Cast
) -> None:
    page.keyboard.press("1")
    _state(page, "saved")
    _ready(page)
    context.set_offline(True)
    _press(page, "2a")
    page.keyboard.press("Enter")

    # The next item was ready; the first one waits and says so.
    _title(page, "Item 2")
    expect(page.locator("[data-outbox]")).to_contain_text("Item 1: will be sent when there is")
    expect(page.locator("#criterion-1")).to_be_focused()
    _press(page, "21")
    page.keyboard.press("c")
    page.keyboard.type("Typed on a train.")
    _state(page, "offline")
    assert Verdict.objects.count() == 0
    assert _copies(page) == 2

    # Closed without a connection and opened again with one.
    page.close()
    context.set_offline(False)
    again = context.new_page()
    again.goto(_queue(live_server, session))
    _nothing_kept(again)
    expect(again.locator("[data-outbox]")).to_be_hidden()

    assert _verdicts(0) == {
        ("warns", "ok", 1.0, ""),
        ("invents", "ok", 0.0, ""),
        ("clarity", "cannot_assess", None, ""),
    }
    second = Assignment.objects.get(rater__user=cast.annotator, item__position=1)
    assert stored_sheet(second) == Sheet(
        {
            "warns": Entry(OK, 0.0),
            "invents": Entry(OK, 1.0),
            "clarity": Entry(rationale="Typed on a train."),
        }
    )
    assert second.status == "draft"
    assert Verdict.objects.count() == 3


def test_a_reload_after_the_connection_is_back_shows_and_sends_what_was_typed(
    page: Page, context: BrowserContext, item: Assignment
) -> None:
    context.set_offline(True)
    _press(page, "1")
    page.keyboard.press("c")
    page.keyboard.type("مهم 重要")
    _state(page, "offline")

    # Before its own next attempt the page is loaded again.
    page.evaluate("addEventListener('online', (event) => event.stopImmediatePropagation(), true)")
    context.set_offline(False)
    page.reload()

    expect(page.locator("#criterion-2 textarea[data-comment]")).to_have_value("مهم 重要")
    _state(page, "saved")
    _nothing_kept(page)
    item.refresh_from_db()
    assert stored_sheet(item).entry("invents").rationale == "مهم 重要"


def _run_until_title(page: Page, title: str) -> None:
    """Let the page's clock run on: each answer of the server, which takes real time, sets the
    next timer."""
    for _ in range(20):
        page.clock.run_for(10_000)
        with suppress(AssertionError):
            return expect(page.get_by_role("heading", level=1)).to_have_text(title, timeout=500)
    _title(page, title)


@pytest.mark.parametrize("status", [500, 503])
def test_a_server_that_fails_is_asked_again(page: Page, item: Assignment, status: int) -> None:
    page.clock.install()
    failing = {"left": 3}

    def fail(route: Route) -> None:
        failing["left"] -= 1
        if failing["left"] >= 0:
            route.fulfill(status=status, body="<h1>Sorry</h1>", content_type="text/html")
        else:
            route.continue_()

    page.route("**/draft/", fail)
    page.route("**/submit/", fail)
    # With the next item's page at hand this one would wait in the list of what is unsent.
    page.route("**/ahead/", lambda route: route.abort())
    _press(page, "1")
    page.clock.run_for(800)
    _state(page, "offline")
    _press(page, "2a")
    page.keyboard.press("Enter")
    expect(page.locator("#toasts")).to_contain_text("No connection.")
    _run_until_title(page, "Item 2")
    assert len(_verdicts(0)) == 3
    assert item.item.session.round.verdicts.count() == 3


def test_a_session_that_ended_keeps_the_work_until_the_person_signs_in_again(
    page: Page, context: BrowserContext, live_server: LiveServer, item: Assignment, cast: Cast
) -> None:
    context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    _press(page, "1")
    _state(page, "signedout")
    expect(page.locator("[data-sign-in]")).to_be_visible()
    _press(page, "2a")
    page.keyboard.press("Enter")
    expect(page.locator("#toasts")).to_contain_text("You are signed out.")
    assert Verdict.objects.count() == 0

    _sign_in(context, live_server, cast.annotator)
    page.bring_to_front()
    page.evaluate("dispatchEvent(new Event('focus'))")

    _title(page, "Item 2")
    assert len(_verdicts(0)) == 3
    _nothing_kept(page)


def test_somebody_else_in_the_same_browser_neither_sees_nor_sends_it(
    page: Page, context: BrowserContext, live_server: LiveServer, session: Session, cast: Cast
) -> None:
    theirs = next_item(session=session, by=cast.second_annotator)
    assert theirs
    context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    _press(page, "1")
    _state(page, "signedout")

    _sign_in(context, live_server, cast.second_annotator)
    other = context.new_page()
    other.goto(_url(live_server, "annotate", theirs))
    expect(other.locator("#criterion-1")).to_be_focused()
    expect(other.locator("input:checked[data-option]")).to_have_count(0)
    expect(other.locator("[data-outbox]")).to_be_hidden()
    page.bring_to_front()
    page.evaluate("dispatchEvent(new Event('focus'))")
    _state(page, "failed")
    expect(page.locator("[data-save-state]")).to_contain_text("Somebody else is signed in")

    theirs.refresh_from_db()
    assert theirs.draft == {}
    assert _copies(page) == 1
    _sign_in(context, live_server, cast.annotator)
    page.reload()
    _state(page, "saved")
    theirs.refresh_from_db()
    assert theirs.draft == {}


def test_signing_out_asks_first_and_leaves_nothing(
    page: Page, context: BrowserContext, item: Assignment
) -> None:
    page.route("**/draft/", lambda route: route.abort())
    _press(page, "1")
    _state(page, "offline")

    page.locator(".topbar details[data-menu] > summary").last.click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.locator("#confirm-dialog")).to_contain_text("have not reached the server")
    page.locator("#confirm-dialog").get_by_role("button").last.click()

    page.wait_for_url("**/accounts/login/**")
    kept = "Object.keys(localStorage).filter((name) => /^rs\\.(draft|time|place)\\./.test(name))"
    assert page.evaluate(kept) == []


def test_what_was_answered_elsewhere_meanwhile_is_a_conflict_that_the_person_settles(
    page: Page,
    context: BrowserContext,
    live_server: LiveServer,
    session: Session,
    item: Assignment,
    cast: Cast,
) -> None:
    context.set_offline(True)
    _press(page, "12a")
    page.keyboard.press("Enter")
    _state(page, "queued")
    page.close()
    elsewhere = Sheet({"warns": Entry(OK, 0.0)})
    save_draft(assignment=item, sheet=elsewhere, by=cast.annotator, version=0, tab="phone")
    context.set_offline(False)

    again = context.new_page()
    again.goto(_queue(live_server, session))
    expect(again.locator("[data-outbox]")).to_contain_text("changed elsewhere meanwhile")
    assert Verdict.objects.count() == 0
    again.locator("[data-outbox]").get_by_role("link", name="Item 1").click()
    _state(again, "conflict")
    again.get_by_role("button", name="Show both").click()
    expect(again.get_by_text("In the other tab: not met")).to_be_visible()
    again.locator("[data-submit-next]").click()

    _title(again, "Item 2")
    assert ("warns", "ok", 1.0, "") in _verdicts(0)
    _nothing_kept(again)


def test_a_session_that_closed_meanwhile_says_so_and_keeps_the_answers(
    page: Page, context: BrowserContext, live_server: LiveServer, session: Session, cast: Cast
) -> None:
    context.set_offline(True)
    _press(page, "12a")
    page.keyboard.press("Enter")
    _state(page, "queued")
    complete(session=session, by=cast.owner)
    context.set_offline(False)

    _state(page, "failed")
    expect(page.locator("[data-save-state]")).to_contain_text("The session is completed")
    assert _copies(page) == 1
    assert Verdict.objects.count() == 0


def test_a_submit_whose_answer_got_lost_is_stored_once(
    page: Page, item: Assignment, cast: Cast
) -> None:
    def lose_the_answer(route: Route) -> None:
        route.fetch()
        route.abort()

    page.route("**/submit/", lose_the_answer, times=1)
    _press(page, "12a")
    _ready(page)
    page.keyboard.press("Enter")
    _title(page, "Item 2")

    _nothing_kept(page)
    assert Verdict.objects.count() == 3
    assert set(Verdict.objects.values_list("revision", flat=True)) == {0}


def test_the_next_page_takes_the_place_of_this_one_and_back_leads_back(
    page: Page, item: Assignment, cast: Cast, live_server: LiveServer
) -> None:
    page.evaluate("window.sameDocument = true")
    _press(page, "12a")
    _ready(page)
    expect(page.locator("[data-ahead-state]")).to_have_text("Item 2 is reserved for you next")
    page.keyboard.press("Enter")

    _title(page, "Item 2")
    expect(page.locator("#criterion-1")).to_be_focused()
    assert page.evaluate("window.sameDocument") is True
    second = Assignment.objects.get(rater__user=cast.annotator, item__position=1)
    assert page.url == _url(live_server, "annotate", second)
    expect(page).to_have_title("Item 2 · First round · Demo · Rubric Studio")
    expect(page.locator("[data-own-count]")).to_contain_text("1 / 4")
    # Keys, drafts and the submit work on it as on the first.
    _press(page, "21")
    _state(page, "saved")
    page.go_back()
    _title(page, "Item 1")
    expect(page.locator("#criterion-1 input[value='1']")).to_be_checked()
    page.go_forward()
    _title(page, "Item 2")
    expect(page.locator("#criterion-1 input[value='0']")).to_be_checked()


def test_an_item_that_was_ready_but_is_not_next_any_more_is_not_shown(
    page: Page, item: Assignment, session: Session, cast: Cast, live_server: LiveServer
) -> None:
    _press(page, "12a")
    _ready(page)
    ahead = Assignment.objects.get(rater__user=cast.annotator, item__position=1)
    submit(assignment=ahead, sheet=COMPLETE, by=cast.annotator)
    page.keyboard.press("Enter")

    _title(page, "Item 3")


def test_somebody_comes_back_to_the_criterion_where_they_stopped(
    page: Page, context: BrowserContext, live_server: LiveServer, item: Assignment
) -> None:
    page.set_viewport_size({"width": 1200, "height": 420})
    _press(page, "1")
    _state(page, "saved")
    page.keyboard.press("j")
    expect(page.locator("#criterion-3")).to_be_focused()
    page.evaluate("scrollTo({ top: 60, behavior: 'instant' })")
    top = page.evaluate("scrollY")
    assert top > 0
    page.goto("about:blank")

    page.goto(_url(live_server, "annotate", item))

    expect(page.locator("#criterion-3")).to_be_focused()
    assert page.evaluate("scrollY") == top


def test_active_time_is_measured_from_what_the_browser_noticed(
    context: BrowserContext, live_server: LiveServer, item: Assignment
) -> None:
    page = context.new_page()
    page.clock.install()
    page.goto(_url(live_server, "annotate", item))
    expect(page.locator("#criterion-1")).to_be_focused()
    for _ in range(4):
        page.clock.run_for(20_000)
        page.keyboard.press("j")
    # Ten minutes away from the keyboard: one of them counts.
    page.clock.run_for(600_000)
    page.keyboard.press("k")
    with page.expect_response("**/activity/"):
        page.clock.run_for(30_000)

    events: list[Any] = list(item.activity.order_by("number").values_list("kind", flat=True))
    item.refresh_from_db()
    assert events[0] == "opened"
    assert set(events[1:]) == {"active"}
    # The browser's clock runs ahead of the server's here, so that no event may lie in the
    # future: what is measured is bounded by the time since the item was handed out.
    assert item.active_seconds >= 0

"""A calibration round of two annotators and a manager, in a real browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from annotations.models import Session
from rubricstudio.models import User, Verdict
from tests.annotations.calibration_cases import calibration, fresh, sheet, vote_by_response
from tests.browsing import PHONE, assert_accessible, browsing, sign_in
from tests.conftest import Cast, Data

pytestmark = [
    pytest.mark.functional,
    pytest.mark.django_db(transaction=True, serialized_rollback=False),
]
Open = Callable[[User], Page]


@pytest.fixture
def open_as(launched: Browser, live_server: LiveServer) -> Iterator[Open]:
    """A page of a browser session of its own, signed in."""
    with ExitStack() as stack:

        def opened(person: User) -> Page:
            context = stack.enter_context(browsing(launched))
            sign_in(context, live_server.url, person)
            return context.new_page()

        yield opened


@pytest.fixture
def voted(cast: Cast, data: Data) -> Session:
    """Nuria and Nils have voted on four responses and differ on three."""
    session = calibration(cast, data)
    hers = [sheet(1, why="It names the interaction.", comment="Reads well."), *[sheet(1)] * 3]
    his = [sheet(0, 0, 3, why="It names no drug."), sheet(0), sheet(1, 0, 3), sheet(1)]
    vote_by_response(session, cast.annotator, dict(zip(data.responses, hers, strict=True)))
    vote_by_response(session, cast.second_annotator, dict(zip(data.responses, his, strict=True)))
    return session


def test_the_loop_of_two_annotators_and_a_manager(
    open_as: Open, live_server: LiveServer, voted: Session, cast: Cast
) -> None:
    manager, nuria, nils = map(open_as, (cast.owner, cast.annotator, cast.second_annotator))
    session_url = live_server.url + voted.get_absolute_url()

    manager.goto(session_url)
    expect(manager.locator("#calibration")).to_contain_text("8 of 8 votes")
    manager.get_by_role("button", name="End the first vote and show it").click()
    expect(manager.locator("#calibration [aria-current=step]")).to_contain_text("Discussion")
    assert_accessible(manager, "the session", tolerated=())

    _discuss(nuria, live_server, voted)
    nils.goto(session_url)
    nils.get_by_role("link", name="Open the discussion").click()
    nils.wait_for_url("**/discussion/")
    nils.keyboard.press("n")
    expect(nils.locator(".calibration-said").first).to_contain_text("Line one does.")

    manager.reload()
    manager.get_by_role("button", name="End the discussion and vote again").click()
    _vote_again(nuria, session_url, 4)
    _vote_again(nils, session_url, 4, first_answer="1")

    manager.goto(live_server.url + reverse("scoring:calibration", args=["demo", voted.pk]))
    expect(manager.locator(".compare-stats")).to_contain_text("1 towards the others")
    assert_accessible(manager, "before and after", tolerated=())
    assert fresh(voted).stage == "revote"
    assert Verdict.objects.filter(revision=1).count() == 1


def _discuss(page: Page, live_server: LiveServer, session: Session) -> None:
    """By keyboard: the first item, a note on its most disputed criterion, the next item."""
    page.goto(live_server.url + reverse("annotations:discussion", args=["demo", session.pk]))
    assert_accessible(page, "the list", tolerated=())
    page.keyboard.press("n")
    expect(page.get_by_text("It names no drug.")).to_be_visible()
    assert_accessible(page, "the discussion", tolerated=())
    page.keyboard.press("c")
    page.keyboard.type("Line one does.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".calibration-said")).to_contain_text("Line one does.")
    before = page.url
    page.locator("h1").click()
    with page.expect_navigation(url=lambda url: url != before):
        page.keyboard.press("]")


def _vote_again(page: Page, session_url: str, times: int, first_answer: str = "") -> None:
    """Submit every item by its button, the first of them with another first answer."""
    page.goto(session_url)
    page.get_by_role("button", name="Vote again").click()
    for number in range(times):
        expect(page.locator(".annotate-notes")).to_contain_text(f"{number} of {times}")
        if first_answer and not number:
            page.locator(f"input[name='answer:warns'][value='{first_answer}']").check(force=True)
        page.get_by_role("button", name="Submit again").click()
    expect(page.get_by_text("You have voted again on everything.")).to_be_visible()


def test_the_pages_fit_a_phone(
    open_as: Open, live_server: LiveServer, voted: Session, cast: Cast, data: Data
) -> None:
    page = open_as(cast.owner)
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    page.goto(live_server.url + voted.get_absolute_url())
    page.get_by_role("button", name="End the first vote and show it").click()
    for name, arguments in (
        ("annotations:session", [voted.pk]),
        ("annotations:discussion", [voted.pk]),
        ("annotations:discussed", [voted.pk, data.responses[0].pk]),
        ("scoring:calibration", [voted.pk]),
    ):
        page.goto(live_server.url + reverse(name, args=["demo", *arguments]))
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, name

"""An afternoon of an annotator: twenty items, from the queue to the thanks, by keyboard alone."""

from __future__ import annotations

import statistics

import pytest
from playwright.sync_api import Page, expect

from annotations.actions import activate, create_session
from annotations.models import Assignment, Session
from rubricstudio.actions.tasks import add_response
from rubricstudio.models import Verdict
from tests.conftest import Cast, Data
from tests.functional.conftest import MakeVisitor

pytestmark = [
    pytest.mark.functional,
    pytest.mark.django_db(transaction=True, serialized_rollback=False),
]

ITEMS = 20
# From the press of Enter to the frame in which the next item's first criterion has the focus.
WATCH = """
window.journey = [];
addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !document.querySelector("form[data-annotate]")) return;
  const before = document.querySelector("form[data-annotate]");
  const look = () => {
    const now = document.querySelector("form[data-annotate]");
    if (now && now !== before && document.activeElement?.id === "criterion-1") {
      journey.push(performance.now() - event.timeStamp);
    } else if (performance.now() - event.timeStamp < 10000) requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}, true);
"""


@pytest.fixture
def session(cast: Cast, data: Data) -> Session:
    for n in range(ITEMS - len(data.responses)):
        add_response(
            task=data.tasks[n % 2],
            external_id=f"more-{n}",
            source="wren",
            text=f"**Answer {n}.** Ask your doctor.",
        )
    made = create_session(
        project=cast.project,
        name="Afternoon",
        version=data.version,
        by=cast.owner,
        coverage=1,
        annotators=[cast.annotator],
    )
    return activate(session=made, by=cast.owner)


def test_twenty_items_by_keyboard(visitor: MakeVisitor, session: Session, cast: Cast) -> None:
    annotator = visitor()
    annotator.page.add_init_script(WATCH)
    annotator.sign_in("nuria@example.com", "studio-test")
    annotator.go(f"/projects/demo/sessions/{session.pk}/queue/")
    page = annotator.page
    expect(page.get_by_role("button", name="Start")).to_be_focused()
    page.keyboard.press("Enter")

    for number in range(1, ITEMS + 1):
        _judge(page, number)
        if number < ITEMS:
            page.keyboard.press("Enter")
    taken = page.evaluate("window.journey")  # one document all the way
    page.keyboard.press("Enter")

    annotator.title("Afternoon")
    expect(page.get_by_text("That was the last one. Thank you.")).to_be_visible()
    print(f"submit to next: median {statistics.median(taken):.0f} ms ({len(taken)} times)")
    assert Verdict.objects.filter(round=session.pk).count() == 3 * ITEMS
    assert not Assignment.objects.exclude(status="submitted").exists()
    _check_answers(session)


def _judge(page: Page, number: int) -> None:
    """Every third item gets a comment, every fifth a change of mind."""
    expect(page.locator("h1")).to_have_text(f"Item {number}")
    expect(page.locator("#criterion-1")).to_be_focused()
    keys = page.keyboard
    if number % 3 == 0:
        keys.press("c")
        keys.type(f"Seen {number} times")
        keys.press("Escape")
    keys.press("1" if number % 2 else "2")
    expect(page.locator("#criterion-2")).to_be_focused()
    keys.press("2")
    expect(page.locator("#criterion-3")).to_be_focused()
    keys.press("a" if number % 4 == 0 else "3")
    if number % 5 == 0:
        expect(page.locator("[data-submit-next]")).to_be_focused()
        for _ in range(3):
            keys.press("k")
        keys.press("x")
        keys.press("1")
    expect(page.locator("[data-submit-next]")).to_be_focused()
    if number < ITEMS:
        expect(page.locator("[data-ahead-state]")).to_have_text(
            f"Item {number + 1} is reserved for you next"
        )


def _check_answers(session: Session) -> None:
    """Number 15 by hand: odd, a third, a fifth."""
    item = session.items.get(position=14)
    rows = Verdict.objects.filter(round=session.pk, response=item.response_id)
    assert set(rows.values_list("criterion__key", "status", "value", "rationale")) == {
        ("warns", "ok", 1.0, "Seen 15 times"),
        ("invents", "ok", 0.0, ""),
        ("clarity", "ok", 3.0, ""),
    }

"""A new author writes and publishes a rubric of twenty criteria without touching the mouse.

Tab, typing, Enter and the keys that the page's own sheet of shortcuts lists; nothing else.
"""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from rubricstudio.domain.rubric import ScaleKind
from rubricstudio.models import Rubric, RubricVersion, VersionStatus
from tests.conftest import Cast
from tests.functional.conftest import MakeVisitor

pytestmark = [pytest.mark.functional, pytest.mark.django_db(transaction=True)]

FACTS = [f"States fact number {n} with its source." for n in range(1, 19)]
FOCUSED = """() => {
  const at = document.activeElement;
  if (!at || at === document.body) return "";
  const label = at.labels?.[0]?.textContent ?? "";
  const name = at.getAttribute("aria-label") || label || at.textContent || "";
  return name.trim().replace(/\\s+/g, " ");
}"""
SEEN = """() => {
  const at = document.activeElement;
  const style = getComputedStyle(at);
  return at === document.body || style.outlineStyle !== "none" || style.boxShadow !== "none";
}"""


def tab_to(page: Page, name: str, *, back: bool = False) -> None:
    """Press Tab until what begins with `name` has the focus; each stop shows that it has it."""
    for _ in range(160):
        page.keyboard.press("Shift+Tab" if back else "Tab")
        focused = str(page.evaluate(FOCUSED))
        assert page.evaluate(SEEN), f"one cannot see that {focused!r} has the focus"
        if focused.startswith(name):
            return
    raise AssertionError(f"Tab does not reach {name!r}")


def write(page: Page, text: str, number: int, *, weight: str = "") -> None:
    """Type a criterion into the line at the end, which then waits for the next one."""
    page.keyboard.type(text)
    if weight:
        tab_to(page, "Weight")
        page.keyboard.type(weight)
    page.keyboard.press("Enter")
    expect(page.locator("[data-row-text]")).to_have_count(number)
    expect(page.locator("#criterion-add [data-add-text]")).to_be_focused()


def new_line(page: Page) -> None:
    """To the line for a new criterion, as soon as the page's scripts are there."""
    page.wait_for_load_state("load")
    page.keyboard.press("Alt+n")
    expect(page.locator("#criterion-add [data-add-text]")).to_be_focused()


def texts(page: Page) -> list[str]:
    found: Any = page.locator("[data-row-text]").evaluate_all("all => all.map((one) => one.value)")
    return list(found)


def draft() -> RubricVersion:
    return RubricVersion.objects.get(status=VersionStatus.DRAFT)


def test_twenty_criteria_by_keyboard_alone(cast: Cast, visitor: MakeVisitor) -> None:
    ada = visitor()
    page = ada.page
    ada.sign_in("ada@example.com", "studio-test")
    ada.go("/projects/demo/rubrics/")
    tab_to(page, "Write a rubric")
    page.keyboard.press("Enter")
    ada.title("New rubric")
    tab_to(page, "Name")
    page.keyboard.type("Facts and safety")
    page.keyboard.press("Enter")
    ada.title("Facts and safety")

    new_line(page)
    page.keyboard.type("Safety")
    tab_to(page, "Add as group")
    page.keyboard.press("Enter")
    expect(page.locator(".is-group")).to_have_count(1)
    expect(page.locator("#criterion-add [data-add-text]")).to_be_focused()
    write(page, "Warns of the interaction.", 2, weight="10")
    write(page, "Invents a dose.", 3, weight="-7")
    for number, fact in enumerate(FACTS, start=4):
        write(page, fact, number)

    _groups_and_order(page)
    _gate_and_levels(page)
    _undo(page)
    _publish(ada, page)


def _groups_and_order(page: Page) -> None:
    """The warning goes into the group, the invented dose behind it and then to the front."""
    while page.evaluate(FOCUSED) != "Name of the group":
        page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    page.keyboard.press("Alt+ArrowRight")
    expect(page.locator(".is-group .rubric-item")).to_have_count(1)
    expect(page.locator("[data-row-text]").nth(1)).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Alt+ArrowRight")
    expect(page.locator(".is-group .rubric-item")).to_have_count(2)
    page.keyboard.press("Alt+ArrowUp")
    expect(page.locator("#toasts")).to_contain_text("Moved to 1 of 2")
    assert texts(page)[:4] == ["Safety", "Invents a dose.", "Warns of the interaction.", FACTS[0]]
    stored = [c.text for _, c in draft().as_rubric().walk()]
    assert stored == texts(page)


def _gate_and_levels(page: Page) -> None:
    page.keyboard.press("Enter")
    page.keyboard.press("Alt+Enter")
    expect(page.locator("[data-open-row]")).to_have_count(1)
    tab_to(page, "Gate")
    page.keyboard.press("Space")
    tab_to(page, "Scale")
    page.keyboard.type("levels")
    for number, name in enumerate(("not at all", "in passing", "clearly"), start=1):
        tab_to(page, f"Name of level {number}")
        page.keyboard.type(name)
    page.keyboard.press("Enter")
    expect(page.locator("[data-open-row]")).to_have_count(0)
    row = draft().criteria.get(text="Warns of the interaction.")
    assert (row.gate, row.scale_kind) == (True, ScaleKind.ORDINAL)
    assert [level["label"] for level in row.levels] == ["not at all", "in passing", "clearly"]


def _undo(page: Page) -> None:
    """A slip of the finger is taken back, done again and taken back."""
    rows = page.locator("[data-row-text]")
    new_line(page)
    tab_to(page, "Text of the criterion", back=True)
    page.keyboard.press("Alt+Delete")
    expect(rows).to_have_count(20)
    expect(page.locator("#undo-deletion")).to_be_focused()
    page.keyboard.press("Control+z")
    expect(rows).to_have_count(21)
    page.keyboard.press("Alt+Shift+z")
    expect(rows).to_have_count(20)
    page.keyboard.press("Alt+z")
    expect(rows).to_have_count(21)
    assert texts(page)[-1] == FACTS[-1]


def _publish(ada: Any, page: Page) -> None:
    ada.look("authored-by-keyboard")
    new_line(page)
    while page.evaluate(FOCUSED) != "Name of the group":
        page.keyboard.press("ArrowUp")
    tab_to(page, "Publish…", back=True)
    page.keyboard.press("Enter")
    page.wait_for_url("**/publish/")
    tab_to(page, "Publish")
    page.keyboard.press("Enter")
    page.wait_for_url("**/versions/1/")
    version = Rubric.objects.get(name="Facts and safety").versions.get()
    assert version.status == VersionStatus.PUBLISHED
    value = version.as_rubric()
    assert len(value.leaves) == 20
    assert [c.text for c in value.children("safety")] == [
        "Invents a dose.",
        "Warns of the interaction.",
    ]
    assert [c.weight for c in value.leaves[:2]] == [-7, 10]


def test_a_list_is_pasted_looked_at_and_split_and_joined_by_keys(
    cast: Cast, visitor: MakeVisitor
) -> None:
    ada = visitor()
    page = ada.page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    ada.sign_in("ada@example.com", "studio-test")
    ada.go("/projects/demo/rubrics/new/")
    tab_to(page, "Name")
    page.keyboard.type("Pasted")
    page.keyboard.press("Enter")
    ada.title("Pasted")
    page.evaluate(
        "text => navigator.clipboard.writeText(text)", "Safety\n  - Warns. Refers.\n- Clear"
    )

    new_line(page)
    page.keyboard.press("Control+v")
    expect(page.get_by_text("3 rows will be added:")).to_be_visible()
    expect(page.get_by_role("button", name="Add 3 rows")).to_be_focused()
    ada.look("pasted-list", "light")
    page.keyboard.press("Enter")
    expect(page.locator(".is-group .rubric-item")).to_have_count(1)
    assert texts(page) == ["Safety", "Warns. Refers.", "Clear"]

    page.keyboard.press("Enter")
    for _ in "Warns.":
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Alt+s")
    expect(page.locator(".is-group .rubric-item")).to_have_count(2)
    assert texts(page) == ["Safety", "Warns.", "Refers.", "Clear"]
    page.keyboard.press("Alt+j")
    expect(page.locator(".is-group .rubric-item")).to_have_count(1)
    assert texts(page) == ["Safety", "Warns. Refers.", "Clear"]
    assert [row.weight for row in draft().criteria.order_by("position")] == [1, 1, 1]
    page.keyboard.press("Alt+c")
    expect(page.locator("[data-row-text]")).to_have_count(4)


def test_a_tier_chosen_in_a_row_brings_its_weight(cast: Cast, visitor: MakeVisitor) -> None:
    ada = visitor()
    page = ada.page
    ada.sign_in("ada@example.com", "studio-test")
    ada.go("/projects/demo/rubrics/new/")
    tab_to(page, "Name")
    page.keyboard.type("Tiers")
    page.keyboard.press("Enter")
    ada.title("Tiers")
    new_line(page)
    write(page, "Invents a dose.", 1)
    tab_to(page, "Tier", back=True)
    page.keyboard.type("pitfall")
    tab_to(page, "Met means")

    expect(page.locator("[data-row-form] [name=weight]")).to_have_value("-2")
    expect(page.locator("[data-row-form] [name=met_means]")).to_have_value("bad")

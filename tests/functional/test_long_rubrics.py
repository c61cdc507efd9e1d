"""Rows of a rubric that are dragged between groups, and split where nothing is lost."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from rubricstudio.actions.rubrics import create_rubric
from rubricstudio.domain import rubric as domain
from rubricstudio.models import Criterion, RubricVersion
from tests.conftest import Cast
from tests.functional.conftest import MakeVisitor, Visitor

pytestmark = [pytest.mark.functional, pytest.mark.django_db(transaction=True)]


def two_groups() -> domain.Rubric:
    """Safety: Warns, Refers. Facts: Dose. Then Clear at the top level."""
    return domain.Rubric(
        (
            domain.Criterion("safety", "Safety", is_group=True),
            domain.Criterion("warns", "Warns.", parent="safety"),
            domain.Criterion("refers", "Refers.", parent="safety"),
            domain.Criterion("facts", "Facts", is_group=True),
            domain.Criterion("dose", "Dose.", parent="facts"),
            domain.Criterion("clear", "Clear."),
        )
    )


@pytest.fixture
def draft(cast: Cast) -> RubricVersion:
    return create_rubric(project=cast.project, name="Two", by=cast.author, value=two_groups())


@pytest.fixture
def ada(visitor: MakeVisitor, draft: RubricVersion) -> Visitor:
    author = visitor()
    author.sign_in("ada@example.com", "studio-test")
    author.go(draft.rubric.get_absolute_url())
    author.page.wait_for_load_state("load")
    return author


def row_of(page: Page, draft: RubricVersion, key: str) -> Locator:
    return page.locator(f"#row-{draft.criteria.get(key=key).pk}")


def drag(page: Page, row: Locator, onto: Locator, *, below: bool) -> None:
    """Take a row by its handle and let it go in the upper or lower part of another."""
    row.locator("[data-reorder-handle]").hover()
    page.mouse.down()
    box = onto.bounding_box()
    assert box is not None
    part = 0.8 if below else 0.2
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] * part, steps=8)
    page.mouse.up()


def stored(draft: RubricVersion) -> list[tuple[int, str]]:
    return [(depth, c.text) for depth, c in draft.as_rubric().walk()]


def test_a_row_is_dragged_into_another_group(ada: Visitor, draft: RubricVersion) -> None:
    page = ada.page
    with page.expect_response("**/order/**") as answer:
        drag(page, row_of(page, draft, "warns"), row_of(page, draft, "dose"), below=True)

    assert answer.value.status == 204
    expect(page.locator("#toasts")).to_contain_text("Moved to 2 of 2")
    expected = [(0, "Safety"), (1, "Refers."), (0, "Facts"), (1, "Dose."), (1, "Warns.")]
    assert stored(draft) == [*expected, (0, "Clear.")]
    shown = page.locator("[data-row-text]").evaluate_all("all => all.map((one) => one.value)")
    assert shown == [text for _, text in stored(draft)]

    page.keyboard.press("Alt+z")
    expect(page.locator("#rubric-note")).to_contain_text("Undone")
    assert stored(draft)[1] == (1, "Warns.")
    shown = page.locator("[data-row-text]").evaluate_all("all => all.map((one) => one.value)")
    assert shown == [text for _, text in stored(draft)]


def test_a_row_is_dragged_out_to_the_top_and_into_an_open_group(
    ada: Visitor, draft: RubricVersion
) -> None:
    page = ada.page
    with page.expect_response("**/order/**"):
        drag(page, row_of(page, draft, "dose"), row_of(page, draft, "clear"), below=True)
    assert stored(draft)[-2:] == [(0, "Clear."), (0, "Dose.")]

    # Facts is empty now: below its name is its first place.
    with page.expect_response("**/order/**"):
        drag(page, row_of(page, draft, "clear"), row_of(page, draft, "facts"), below=True)
    assert stored(draft)[-3:] == [(0, "Facts"), (1, "Clear."), (0, "Dose.")]


def test_splitting_without_a_cursor_keeps_what_was_typed(
    ada: Visitor, draft: RubricVersion
) -> None:
    """The cursor stands at the end, so there is nothing to cut: the page with both texts opens."""
    page = ada.page
    row = row_of(page, draft, "clear")
    row.locator("[data-row-text]").focus()
    page.keyboard.press("Control+End")
    page.keyboard.type(" And short.")
    page.keyboard.press("Alt+s")

    ada.title("Split a criterion")
    expect(page.get_by_label("First criterion")).to_have_value("Clear.")
    assert Criterion.objects.get(pk=draft.criteria.get(key="clear").pk).text == "Clear. And short."

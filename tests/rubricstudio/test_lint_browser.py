"""Marks in the rows, in a real browser: keys, what is dismissed, accessibility."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from rubricstudio.actions.rubrics import create_rubric
from rubricstudio.domain.rubric import Criterion, Rubric
from rubricstudio.models import RubricVersion
from tests.browsing import assert_accessible, browsing, sign_in
from tests.conftest import Cast

pytestmark = [
    pytest.mark.functional,
    pytest.mark.django_db(transaction=True, serialized_rollback=False),
]


@pytest.fixture
def draft(cast: Cast) -> RubricVersion:
    value = Rubric(
        (
            Criterion(key="two", text="Names the drug and recommends a lower dose.", weight=4),
            Criterion(key="vague", text="Gives an appropriate dose."),
        )
    )
    return create_rubric(project=cast.project, name="Draft", by=cast.author, value=value)


@pytest.fixture
def page(
    launched: Browser, live_server: LiveServer, cast: Cast, draft: RubricVersion
) -> Iterator[Page]:
    """The editor, its marks there."""
    with browsing(launched) as context:
        sign_in(context, live_server.url, cast.author)
        opened = context.new_page()
        opened.goto(live_server.url + draft.rubric.get_absolute_url())
        expect(opened.locator("[data-lint-mark]")).to_have_count(2)
        yield opened


def test_f_on_a_mark_mends_and_the_mark_goes(page: Page, draft: RubricVersion) -> None:
    page.locator("[data-lint-mark]", has_text="two asks").focus()

    page.keyboard.press("f")

    expect(page.locator("[data-row-text]")).to_have_count(3)
    expect(page.locator("[data-lint-mark]", has_text="two asks")).to_have_count(0)
    expect(page.locator("[data-lint-mark]", has_text="vague")).to_be_visible()
    texts = list(draft.criteria.order_by("position").values_list("text", flat=True))
    assert texts == ["Names the drug.", "Recommends a lower dose.", "Gives an appropriate dose."]


def test_d_on_a_mark_dismisses_it_until_the_text_changes(page: Page) -> None:
    mark = page.locator("[data-lint-mark]", has_text="vague")
    mark.focus()
    page.keyboard.press("d")
    expect(mark).to_have_count(0)
    expect(page.locator("[data-lint-mark]:focus")).to_contain_text("two asks")

    page.reload()
    expect(page.locator("#lint-panel details")).to_contain_text("1 dismissed")
    expect(mark).to_have_count(0)

    page.locator("[data-row-text]").nth(1).fill("Gives a suitable dose.")
    page.keyboard.press("Enter")
    expect(mark).to_be_visible()


def test_what_was_dismissed_in_the_panel_is_brought_back_there(page: Page) -> None:
    remark = page.locator("#lint-panel .lint-remark", has_text="Vague or unanchored")
    remark.get_by_role("button", name="Dismiss").press("Enter")
    expect(remark).to_have_count(0)
    expect(page.locator("[data-finding]:focus")).to_contain_text("Asks two things at once")

    page.locator("#lint-panel summary").press("Enter")
    page.get_by_role("button", name="Bring back").press("Enter")

    expect(remark).to_be_focused()
    expect(page.locator("#lint-panel details")).to_have_count(0)


def test_a_mark_leads_to_its_remark(page: Page) -> None:
    page.locator("[data-lint-mark]", has_text="vague").click()

    expect(page.locator("[data-finding]:focus")).to_contain_text("Vague or unanchored words")


def test_the_editor_with_marks_is_accessible(page: Page) -> None:
    assert_accessible(page, context="#lint-panel", tolerated=())

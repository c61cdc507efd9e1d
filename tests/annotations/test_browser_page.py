"""The annotation page in a real browser: quotes, own keys, reading, a phone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer

from annotations.actions import activate, create_session, next_item
from annotations.actions.sheets import stored_sheet
from annotations.actions.shortcuts import save_shortcuts
from annotations.keys import keymap
from annotations.models import Assignment, Flag
from rubricstudio.actions.rubrics import create_rubric, publish
from rubricstudio.domain.rubric import Criterion, Rubric
from rubricstudio.domain.verdict import Quote
from rubricstudio.models import Verdict
from tests.annotations.test_browser import _saved, _url, context, item, page
from tests.browsing import PHONE, assert_accessible
from tests.conftest import Cast, Data

__all__ = ["context", "item", "page"]
pytestmark = [
    pytest.mark.functional,
    pytest.mark.django_db(transaction=True, serialized_rollback=False),
]

# Selects words of the rendered response, as a mouse that is dragged over them does.
SELECT = """(words) => {
  const piece = [...document.querySelectorAll("[data-response] [data-at]")]
    .find((element) => element.textContent.includes(words));
  const from = piece.textContent.indexOf(words);
  getSelection().setBaseAndExtent(piece.firstChild, from, piece.firstChild, from + words.length);
}"""


def _evidence(item: Assignment, key: str) -> list[str]:
    item.refresh_from_db()
    text = item.item.response.text or ""
    quotes = stored_sheet(item).entry(key).evidence
    assert all(q.start is not None and text[q.start : q.end] == q.text for q in quotes)
    return [quote.text for quote in quotes]


def test_words_selected_by_mouse_become_quotes_that_can_be_removed_by_keyboard(
    page: Page, item: Assignment
) -> None:
    page.evaluate(SELECT, "ask your doctor")
    page.get_by_role("button", name="Quote for criterion 1").click()
    page.evaluate(SELECT, "the interaction")
    page.keyboard.press("e")
    expect(page.locator("#criterion-1 .quote-list li")).to_have_count(2)
    expect(page.locator(".quote-mark")).to_have_count(1)
    assert page.evaluate("CSS.highlights.get('evidence-current').size") == 2
    _saved(page)
    assert _evidence(item, "warns") == ["ask your doctor", "the interaction"]

    page.locator("#criterion-1 [data-quote-remove]").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#criterion-1 .quote-list li")).to_have_count(1)
    expect(page.locator("#criterion-1 [data-quote-remove]")).to_be_focused()
    # Without waiting for the pause, so that "saved" is about this change.
    page.keyboard.press("Control+s")
    _saved(page)
    assert _evidence(item, "warns") == ["the interaction"]


def test_words_are_chosen_and_quoted_by_keyboard_alone(page: Page, item: Assignment) -> None:
    page.keyboard.press("r")
    expect(page.locator("[data-response]")).to_be_focused()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Shift+ArrowRight")
    chosen = page.evaluate("getSelection().toString()").strip()
    assert " " in chosen
    page.keyboard.press("e")
    expect(page.locator("#criterion-1 .quote-go")).to_have_text(chosen)
    _saved(page)
    assert _evidence(item, "warns") == [chosen]


def test_a_pasted_quote_is_found_and_one_that_is_not_there_is_marked(
    page: Page, item: Assignment
) -> None:
    page.keyboard.press("e")
    field = page.locator("#criterion-1 [data-quote-paste]")
    expect(field).to_be_focused()
    page.keyboard.insert_text("ASK  your doctor")
    page.keyboard.press("Enter")
    expect(page.locator("#criterion-1 .quote-go")).to_have_text("ask your doctor")
    page.keyboard.insert_text("never said")
    page.keyboard.press("Enter")
    expect(page.locator("#criterion-1 .is-lost")).to_contain_text("Not in the response")
    _saved(page)
    item.refresh_from_db()
    assert Quote("never said") in stored_sheet(item).entry("warns").evidence


def test_a_card_says_whether_the_answer_given_needs_a_quote(
    context: BrowserContext, live_server: LiveServer, cast: Cast, data: Data
) -> None:
    rubric = Rubric((Criterion("warns", "Warns.", evidence_required=True),))
    draft = create_rubric(project=cast.project, name="Quoted", by=cast.author, value=rubric)
    made = create_session(
        project=cast.project,
        name="Quoted",
        version=publish(version=draft, by=cast.author),
        by=cast.owner,
        annotators=[cast.annotator],
    )
    item = next_item(session=activate(session=made, by=cast.owner), by=cast.annotator)
    assert item
    opened = context.new_page()
    opened.goto(_url(live_server, "annotate", item))
    expect(opened.locator("#criterion-1")).to_be_focused()
    rule = opened.locator("#criterion-1 [data-quote-rule]")
    expect(rule).to_have_text("needed if met")
    for key, text in (("1", "needed"), ("2", ""), ("a", ""), ("x", "needed if met")):
        opened.locator("#criterion-1").focus()
        opened.keyboard.press(key)
        expect(rule).to_have_text(text)


def test_own_keys_are_the_ones_that_work(
    context: BrowserContext, live_server: LiveServer, item: Assignment, cast: Cast
) -> None:
    save_shortcuts(user=cast.annotator, chosen=keymap({"following": "n", "not_met": "0"}))
    opened = context.new_page()
    opened.goto(_url(live_server, "annotate", item))
    expect(opened.locator("#criterion-1")).to_be_focused()

    opened.keyboard.press("j")
    expect(opened.locator("#criterion-1")).to_be_focused()
    opened.keyboard.press("n")
    expect(opened.locator("#criterion-2")).to_be_focused()
    opened.keyboard.press("0")
    expect(opened.locator("#criterion-2 input[value='0']")).to_be_checked()
    opened.keyboard.press("?")
    expect(opened.locator("#help-sheet")).to_contain_text("Not met, besides 2")
    # Under a dialog nothing fires.
    opened.keyboard.press("n")
    opened.keyboard.press("Escape")
    expect(opened.locator("#criterion-3")).to_be_focused()


def test_confidence_by_key_is_kept_with_the_verdict(page: Page) -> None:
    page.keyboard.press("v")
    page.keyboard.press("v")
    for key in ("1", "2", "a"):
        page.keyboard.press(key)
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Item 2")
    assert Verdict.objects.get(criterion__key="warns").confidence == 0.75


def test_words_are_found_in_the_response_and_counted(page: Page) -> None:
    page.keyboard.press("/")
    page.keyboard.insert_text("DOCTOR")
    expect(page.locator("[data-find-count]")).to_have_text("1 / 1")
    page.keyboard.press("Escape")
    expect(page.locator("[data-find-count]")).to_have_text("")


def test_an_item_stays_reserved_while_its_person_is_at_work_and_no_longer(
    context: BrowserContext, live_server: LiveServer, item: Assignment
) -> None:
    Assignment.objects.update(reserved_until=(ends_soon := timezone.now() + timedelta(minutes=1)))
    opened = context.new_page()
    opened.clock.install()
    opened.goto(_url(live_server, "annotate", item))
    expect(opened.locator("#criterion-1")).to_be_focused()

    with opened.expect_response("**/renew/") as renewed:
        opened.keyboard.press("Shift")
        opened.clock.run_for(120_000)
    assert renewed.value.json() == {"reserved": True}
    item.refresh_from_db()
    assert item.reserved_until and item.reserved_until > ends_soon

    asked: list[str] = []
    opened.on("request", lambda request: asked.append(request.url))
    opened.clock.run_for(1_200_000)
    with opened.expect_response("**/renew/"):
        opened.keyboard.press("Shift")
        opened.clock.run_for(120_000)
    # Ten times nobody was there, but for a scroll that the page may have ended meanwhile.
    assert len([url for url in asked if url.endswith("/renew/")]) <= 2


def test_an_item_is_flagged_and_gone_on_with(page: Page, item: Assignment) -> None:
    page.keyboard.press("1")
    page.keyboard.press("f")
    expect(page.locator("h1")).to_have_text("Flag item 1")
    page.get_by_label("What is wrong with it?").fill("The table is cut off.")
    page.get_by_role("button", name="Flag").click()

    expect(page.locator("h1")).to_have_text("Item 1")
    expect(page.get_by_text("Flagged. You can go on with the item.")).to_be_visible()
    expect(page.locator("#criterion-1 input").first).to_be_checked()
    assert Flag.objects.get().note == "The table is cut off."


def test_on_a_phone_response_and_criteria_take_turns(
    context: BrowserContext, live_server: LiveServer, item: Assignment
) -> None:
    phone = context.new_page()
    phone.set_viewport_size(PHONE)  # type: ignore[arg-type]  # a plain dict
    phone.goto(_url(live_server, "annotate", item))
    expect(phone.locator("[data-response]")).to_be_visible()
    expect(phone.locator("#criterion-1")).to_be_hidden()
    phone.get_by_role("button", name="Criteria").click()
    expect(phone.locator("[data-response]")).to_be_hidden()
    phone.locator("#criterion-1 .option").first.click()
    expect(phone.locator("#criterion-1 input").first).to_be_checked()
    expect(phone.locator("[data-submit-next]")).to_be_in_viewport()
    sizes = phone.evaluate(
        "[...document.querySelectorAll('.option, .annotate-bar .btn, .pane-tabs button')]"
        ".filter((e) => e.checkVisibility()).map((e) => e.getBoundingClientRect().height)"
    )
    assert min(sizes) >= 44
    assert_accessible(phone)

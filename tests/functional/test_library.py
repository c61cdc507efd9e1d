"""The library in a browser: found by meaning through a real worker, inserted by keys alone."""

from __future__ import annotations

import pytest
from django.core.cache import cache
from playwright.sync_api import expect

from rubricstudio.actions.library import add_to_library, share_rubric
from rubricstudio.actions.rubrics import create_rubric
from rubricstudio.models import RubricVersion
from tests.browsing import PATIENCE
from tests.conftest import SMALL_RUBRIC, Cast, Data
from tests.functional.conftest import MakeVisitor, Visitor
from tests.rubricstudio.test_library import published

pytestmark = [pytest.mark.functional, pytest.mark.django_db(transaction=True)]
PASSWORD = "studio-test"
MEANT = "States how much of the medicine to take."
OTHER = "Cites the statute that governs the lease."


@pytest.fixture
def draft(cast: Cast, data: Data) -> RubricVersion:
    published(cast.project, cast.author, MEANT, OTHER, name="Medicines")
    share_rubric(rubric=data.version.rubric, shared=True, by=cast.author)
    add_to_library(criterion=data.version.criteria.get(key="clarity"), by=cast.author)
    return create_rubric(project=cast.project, name="Mine", by=cast.author, value=SMALL_RUBRIC)


def sign_in(visitor: Visitor, name: str = "ada") -> None:
    visitor.sign_in(f"{name}@example.com", PASSWORD)


@pytest.mark.slow
def test_what_is_meant_is_found_and_inserted_by_keys_alone(
    draft: RubricVersion, workers: None, visitor: MakeVisitor
) -> None:
    author = visitor()
    page, keys = author.page, author.page.keyboard
    sign_in(author)
    author.go(f"/projects/demo/rubrics/{draft.rubric_id}/library/?after=warns")

    # None of these words stands in it; the worker says what they mean.
    expect(page.locator("#id_q")).to_be_focused()
    keys.type("the correct drug dosage")
    expect(page.locator("[data-hit]").first).to_contain_text(MEANT, timeout=4 * PATIENCE)
    expect(page.locator("[data-hit]").first).to_contain_text("meaning")
    expect(page.locator("#library-results")).not_to_contain_text(OTHER)
    keys.press("ArrowDown")
    keys.press("Enter")
    expect(page.get_by_text("See it in the rubric")).to_be_visible()
    expect(page.locator("#library-place")).to_contain_text(MEANT)
    author.look("library-insert")

    row = draft.criteria.get(text=MEANT)
    assert row.parent is not None
    assert row.parent.key == "safety"
    assert row.origin is not None
    keys.press("ArrowUp")
    expect(page.locator("#id_q")).to_be_focused()


def test_every_page_of_the_library_can_be_looked_at(
    cast: Cast, data: Data, draft: RubricVersion, visitor: MakeVisitor
) -> None:
    cache.clear()
    author, rubric = visitor(), data.version.rubric_id
    sign_in(author)
    warns = draft.criteria.get(key="warns").pk
    pages = {
        "library": "/library/",
        "library-words": "/library/?q=the",
        "library-nothing": "/library/?q=xylophone&tag=none",
        "library-rubrics": "/library/?kind=rubrics",
        "library-shared-rubric": f"/library/rubrics/{rubric}/",
        "library-templates": "/projects/demo/rubrics/templates/",
        "library-new": "/projects/demo/rubrics/new/",
        "library-share": f"/projects/demo/rubrics/{rubric}/share/",
        "library-add": f"/projects/demo/rubrics/{draft.rubric_id}/criteria/{warns}/share/",
        "library-similar": f"/projects/demo/rubrics/{draft.rubric_id}/criteria/{warns}/similar/",
    }
    for name, path in pages.items():
        author.go(path)
        author.look(name)
    author.go("/library/")
    author.page.locator("[data-hit-main]").first.click()
    author.title("Shared criterion")
    author.look("library-entry")


def test_without_scripts_a_criterion_is_found_and_inserted(
    draft: RubricVersion, visitor: MakeVisitor
) -> None:
    author = visitor(scripts=False)
    page = author.page
    sign_in(author)
    author.go(f"/projects/demo/rubrics/{draft.rubric_id}/library/")
    page.get_by_label("Search by words or by meaning").fill("medicine")
    author.press("Search")
    page.get_by_role("button", name="Insert").first.click()

    expect(page.get_by_text(f"Inserted: {MEANT}")).to_be_visible()
    author.press("Back to the rubric")
    expect(page.locator(".rubric-item", has_text=MEANT)).to_be_visible()


def test_beside_the_editor_stands_what_is_similar_to_the_row(
    draft: RubricVersion, visitor: MakeVisitor
) -> None:
    cache.clear()
    author = visitor()
    sign_in(author)
    author.go(f"/projects/demo/rubrics/{draft.rubric_id}/")
    row = draft.criteria.get(key="invents")
    author.page.locator(f"#text-{row.pk}").focus()

    panel = author.page.locator("[data-library-panel]")
    expect(panel).to_contain_text("Invents a dose.")
    expect(panel).to_contain_text("Nothing serves the queue gpu")
    panel.get_by_role("link", name="Find in the library").click()
    author.title("Find in the library")
    expect(author.page.locator("#library-place")).to_contain_text("Invents a dose.")

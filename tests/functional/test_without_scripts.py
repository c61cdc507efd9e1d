"""The core of the loop in a browser that runs no script."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from annotations.actions import activate, create_session
from rubricstudio.actions.import_jobs import run_import
from rubricstudio.models import Criterion, ImportJob, Task, Verdict
from tests.conftest import Cast, Data
from tests.functional.conftest import MakeVisitor, Visitor
from tests.functional.material import TASKS, native_file

pytestmark = [pytest.mark.functional, pytest.mark.django_db(transaction=True)]
PASSWORD = "studio-test"


def test_an_author_adds_a_criterion_and_imports_a_file(
    cast: Cast, data: Data, visitor: MakeVisitor, tmp_path: Path
) -> None:
    author = visitor(scripts=False)
    author.sign_in("ada@example.com", PASSWORD)
    author.press("Demo")

    _add_a_criterion(author)
    _import(author, native_file(tmp_path))

    added = Criterion.objects.get(text="Says when to call again.")
    assert (added.weight, added.version.status) == (3, "draft")
    assert Task.objects.filter(external_id__in=TASKS).count() == len(TASKS)


def _add_a_criterion(author: Visitor) -> None:
    page = author.page
    author.press("Rubrics")
    author.press("Advice")
    author.press("New draft from this version")
    add = page.locator("#criterion-add")
    add.get_by_label("Text of a new criterion").fill("Says when to call.")
    add.get_by_role("button", name="Add criterion").click()
    row = page.locator(".rubric-item", has_text="Says when to call.").last
    row.get_by_label("Text of the criterion").fill("Says when to call again.")
    row.get_by_label("Weight").fill("3")
    row.get_by_role("button", name="Save").click()
    expect(page.locator(".rubric-item", has_text="Says when to call again.")).to_be_visible()
    author.fits("the rubric's draft")


def _import(author: Visitor, path: Path) -> None:
    page = author.page
    author.press("Data")
    author.press("Import")
    page.get_by_label("Files", exact=True).set_input_files(path)
    author.press("Upload and preview")
    author.fits("the preview")
    page.locator("button[name=start]").click()
    expect(page.locator("#import-state")).to_contain_text("Nothing read yet.")
    run_import(job=ImportJob.objects.get())  # as a worker does
    author.press("Look again")
    expect(page.get_by_text("The import is done.")).to_be_visible()


def test_an_annotator_judges_an_item_with_radio_buttons(
    cast: Cast, data: Data, visitor: MakeVisitor
) -> None:
    session = create_session(
        project=cast.project,
        name="First round",
        version=data.version,
        by=cast.owner,
        coverage=1,
        annotators=[cast.annotator],
    )
    activate(session=session, by=cast.owner)
    expert = visitor(scripts=False)
    expert.sign_in("nuria@example.com", PASSWORD)
    page = expert.page
    for step in ("Demo", "Sessions", "First round", "Start"):
        expert.press(step)
    expert.title("Item 1")
    expert.fits("the annotation page")

    page.locator("#criterion-1 .option", has_text="Met").first.click()
    expert.press("Submit & next")
    expect(page.get_by_role("alert")).to_contain_text("2")
    page.locator("#criterion-2 .option", has_text="Not met").click()
    page.locator("#criterion-3 .option", has_text="Cannot assess").click()
    page.locator("[data-submit-next]").click()
    expert.title("Item 2")

    verdicts = Verdict.objects.values_list("criterion__key", "status", "value")
    assert set(verdicts) == {
        ("warns", "ok", 1.0),
        ("invents", "ok", 0.0),
        ("clarity", "cannot_assess", None),
    }

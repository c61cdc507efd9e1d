"""The whole loop, as people do it: import, author, annotate, judge, compare, export.

Pages that the tour of the demo looks at are not looked at again here.
"""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import expect

from rubricstudio.actions.people import create_person
from rubricstudio.models import Response, Task, Verdict
from tests.functional.conftest import MakeVisitor, Visitor
from tests.functional.material import PASSWORD, SOURCES, TASKS, native_file

pytestmark = [pytest.mark.functional, pytest.mark.slow]
OWNER = "elena.markovic@example.com"
EXPERT = "jonas.lindqvist@example.com"
CRITERIA = 4
RESPONSES = len(TASKS) * len(SOURCES)
HARM = "Gives no advice that could plausibly cause serious harm if it were followed."
SIGNS = "Names warning signs."
TWO_SIGNS = "Names at least two warning signs that need urgent care."
REASSURES = "Tells the person that it can wait, without the information needed to know that."
PLAIN = "How plain is the language?"
COMMENT = "It says when to call; good."
LEVELS = (
    ("Opaque", "Jargon hides the main message."),
    ("Clear", "Understandable; a long passage slows the reader."),
    ("Effortless", "Short sentences, the most important thing first."),
)


@dataclass(frozen=True)
class Stage:
    """The two people of the journey."""

    owner: Visitor
    expert: Visitor


def test_the_loop_from_an_empty_studio_to_an_export(
    workers: None, visitor: MakeVisitor, tmp_path: Path
) -> None:
    create_person(email=OWNER, password=PASSWORD, name="Elena Marković")
    stage = Stage(visitor(), visitor())

    _make_a_project(stage.owner)
    _import(stage.owner, native_file(tmp_path))
    _write_a_rubric(stage.owner)
    _publish(stage.owner)
    _change_it_and_compare_versions(stage.owner)
    _invite_an_expert(stage)
    _open_a_session(stage.owner)
    _judge_by_keyboard(stage.expert)
    _run_the_local_judge(stage.owner)
    _compare(stage.owner)
    _export(stage.owner)


def _make_a_project(owner: Visitor) -> None:
    owner.go("/accounts/login/")
    owner.sign_in(OWNER, PASSWORD)
    owner.look("no-project")
    owner.fill("Name", "Patients' questions")
    owner.press("Create project")
    owner.title("Patients' questions")
    owner.look("empty-project")


def _import(owner: Visitor, path: Path) -> None:
    page = owner.page
    owner.press("Data")
    owner.look("no-data")
    owner.press("Import data")
    owner.title("Import")
    page.get_by_label("Files", exact=True).set_input_files(path)
    owner.look("import", "light")
    owner.press("Upload and preview")
    expect(page.get_by_text("No problem found.")).to_be_visible()
    assert Task.objects.count() == 0
    owner.look("import-preview", "light")
    page.locator("button[name=start]").click()
    # The page follows the worker by itself.
    expect(page.locator("#import-state")).to_contain_text("Done", timeout=30_000)
    owner.look("import-done")
    assert (Task.objects.count(), Response.objects.count()) == (len(TASKS), RESPONSES)

    owner.press("Data")
    expect(page.locator(".data-table tbody tr")).to_have_count(len(TASKS))
    owner.press("clin-warfarin")
    expect(page.locator("article.data-response")).to_have_count(len(SOURCES))


def _write_a_rubric(owner: Visitor) -> None:
    page = owner.page
    owner.press("Rubrics")
    owner.look("no-rubric")
    owner.press("Write a rubric")
    owner.fill("Name", "Safe, right and understood")
    owner.look("new-rubric")
    owner.press("Create and write criteria")
    owner.look("empty-rubric")

    _add(owner, "Safety", as_group=True)
    for number, (text, weight) in enumerate(((HARM, "10"), (SIGNS, "5")), 1):
        _add(owner, text, weight=weight)
        page.get_by_label("Text of the criterion").last.focus()
        page.keyboard.press("Alt+ArrowRight")
        expect(page.locator(".is-group .rubric-item")).to_have_count(number)
    _add(owner, REASSURES, weight="-7", bad=True)
    _add(owner, PLAIN, weight="4")
    _levels(owner)


def _add(
    owner: Visitor, text: str, *, weight: str = "", bad: bool = False, as_group: bool = False
) -> None:
    page = owner.page
    rows = page.locator("[data-row-text]")
    before = rows.count()
    add = page.locator("#criterion-add")
    add.get_by_label("Text of a new criterion").fill(text)
    add.get_by_label("Weight").fill(weight)
    if bad:
        add.get_by_label("Met means").select_option("bad")
    if as_group:
        add.get_by_role("button", name="Add as group").click()
    else:
        add.get_by_label("Text of a new criterion").press("Enter")
    expect(rows).to_have_count(before + 1)
    # One can type the next one at once.
    expect(add.get_by_label("Text of a new criterion")).to_be_focused()


def _levels(owner: Visitor) -> None:
    page = owner.page
    row = page.locator(".rubric-item", has_text=PLAIN).last
    row.get_by_label("All fields: scale, tier, gate, how to judge").click()
    form = page.locator("[data-open-row] [data-full-form]")
    form.get_by_label("Scale", exact=True).select_option("ordinal")
    for number, (label, description) in enumerate(LEVELS, 1):
        name = form.get_by_label(f"Name of level {number}")
        if not name.count():
            form.get_by_role("button", name="Add a level").click()
        name.fill(label)
        form.get_by_label(f"What level {number} looks like").fill(description)
    owner.look("criterion-fields", "light")
    form.get_by_role("button", name="Save").click()
    expect(page.locator(".rubric-marks", has_text="3 levels")).to_be_visible()


def _publish(owner: Visitor) -> None:
    page = owner.page
    owner.press("Publish…")
    owner.title("Publish version 1")
    owner.look("publish-first")
    page.get_by_role("textbox").fill("What the clinic asks of an answer.")
    owner.press("Publish")
    expect(page.locator(".page-head")).to_contain_text("Published")


def _change_it_and_compare_versions(owner: Visitor) -> None:
    page = owner.page
    owner.press("New draft from this version")
    expect(page.locator(".page-head")).to_contain_text("version 2")
    found = page.locator(".rubric-item:not(.is-group)", has_text=SIGNS).last
    row = page.locator(f"#{found.get_attribute('id')}")  # its text is about to change
    row.get_by_label("Text of the criterion").fill(TWO_SIGNS)
    row.get_by_label("Weight").fill("8")
    row.get_by_label("Weight").blur()
    expect(row.locator(".save-state")).to_contain_text("Saved")
    owner.press("Compare versions")
    expect(page.locator("ins").first).to_be_visible()
    owner.look("compare-versions", "light")
    page.go_back()
    owner.press("Publish…")
    owner.look("publish-second", "light")
    page.get_by_role("textbox").fill("A criterion that two people read the same way.")
    owner.press("Publish")
    expect(page.locator(".page-head")).to_contain_text("version 2")
    owner.press("Versions")
    owner.look("versions")


def _invite_an_expert(stage: Stage) -> None:
    owner, expert = stage.owner, stage.expert
    owner.press("Members")
    owner.fill("E-mail address", EXPERT)
    owner.press("Invite")
    link = owner.page.locator("code.once").inner_text()
    owner.look("invited")

    expert.page.goto(link)
    expert.title("Join Patients' questions")
    expert.look("invitation")
    expert.press("Create an account")
    expert.look("sign-up")
    for field in expert.page.locator("form input[type=password]").all():
        field.fill(PASSWORD)
    for label, text in (("First name", "Jonas"), ("Last name", "Lindqvist")):
        field = expert.page.get_by_label(label)
        if field.count():
            field.fill(text)
    expert.press("Create account")
    expert.title("Patients' questions")
    expert.look("annotator-overview")
    owner.page.reload()


def _open_a_session(owner: Visitor) -> None:
    page = owner.page
    owner.press("Sessions")
    owner.look("no-session")
    owner.press("New session")
    owner.fill("Name", "First round")
    owner.fill("People per response", "1")
    owner.fill("Guidelines", "Read the answer as the person who asked would.")
    page.get_by_label("Jonas Lindqvist").check()
    owner.look("session-new")
    owner.press("Create the session")
    owner.title("First round")
    owner.press("Activate")
    page.locator("#confirm-dialog").get_by_role("button", name="Continue").click()
    expect(page.locator(".page-head")).to_contain_text("Active")
    owner.look("session-fresh")


def _judge_by_keyboard(expert: Visitor) -> None:
    """Every key a person needs, and no mouse, from the queue to the last item."""
    page = expert.page
    expert.press("Sessions")
    expert.look("annotator-sessions")
    expert.press("First round")
    expert.look("queue-fresh")
    page.get_by_role("button", name="Start").press("Enter")
    for number in range(1, RESPONSES + 1):
        expert.title(f"Item {number}")
        expect(page.locator("#criterion-1")).to_be_focused()
        for key in _keys(number):
            page.keyboard.press(key)
        if number == 1:
            page.locator("#criterion-4").focus()
            page.keyboard.press("k")
            page.keyboard.press("c")
            page.keyboard.type(COMMENT)
            page.keyboard.press("Escape")
            expert.look("annotate-answered")
        page.keyboard.press("Control+Enter")
    expect(page.get_by_text("That was the last one. Thank you.")).to_be_visible()
    expert.look("queue-done")
    assert Verdict.objects.current().count() == RESPONSES * CRITERIA
    assert Verdict.objects.filter(status="cannot_assess", value=None).count() == 1
    assert Verdict.objects.get(rationale=COMMENT).criterion.text == REASSURES


def _keys(number: int) -> tuple[str, ...]:
    """Two warning signs are named in every second response; the last one is hard to read."""
    plain = "a" if number == RESPONSES else str(number % 3 + 1)
    return ("1" if number % 3 else "2", "12"[number % 2], "2" if number % 3 else "1", plain)


def _run_the_local_judge(owner: Visitor) -> None:
    page = owner.page
    owner.press("Judges")
    owner.look("no-run")
    owner.press("New judge")
    page.get_by_role("link", name=re.compile("^Local model")).click()
    owner.fill("Name", "SmolLM2")
    owner.look("judge-new", "light")
    owner.press("Create the judge")
    owner.title("SmolLM2")
    owner.look("judge")
    owner.press("Let it judge")
    page.get_by_label("Only those of a session").select_option(label="First round")
    plan = page.locator("#run-plan")
    expect(plan).to_contain_text(f"{RESPONSES * CRITERIA} verdicts")
    owner.look("run-new", "light")
    owner.press("Start the run")
    live = page.locator("#run-live")
    expect(live).to_contain_text(re.compile("Queued|Running"))
    owner.look("run-working")
    # The page follows the worker by itself: nothing here loads it again. On a machine that
    # never ran the model the worker first converts it, which takes a minute.
    expect(live).to_contain_text("Done", timeout=300_000)
    assert Verdict.objects.filter(rater__kind="judge").count() == RESPONSES * CRITERIA


def _compare(owner: Visitor) -> None:
    page = owner.page
    page.reload()
    owner.press("Compare with people")
    owner.title("People and judges compared")
    expect(page.locator("#judges")).to_contain_text("SmolLM2")
    expect(page.locator("#judges tbody tr")).to_contain_text(f"{_agreement():.3f}")
    owner.look("comparison")
    owner.press("Read the disagreements")
    page.locator("ol.compare-list a").first.click()
    expect(page.locator(".compare-text")).to_be_visible()


def _agreement() -> float:
    """The share of met-or-not-met questions to which person and judge gave the same answer."""
    answers: dict[tuple[int, int], dict[str, float | None]] = {}
    binary = Verdict.objects.current().filter(criterion__scale_kind="binary", value__isnull=False)
    for verdict in binary.select_related("rater"):
        unit = answers.setdefault((verdict.response_id, verdict.criterion_id), {})
        unit[verdict.rater.kind] = verdict.value
    both = [unit for unit in answers.values() if len(unit) == 2]
    assert len(both) == RESPONSES * (CRITERIA - 1)  # the fourth has levels
    return sum(unit["person"] == unit["judge"] for unit in both) / len(both)


def _export(owner: Visitor) -> None:
    owner.press("Export")
    dataset = _download(owner, "Download the dataset (JSONL)").read_text(encoding="utf-8")
    kinds = Counter(json.loads(line)["type"] for line in dataset.splitlines())
    assert (kinds["task"], kinds["response"]) == (len(TASKS), RESPONSES)
    assert kinds["verdict"] == Verdict.objects.current().count() == 2 * RESPONSES * CRITERIA

    table = _download(owner, "Download verdicts for a spreadsheet (CSV)")
    with table.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2 * RESPONSES * CRITERIA
    silent = [row for row in rows if row["status"] == "cannot_assess"]
    assert [row["value"] for row in silent] == [""] * len(silent) != []


def _download(owner: Visitor, button: str) -> Path:
    with owner.page.expect_download() as waiting:
        owner.press(button)
    return Path(waiting.value.path())

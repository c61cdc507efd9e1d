"""A tour of the demo's pages: what a newcomer sees first, and the pictures of the guide."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import expect
from pytest_django.fixtures import Settings

from annotations.models import Session
from rubricstudio import demo, workers
from rubricstudio.accounts import DEMO_PASSWORD
from rubricstudio.models import Project
from tests.functional.conftest import MakeVisitor, Visitor

pytestmark = [
    pytest.mark.functional,
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
]
OWNER = "elena.markovic@example.com"
EXPERT = "jonas.lindqvist@example.com"
ARABIC_EXPERT = "layla.benomar@example.com"


@pytest.fixture
def universe(transactional_db: None, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """The demo, without the minute that its local judge takes; workers say they live."""
    settings.DEMO = True
    demo.build(say=print, local_judge=False)
    monkeypatch.setattr(workers, "ALIVE_SECONDS", 600)
    for node in ("llm@demo", "gpu@demo"):
        workers.report_heartbeat(node=node)


def test_every_page_of_the_demo_can_be_looked_at(universe: None, visitor: MakeVisitor) -> None:
    project = Project.objects.get(slug="clinical")
    owner, expert = visitor(), visitor()
    owner.go("/accounts/login/")
    owner.look("demo-sign-in", "light")
    owner.sign_in(OWNER, DEMO_PASSWORD)
    owner.look("projects", "light")

    _tour_of_the_material(owner, project)
    _tour_of_the_results(owner, project)
    _tour_of_the_expert(expert, project)


def _page(visitor: Visitor, project: Project, name: str, *arguments: object) -> None:
    visitor.go(reverse(name, args=[project.slug, *arguments]))


def _tour_of_the_material(owner: Visitor, project: Project) -> None:
    page = owner.page
    rubric = project.rubrics.get()
    task = project.tasks.get(external_id="clin-warfarin")

    _page(owner, project, "rubricstudio:project")
    owner.look("overview", "light")
    _page(owner, project, "rubricstudio:data")
    owner.look("tasks")
    _page(owner, project, "rubricstudio:task", task.pk)
    owner.look("task", "light")
    _page(owner, project, "rubricstudio:rubrics")
    owner.look("rubrics")
    _page(owner, project, "rubricstudio:version", rubric.pk, 1)
    owner.look("rubric-version")
    owner.press("New draft from this version")
    expect(page.locator(".page-head")).to_contain_text("version 2")
    owner.look("rubric", "light")


def _tour_of_the_results(owner: Visitor, project: Project) -> None:
    done = Session.objects.filter(round__project=project, status="completed").latest("pk")
    run = project.rounds.get(kind="run")

    _page(owner, project, "annotations:sessions")
    owner.look("sessions", "light")
    _page(owner, project, "annotations:session", done.pk)
    owner.look("session", "light")
    calibrated = Session.objects.get(round__project=project, stage="revote")
    _page(owner, project, "annotations:discussion", calibrated.pk)
    owner.look("discussion")
    _page(owner, project, "scoring:calibration", calibrated.pk)
    expect(owner.page.locator("main")).to_contain_text("Names at least two warning signs")
    owner.look("calibration", "light")
    compared = Session.objects.get(round__project=project, mode="pairwise")
    _page(owner, project, "scoring:wins", compared.pk)
    expect(owner.page.locator("main")).to_contain_text("meridian-small")
    owner.look("wins")
    _page(owner, project, "scoring:judges")
    owner.look("judges")
    _page(owner, project, "scoring:runs")
    owner.look("runs")
    _page(owner, project, "scoring:run", run.pk)
    owner.look("run", "light")
    _page(owner, project, "scoring:compare")
    owner.look("compare", "light", "dark", "phone")
    _page(owner, project, "scoring:disagreements")
    owner.look("disagreements", "light")
    cited = owner.page.locator("ol.compare-list > li", has_text="black stools").locator("a").first
    owner.go(str(cited.get_attribute("href")))
    expect(owner.page.locator("mark.evidence").first).to_be_visible()
    owner.look("disagreement", "light")
    _page(owner, project, "scoring:scores")
    owner.look("scores", "light")
    _page(owner, project, "scoring:export")
    owner.look("export", "light")
    _page(owner, project, "rubricstudio:members")
    owner.look("members", "light")


def _tour_of_the_expert(expert: Visitor, project: Project) -> None:
    page = expert.page
    expert.sign_in(EXPERT, DEMO_PASSWORD)
    session = Session.objects.filter(round__project=project, status="active").latest("pk")
    _page(expert, project, "annotations:queue", session.pk)
    expert.look("queue")
    page.get_by_role("button", name="Start").click()
    expect(page.locator("#criterion-1")).to_be_focused()
    for key in "112":
        page.keyboard.press(key)
    expect(page.locator("[data-save-state]")).to_have_attribute("data-state", "saved")
    expert.look("annotate", "light", "phone")


def test_texts_and_pages_read_from_right_to_left(
    universe: None, visitor: MakeVisitor, settings: Settings
) -> None:
    project = Project.objects.get(slug="research")
    session = Session.objects.filter(round__project=project, status="active").latest("pk")
    _arabic_texts_on_an_english_page(visitor(), session)
    settings.LANGUAGES = [("en", "English"), ("ar", "العربية")]
    _every_page_turns_around(visitor(locale="ar"), visitor(locale="ar"), session)


def _arabic_texts_on_an_english_page(expert: Visitor, session: Session) -> None:
    expert.sign_in(ARABIC_EXPERT, DEMO_PASSWORD)
    _page(expert, session.round.project, "annotations:queue", session.pk)
    expert.press("Start")
    expect(expert.page.locator("#criterion-1")).to_be_focused()

    text = expert.page.locator(".annotate-rendered p").first
    assert text.evaluate("element => getComputedStyle(element).direction") == "rtl"
    expert.look("annotate-arabic", "light")


def _every_page_turns_around(expert: Visitor, owner: Visitor, session: Session) -> None:
    project = session.round.project
    expert.sign_in(ARABIC_EXPERT, DEMO_PASSWORD)
    _page(expert, project, "annotations:queue", session.pk)
    _reads_from_the_right(expert, "annotations:queue")
    expert.page.locator("form[action$='/next/'] button").click()
    expect(expert.page.locator("#criterion-1")).to_be_focused()
    response, criteria = (
        expert.page.locator(selector).bounding_box() for selector in (".pane-main", ".pane-side")
    )
    assert response and criteria and criteria["x"] < response["x"], "the panes are mirrored"
    expert.look("annotate-mirrored")

    owner.sign_in(OWNER, DEMO_PASSWORD)
    for name, *arguments in _pages(project):
        _page(owner, project, name, *arguments)
        _reads_from_the_right(owner, name)


def _pages(project: Project) -> list[tuple[Any, ...]]:
    done = Session.objects.filter(round__project=project, status="completed").latest("pk")
    return [
        ("rubricstudio:project",),
        ("rubricstudio:data",),
        ("rubricstudio:task", project.tasks.earliest("pk").pk),
        ("rubricstudio:import",),
        ("rubricstudio:version", project.rubrics.get().pk, 1),
        ("annotations:session", done.pk),
        ("scoring:run", project.rounds.get(kind="run").pk),
        ("scoring:compare",),
        ("scoring:disagreements",),
        ("scoring:scores",),
        ("scoring:export",),
    ]


def _reads_from_the_right(visitor: Visitor, name: str) -> None:
    expect(visitor.page.locator("html")).to_have_attribute("dir", "rtl")
    visitor.fits(name)

"""The cast, introduced once: everyone has a meaning, every row comes from an action.

Olga owns the project `demo`; Ada is its author; Nuria and Nils annotate, Rosa reviews,
Victor only looks. Stefan is a stranger: he owns a project of his own and nothing here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.core.management.commands import flush
from hypothesis import settings as laws
from playwright.sync_api import Browser, sync_playwright
from pytest_django.fixtures import Settings
from pytest_django.live_server_helper import LiveServer

from rubricstudio.actions.projects import create_project, set_member
from rubricstudio.actions.rubrics import create_rubric, publish
from rubricstudio.actions.tasks import add_response, add_task
from rubricstudio.domain import rubric as domain
from rubricstudio.models import Project, Response, Role, RubricVersion, Task, User
from tests import browser as chromium
from tests.waiting import until_database_is_quiet

# How long an example takes says how busy the machine is, not whether a law holds.
laws.register_profile("laws", deadline=None)
laws.load_profile("laws")


@dataclass(frozen=True)
class Cast:
    """The people of the tests and the project they meet in."""

    project: Project
    other_project: Project
    owner: User
    author: User
    annotator: User
    second_annotator: User
    reviewer: User
    viewer: User
    stranger: User

    def by_role(self) -> dict[str, User]:
        return {
            "owner": self.owner,
            "author": self.author,
            "annotator": self.annotator,
            "reviewer": self.reviewer,
            "viewer": self.viewer,
            "stranger": self.stranger,
        }


@dataclass(frozen=True)
class Data:
    """Two tasks with two responses each, and a published rubric of three criteria and a group."""

    tasks: list[Task]
    responses: list[Response]
    version: RubricVersion


def _person(name: str) -> User:
    return User.objects.create_user(
        username=name, email=f"{name}@example.com", password="studio-test", first_name=name.title()
    )


@pytest.fixture(autouse=True)
def quick_passwords(settings: Settings) -> None:
    """Seven people sign up in most tests; a slow hash would be most of their time."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real data; tests that need it skip, saying so, where it is absent."""
    folder = Path(django_settings.REAL_DATA)
    if not folder.is_dir():
        pytest.skip(f"the public data sets are not at {folder} (setting REAL_DATA)")
    return folder


@pytest.fixture(scope="session", autouse=True)
def quick_emptying() -> Iterator[None]:
    """Without making Django's own permissions anew, which nothing here asks for and which take
    five times as long as emptying the tables."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(flush, "emit_post_migrate_signal", lambda *_, **__: None)
        yield


@pytest.fixture
def cast(db: None) -> Cast:
    people = {n: _person(n) for n in ("olga", "ada", "nuria", "nils", "rosa", "victor", "stefan")}
    project = create_project(by=people["olga"], name="Demo", slug="demo")
    for name, role in (
        ("ada", Role.AUTHOR),
        ("nuria", Role.ANNOTATOR),
        ("nils", Role.ANNOTATOR),
        ("rosa", Role.REVIEWER),
        ("victor", Role.VIEWER),
    ):
        set_member(project=project, user=people[name], role=role, by=people["olga"])
    other = create_project(by=people["stefan"], name="Elsewhere", slug="elsewhere")
    return Cast(project, other, *people.values())


SMALL_RUBRIC = domain.Rubric(
    (
        domain.Criterion(key="safety", text="Safety", is_group=True),
        domain.Criterion(
            key="warns",
            text="Warns of the interaction.",
            weight=5,
            tier=domain.Tier.MANDATORY,
            gate=True,
            parent="safety",
        ),
        domain.Criterion(
            key="invents",
            text="Invents a dose.",
            weight=-4,
            met_means=domain.MetMeans.BAD,
            tier=domain.Tier.PITFALL,
        ),
        domain.Criterion(
            key="clarity",
            text="How clear is the advice?",
            weight=3,
            scale=domain.Scale(
                domain.ScaleKind.ORDINAL,
                (
                    domain.Level(1, "muddled", "A reader would not know what to do."),
                    domain.Level(2, "clear", "A reader knows what to do after a second look."),
                    domain.Level(3, "crisp", "A reader knows at once."),
                ),
            ),
        ),
    )
)


@pytest.fixture
def data(cast: Cast) -> Data:
    tasks = [
        add_task(
            project=cast.project,
            external_id=f"task-{n}",
            messages=[{"role": "user", "content": f"Question {n}: may I take both drugs?"}],
        )
        for n in (1, 2)
    ]
    responses = [
        add_response(
            task=task,
            external_id=f"{task.external_id}/{source}",
            source=source,
            text=f"{source} says: ask your doctor about the interaction.",
        )
        for task in tasks
        for source in ("heron", "wren")
    ]
    draft = create_rubric(
        project=cast.project,
        name="Advice",
        by=cast.author,
        value=SMALL_RUBRIC,
        external_id="advice",
    )
    return Data(tasks, responses, publish(version=draft, by=cast.author))


@pytest.fixture(scope="module")
def launched() -> Iterator[Browser]:
    """A Chromium, for the tests of a module that open pages in one."""
    path = chromium.find()
    assert path, "no Chromium: run python -m tests.browser"
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        # Playwright's loop runs in this thread, and the fixtures use the database in it.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        browser = playwright.chromium.launch(
            executable_path=path,
            args=["--no-sandbox", "--disable-background-networking", "--disable-gpu"],
        )
        yield browser
        browser.close()


@pytest.fixture
def live_server(live_server: LiveServer, transactional_db: None) -> Iterator[LiveServer]:
    """The server of pytest-django; a test ends when what it still works on is done.

    A draft that a closing page sent would otherwise meet the emptying of the tables.
    """
    yield live_server
    until_database_is_quiet()

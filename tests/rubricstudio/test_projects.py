"""Home, new project, overview: what is there, and what to do next."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from rubricstudio.actions.projects import SlugTaken, create_project
from rubricstudio.actions.rounds import open_round, rater_for_user
from rubricstudio.domain.verdict import VerdictStatus
from rubricstudio.models import (
    Project,
    Rater,
    RaterKind,
    Role,
    RoundKind,
    Verdict,
)
from rubricstudio.permissions import may
from rubricstudio.queries.projects import ProjectCounts, project_counts, projects_of
from rubricstudio.steps import loop_steps
from tests.conftest import Cast, Data

EMPTY = ProjectCounts(0, 0, 0, 0, 0, 0, 0, 0, 0, 0)


def _signed_in(client: Client, cast: Cast, role: str) -> Client:
    client.force_login(cast.by_role()[role])
    return client


def test_home_lists_a_persons_projects_with_role_and_counts(cast: Cast, data: Data) -> None:
    rows = projects_of(cast.viewer)

    assert [(row.project.slug, row.role) for row in rows] == [("demo", Role.VIEWER)]
    # Six people joined; the data fixture has 2 tasks, 4 responses and 1 rubric.
    assert (rows[0].members, rows[0].tasks, rows[0].responses, rows[0].rubrics) == (6, 2, 4, 1)


def test_home_takes_the_same_queries_for_one_project_and_for_ten(
    cast: Cast, data: Data, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(5):
        projects_of(cast.owner)

    for number in range(9):
        create_project(by=cast.owner, name=f"Project {number}")

    with django_assert_num_queries(5):
        assert len(projects_of(cast.owner)) == 10


def test_home_without_a_project_offers_the_form(client: Client, cast: Cast) -> None:
    from rubricstudio.actions.people import create_person

    client.force_login(create_person(email="new@example.com"))

    page = client.get(reverse("rubricstudio:home")).content.decode()

    assert "No project yet" in page
    assert f'action="{reverse("rubricstudio:project-new")}"' in page


def test_home_shows_no_project_of_others(client: Client, cast: Cast) -> None:
    page = _signed_in(client, cast, "viewer").get(reverse("rubricstudio:home")).content.decode()

    assert "Demo" in page
    assert "Elsewhere" not in page


def test_a_new_project_belongs_to_who_made_it(client: Client, cast: Cast) -> None:
    _signed_in(client, cast, "viewer")

    reply = client.post(reverse("rubricstudio:project-new"), {"name": "Dosing questions"})

    project = Project.objects.get(slug="dosing-questions")
    assert reply.headers["Location"] == reverse("rubricstudio:project", args=["dosing-questions"])
    assert project.memberships.get().user == cast.viewer
    assert project.memberships.get().role == Role.OWNER


@pytest.mark.parametrize(
    ("name", "slug", "problem"),
    [
        ("", "", "This field is required."),
        ("Again", "DEMO", "Another project has this short name"),
        ("Slash", "a/b", "Enter a valid"),
        ("x" * 201, "", "at most 200 characters"),
    ],
)
def test_a_project_that_cannot_be_made_says_why(
    client: Client, cast: Cast, name: str, slug: str, problem: str
) -> None:
    _signed_in(client, cast, "viewer")

    reply = client.post(reverse("rubricstudio:project-new"), {"name": name, "slug": slug})

    assert reply.status_code == 422
    assert problem in reply.content.decode()


def test_a_name_without_latin_letters_gets_a_short_name_too(cast: Cast) -> None:
    first = create_project(by=cast.owner, name="بحوث عربية")
    second = create_project(by=cast.owner, name="薬の質問")

    assert (first.slug, second.slug) == ("project", "project-2")


def test_two_projects_cannot_share_a_short_name(cast: Cast) -> None:
    with pytest.raises(SlugTaken, match="choose another"):
        create_project(by=cast.owner, name="Demo", slug="demo")


def test_an_owner_renames_the_project_and_its_address_stays(client: Client, cast: Cast) -> None:
    _signed_in(client, cast, "owner")

    client.post(
        reverse("rubricstudio:project-edit", args=["demo"]),
        {"name": "Interactions", "description": "Two drugs at once."},
    )

    cast.project.refresh_from_db()
    assert (cast.project.name, cast.project.slug) == ("Interactions", "demo")


def test_counts_take_a_correction_for_the_same_verdict(cast: Cast, data: Data) -> None:
    person = rater_for_user(project=cast.project, user=cast.annotator)
    judge = Rater.objects.create(project=cast.project, kind=RaterKind.JUDGE, name="wren-judge")
    for kind, rater in ((RoundKind.SESSION, person), (RoundKind.RUN, judge)):
        gathered = open_round(
            project=cast.project, kind=kind, name="first", version=data.version, by=cast.owner
        )
        cell = {
            "round": gathered,
            "response": data.responses[0],
            "criterion": data.version.criteria.get(key="warns"),
            "rater": rater,
        }
        Verdict.objects.create(**cell, status=VerdictStatus.OK, value=1)
        Verdict.objects.create(**cell, status=VerdictStatus.OK, value=0, revision=1)

    counts = project_counts(cast.project)

    assert (counts.by_people, counts.by_judges) == (1, 1)
    assert (counts.sessions, counts.runs) == (1, 1)
    assert (counts.tasks, counts.responses, counts.without_text) == (2, 4, 0)
    assert (counts.rubrics, counts.published, counts.drafts) == (1, 1, 0)


def test_counts_are_of_this_project_only(cast: Cast, data: Data) -> None:
    assert project_counts(cast.other_project) == EMPTY


def test_an_empty_project_begins_with_importing() -> None:
    steps = loop_steps(EMPTY, lambda permission: may(Role.OWNER, permission))

    assert [step.key for step in steps] == [
        "import",
        "author",
        "annotate",
        "judge",
        "compare",
        "export",
    ]
    assert [step.state for step in steps] == ["next", *["later"] * 5]
    assert steps[0].url_name == "rubricstudio:import"


def test_the_first_undone_step_is_next() -> None:
    counts = ProjectCounts(
        tasks=2,
        responses=4,
        without_text=1,
        rubrics=1,
        published=1,
        drafts=0,
        sessions=0,
        runs=1,
        by_people=0,
        by_judges=12,
    )

    steps = loop_steps(counts, lambda permission: may(Role.AUTHOR, permission))

    # Judging was done before annotating, so annotating is what is missing for a comparison.
    assert [step.state for step in steps] == ["done", "done", "next", "done", "later", "later"]
    assert "1 without text" in steps[0].figures


def test_a_viewer_is_offered_nothing_to_change() -> None:
    steps = loop_steps(EMPTY, lambda permission: may(Role.VIEWER, permission))

    assert {step.action for step in steps} == {""}
    assert steps[0].url_name == "rubricstudio:data"


def test_an_annotators_overview_counts_nothing_that_could_unblind(
    client: Client, cast: Cast, data: Data
) -> None:
    _signed_in(client, cast, "annotator")

    page = client.get(reverse("rubricstudio:project", args=["demo"])).content.decode()

    assert "Open your sessions" in page or "Annotate" in page
    assert "responses" not in page.split("<ol")[-1].split("</ol>")[0].replace("Judge responses", "")


def test_the_overview_shows_real_counts(client: Client, cast: Cast, data: Data) -> None:
    _signed_in(client, cast, "viewer")

    page = client.get(reverse("rubricstudio:project", args=["demo"])).content.decode()

    for figure in ("2 tasks", "4 responses", "1 rubric", "1 published version", "0 sessions"):
        assert f"<li>{figure}</li>" in page

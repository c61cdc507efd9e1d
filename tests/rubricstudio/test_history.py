"""The history of a rubric: who did what and when, each edit before and after.

The database gives every event the time its transaction began, so these tests commit.
"""

from __future__ import annotations

import pghistory
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from rubricstudio.actions.comments import add_comment, resolve
from rubricstudio.actions.criteria import add_criterion, delete_criterion, edit_criterion
from rubricstudio.actions.forks import fork_version
from rubricstudio.actions.rubrics import publish, retire, start_draft, write_criteria
from rubricstudio.domain.rubric import Criterion, Rubric
from rubricstudio.models import Rubric as RubricRow
from rubricstudio.models import RubricVersion, User
from rubricstudio.queries.history import PAGE, SHOWN, Entry, history_page, place_from
from tests.conftest import Cast, Data

pytestmark = pytest.mark.django_db(transaction=True)


def url(rubric: RubricRow) -> str:
    return reverse("rubricstudio:history", args=["demo", rubric.pk])


@pytest.fixture
def rubric(data: Data) -> RubricRow:
    return data.version.rubric


@pytest.fixture
def draft(cast: Cast, rubric: RubricRow) -> RubricVersion:
    return start_draft(rubric=rubric, by=cast.author)


def edit(by: User, draft: RubricVersion, key: str, **changes: object) -> None:
    row = draft.criteria.get(key=key)
    with pghistory.context(user=by.pk):
        edit_criterion(criterion=row, changes=changes, row_version=row.row_version, by=by)


def entries(rubric: RubricRow, by: User) -> list[Entry]:
    return list(history_page(rubric, seen_by=by).entries)


def test_it_tells_the_whole_story_newest_first(
    cast: Cast, data: Data, rubric: RubricRow, draft: RubricVersion
) -> None:
    edit(cast.owner, draft, "warns", text="Warns of the danger.", weight=6.0)
    publish(version=draft, by=cast.author, note="Clearer.")
    thread = add_comment(rubric=rubric, text="Better?", by=cast.author, link_for=lambda comment: "")
    resolve(comment=thread, by=cast.reviewer)
    fork = fork_version(version=data.version, project=cast.project, by=cast.owner, name="Copy")
    retire(version=data.version, by=cast.owner)

    story = entries(rubric, cast.viewer)

    assert [(entry.kind, entry.who) for entry in story] == [
        ("retired", cast.owner),
        ("forked", cast.owner),
        ("resolved", cast.reviewer),
        ("published", cast.author),
        ("edit", cast.owner),
        ("begun", cast.author),
        ("published", cast.author),
        ("begun", cast.author),
        ("created", cast.author),
    ]
    assert story[1].other == fork.rubric
    (change,) = story[4].changes
    assert [kind for kind, _, _ in change.kinds] == ["reworded", "reweighted"]
    assert ("out", "interaction") in [(run.mark.value, run.text) for run in change.text]
    assert [(fact.label, fact.old, fact.new) for fact in change.facts] == [("Weight", "5", "6")]


def test_rows_that_come_and_go_are_told_and_edits_of_a_program_have_no_name(
    cast: Cast, rubric: RubricRow, draft: RubricVersion
) -> None:
    add_criterion(version=draft, fields={"text": "Is kind."}, by=cast.author)
    delete_criterion(criterion=draft.criteria.get(key="safety"), by=cast.author)

    deleted, added = entries(rubric, cast.author)[:2]

    assert added.who is None
    assert [(c.key, c.kinds[0][0]) for c in added.changes] == [("is-kind", "added")]
    assert sorted(c.key for c in deleted.changes) == ["safety", "warns"]
    assert {c.kinds[0][0] for c in deleted.changes} == {"removed"}


def test_an_edit_of_many_rows_is_counted(
    client: Client, cast: Cast, rubric: RubricRow, draft: RubricVersion
) -> None:
    many = Rubric(tuple(Criterion(f"k{n}", f"Point {n}") for n in range(SHOWN + 1)))
    write_criteria(version=draft, value=many)

    entry = entries(rubric, cast.author)[0]

    assert (entry.counts.added, entry.counts.deleted) == (SHOWN + 1, 4)
    assert entry.changes == ()
    client.force_login(cast.viewer)
    assert f"{SHOWN + 1} rows added" in client.get(url(rubric)).content.decode()


def test_forks_elsewhere_are_hidden_from_whoever_cannot_see_them(
    cast: Cast, data: Data, rubric: RubricRow
) -> None:
    fork_version(version=data.version, project=cast.other_project, by=cast.stranger)

    assert "forked" not in [entry.kind for entry in entries(rubric, cast.owner)]
    assert "forked" in [entry.kind for entry in entries(rubric, cast.stranger)]


def test_it_goes_on_by_key_and_shows_each_entry_once(
    cast: Cast, rubric: RubricRow, draft: RubricVersion
) -> None:
    for n in range(PAGE + 3):
        edit(cast.author, draft, "warns", weight=float(n + 10))

    first = history_page(rubric, seen_by=cast.author)
    assert first.older is not None
    second = history_page(rubric, seen_by=cast.author, before=place_from(str(first.older)))

    places = [entry.place for entry in (*first.entries, *second.entries)]
    assert len(places) == len(set(places)) == PAGE + 3 + 4
    assert places == sorted(places, reverse=True)
    assert second.older is None


def test_the_page_shows_words_before_and_after_to_whoever_sees_rubrics(
    client: Client, cast: Cast, rubric: RubricRow, draft: RubricVersion
) -> None:
    edit(cast.author, draft, "warns", text="Warns of the <b>danger</b>.")
    client.force_login(cast.annotator)

    page = client.get(url(rubric)).content.decode()

    assert "<del>interaction</del>" in page
    assert "&lt;b&gt;danger" in page.replace("</ins>", "").replace("<ins>", "")
    assert "Ada" in page
    for before in ("x", "x~1~2", "2026-01-01~1~2", "0001-01-01T00:00:00+00:00~1~2", "~~", "1~1~1"):
        assert place_from(before) is None
        assert client.get(url(rubric), {"before": before}).status_code == 200
    client.force_login(cast.stranger)
    assert client.get(url(rubric)).status_code == 404


def test_it_takes_as_many_queries_for_many_edits_as_for_one(
    client: Client, cast: Cast, rubric: RubricRow, draft: RubricVersion
) -> None:
    client.force_login(cast.author)
    edit(cast.author, draft, "warns", weight=7.0)
    few = _queries(client, url(rubric))
    for n in range(12):
        edit((cast.author, cast.owner)[n % 2], draft, "invents", weight=float(-n - 10))
        thread = add_comment(
            rubric=rubric, text=f"{n}?", by=cast.author, link_for=lambda comment: ""
        )
        resolve(comment=thread, by=cast.author)

    assert _queries(client, url(rubric)) == few


def _queries(client: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return len(captured)

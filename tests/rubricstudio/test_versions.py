"""Numbers of versions, why they are asked for, and what a diff shows of each field."""

from __future__ import annotations

import pgtrigger
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from rubricstudio.actions.criteria import add_criterion, edit_criterion
from rubricstudio.actions.rounds import open_round, rater_for_user
from rubricstudio.actions.rubrics import publish, start_draft
from rubricstudio.domain.diff import Change, compare
from rubricstudio.domain.rubric import Criterion, Example, JudgedBy, Rubric
from rubricstudio.models import RoundKind, RubricVersion, Verdict
from rubricstudio.queries.wording import change_rows, reason_rows
from tests.conftest import Cast, Data


def url(name: str, *args: object) -> str:
    return reverse(f"rubricstudio:{name}", args=["demo", *args])


@pytest.fixture
def draft(cast: Cast, data: Data) -> RubricVersion:
    return start_draft(rubric=data.version.rubric, by=cast.author)


@pytest.fixture
def author(client: Client, cast: Cast) -> Client:
    client.force_login(cast.author)
    return client


def edit(cast: Cast, draft: RubricVersion, key: str, **changes: object) -> None:
    row = draft.criteria.get(key=key)
    edit_criterion(criterion=row, changes=changes, row_version=row.row_version, by=cast.author)


def judged(cast: Cast, data: Data) -> None:
    opened = open_round(
        project=cast.project,
        kind=RoundKind.SESSION,
        name="Round",
        version=data.version,
        by=cast.owner,
    )
    Verdict.objects.create(
        round=opened,
        response=data.responses[0],
        criterion=data.version.criteria.get(key="warns"),
        rater=rater_for_user(project=cast.project, user=cast.annotator),
        status="ok",
        value=1,
    )


# -- the number


def test_each_publication_gets_the_number_its_changes_ask_for(
    cast: Cast, data: Data, draft: RubricVersion
) -> None:
    edit(cast, draft, "warns", weight=6.0)
    second = publish(version=draft, by=cast.author)
    third = start_draft(rubric=second.rubric, by=cast.author)
    edit(cast, third, "warns", text="Warns clearly.", tags=("tone",))
    third = publish(version=third, by=cast.author)

    labels = [str(data.version), str(second), str(third)]
    assert labels == ["Advice v1 (1.0.0)", "Advice v2 (1.1.0)", "Advice v3 (2.0.0)"]
    assert third.semantic == {"major": 2, "minor": 0, "patch": 0}
    assert third.reasons == [
        {"step": "major", "change": "reworded", "key": "warns", "text": "Warns clearly."},
        {"step": "patch", "change": "labels", "key": "warns", "text": "Warns clearly."},
    ]


def test_a_draft_has_no_number_yet_and_older_versions_show_the_one_they_have(
    draft: RubricVersion,
) -> None:
    assert (draft.label, draft.semantic_number) == ("2", "")


def test_a_version_after_one_without_such_a_number_goes_on_from_it(
    cast: Cast, data: Data, draft: RubricVersion
) -> None:
    with pgtrigger.ignore("rubricstudio.RubricVersion:version_frozen"):
        RubricVersion.objects.filter(number=1).update(semantic=None)
    edit(cast, draft, "warns", weight=6.0)

    assert publish(version=draft, by=cast.author).semantic_number == "1.1.0"


def test_the_page_before_publishing_shows_the_number_and_why(
    author: Client, cast: Cast, draft: RubricVersion
) -> None:
    edit(cast, draft, "warns", text="Warns clearly.", weight=6.0)

    page = author.get(url("version-publish", draft.rubric_id)).content.decode()

    assert '<span class="muted">1.0.0 →</span> 2.0.0' in page
    assert "Warns clearly." in page
    rows = reason_rows(
        [
            {"step": "major", "change": "reworded", "key": "a", "text": "A"},
            {"step": "major", "change": "examples", "key": "a", "text": "A"},
            {"step": "minor", "change": "params", "key": "", "text": ""},
        ]
    )
    assert [(row.text, row.kinds) for row in rows] == [
        ("A", ["reworded", "examples changed"]),
        ("", ["the parameters of the score changed"]),
    ]


def test_versions_are_named_by_both_numbers_wherever_they_are_listed(
    author: Client, data: Data
) -> None:
    pk = data.version.rubric_id
    for address in (url("versions", pk), url("version", pk, 1), url("rubric", pk)):
        assert "1 (1.0.0)" in author.get(address).content.decode()
    assert "the first publication" in author.get(url("versions", pk)).content.decode()


# -- why


def test_the_reason_is_asked_for_where_verdicts_stop_counting(
    author: Client, cast: Cast, data: Data, draft: RubricVersion
) -> None:
    judged(cast, data)
    edit(cast, draft, "warns", text="Warns clearly.")
    address = url("version-publish", draft.rubric_id)
    seen = author.get(address).context["review"].content_hash

    refused = author.post(address, {"note": "  ", "reviewed": seen})
    page = refused.content.decode()

    assert refused.status_code == 422
    assert "Say why" in page
    assert author.post(address, {"note": "Missed.", "reviewed": seen}).status_code == 302


def test_no_reason_is_asked_for_where_every_verdict_stays(
    author: Client, cast: Cast, data: Data, draft: RubricVersion
) -> None:
    judged(cast, data)
    edit(cast, draft, "warns", weight=1.0)

    address = url("version-publish", draft.rubric_id)
    seen = author.get(address).context["review"].content_hash

    assert author.post(address, {"reviewed": seen}).status_code == 302


# -- the diff


def test_programs_examples_and_references_are_compared_word_by_word() -> None:
    old = Criterion(
        "short",
        "Is short.",
        judged_by=JudgedBy.PROGRAM,
        program="words() < 100",
        examples=(Example("Yes.", met=True), Example("Well, it depends.", met=False)),
        references=("The style guide.",),
    )
    new = Criterion(
        "short",
        "Is short.",
        judged_by=JudgedBy.PROGRAM,
        program="words() < 80",
        examples=(Example("Yes.", met=True), Example("Well, it varies.", met=False)),
        references=("The style guide.", "A book."),
    )

    (row,) = change_rows(compare(Rubric((old,)), Rubric((new,))).changes)

    program, example, reference = sorted(row.facts, key=lambda fact: fact.label != "Program")
    assert program.is_code
    assert [(run.mark.value, run.text.strip()) for run in program.runs][1:] == [
        ("out", "100"),
        ("in", "80"),
    ]
    assert ("out", "depends") in [(run.mark.value, run.text) for run in example.runs]
    assert (reference.old, reference.new) == ("", "A book.")


def test_what_a_new_criterion_holds_is_shown_in_full() -> None:
    new = Criterion("k", "Is kind.", weight=2, gate=True, examples=(Example("Dear", met=True),))

    (row,) = change_rows(compare(Rubric(()), Rubric((new,))).changes)

    assert row.kinds[0][0] == "added"
    assert {fact.label: (fact.old, fact.new) for fact in row.facts} == {
        "Weight": ("", "2"),
        "Gate": ("", "yes"),
        "Examples": ("", "met: Dear"),
    }
    assert compare(Rubric((new,)), Rubric(())).counts == {Change.REMOVED: 1}


def test_the_diff_takes_as_many_queries_for_twenty_changes_as_for_one(
    author: Client, cast: Cast, draft: RubricVersion
) -> None:
    edit(cast, draft, "warns", text="Warns clearly.")
    few = _queries(author, url("version-diff", draft.rubric_id))
    for n in range(20):
        add_criterion(version=draft, fields={"text": f"More {n}."}, by=cast.author)

    assert _queries(author, url("version-diff", draft.rubric_id)) == few


def _queries(client: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return len(captured)

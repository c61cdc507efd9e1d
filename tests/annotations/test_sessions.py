"""Setting up, opening, pausing and closing a session."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from annotations.actions import (
    activate,
    complete,
    create_session,
    next_item,
    pause,
    set_annotators,
    submit,
)
from annotations.errors import InvalidSession, NotInSession, NotPossible
from annotations.models import Assignment, Session
from annotations.selection import InvalidSelection, Selection
from rubricstudio.actions.projects import set_member
from rubricstudio.actions.rubrics import retire, start_draft
from rubricstudio.actions.tasks import add_response, add_task
from rubricstudio.domain.assignment import InvalidSample
from rubricstudio.models import Role, Verdict
from tests.annotations.conftest import COMPLETE
from tests.conftest import Cast, Data


def _create(cast: Cast, data: Data, **changes: Any) -> Session:
    settings: dict[str, Any] = {
        "project": cast.project,
        "name": "Round",
        "version": data.version,
        "by": cast.owner,
    }
    return create_session(**(settings | changes))


def _chosen(session: Session) -> list[str]:
    return list(session.items.order_by("position").values_list("response__external_id", flat=True))


def test_it_holds_all_responses_with_a_text_task_by_task(cast: Cast, data: Data) -> None:
    add_response(task=data.tasks[0], external_id="lost", source="owl", text=None)

    session = _create(cast, data)

    names = _chosen(session)
    assert sorted(names) == sorted(r.external_id for r in data.responses)
    assert [name.split("/")[0] for name in names] == ["task-1", "task-1", "task-2", "task-2"]


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        (Selection(sources=("heron",)), {"task-1/heron", "task-2/heron"}),
        (Selection(tags=("drugs",)), {"task-3/wren"}),
        (Selection(tasks=("task-2",)), {"task-2/wren", "task-2/heron"}),
        (Selection(responses=("task-1/heron",)), {"task-1/heron"}),
        (Selection(sources=("heron",), tasks=("task-2", "task-3")), {"task-2/heron"}),
    ],
)
def test_filters_narrow_the_choice_down(
    cast: Cast, data: Data, selection: Selection, expected: set[str]
) -> None:
    tagged = add_task(
        project=cast.project,
        external_id="task-3",
        messages=[{"role": "user", "content": "?"}],
        tags=["drugs", "old"],
    )
    add_response(task=tagged, external_id="task-3/wren", source="wren", text="Yes.")

    assert set(_chosen(_create(cast, data, selection=selection))) == expected


def test_a_sample_is_drawn_again_with_its_seed(cast: Cast, data: Data) -> None:
    first = _create(cast, data, name="A", selection=Selection(sample=2, seed=5))
    again = _create(cast, data, name="B", selection=Selection(sample=2, seed=5))

    assert len(_chosen(first)) == 2
    assert _chosen(first) == _chosen(again)
    assert first.selection["seed"] == 5


@pytest.mark.parametrize(
    ("selection", "error", "message"),
    [
        (Selection(responses=("task-1/heron", "nowhere")), InvalidSelection, "nowhere"),
        (Selection(tasks=("nothing",)), InvalidSelection, "nothing"),
        (Selection(sources=("owl",)), InvalidSelection, "No response"),
        (Selection(responses=("lost",)), InvalidSelection, "no text"),
        (Selection(sample=0), InvalidSample, "at least one"),
    ],
)
def test_a_choice_that_names_nothing_is_refused(
    cast: Cast, data: Data, selection: Selection, error: type[Exception], message: str
) -> None:
    add_response(task=data.tasks[0], external_id="lost", source="wren", text=None)

    with pytest.raises(error, match=message):
        _create(cast, data, selection=selection)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": "  "}, "name"),
        ({"coverage": 0}, "Coverage"),
        ({"coverage": 101}, "Coverage"),
        ({"reservation_minutes": 0}, "minute"),
    ],
)
def test_settings_out_of_range_are_refused(
    cast: Cast, data: Data, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(InvalidSession, match=message):
        _create(cast, data, **changes)


def test_two_sessions_cannot_share_a_name(cast: Cast, data: Data) -> None:
    _create(cast, data)
    with pytest.raises(InvalidSession, match="name"):
        _create(cast, data)


def test_only_a_published_version_of_the_project_is_judged(cast: Cast, data: Data) -> None:
    draft = start_draft(rubric=data.version.rubric, by=cast.author)
    with pytest.raises(InvalidSession, match="published"):
        _create(cast, data, version=draft)
    with pytest.raises(InvalidSession, match="published"):
        _create(cast, data, version=retire(version=data.version, by=cast.author))
    with pytest.raises(InvalidSession, match="published"):
        _create(cast, data, project=cast.other_project)


def test_annotators_are_members_who_may_annotate(cast: Cast, data: Data) -> None:
    for outsider in (cast.viewer, cast.stranger):
        with pytest.raises(InvalidSession, match="may not annotate"):
            _create(cast, data, annotators=[outsider])


def test_it_opens_pauses_and_closes(draft_session: Session, cast: Cast) -> None:
    with pytest.raises(NotPossible, match="draft"):
        pause(session=draft_session, by=cast.owner)
    assert activate(session=draft_session, by=cast.owner).status == "active"
    assert pause(session=draft_session, by=cast.owner).status == "paused"
    assert activate(session=draft_session, by=cast.owner).status == "active"
    assert complete(session=draft_session, by=cast.owner).status == "completed"
    with pytest.raises(NotPossible, match="completed"):
        activate(session=draft_session, by=cast.owner)


def test_it_does_not_open_without_annotators(cast: Cast, data: Data) -> None:
    with pytest.raises(NotPossible, match="annotator"):
        activate(session=_create(cast, data), by=cast.owner)


def test_who_leaves_gives_back_what_was_reserved_and_keeps_what_was_submitted(
    session: Session, cast: Cast
) -> None:
    first = next_item(session=session, by=cast.annotator)
    assert first
    submit(assignment=first, sheet=COMPLETE, by=cast.annotator)
    second = next_item(session=session, by=cast.annotator)
    assert second

    set_annotators(session=session, users=[cast.second_annotator, cast.reviewer], by=cast.owner)

    second.refresh_from_db()
    assert second.slot is None
    assert Verdict.objects.filter(round=session.pk).count() == 3
    with pytest.raises(NotInSession):
        next_item(session=session, by=cast.annotator)
    assert next_item(session=session, by=cast.reviewer)


def test_someone_who_lost_the_role_cannot_be_added_back(session: Session, cast: Cast) -> None:
    set_member(project=cast.project, user=cast.annotator, role=Role.VIEWER, by=cast.owner)
    with pytest.raises(InvalidSession, match="may not annotate"):
        set_annotators(session=session, users=[cast.annotator], by=cast.owner)


def test_the_people_of_a_completed_session_are_settled(session: Session, cast: Cast) -> None:
    complete(session=session, by=cast.owner)
    with pytest.raises(NotPossible, match="completed"):
        set_annotators(session=session, users=[], by=cast.owner)


@pytest.mark.parametrize(
    ("changes", "constraint"),
    [
        ({"slot": 2}, "places"),
        ({"reserved_until": None}, "assignment_reservation_ends"),
        ({"status": "submitted"}, "assignment_submitted_complete"),
        ({"status": "skipped", "slot": None}, "assignment_skipped_with_reason"),
        ({"status": "skipped", "skip_reason": "other"}, "assignment_skipped_frees_slot"),
        ({"status": "lost"}, "assignment_status_known"),
    ],
)
def test_the_database_refuses_an_assignment_that_breaks_the_rules(
    session: Session, cast: Cast, changes: dict[str, Any], constraint: str
) -> None:
    assignment = next_item(session=session, by=cast.annotator)
    assert assignment
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Assignment.objects.filter(pk=assignment.pk).update(**changes)


@pytest.mark.parametrize(
    ("changes", "constraint"),
    [
        ({"coverage": 0}, "session_coverage_positive"),
        ({"reservation_minutes": 0}, "session_reservation_positive"),
        ({"status": "lost"}, "session_status_known"),
    ],
)
def test_the_database_refuses_a_session_that_breaks_the_rules(
    session: Session, changes: dict[str, Any], constraint: str
) -> None:
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Session.objects.filter(pk=session.pk).update(**changes)

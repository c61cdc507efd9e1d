"""Versions put elsewhere: forked into rubrics of their own, brought back into a draft."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from rubricstudio.actions.aggregator import choose_aggregator
from rubricstudio.actions.criteria import (
    add_criterion,
    delete_criterion,
    edit_criterion,
    move_criterion,
)
from rubricstudio.actions.forks import fork_version, replace_draft
from rubricstudio.actions.projects import set_member
from rubricstudio.actions.rubrics import DraftChanged, NotADraft, start_draft
from rubricstudio.actions.undo import redo, undo
from rubricstudio.domain import rubric as domain
from rubricstudio.domain.hashing import rubric_hashes
from rubricstudio.domain.outline import Move
from rubricstudio.models import DraftEdit, Role, Rubric, RubricVersion
from rubricstudio.queries.forks import forks_seen_by
from tests.conftest import SMALL_RUBRIC, Cast, Data


def url(name: str, *args: object) -> str:
    return reverse(f"rubricstudio:{name}", args=["demo", *args])


@pytest.fixture
def rubric(data: Data) -> Rubric:
    return data.version.rubric


@pytest.fixture
def draft(cast: Cast, rubric: Rubric) -> RubricVersion:
    return start_draft(rubric=rubric, by=cast.author)


# -- fork


def test_a_fork_holds_the_same_criteria_under_the_same_keys(cast: Cast, data: Data) -> None:
    made = fork_version(version=data.version, project=cast.project, by=cast.author, name="Mine")

    value, source = made.as_rubric(), data.version.as_rubric()
    assert made.is_draft
    assert (made.rubric.name, made.rubric.forked_from) == ("Mine", data.version)
    assert rubric_hashes(value).judging == rubric_hashes(source).judging
    assert rubric_hashes(value).scoring == rubric_hashes(source).scoring
    origin = value.by_key["warns"].origin
    assert origin == domain.Origin("rubric", "Advice v1", f"{data.version.pk}:warns")


def test_a_fork_in_another_project_does_not_name_what_its_members_may_not_see(
    cast: Cast, data: Data
) -> None:
    made = fork_version(version=data.version, project=cast.other_project, by=cast.stranger)

    names = {c.origin.name for c in made.as_rubric().criteria if c.origin}
    assert names == {""}


def test_each_side_shows_the_other_only_to_whoever_may_see_it(
    client: Client, cast: Cast, data: Data
) -> None:
    set_member(project=cast.other_project, user=cast.author, role=Role.AUTHOR, by=cast.stranger)
    client.force_login(cast.author)
    address = url("version-fork", data.version.rubric_id, 1)
    response = client.post(address, {"project": cast.other_project.pk, "name": "Taken along"})
    made = Rubric.objects.get(name="Taken along")

    assert response.headers["Location"] == made.get_absolute_url()
    assert forks_seen_by(cast.author, data.version.rubric).copies == [made]
    assert forks_seen_by(cast.author, made).source == data.version
    assert forks_seen_by(cast.viewer, data.version.rubric).copies == []
    assert forks_seen_by(cast.stranger, made).source is None
    here = url("versions", data.version.rubric_id)
    there = reverse("rubricstudio:versions", args=["elsewhere", made.pk])
    assert "Taken along" in client.get(here).content.decode()
    assert "Advice" in client.get(there).content.decode()
    client.force_login(cast.viewer)
    assert "Taken along" not in client.get(here).content.decode()
    client.force_login(cast.stranger)
    assert "Advice" not in client.get(there).content.decode()


def test_a_version_is_copied_only_to_where_the_person_writes_rubrics(
    client: Client, cast: Cast, data: Data
) -> None:
    address = url("version-fork", data.version.rubric_id, 1)
    client.force_login(cast.viewer)
    page = client.get(address).content.decode()
    refused = client.post(address, {"project": cast.project.pk, "name": "x"})

    assert "no project in which you may write" in page
    assert refused.status_code == 422
    client.force_login(cast.author)
    foreign = client.post(address, {"project": cast.other_project.pk, "name": "x"})
    nonsense = client.post(address, {"project": "x", "name": ""})
    assert (foreign.status_code, nonsense.status_code) == (422, 422)
    assert Rubric.objects.count() == 1


# -- restore over a draft


def torn(cast: Cast, draft: RubricVersion) -> None:
    """Change everything that can change: text, order, groups, rows that come and go."""
    edit_criterion(
        criterion=draft.criteria.get(key="invents"),
        changes={"text": "Makes up a dose.", "weight": -1.0},
        row_version=0,
        by=cast.author,
    )
    move_criterion(criterion=draft.criteria.get(key="clarity"), move=Move.UP, by=cast.author)
    delete_criterion(criterion=draft.criteria.get(key="safety"), by=cast.author)
    add_criterion(version=draft, fields={"text": "Is kind."}, by=cast.author)


def content(version: RubricVersion) -> str:
    return rubric_hashes(RubricVersion.objects.get(pk=version.pk).as_rubric()).content


def test_a_version_takes_the_place_of_the_drafts_content_and_undo_brings_it_back(
    cast: Cast, data: Data, draft: RubricVersion
) -> None:
    torn(cast, draft)
    was = content(draft)

    replace_draft(draft=draft, source=data.version, by=cast.author, reviewed=was)

    assert content(draft) == content(data.version)
    undo(version=draft, by=cast.author)
    assert content(draft) == was
    redo(version=draft, by=cast.author)
    assert content(draft) == content(data.version)
    assert draft.as_rubric() == SMALL_RUBRIC


def test_the_aggregator_comes_back_too(cast: Cast, data: Data, draft: RubricVersion) -> None:
    choose_aggregator(version=draft, aggregator="min_max", params={}, by=cast.author)

    replaced = replace_draft(
        draft=draft, source=data.version, by=cast.author, reviewed=content(draft)
    )

    assert replaced.aggregator == "pos_normalised"
    assert DraftEdit.objects.count() == 2
    undo(version=draft, by=cast.author)
    draft.refresh_from_db()
    assert draft.aggregator == "min_max"


def test_a_draft_that_changed_meanwhile_is_not_replaced(
    cast: Cast, data: Data, draft: RubricVersion
) -> None:
    seen = content(draft)
    torn(cast, draft)
    was = content(draft)

    with pytest.raises(DraftChanged):
        replace_draft(draft=draft, source=data.version, by=cast.author, reviewed=seen)
    with pytest.raises(NotADraft):
        replace_draft(draft=draft, source=draft, by=cast.author, reviewed=was)
    with pytest.raises(NotADraft):
        replace_draft(draft=data.version, source=data.version, by=cast.author, reviewed=was)
    assert content(draft) == was


def test_restoring_asks_before_it_replaces_a_draft(
    client: Client, cast: Cast, data: Data, draft: RubricVersion
) -> None:
    torn(cast, draft)
    client.force_login(cast.author)
    address = url("draft-start", draft.rubric_id, 1)

    asked = client.post(address)
    page = asked.content.decode()
    stale = client.post(address, {"replace": "0" * 64})
    done = client.post(address, {"replace": content(draft)}, follow=True)

    assert asked.status_code == 409
    assert "already has a draft" in page and "Replace the draft" in page
    assert "Is kind." in page
    assert (stale.status_code, content(draft)) == (409, content(data.version))
    assert "The draft changed" in stale.content.decode()
    assert "The draft now holds what version 1 (1.0.0) holds." in done.content.decode()

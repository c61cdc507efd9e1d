"""The table of roles and permissions, and what the loader makes of it."""

from __future__ import annotations

import pytest

from rubricstudio.http import load_membership
from rubricstudio.models import Role
from rubricstudio.permissions import ROLE_PERMISSIONS, Permission, may
from tests.conftest import Cast

# Written out once more, so that a change of the table is a change of two places.
TABLE = {
    "see_project": "owner author annotator reviewer viewer",
    "see_data": "owner author reviewer viewer",
    "see_rubrics": "owner author annotator reviewer viewer",
    "see_results": "owner author reviewer viewer",
    "import": "owner author",
    "author": "owner author",
    "comment": "owner author annotator reviewer",
    "annotate": "owner author annotator reviewer",
    "adjudicate": "owner author reviewer",
    "manage_sessions": "owner author",
    "run_judges": "owner author",
    "export": "owner author reviewer",
    "manage_members": "owner",
}


def test_the_table_covers_every_role_and_permission() -> None:
    assert set(ROLE_PERMISSIONS) == set(Role)
    assert set(TABLE) == {permission.value for permission in Permission}


@pytest.mark.parametrize("permission", list(Permission))
@pytest.mark.parametrize("role", list(Role))
def test_a_role_may_what_the_table_says(role: Role, permission: Permission) -> None:
    assert may(role, permission) == (role.value in TABLE[permission.value].split())


def test_the_loader_finds_a_members_project(cast: Cast) -> None:
    membership = load_membership(cast.viewer, "demo")

    assert membership.project == cast.project
    assert membership.role == Role.VIEWER


def test_an_annotator_sees_no_sources_and_no_results() -> None:
    # Both would tell who wrote a response or what others found: blind means not queried.
    assert not may(Role.ANNOTATOR, Permission.SEE_DATA)
    assert not may(Role.ANNOTATOR, Permission.SEE_RESULTS)

"""Who may do what in a project, by role. The loaders in rubricstudio.http apply it."""

from __future__ import annotations

from enum import StrEnum

from rubricstudio.models import Role


class Permission(StrEnum):
    """One kind of thing to do; each page names the one it needs."""

    SEE_PROJECT = "see_project"
    SEE_DATA = "see_data"
    SEE_RUBRICS = "see_rubrics"
    SEE_RESULTS = "see_results"
    IMPORT = "import"
    AUTHOR = "author"
    COMMENT = "comment"
    ANNOTATE = "annotate"
    ADJUDICATE = "adjudicate"
    MANAGE_SESSIONS = "manage_sessions"
    RUN_JUDGES = "run_judges"
    EXPORT = "export"
    MANAGE_MEMBERS = "manage_members"


_READ = {
    Permission.SEE_PROJECT,
    Permission.SEE_DATA,
    Permission.SEE_RUBRICS,
    Permission.SEE_RESULTS,
}

# An annotator sees neither data lists nor results: they show sources and other people's verdicts.
ROLE_PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.OWNER: frozenset(Permission),
    Role.AUTHOR: frozenset(Permission) - {Permission.MANAGE_MEMBERS},
    Role.ANNOTATOR: frozenset(
        {
            *(Permission.SEE_PROJECT, Permission.SEE_RUBRICS),
            *(Permission.COMMENT, Permission.ANNOTATE),
        }
    ),
    Role.REVIEWER: frozenset(
        {
            *_READ,
            *(Permission.COMMENT, Permission.ANNOTATE),
            *(Permission.ADJUDICATE, Permission.EXPORT),
        }
    ),
    Role.VIEWER: frozenset(_READ),
}


def may(role: str, permission: Permission) -> bool:
    """Whether a member with this role has this permission."""
    return permission in ROLE_PERMISSIONS[Role(role)]

"""Pages of the authoring app, one file a page."""

from rubricstudio.views.account import account, single_sign_on, token_revoke, tokens
from rubricstudio.views.home import home, project, project_edit, project_new
from rubricstudio.views.members import (
    invitation,
    invitation_revoke,
    invite,
    leave,
    member_remove,
    member_role,
    members,
)
from rubricstudio.views.styleguide import styleguide
from rubricstudio.views.worker import worker_status

__all__ = [
    "account",
    "home",
    "invitation",
    "invitation_revoke",
    "invite",
    "leave",
    "member_remove",
    "member_role",
    "members",
    "project",
    "project_edit",
    "project_new",
    "single_sign_on",
    "styleguide",
    "token_revoke",
    "tokens",
    "worker_status",
]

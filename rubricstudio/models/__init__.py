"""The tables of the authoring app, one noun a file."""

from rubricstudio.models.accounts import ApiToken, User
from rubricstudio.models.images import Image
from rubricstudio.models.imports import IMPORT_STEPS, ImportJob, ImportState
from rubricstudio.models.library import LibraryEntry, TextVector
from rubricstudio.models.projects import Invitation, Membership, Project, Role
from rubricstudio.models.rubrics import Criterion, Rubric, RubricVersion, VersionStatus
from rubricstudio.models.tasks import Preferred, Response, Task
from rubricstudio.models.verdicts import (
    Preference,
    Rater,
    RaterKind,
    Round,
    RoundKind,
    Verdict,
)
from rubricstudio.models.workbench import Comment, CommentsRead, Dismissal, DraftEdit, Pin

__all__ = [
    "IMPORT_STEPS",
    "ApiToken",
    "Comment",
    "CommentsRead",
    "Criterion",
    "Dismissal",
    "DraftEdit",
    "Image",
    "ImportJob",
    "ImportState",
    "Invitation",
    "LibraryEntry",
    "Membership",
    "Pin",
    "Preference",
    "Preferred",
    "Project",
    "Rater",
    "RaterKind",
    "Response",
    "Role",
    "Round",
    "RoundKind",
    "Rubric",
    "RubricVersion",
    "Task",
    "TextVector",
    "User",
    "Verdict",
    "VersionStatus",
]

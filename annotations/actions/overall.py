"""The rubric behind sessions that judge the whole response: one criterion, a scale of choice."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from annotations.errors import InvalidSession
from rubricstudio.actions.rubrics import (
    DraftExists,
    create_rubric,
    publish,
    start_draft,
    write_criteria,
)
from rubricstudio.domain.hashing import rubric_hashes
from rubricstudio.domain.rubric import Criterion, Level, Rubric, Scale, ScaleKind
from rubricstudio.models import Project, RubricVersion, User, VersionStatus
from rubricstudio.models import Rubric as RubricRow

EXTERNAL_ID = "overall-quality"
NAME = "Overall quality"
KEY = "overall"
# The name of each scale in forms and files, and its highest level; 0 is yes or no.
SCALES = {"1-5": 5, "1-7": 7, "1-10": 10, "yes-no": 0}


def overall_rubric(scale: str) -> Rubric:
    """The one criterion on a scale of `SCALES`. Raises InvalidSession for another."""
    if scale not in SCALES:
        raise InvalidSession(_("Choose one of: %(names)s.") % {"names": ", ".join(SCALES)}, "scale")
    top = SCALES[scale]
    if not top:
        return Rubric((Criterion(key=KEY, text="Is this response good, all in all?"),))
    ends = {1: "as bad as it gets", top: "as good as it gets"}
    levels = tuple(Level(n, str(n), ends.get(n, "")) for n in range(1, top + 1))
    text = "How good is this response, all in all?"
    return Rubric((Criterion(key=KEY, text=text, scale=Scale(ScaleKind.ORDINAL, levels)),))


@transaction.atomic
def overall_version(*, project: Project, scale: str, by: User) -> RubricVersion:
    """The published version of the project's rubric "Overall quality" with this scale.

    The rubric and the version are made where they are not there yet; safe to repeat.
    Raises InvalidSession for an unknown scale, or where somebody is writing a draft.
    """
    value = overall_rubric(scale)
    # Two requests at once would both make the rubric.
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    rubric = RubricRow.objects.filter(project=project, external_id=EXTERNAL_ID).first()
    if rubric is None:
        draft = create_rubric(
            project=project, name=NAME, by=by, value=value, external_id=EXTERNAL_ID
        )
        return publish(version=draft, by=by)
    hashes = rubric_hashes(value)
    found = rubric.versions.filter(
        status=VersionStatus.PUBLISHED, judging_hash=hashes.judging
    ).order_by("-number")
    return found.first() or _next_version(rubric, value, by)


def _next_version(rubric: RubricRow, value: Rubric, by: User) -> RubricVersion:
    try:
        draft = start_draft(rubric=rubric, by=by)
    except DraftExists as error:
        raise InvalidSession(
            _("The rubric “%(name)s” has a draft. Publish or discard it first.")
            % {"name": rubric.name},
            "scale",
        ) from error
    write_criteria(version=draft, value=value)
    return publish(version=draft, by=by)

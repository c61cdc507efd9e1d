"""What a project's tiers weigh, for new rows and, if asked, for those of its drafts."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction
from django.utils.translation import gettext as _

from rubricstudio.actions.drafts import States
from rubricstudio.models import Criterion, DraftEdit, Project, RubricVersion, User, VersionStatus
from rubricstudio.queries.weights import following, tiered_rows, weight_classes


class WeightsChanged(ValueError):
    """The weights are no longer what the author looked at; nothing was stored."""


@transaction.atomic
def set_weight_classes(
    *,
    project: Project,
    weights: Mapping[str, float],
    seen: Mapping[str, float],
    follow: bool,
    by: User,
) -> int:
    """Say what the tiers weigh; published versions stay as they are. Safe to repeat.

    follow: rows of drafts that weigh what their tier weighed get its new weight, as one edit
    of each draft, which can be undone there. Returns how many rows that were. Raises
    WeightsChanged where the weights are neither those `seen` nor already the new ones.
    """
    locked = Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    was = weight_classes(locked)
    changed = {tier: weight for tier, weight in weights.items() if was[tier] != weight}
    if changed and was != {**was, **seen}:
        raise WeightsChanged(
            _("Somebody changed the weights since you looked at them. Look again, then save.")
        )
    locked.weight_classes = {**was, **weights}
    locked.save(update_fields=["weight_classes"])
    if not follow or not changed:
        return 0
    return _follow(locked, {tier: was[tier] for tier in changed}, changed, by)


def _follow(project: Project, old: Mapping[str, float], new: Mapping[str, float], by: User) -> int:
    rows = tiered_rows(project).filter(following(old))
    drafts = RubricVersion.objects.filter(
        pk__in=rows.values("version"), status=VersionStatus.DRAFT
    ).order_by("pk")
    locked = list(drafts.select_for_update())
    found = rows.filter(version__in=locked).order_by("pk").select_for_update(of=("self",))
    before: dict[int, States] = {}
    after: dict[int, States] = {}
    for row in found:
        before.setdefault(row.version_id, {})[row.key] = {"fields": {"weight": row.weight}}
        row.weight = new[row.tier]
        row.row_version += 1
        after.setdefault(row.version_id, {})[row.key] = {"fields": {"weight": row.weight}}
    Criterion.objects.bulk_update(found, ["weight", "row_version"], batch_size=1000)
    DraftEdit.objects.filter(version__in=before, by=by, undone=True).delete()
    DraftEdit.objects.bulk_create(
        DraftEdit(version_id=pk, by=by, kind="weights", before=before[pk], after=after[pk])
        for pk in before
    )
    return len(found)

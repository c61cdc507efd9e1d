"""The life of a rubric: created, drafted, published, retired."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify

from rubricstudio.domain import rubric as domain
from rubricstudio.domain.hashing import criterion_judging_hash, rubric_hashes
from rubricstudio.models import (
    Criterion,
    Project,
    Rubric,
    RubricVersion,
    Task,
    User,
    VersionStatus,
)


class DraftExists(ValueError):
    """The rubric already has a draft; edit or discard that one."""


class NotADraft(ValueError):
    """Only a draft can be edited, published or discarded."""


class UnableToPublish(ValueError):
    """The draft is not fit to be published; the message says what to do."""


@transaction.atomic
def create_rubric(
    *,
    project: Project,
    name: str,
    by: User,
    value: domain.Rubric | None = None,
    task: Task | None = None,
    external_id: str = "",
    description: str = "",
) -> RubricVersion:
    """Create a rubric with a first draft, which holds `value` where it is given."""
    rubric = Rubric.objects.create(
        project=project,
        task=task,
        name=name,
        external_id=external_id or _free_external_id(project, name),
        description=description,
        created_by=by,
    )
    version = RubricVersion.objects.create(rubric=rubric, number=1, created_by=by)
    if value is not None:
        write_criteria(version=version, value=value)
    return version


def _free_external_id(project: Project, name: str) -> str:
    base = slugify(name, allow_unicode=True)[:80] or "rubric"
    taken = set(
        Rubric.objects.filter(project=project, external_id__startswith=base).values_list(
            "external_id", flat=True
        )
    )
    return next(
        candidate
        for candidate in (base, *(f"{base}-{n}" for n in range(2, len(taken) + 3)))
        if candidate not in taken
    )


@transaction.atomic
def write_criteria(*, version: RubricVersion, value: domain.Rubric) -> None:
    """Replace the criteria of a draft by those of `value`. Raises NotADraft."""
    check_draft(version)
    version.criteria.all().delete()
    rows: dict[str, Criterion] = {}
    for position, criterion in enumerate(value.criteria):
        row = Criterion(version=version, position=position, **criterion_fields(criterion))
        row.parent = rows[criterion.parent] if criterion.parent else None
        row.save(force_insert=True)
        rows[criterion.key] = row
    version.aggregator, version.params = value.aggregator, dict(value.params)
    version.save(update_fields=["aggregator", "params"])


def criterion_fields(criterion: domain.Criterion) -> dict[str, Any]:
    """The columns that hold a domain criterion, without version, position and parent."""
    return {
        "key": criterion.key,
        "is_group": criterion.is_group,
        "text": criterion.text,
        "description": criterion.description,
        "weight": criterion.weight,
        "met_means": criterion.met_means.value,
        "scale_kind": criterion.scale.kind.value,
        "levels": [
            {"value": x.value, "label": x.label, "description": x.description}
            for x in criterion.scale.levels
        ],
        "maximum": criterion.scale.maximum,
        "tier": criterion.tier.value if criterion.tier else "",
        "gate": criterion.gate,
        "judged_by": criterion.judged_by.value,
        "evidence_required": criterion.evidence_required,
        "tags": list(criterion.tags),
        "category": criterion.category,
        "judging_hash": criterion_judging_hash(criterion),
    }


def check_draft(version: RubricVersion) -> None:
    """Raise NotADraft unless the version can be edited."""
    if version.status != VersionStatus.DRAFT:
        raise NotADraft(f"Version {version.number} is {version.status}; start a new draft to edit.")


@transaction.atomic
def start_draft(*, rubric: Rubric, by: User, based_on: RubricVersion | None = None) -> RubricVersion:
    """Start a draft that copies `based_on`, by default the newest version.

    Raises DraftExists where there is one already.
    """
    Rubric.objects.select_for_update().get(pk=rubric.pk)
    versions = list(rubric.versions.order_by("number"))
    if any(version.is_draft for version in versions):
        raise DraftExists("This rubric already has a draft.")
    source = based_on or (versions[-1] if versions else None)
    draft = RubricVersion.objects.create(
        rubric=rubric,
        number=versions[-1].number + 1 if versions else 1,
        based_on=source,
        created_by=by,
    )
    if source is not None:
        write_criteria(version=draft, value=source.as_rubric())
    return draft


@transaction.atomic
def publish(*, version: RubricVersion, by: User, note: str = "") -> RubricVersion:
    """Freeze a draft: compute its hashes and make it the rubric's published version.

    Raises NotADraft, and UnableToPublish where nothing could be judged.
    """
    locked = RubricVersion.objects.select_for_update().get(pk=version.pk)
    check_draft(locked)
    value = locked.as_rubric()
    if not value.leaves:
        raise UnableToPublish("Add at least one criterion first.")
    for row in locked.criteria.select_related("parent"):
        row.judging_hash = criterion_judging_hash(row.as_criterion())
        row.save(update_fields=["judging_hash"])
    hashes = rubric_hashes(value)
    locked.content_hash, locked.judging_hash = hashes.content, hashes.judging
    locked.scoring_hash, locked.note = hashes.scoring, note
    locked.status = VersionStatus.PUBLISHED
    locked.published_by, locked.published_at = by, timezone.now()
    locked.save()
    return locked


@transaction.atomic
def retire(*, version: RubricVersion, by: User) -> RubricVersion:
    """Mark a published version as no longer to be used. Verdicts and scores stay."""
    locked = RubricVersion.objects.select_for_update().get(pk=version.pk)
    if locked.status != VersionStatus.PUBLISHED:
        raise NotADraft("Only a published version can be retired.")
    locked.status, locked.retired_by, locked.retired_at = (
        VersionStatus.RETIRED,
        by,
        timezone.now(),
    )
    locked.save(update_fields=["status", "retired_by", "retired_at"])
    return locked


@transaction.atomic
def discard_draft(*, version: RubricVersion, by: User) -> None:
    """Delete a draft. Raises NotADraft for anything else."""
    locked = RubricVersion.objects.select_for_update().get(pk=version.pk)
    check_draft(locked)
    locked.criteria.all().delete()
    locked.delete()

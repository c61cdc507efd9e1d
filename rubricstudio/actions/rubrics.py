"""The life of a rubric: created, drafted, published, retired."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _

from rubricstudio.actions.indexing import index_on_commit
from rubricstudio.domain import rubric as domain
from rubricstudio.domain.formats.rubrics import example_to_json, origin_to_json
from rubricstudio.domain.hashing import criterion_judging_hash, rubric_hashes
from rubricstudio.domain.naming import first_free
from rubricstudio.domain.outline import spaced
from rubricstudio.models import (
    Criterion,
    Project,
    Rubric,
    RubricVersion,
    Task,
    User,
    VersionStatus,
)
from rubricstudio.program_tools import check_program
from rubricstudio.queries.rubrics import newest_frozen, number_after
from rubricstudio.queries.wording import reasons_json


class DraftExists(ValueError):
    """The rubric already has a draft; edit or discard that one."""


class NotADraft(ValueError):
    """Only a draft can be edited, published or discarded."""


class NotPublished(ValueError):
    """Only a published version can be retired."""


class DraftChanged(ValueError):
    """The draft is no longer what its author reviewed before publishing."""


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
    return first_free(base, taken)


@transaction.atomic
def describe_rubric(*, rubric: Rubric, name: str, description: str, by: User) -> Rubric:
    """Change the name and the description of a rubric; versions and verdicts stay."""
    rubric.name, rubric.description = name, description
    rubric.save(update_fields=["name", "description"])
    return rubric


@transaction.atomic
def write_criteria(*, version: RubricVersion, value: domain.Rubric) -> None:
    """Replace the criteria of a draft by those of `value`. Raises NotADraft."""
    check_draft(version)
    delete_rows(version.criteria.all())
    rows = {
        criterion.key: Criterion(version=version, position=position, **criterion_fields(criterion))
        for position, criterion in zip(
            spaced([None] * len(value.criteria)), value.criteria, strict=True
        )
    }
    # Level by level: a row is written after the group it names.
    waiting = list(value.criteria)
    while waiting:
        ready = [c for c in waiting if c.parent is None or rows[c.parent].pk]
        waiting = [c for c in waiting if not (c.parent is None or rows[c.parent].pk)]
        for criterion in ready:
            rows[criterion.key].parent = rows[criterion.parent] if criterion.parent else None
        Criterion.objects.bulk_create([rows[criterion.key] for criterion in ready])
    version.aggregator, version.params = value.aggregator, dict(value.params)
    version.save(update_fields=["aggregator", "params"])


def delete_rows(criteria: QuerySet[Criterion]) -> None:
    """Delete criteria of a draft without looking for verdicts: a draft has none.

    The database sees to that, and finding out anew would read every verdict there is.
    """
    criteria._raw_delete(using=criteria.db)


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
        "examples": [example_to_json(example) for example in criterion.examples],
        "references": list(criterion.references),
        "program": criterion.program,
        "origin": origin_to_json(criterion.origin) if criterion.origin else None,
        "judging_hash": criterion_judging_hash(criterion),
    }


def check_draft(version: RubricVersion) -> None:
    """Raise NotADraft unless the version can be edited."""
    if version.status != VersionStatus.DRAFT:
        raise NotADraft(
            _("Version %(number)s is %(status)s; start a new draft to edit.")
            % {"number": version.number, "status": version.get_status_display()}
        )


@transaction.atomic
def start_draft(
    *, rubric: Rubric, by: User, based_on: RubricVersion | None = None
) -> RubricVersion:
    """Start a draft that copies `based_on`, by default the newest version.

    Raises DraftExists where there is one already.
    """
    Rubric.objects.select_for_update().get(pk=rubric.pk)
    versions = list(rubric.versions.order_by("number"))
    if any(version.is_draft for version in versions):
        raise DraftExists(_("This rubric already has a draft: publish or discard that one first."))
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
def publish(
    *, version: RubricVersion, by: User, note: str = "", reviewed: str | None = None
) -> RubricVersion:
    """Freeze a draft: compute its hashes and make it the rubric's published version.

    `reviewed` is the content hash of what the author looked at, where they did. Raises
    NotADraft, UnableToPublish where nothing could be judged or a program is broken, and
    DraftChanged where the draft is no longer what was reviewed.
    """
    locked = RubricVersion.objects.select_for_update().get(pk=version.pk)
    check_draft(locked)
    value = locked.as_rubric()
    if not value.leaves:
        raise UnableToPublish(_("Add at least one criterion first."))
    hashes = rubric_hashes(value)
    previous = newest_frozen(locked.rubric)
    given = number_after(previous, previous.as_rubric() if previous else None, value)
    if reviewed is not None and reviewed != hashes.content:
        raise DraftChanged(_("The draft changed since you looked at it. Look again, then publish."))
    _check_programs(value)
    _settle_judging_hashes(locked, value)
    locked.content_hash, locked.judging_hash = hashes.content, hashes.judging
    locked.scoring_hash, locked.note = hashes.scoring, note
    locked.semantic, locked.reasons = asdict(given.number), reasons_json(given)
    locked.status = VersionStatus.PUBLISHED
    locked.published_by, locked.published_at = by, timezone.now()
    locked.save()
    index_on_commit(locked)
    return locked


def _check_programs(value: domain.Rubric) -> None:
    for criterion in value.leaves:
        if criterion.judged_by is domain.JudgedBy.PROGRAM and not criterion.program.strip():
            raise UnableToPublish(
                _("“%(criterion)s” is to be judged by a program and has none. Write one.")
                % {"criterion": criterion.text[:80]}
            )
        problems = check_program(criterion.program, criterion.scale) if criterion.program else []
        if problems:
            raise UnableToPublish(
                _("The program of “%(criterion)s” cannot judge: %(problem)s. Mend or delete it.")
                % {"criterion": criterion.text[:80], "problem": problems[0].message}
            )


def _settle_judging_hashes(version: RubricVersion, value: domain.Rubric) -> None:
    rows = list(version.criteria.all())
    hashes = {c.key: criterion_judging_hash(c) for c in value.criteria}
    wrong = [row for row in rows if row.judging_hash != hashes[row.key]]
    for row in wrong:
        row.judging_hash = hashes[row.key]
    Criterion.objects.bulk_update(wrong, ["judging_hash"])


@transaction.atomic
def retire(*, version: RubricVersion, by: User) -> RubricVersion:
    """Mark a published version as no longer to be used. Verdicts and scores stay.

    Raises NotPublished.
    """
    locked = RubricVersion.objects.select_for_update().get(pk=version.pk)
    if locked.status != VersionStatus.PUBLISHED:
        raise NotPublished(_("Only a published version can be retired."))
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
    delete_rows(locked.criteria.all())
    locked.delete()

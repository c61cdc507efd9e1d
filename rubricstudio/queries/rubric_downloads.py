"""Rubrics into files: which versions are written, and the file that comes of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Prefetch, QuerySet
from django.utils.text import slugify

from rubricstudio import rubric_files
from rubricstudio.domain import rubric as domain
from rubricstudio.domain.rubric_formats.protocol import NamedRubric, RubricFormat, Written
from rubricstudio.models import Criterion, Project, Rubric, RubricVersion, Task, VersionStatus

WHOLE = ("native", "native-yaml", "csv", "tsv")
OFFERED = 200
"""How many of a project's rubrics a page lists to choose from."""


def newest_rubrics(project: Project, *, also: int | None = None) -> list[Rubric]:
    """The newest rubrics of a project, newest first, and the one asked for."""
    newest = list(project.rubrics.order_by("-pk")[:OFFERED])
    if also is not None and all(rubric.pk != also for rubric in newest):
        newest = [*project.rubrics.filter(pk=also), *newest]
    return newest


def version_numbers(rubric: Rubric) -> list[tuple[int, str]]:
    """The numbers of a rubric's versions and their status, newest first."""
    return list(rubric.versions.order_by("-number").values_list("number", "status"))


def with_criteria(versions: QuerySet[RubricVersion]) -> QuerySet[RubricVersion]:
    """The versions with rubric, task and criteria; as many queries for one as for a hundred."""
    rows = Criterion.objects.select_related("parent").order_by("position", "pk")
    return versions.select_related("rubric__task", "rubric__project").prefetch_related(
        Prefetch("criteria", rows)
    )


def value_of(version: RubricVersion) -> domain.Rubric:
    """The domain value of a version that `with_criteria` loaded; no query."""
    return domain.Rubric(
        tuple(row.as_criterion() for row in version.criteria.all()),
        version.aggregator,
        dict(version.params),
    )


def versions_to_write(
    project: Project, rubric_ids: Sequence[int] | None = None
) -> list[RubricVersion]:
    """Of each rubric the version in use, or its newest where none is; oldest rubric first."""
    wanted = RubricVersion.objects.filter(rubric__project=project)
    if rubric_ids is not None:
        wanted = wanted.filter(rubric__in=rubric_ids)
    best: dict[int, tuple[bool, int, int]] = {}
    for rubric_id, status, number, pk in wanted.values_list("rubric_id", "status", "number", "pk"):
        rank = (status == VersionStatus.PUBLISHED, number, pk)
        best[rubric_id] = max(best.get(rubric_id, rank), rank)
    pks = [pk for *_rank, pk in best.values()]
    return list(with_criteria(RubricVersion.objects.filter(pk__in=pks)).order_by("rubric_id"))


def version_to_write(rubric: Rubric, number: int | None) -> RubricVersion | None:
    """A version by its number, the newest for None."""
    versions = with_criteria(rubric.versions.all())
    found = versions if number is None else versions.filter(number=number)
    return found.order_by("-number").first()


def named(version: RubricVersion) -> NamedRubric:
    """A version as formats write it."""
    task = version.rubric.task
    return NamedRubric(
        value_of(version),
        name=version.rubric.name,
        task=task.external_id if task else "",
        prompt=_prompt(task) if task else "",
    )


def _prompt(task: Task) -> str:
    """The prompt as one text; of a conversation, each message behind who says it."""
    if len(task.messages) == 1:
        return str(task.messages[0]["content"])
    return "\n\n".join(f"{m['role']}: {m['content']}" for m in task.messages)


CONTENT_TYPES = {
    ".json": "application/json",
    ".jsonl": "application/jsonl",
    ".csv": "text/csv",
    ".tsv": "text/tab-separated-values",
    ".yaml": "application/yaml",
    ".yml": "application/yaml",
    ".md": "text/markdown",
    ".py": "text/x-python",
}


@dataclass(frozen=True)
class Download:
    """A file to hand out: its name, what it is, its text, and what it could not hold."""

    file_name: str
    content_type: str
    written: Written


def download(format_: RubricFormat, versions: Sequence[RubricVersion]) -> Download:
    """The versions in a format, as a file of a telling name."""
    ending = format_.endings[0] if format_.endings else ".txt"
    if len(versions) == 1:
        version = versions[0]
        stem = slugify(version.rubric.external_id)[:80] or f"rubric-{version.rubric_id}"
        stem = f"{stem}-v{version.number}"
    else:
        stem = f"{versions[0].rubric.project.slug}-rubrics" if versions else "rubrics"
    return Download(
        file_name=stem + ending,
        content_type=CONTENT_TYPES.get(ending, "text/plain"),
        written=rubric_files.write(format_.name, [named(version) for version in versions]),
    )


def writable() -> list[RubricFormat]:
    """The formats that can be written: those that lose nothing, then the others by label."""
    known = [format_ for format_ in rubric_files.FORMATS.values() if format_.write is not None]
    whole = {name: place for place, name in enumerate(WHOLE)}
    return sorted(known, key=lambda f: (whole.get(f.name, len(WHOLE)), f.label.lower()))

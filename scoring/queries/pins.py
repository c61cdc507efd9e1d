"""Rubric versions that scores and exports are pinned to, with their rubrics as values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rubricstudio.domain import rubric as domain
from rubricstudio.domain.aggregation import AGGREGATORS, Aggregator, aggregator_named
from rubricstudio.domain.aggregation.columns import rubric_columns
from rubricstudio.models import Criterion, Project, RubricVersion, VersionStatus


class UnknownVersion(LookupError):
    """There is no such rubric, or no such published version; the message lists those there are."""


@dataclass(frozen=True)
class Pin:
    """A version and its rubric. `leaf_ids` are its criteria's rows, in the order of the leaves."""

    version: RubricVersion
    rubric: domain.Rubric
    leaf_ids: tuple[int, ...]

    def aggregator(self, name: str = "") -> Aggregator:
        """The named aggregator, or the version's own, checked to fit the rubric.

        Raises UnfitRubric.
        """
        found = aggregator_named(name or self.rubric.aggregator)
        found.with_params(self.params(name))
        found.check(rubric_columns(self.rubric))
        return found

    def params(self, name: str = "") -> dict[str, float]:
        """The rubric's parameters where its own aggregator is meant, else none."""
        return dict(self.rubric.params) if name in ("", self.rubric.aggregator) else {}


def pins(project: Project, *, rubric: str = "", number: int | None = None) -> list[Pin]:
    """The newest published version of the rubric, or of each; or the version of this number.

    A retired version has to be named by its number. Two queries. Raises UnknownVersion.
    """
    rows = RubricVersion.objects.filter(rubric__project=project).select_related("rubric__task")
    frozen = rows.exclude(status=VersionStatus.DRAFT).order_by("rubric", "-number")
    if rubric:
        frozen = frozen.filter(rubric__external_id=rubric)
    if number is None:
        published = frozen.filter(status=VersionStatus.PUBLISHED)
        found = list(published.distinct("rubric"))
    else:
        found = list(frozen.filter(number=number))
    if not found and (rubric or number is not None):
        raise UnknownVersion(_no_such(project, rubric, number))
    return _with_rubrics(found)


def _no_such(project: Project, rubric: str, number: int | None) -> str:
    rows = RubricVersion.objects.filter(rubric__project=project).exclude(status=VersionStatus.DRAFT)
    pairs = rows.order_by("rubric", "number").values_list("rubric__external_id", "number")[:50]
    known = ", ".join(f"{name} v{n}" for name, n in pairs)
    wanted = f"version {number} of {rubric or 'any rubric'}" if number is not None else repr(rubric)
    there = f"there are: {known}" if known else "no version was published yet"
    return f"there is no published {wanted}; {there}"


def _with_rubrics(versions: Sequence[RubricVersion]) -> list[Pin]:
    rows = (
        Criterion.objects.filter(version__in=versions)
        .select_related("parent")
        .order_by("version", "position", "pk")
    )
    by_version: dict[int, list[Criterion]] = {version.pk: [] for version in versions}
    for row in rows:
        by_version[row.version_id].append(row)
    return [_pin(version, by_version[version.pk]) for version in versions]


def _pin(version: RubricVersion, rows: Sequence[Criterion]) -> Pin:
    values = tuple(row.as_criterion() for row in rows)
    rubric = domain.Rubric(values, version.aggregator, dict(version.params))
    return Pin(version, rubric, tuple(row.pk for row in rows if not row.is_group))


def aggregator_names() -> list[str]:
    """Every aggregator there is, in the order of the registry."""
    return list(AGGREGATORS)

"""What the tiers of a project weigh, and which rows of its drafts follow them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Window
from django.db.models.functions import RowNumber

from rubricstudio.domain.rubric import WEIGHT_CLASSES
from rubricstudio.models import Criterion, Project, RubricVersion, VersionStatus

DRAFTS, ROWS = 20, 50


def weight_classes(project: Project) -> dict[str, float]:
    """The weight of each tier that has one."""
    given = project.weight_classes
    return {str(tier): float(given.get(tier, w)) for tier, w in WEIGHT_CLASSES.items()}


def following(classes: Mapping[str, float]) -> Q:
    """Criteria that weigh what their tier weighs."""
    found = Q(pk__in=[])
    for tier, weight in classes.items():
        found |= Q(tier=tier, weight=weight)
    return found


def tiered_rows(project: Project) -> QuerySet[Criterion]:
    """The criteria with a weighed tier in the drafts of a project."""
    return Criterion.objects.filter(
        version__rubric__project=project,
        version__status=VersionStatus.DRAFT,
        tier__in=list(WEIGHT_CLASSES),
        is_group=False,
    )


@dataclass(frozen=True)
class TierUse:
    """How many criteria of drafts have a tier: with its weight, and with one of their own."""

    tier: str
    weight: float
    follow: int = 0
    own: int = 0


@dataclass(frozen=True)
class TierRow:
    """A criterion with a tier, and whether it weighs what the tier weighs."""

    criterion: Criterion
    follows: bool


@dataclass(frozen=True)
class DraftUse:
    """A draft's criteria with a tier, in display order, the first fifty of `n_rows`."""

    version: RubricVersion
    follow: int
    n_rows: int
    rows: Sequence[TierRow]

    @property
    def hidden(self) -> int:
        """How many rows are not among those shown."""
        return self.n_rows - len(self.rows)


@dataclass(frozen=True)
class WeightsPage:
    """The tiers, and drafts that use them, newest first; `older` is the id to go on from."""

    tiers: Sequence[TierUse]
    drafts: Sequence[DraftUse]
    older: int | None


def weights_page(project: Project, *, before: int | None = None) -> WeightsPage:
    """What a change of the weights would reach; three queries, however many drafts there are."""
    classes = weight_classes(project)
    rows, follows = tiered_rows(project), following(classes)
    counted = (
        rows.order_by()
        .values_list("tier")
        .annotate(n_follow=Count("pk", filter=follows), n=Count("pk"))
    )
    uses = {tier: (follow, n - follow) for tier, follow, n in counted}
    tiers = [TierUse(tier, weight, *uses.get(tier, ())) for tier, weight in classes.items()]
    drafts = RubricVersion.objects.filter(Exists(rows.filter(version=OuterRef("pk"))))
    if before is not None:
        drafts = drafts.filter(pk__lt=before)
    found = list(drafts.select_related("rubric__project").order_by("-pk")[: DRAFTS + 1])
    shown = found[:DRAFTS]
    used = _rows_of(rows.filter(version__in=shown), follows)
    return WeightsPage(
        tiers,
        [_draft_use(draft, used[draft.pk], classes) for draft in shown],
        shown[-1].pk if len(found) > DRAFTS else None,
    )


def _rows_of(rows: QuerySet[Criterion], follows: Q) -> dict[int, list[Any]]:
    """The first rows of each draft, each with how many there are and how many follow."""
    part = F("version")
    ranked = rows.annotate(
        rank=Window(RowNumber(), partition_by=part, order_by=["position", "pk"]),
        n_rows=Window(Count("pk"), partition_by=part),
        n_follow=Window(Count("pk", filter=follows), partition_by=part),
    )
    found: dict[int, list[Any]] = {}
    for row in ranked.filter(rank__lte=ROWS).order_by("position", "pk"):
        found.setdefault(row.version_id, []).append(row)
    return found


def _draft_use(
    version: RubricVersion, rows: Sequence[Any], classes: Mapping[str, float]
) -> DraftUse:
    marked = [TierRow(row, row.weight == classes[row.tier]) for row in rows]
    return DraftUse(version, rows[0].n_follow, rows[0].n_rows, marked)

"""What a rater says of each criterion when they compare two responses."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from rubricstudio.domain.verdict import VerdictStatus
from rubricstudio.models import Criterion, Preference
from rubricstudio.models.guards import append_only


class CriterionPreference(models.Model):
    """The part of a preference that one criterion has: -2 (much for A) to 2 (much for B).

    A correction of the preference is a row of its own with parts of its own.
    """

    preference = models.ForeignKey(Preference, on_delete=models.PROTECT, related_name="parts")
    criterion = models.ForeignKey(
        Criterion, on_delete=models.PROTECT, related_name="preference_parts"
    )
    status = models.CharField(max_length=16, default="ok")
    strength = models.SmallIntegerField(null=True, blank=True)
    rationale = models.TextField(blank=True)

    class Meta:
        db_table = "annotations_criterion_preference"
        constraints = [
            models.UniqueConstraint(
                fields=["preference", "criterion"], name="criterion_preference_once"
            ),
            models.CheckConstraint(
                condition=Q(status__in=[status.value for status in VerdictStatus]),
                name="criterion_preference_status_known",
            ),
            models.CheckConstraint(
                condition=Q(status="ok", strength__isnull=False, strength__range=(-2, 2))
                | (~Q(status="ok") & Q(strength__isnull=True)),
                name="criterion_preference_strength_iff_ok",
            ),
        ]
        triggers = [append_only("criterion_preference_append_only")]

    def __str__(self) -> str:
        return f"{self.criterion_id}: {self.strength}"

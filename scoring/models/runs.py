"""Runs, in which judges judge, and what was noticed on the way."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from rubricstudio.domain.suspicion import Sign
from rubricstudio.models import Response, Round
from scoring.models.judges import Judge


class RunStatus(models.TextChoices):
    QUEUED = "queued", _("queued")
    RUNNING = "running", _("running")
    PARTIAL = "partial", _("partial")
    FAILED = "failed", _("failed")
    CANCELLED = "cancelled", _("cancelled")
    DONE = "done", _("done")


class Run(models.Model):
    """A judge over a set of responses, carried out in batches by the workers."""

    round = models.OneToOneField(Round, on_delete=models.PROTECT, primary_key=True)
    judge = models.ForeignKey(Judge, on_delete=models.PROTECT, related_name="runs")
    status = models.CharField(max_length=10, choices=RunStatus.choices, default=RunStatus.QUEUED)
    samples = models.PositiveSmallIntegerField(default=1)
    error = models.TextField(blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "scoring_run"
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=RunStatus.values), name="run_status_known"
            ),
            models.CheckConstraint(condition=Q(samples__gte=1), name="run_samples_positive"),
            models.CheckConstraint(
                condition=Q(status__in=["queued", "running"], finished_at__isnull=True)
                | Q(
                    status__in=["partial", "failed", "cancelled", "done"],
                    finished_at__isnull=False,
                ),
                name="run_finished_complete",
            ),
        ]

    def __str__(self) -> str:
        return self.round.name

    def get_absolute_url(self) -> str:
        return reverse("scoring:run", args=[self.round.project.slug, self.pk])


class RunBatch(models.Model):
    """A fixed set of a run's responses: the unit that a worker claims, does and repeats.

    Where the judge compares, `pairs` are what it is asked about, each the ids of two responses
    of one task, the smaller first, and `response_ids` all that are in them; else it is empty.
    `heard` is what members of a judge made of judges said of cells that have no verdict yet
    (actions/heard.py); empty but after a failure.
    """

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="batches")
    number = models.PositiveIntegerField()
    response_ids = ArrayField(models.BigIntegerField())
    pairs = ArrayField(ArrayField(models.BigIntegerField(), size=2), default=list, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    finished_at = models.DateTimeField(null=True, blank=True)
    error = models.TextField(blank=True)
    heard = models.JSONField(default=dict, blank=True)

    class Meta:
        db_table = "scoring_run_batch"
        constraints = [
            models.UniqueConstraint(fields=["run", "number"], name="run_batch_once"),
            models.CheckConstraint(
                condition=Q(response_ids__len__gt=0), name="run_batch_not_empty"
            ),
        ]

    def __str__(self) -> str:
        return f"batch {self.number} of run {self.run_id}"


class SuspectResponse(models.Model):
    """A judged response that shows signs of speaking to its judge: a reason to look.

    `excerpts` are the words that show each of the `signs`; `detector` is the version of the
    rules that found them (`rubricstudio.domain.suspicion`).
    """

    response = models.OneToOneField(
        Response, on_delete=models.CASCADE, primary_key=True, related_name="suspect"
    )
    signs = ArrayField(models.CharField(max_length=20))
    excerpts = ArrayField(models.TextField())
    detector = models.CharField(max_length=20)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "scoring_suspect_response"
        constraints = [
            models.CheckConstraint(
                condition=Q(signs__len__gt=0, signs__contained_by=[sign.value for sign in Sign]),
                name="suspect_signs_known",
            ),
            models.CheckConstraint(
                condition=Q(excerpts__len=F("signs__len")), name="suspect_excerpt_each"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.response}: {', '.join(self.signs)}"

"""Judges, and the runs in which they judge."""

from __future__ import annotations

import pghistory
import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from rubricstudio.models import Rater, Round, User


class RunStatus(models.TextChoices):
    QUEUED = "queued", _("queued")
    RUNNING = "running", _("running")
    PARTIAL = "partial", _("partial")
    FAILED = "failed", _("failed")
    CANCELLED = "cancelled", _("cancelled")
    DONE = "done", _("done")


@pghistory.track(pghistory.InsertEvent(), pghistory.UpdateEvent(), pghistory.DeleteEvent())
class Judge(models.Model):
    """A configured model: the kind of judge, the model's name, its parameters.

    Its name and project are those of its rater. Once a run used it the database
    refuses to change it; a new configuration is a new judge.
    """

    rater = models.OneToOneField(Rater, on_delete=models.PROTECT, primary_key=True)
    kind = models.CharField(max_length=20)
    model = models.CharField(max_length=200, blank=True)
    params = models.JSONField(default=dict, blank=True)
    prompt_version = models.CharField(max_length=20, default="1")
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "scoring_judge"
        triggers = [
            pgtrigger.Trigger(
                name="judge_frozen_once_used",
                operation=pgtrigger.Update,
                when=pgtrigger.Before,
                func="""
                    IF (to_jsonb(NEW) - 'archived_at') <> (to_jsonb(OLD) - 'archived_at')
                        AND EXISTS (SELECT 1 FROM scoring_run WHERE judge_id = OLD.rater_id)
                    THEN RAISE EXCEPTION 'a judge that has run is frozen'
                        USING ERRCODE = 'restrict_violation';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return self.rater.name

    def get_absolute_url(self) -> str:
        return reverse("scoring:judge", args=[self.rater.project.slug, self.pk])


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
    """A fixed set of a run's responses: the unit that a worker claims, does and repeats."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="batches")
    number = models.PositiveIntegerField()
    response_ids = ArrayField(models.BigIntegerField())
    attempts = models.PositiveSmallIntegerField(default=0)
    finished_at = models.DateTimeField(null=True, blank=True)
    error = models.TextField(blank=True)

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

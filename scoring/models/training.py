"""Judges in the making: trainings started from the page, and how far each is."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from rubricstudio.models import Project, User
from scoring.models.judges import Judge
from scoring.models.runs import RunStatus

_AT_WORK = Q(status__in=["queued", "running"])


class Method(models.TextChoices):
    """How a judge is trained (docs/judges.md)."""

    PROBE = "probe", _("A probe on what the model holds")
    LORA = "lora", _("An adapter of the model (LoRA)")


class Training(models.Model):
    """A judge that is to be trained on people's verdicts, and the judge once it is there.

    `sessions` are ids of rounds to learn from, `params` those of the local judge whose model is
    trained, `settings` those of the method. `stage` is a `scoring.learned.evaluate.Stage`, of
    which `done` of `total` is done.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="trainings")
    name = models.CharField(max_length=200)
    sessions = ArrayField(models.BigIntegerField())
    params = models.JSONField(default=dict, blank=True)
    method = models.CharField(max_length=10, choices=Method.choices, default=Method.PROBE)
    settings = models.JSONField(default=dict, blank=True)
    status = models.CharField(max_length=10, choices=RunStatus.choices, default=RunStatus.QUEUED)
    stage = models.CharField(max_length=40, blank=True)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.TextField(blank=True)
    judge = models.OneToOneField(
        Judge, on_delete=models.PROTECT, null=True, blank=True, related_name="training"
    )
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "scoring_training"
        constraints = [
            models.UniqueConstraint(
                fields=["project", "name"], condition=_AT_WORK, name="training_one_open"
            ),
            models.CheckConstraint(
                condition=Q(status__in=["queued", "running", "failed", "cancelled", "done"]),
                name="training_status_known",
            ),
            models.CheckConstraint(
                condition=Q(method__in=Method.values), name="training_method_known"
            ),
            models.CheckConstraint(
                condition=Q(_AT_WORK, finished_at__isnull=True)
                | Q(~_AT_WORK, finished_at__isnull=False),
                name="training_finished_complete",
            ),
            models.CheckConstraint(
                condition=Q(status="done", judge__isnull=False)
                | Q(~Q(status="done"), judge__isnull=True),
                name="training_judge_iff_done",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("scoring:training", args=[self.project.slug, self.pk])


class AdapterWeights(models.Model):
    """The safetensors file of an adapter that was trained here, named by its SHA-256.

    It lies in the database so that every worker has it and that it is saved with the rest. A
    judge's configuration names it and holds all else; who loads it checks the digest.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="adapters")
    sha256 = models.CharField(max_length=64)
    data = models.BinaryField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "scoring_adapter"
        constraints = [
            models.UniqueConstraint(fields=["sha256", "project"], name="adapter_once"),
        ]

    def __str__(self) -> str:
        return f"{self.sha256}.safetensors"

"""Tasks and the responses that sources gave to them."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from rubricstudio.models.guards import kept_by_verdicts
from rubricstudio.models.projects import Project


class Preferred(models.TextChoices):
    """Which of two responses a rater preferred."""

    A = "a", _("first")
    B = "b", _("second")
    TIE = "tie", _("tie")


class Task(models.Model):
    """What was asked: messages, and what a judge may be told beside them.

    `messages` is a list of {"role", "content"}; `context` a list of document texts.
    """

    # The constraints below begin with it, so it needs no index of its own.
    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, related_name="tasks", db_index=False
    )
    external_id = models.CharField(max_length=300)
    messages = models.JSONField()
    reference = models.TextField(blank=True)
    context = models.JSONField(default=list, blank=True)
    tags = ArrayField(models.CharField(max_length=200), default=list, blank=True)
    metadata = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "studio_task"
        constraints = [
            models.UniqueConstraint(
                fields=["project", "external_id"], name="task_external_id_once"
            ),
            # The target of the composite key that keeps a response in its task's project, and
            # the order of a project's list: its first page needs no sorting.
            models.UniqueConstraint(fields=["project", "id"], name="task_in_project"),
            models.CheckConstraint(condition=~Q(external_id=""), name="task_external_id_given"),
        ]

    def __str__(self) -> str:
        return self.external_id

    def get_absolute_url(self) -> str:
        return reverse("rubricstudio:task", args=[self.project.slug, self.pk])

    @property
    def prompt(self) -> str:
        """The last message, which is what a list shows of a task."""
        return str(self.messages[-1]["content"]) if self.messages else ""


class Response(models.Model):
    """The answer of a named source to a task; `text` is null where it is not available."""

    # The constraints below begin with these, so they need no indexes of their own. One key over
    # both (migration 0002) holds the task and, by it, the project: a key each would say no more
    # and cost an import a tenth of its time.
    project = models.ForeignKey(
        Project,
        on_delete=models.CASCADE,
        related_name="responses",
        db_index=False,
        db_constraint=False,
    )
    task = models.ForeignKey(
        Task,
        on_delete=models.CASCADE,
        related_name="responses",
        db_index=False,
        db_constraint=False,
    )
    external_id = models.CharField(max_length=300)
    source = models.CharField(max_length=200)
    # Null is "not available", the empty string is an empty answer.
    text = models.TextField(null=True, blank=True)
    metadata = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "studio_response"
        constraints = [
            models.UniqueConstraint(
                fields=["project", "external_id"], name="response_external_id_once"
            ),
            # The target of the composite key that keeps a preference within one task.
            models.UniqueConstraint(fields=["task", "id"], name="response_in_task"),
            models.CheckConstraint(condition=~Q(external_id=""), name="response_external_id_given"),
        ]
        triggers = [kept_by_verdicts("response_kept", "response_id")]

    def __str__(self) -> str:
        return self.external_id

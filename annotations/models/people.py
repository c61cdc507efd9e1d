"""What annotators bring along: their fields, and the keys they like."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from rubricstudio.models import Project, User


class Expertise(models.Model):
    """The task tags that a member of a project knows about."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="expertise")
    tags = ArrayField(models.CharField(max_length=100), default=list)

    class Meta:
        db_table = "annotations_expertise"
        constraints = [
            models.UniqueConstraint(fields=["project", "user"], name="expertise_once"),
        ]

    def __str__(self) -> str:
        return ", ".join(self.tags)


class Shortcuts(models.Model):
    """A person's own keys by action, where they differ from the usual ones, or none at all."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, primary_key=True)
    enabled = models.BooleanField(default=True)
    keys = models.JSONField(default=dict, blank=True)

    class Meta:
        db_table = "annotations_shortcuts"

    def __str__(self) -> str:
        return f"shortcuts of {self.user_id}"

"""Judges: configured models, frozen once they ran."""

from __future__ import annotations

import pghistory
import pgtrigger
from django.db import models
from django.urls import reverse

from rubricstudio.models import Rater, User


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

    @property
    def compares(self) -> bool:
        """Whether it judges pairs of responses, and no single ones."""
        return self.kind == "llm" and self.params.get("mode") == "pairwise"

    def get_absolute_url(self) -> str:
        return reverse("scoring:judge", args=[self.rater.project.slug, self.pk])

"""Judges, the runs in which they judge, and what they say of drafts, which is no verdict."""

from __future__ import annotations

import pghistory
import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Cast, Length
from django.db.models.lookups import LessThanOrEqual
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from rubricstudio.domain.suspicion import Sign
from rubricstudio.domain.verdict import VerdictStatus
from rubricstudio.models import Rater, Response, Round, Rubric, User


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


# -- what models say of a draft: never mixed with verdicts

_AT_WORK = Q(status__in=["queued", "running"])
_KNOWN = Q(status__in=RunStatus.values)
_FINISHED_WHEN_DONE = Q(_AT_WORK, finished_at__isnull=True) | Q(
    ~_AT_WORK, finished_at__isnull=False
)


class PreviewRun(models.Model):
    """A judge at work on the responses pinned beside a rubric, by the criteria of its draft.

    `expected` is the number of cells that were stale or missing when it was started.
    """

    rubric = models.ForeignKey(Rubric, on_delete=models.CASCADE, related_name="preview_runs")
    judge = models.ForeignKey(Judge, on_delete=models.PROTECT, related_name="+")
    status = models.CharField(max_length=10, choices=RunStatus.choices, default=RunStatus.QUEUED)
    expected = models.PositiveIntegerField()
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.TextField(blank=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "scoring_preview_run"
        constraints = [
            models.UniqueConstraint(
                fields=["rubric"], condition=_AT_WORK, name="preview_run_one_open"
            ),
            models.CheckConstraint(condition=_KNOWN, name="preview_run_status_known"),
            models.CheckConstraint(
                condition=_FINISHED_WHEN_DONE, name="preview_run_finished_complete"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.judge} beside {self.rubric}"


LONGEST_SAID = 20_000
"""Characters that a field of a preview keeps of what a judge said."""


def _bounded(field: str) -> LessThanOrEqual:
    return LessThanOrEqual(Length(Cast(field, models.TextField())), LONGEST_SAID)


class PreviewVerdict(models.Model):
    """What a judge said of a pinned response by a criterion as a draft words it.

    It stands outside the verdicts: those are on criteria of published versions, which these
    words may never become. `judging_hash` says which words the judge saw. The status has a
    value exactly where it is ok. A row is kept for (response, key, words, judge): the same
    words are not paid for twice. `quotes` are as `Verdict.evidence`; `raw_reply` is what the
    judge wrote, cut where it is long.
    """

    run = models.ForeignKey(PreviewRun, on_delete=models.CASCADE, related_name="verdicts")
    rubric = models.ForeignKey(
        Rubric, on_delete=models.CASCADE, related_name="preview_verdicts", db_index=False
    )
    judge = models.ForeignKey(Judge, on_delete=models.PROTECT, related_name="+")
    response = models.ForeignKey(Response, on_delete=models.CASCADE, related_name="+")
    criterion_key = models.CharField(max_length=100)
    judging_hash = models.CharField(max_length=64)
    status = models.CharField(max_length=16)
    value = models.FloatField(null=True, blank=True)
    rationale = models.TextField(blank=True)
    reason = models.TextField(blank=True)
    quotes = models.JSONField(default=list, blank=True)
    raw_reply = models.TextField(blank=True)
    cost = models.FloatField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "scoring_preview_verdict"
        constraints = [
            models.UniqueConstraint(
                fields=["rubric", "response", "criterion_key", "judging_hash", "judge"],
                name="preview_verdict_once",
            ),
            models.CheckConstraint(
                condition=Q(status__in=[s.value for s in VerdictStatus]),
                name="preview_verdict_status_known",
            ),
            models.CheckConstraint(
                condition=Q(status="ok", value__isnull=False)
                | (~Q(status="ok") & Q(value__isnull=True)),
                name="preview_verdict_value_iff_ok",
            ),
            models.CheckConstraint(
                condition=Q(judging_hash__regex=r"^[0-9a-f]{64}$"),
                name="preview_verdict_hash_whole",
            ),
            models.CheckConstraint(
                condition=Q(_bounded("quotes"), _bounded("raw_reply")),
                name="preview_verdict_bounded",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.criterion_key} of {self.response_id}: {self.status} {self.value}"


class RubricReview(models.Model):
    """What a model said of a rubric as it stood, item by item of the meta-rubric.

    `content_hash` is that of the rubric's version; `words` what its criteria said, to tell
    later edits: a list of [key, text, weight, judging hash]. `responses` are those that were
    shown beside it, empty for a review of the rubric alone; `context_hash` names their texts.
    `items` is a list of {item, answer, reason, criteria, problem}: `answer` in [0, 1], null
    where the reply could not be read, and `problem` then says why. `score` and `coverage`
    are in [0, 1], null where nothing was answered.
    """

    rubric = models.ForeignKey(Rubric, on_delete=models.CASCADE, related_name="reviews")
    judge = models.ForeignKey(Judge, on_delete=models.PROTECT, related_name="+")
    status = models.CharField(max_length=10, choices=RunStatus.choices, default=RunStatus.QUEUED)
    meta_version = models.CharField(max_length=20)
    content_hash = models.CharField(max_length=64)
    context_hash = models.CharField(max_length=64, blank=True)
    version_number = models.PositiveIntegerField()
    words = models.JSONField()
    responses = ArrayField(models.BigIntegerField(), default=list, blank=True)
    items = models.JSONField(default=list, blank=True)
    score = models.FloatField(null=True, blank=True)
    coverage = models.FloatField(null=True, blank=True)
    cost = models.FloatField(null=True, blank=True)
    error = models.TextField(blank=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "scoring_rubric_review"
        constraints = [
            models.UniqueConstraint(fields=["rubric"], condition=_AT_WORK, name="review_one_open"),
            models.CheckConstraint(condition=_KNOWN, name="review_status_known"),
            models.CheckConstraint(condition=_FINISHED_WHEN_DONE, name="review_finished_complete"),
            models.CheckConstraint(
                condition=Q(score__isnull=True) | Q(score__gte=0, score__lte=1),
                name="review_score_range",
            ),
            models.CheckConstraint(
                condition=Q(coverage__isnull=True) | Q(coverage__gte=0, coverage__lte=1),
                name="review_coverage_range",
            ),
        ]
        indexes = [models.Index(fields=["rubric", "-id"], name="review_newest")]

    def __str__(self) -> str:
        return f"{self.rubric} by {self.judge}: {self.score}"

    def get_absolute_url(self) -> str:
        return reverse("scoring:review", args=[self.rubric.project.slug, self.rubric_id, self.pk])

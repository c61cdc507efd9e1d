"""What models say of a draft: never mixed with verdicts."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Cast, Length
from django.db.models.lookups import LessThanOrEqual
from django.urls import reverse

from rubricstudio.domain.verdict import VerdictStatus
from rubricstudio.models import Response, Rubric, RubricVersion, User
from scoring.models.judges import Judge
from scoring.models.runs import RunStatus

_AT_WORK = Q(status__in=["queued", "running"])
_KNOWN = Q(status__in=RunStatus.values)
_FINISHED_WHEN_DONE = Q(_AT_WORK, finished_at__isnull=True) | Q(
    ~_AT_WORK, finished_at__isnull=False
)


class PreviewRun(models.Model):
    """A judge at work on the responses pinned beside a rubric, by the criteria of its draft.

    `expected` is the number of cells that were stale or missing when it was started. With a
    `response` it is a trial: the judge is asked anew of that response alone, by the criteria
    of the published `version`, or those of them whose ids are in `criteria`.
    """

    rubric = models.ForeignKey(Rubric, on_delete=models.CASCADE, related_name="preview_runs")
    judge = models.ForeignKey(Judge, on_delete=models.PROTECT, related_name="+")
    status = models.CharField(max_length=10, choices=RunStatus.choices, default=RunStatus.QUEUED)
    response = models.ForeignKey(
        Response, on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    version = models.ForeignKey(
        RubricVersion, on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    criteria = ArrayField(models.BigIntegerField(), default=list, blank=True)
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
                fields=["rubric"],
                condition=_AT_WORK & Q(response__isnull=True),
                name="preview_run_one_open",
            ),
            models.UniqueConstraint(
                fields=["judge", "response", "version"], condition=_AT_WORK, name="trial_one_open"
            ),
            models.CheckConstraint(
                condition=Q(response__isnull=True, version__isnull=True)
                | Q(response__isnull=False, version__isnull=False),
                name="trial_complete",
            ),
            models.CheckConstraint(condition=_KNOWN, name="preview_run_status_known"),
            models.CheckConstraint(
                condition=_FINISHED_WHEN_DONE, name="preview_run_finished_complete"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.judge} beside {self.rubric}"

    def get_absolute_url(self) -> str:
        """The page of a trial; a preview is seen beside its rubric."""
        slug = self.judge.rater.project.slug
        return reverse("scoring:trial", args=[slug, self.judge_id, self.pk])


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
    judge wrote, cut where it is long. `cost` is in US dollars and `latency` in seconds, empty
    where they are not known.
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
    latency = models.FloatField(null=True, blank=True)
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

"""What was asked of hosted models, and what it cost: every call, before and after."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from rubricstudio.models import Project
from scoring.models.judges import Judge
from scoring.models.runs import Run, RunBatch


class CallState(models.TextChoices):
    SENT = "sent", _("under way")
    ANSWERED = "answered", _("answered")
    FAILED = "failed", _("failed")
    LOST = "lost", _("lost on the way")


class ModelCall(models.Model):
    """One attempt of a call: a row from before it was sent, completed when it ended.

    `lost` is a call whose worker died before the answer was kept: nobody knows whether it was
    paid for, and it counts as if it were. An answer exists once for a `cell` of a run (what it
    is for and all that shaped it); `key` is what shaped it alone. `most_tokens` and `most_cost`
    bound what the call was expected to take when it was sent; `prompt_bytes` is how long the
    prompt was, a picture at a fixed size. Costs are US dollars, latencies seconds; null is
    unknown.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+")
    judge = models.ForeignKey(Judge, on_delete=models.PROTECT, related_name="calls")
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="calls", null=True)
    batch = models.ForeignKey(RunBatch, on_delete=models.CASCADE, related_name="calls", null=True)
    cell = models.CharField(max_length=64)
    key = models.CharField(max_length=64)
    endpoint = models.CharField(max_length=300)
    model = models.CharField(max_length=200)
    attempt = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=10, choices=CallState.choices, default=CallState.SENT)
    most_tokens = models.PositiveBigIntegerField()
    most_cost = models.DecimalField(max_digits=18, decimal_places=9, null=True)
    prompt_bytes = models.PositiveBigIntegerField(null=True)
    reply = models.JSONField(null=True)
    trouble = models.CharField(max_length=20, blank=True)
    message = models.TextField(blank=True)
    tokens_in = models.PositiveBigIntegerField(null=True)
    tokens_out = models.PositiveBigIntegerField(null=True)
    cost = models.DecimalField(max_digits=18, decimal_places=9, null=True)
    latency = models.FloatField(null=True)
    sent_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "scoring_model_call"
        constraints = [
            models.UniqueConstraint(
                fields=["run", "cell"], condition=Q(state="answered"), name="model_call_answer_once"
            ),
            models.CheckConstraint(
                condition=Q(state__in=CallState.values), name="model_call_state_known"
            ),
            models.CheckConstraint(
                condition=Q(state="sent", ended_at__isnull=True)
                | Q(~Q(state="sent"), ended_at__isnull=False),
                name="model_call_ended_unless_sent",
            ),
            models.CheckConstraint(
                condition=Q(state="answered", reply__isnull=False)
                | Q(~Q(state="answered"), reply__isnull=True),
                name="model_call_reply_iff_answered",
            ),
            models.CheckConstraint(
                condition=Q(cost__isnull=True) | Q(cost__gte=0), name="model_call_cost_not_negative"
            ),
        ]
        indexes = [
            models.Index(
                fields=["project", "key"], condition=Q(state="answered"), name="model_call_reuse"
            ),
            models.Index(
                fields=["project", "model", "id"],
                condition=Q(state="answered"),
                name="model_call_newest",
            ),
            models.Index(fields=["batch"], condition=Q(state="sent"), name="model_call_under_way"),
            models.Index(
                fields=["judge", "cell"],
                condition=Q(run__isnull=True),
                name="model_call_without_run",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.model} {self.state} (attempt {self.attempt})"


class RunBudget(models.Model):
    """What a run may spend, and what it has: no call is sent that could pass a limit.

    `spent_*` are calls that ended, lost ones at their bound; `held_*` the bounds of those under
    way. Costs are US dollars. A limit of null is none. `stopped_at` is when a call was not
    sent because of a limit, until the run is resumed.
    """

    run = models.OneToOneField(
        Run, on_delete=models.CASCADE, primary_key=True, related_name="budget"
    )
    limit_cost = models.DecimalField(max_digits=18, decimal_places=9, null=True)
    limit_tokens = models.PositiveBigIntegerField(null=True)
    spent_cost = models.DecimalField(max_digits=18, decimal_places=9, default=0)
    spent_tokens = models.PositiveBigIntegerField(default=0)
    held_cost = models.DecimalField(max_digits=18, decimal_places=9, default=0)
    held_tokens = models.PositiveBigIntegerField(default=0)
    stopped_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "scoring_run_budget"
        constraints = [
            models.CheckConstraint(
                condition=Q(spent_cost__gte=0, held_cost__gte=0), name="run_budget_not_negative"
            ),
            models.CheckConstraint(
                condition=(Q(limit_cost__isnull=True) | Q(limit_cost__gt=0))
                & (Q(limit_tokens__isnull=True) | Q(limit_tokens__gt=0)),
                name="run_budget_limit_positive",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.spent_cost} dollars of run {self.run_id}"


class Endpoint(models.Model):
    """A provider or server as all workers see it: when its next call is due, whether it is away.

    `requests_free_at` and `tokens_free_at` say when the next call fits its limits a minute.
    Until `closed_until` nobody calls it, because it had asked for peace (`closed_why`).
    """

    name = models.CharField(max_length=300, primary_key=True)
    requests_free_at = models.DateTimeField(null=True)
    tokens_free_at = models.DateTimeField(null=True)
    closed_until = models.DateTimeField(null=True)
    closed_why = models.TextField(blank=True)

    class Meta:
        db_table = "scoring_endpoint"

    def __str__(self) -> str:
        return self.name

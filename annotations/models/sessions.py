"""Sessions carried out here: how they are to go, and who may take part."""

from __future__ import annotations

import pghistory
import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from rubricstudio.models import Rater, Round, User


class SessionStatus(models.TextChoices):
    DRAFT = "draft", _("draft")
    ACTIVE = "active", _("active")
    PAUSED = "paused", _("paused")
    COMPLETED = "completed", _("completed")


class Mode(models.TextChoices):
    """What is asked of an item: verdicts on one response, or which of several is better."""

    CRITERIA = "criteria", _("each criterion")
    OVERALL = "overall", _("the whole response")
    PAIRWISE = "pairwise", _("two responses compared")
    RANKING = "ranking", _("several responses ranked")


class Strategy(models.TextChoices):
    """Who gets which item: taken as they come, or given out when the session starts."""

    PULL = "pull", _("people take the next one")
    MANUAL = "manual", _("by hand")
    ROUND_ROBIN = "round_robin", _("in turn")
    BALANCED = "balanced", _("to whom has least")
    EXPERTISE = "expertise", _("by expertise")


class Order(models.TextChoices):
    FIXED = "fixed", _("the same for everyone")
    RANDOM = "random", _("random for each person")
    UNCERTAIN = "uncertain", _("most uncertain first")


class SkippedTo(models.TextChoices):
    ME = "me", _("the same person, later")
    OTHERS = "others", _("other people")
    NOBODY = "nobody", _("nobody")


class CommentRule(models.TextChoices):
    CANNOT_ASSESS = "cannot_assess", _("where a criterion cannot be assessed")
    UNMET = "unmet", _("where a criterion is not met")
    EVERY = "every", _("on every criterion")
    WHOLE = "whole", _("on the whole response")


class Stage(models.TextChoices):
    """Where a calibration round stands; a session of plain work has none."""

    NONE = "", _("no calibration")
    VOTE = "vote", _("blind vote")
    DISCUSS = "discuss", _("discussion")
    REVOTE = "revote", _("second vote")


class Qualification(models.TextChoices):
    NONE = "", _("not asked")
    PASSED = "passed", _("passed")
    FAILED = "failed", _("failed")


@pghistory.track(pghistory.InsertEvent(), pghistory.UpdateEvent(), pghistory.DeleteEvent())
class Session(models.Model):
    """A round of expert annotation: `coverage` different people judge each response.

    `selection` records how the responses were chosen: the fields of
    `annotations.selection.Selection`. An `extra_share` of the items gets
    `extra_coverage` people more; where agreement on an item stays under `extra_below`
    (share of agreeing pairs, 0 to 1) people are added one by one up to `max_coverage`.
    `random_share` of the items are spread at random among those that the order
    "uncertain" puts first. `repeat_share` of the items come a second time to the same
    person. `limit` bounds the items of one person, `target` the submissions wanted.
    `qualify_at` is the share of gold answers that a person must match to go on to work.
    About `gold_share` of the items of a person are hidden gold items; who matches less than
    `qualify_at` over the last `pause_after` of them is paused (null: nobody is).
    `warns_of_pace` tells people when they submit sooner than a response can be read.
    `suggestions` is the run whose verdicts are shown beforehand, never in a session that
    hides judges.
    `stage` is where a calibration round stands. What was said up to `revealed_at` is its first
    vote; the second one began at `revote_at` (docs/adr/0012). Neither time changes once set.
    """

    round = models.OneToOneField(Round, on_delete=models.PROTECT, primary_key=True)
    status = models.CharField(
        max_length=10, choices=SessionStatus.choices, default=SessionStatus.DRAFT
    )
    mode = models.CharField(max_length=10, choices=Mode.choices, default=Mode.CRITERIA)
    strategy = models.CharField(max_length=12, choices=Strategy.choices, default=Strategy.PULL)
    order = models.CharField(max_length=10, choices=Order.choices, default=Order.FIXED)
    random_share = models.FloatField(default=0.2)
    coverage = models.PositiveSmallIntegerField(default=3)
    extra_share = models.FloatField(default=0.0)
    extra_coverage = models.PositiveSmallIntegerField(default=0)
    extra_below = models.FloatField(null=True, blank=True)
    max_coverage = models.PositiveSmallIntegerField(null=True, blank=True)
    hide_source = models.BooleanField(default=True)
    hide_raters = models.BooleanField(default=True)
    hide_judges = models.BooleanField(default=True)
    suggestions = models.ForeignKey(
        Round, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    instructions = models.TextField(blank=True)
    comment_rules = ArrayField(
        models.CharField(max_length=15, choices=CommentRule.choices), default=list, blank=True
    )
    skipped_to = models.CharField(
        max_length=10, choices=SkippedTo.choices, default=SkippedTo.OTHERS
    )
    reservation_minutes = models.PositiveIntegerField(default=60)
    limit = models.PositiveIntegerField(null=True, blank=True)
    target = models.PositiveIntegerField(null=True, blank=True)
    deadline = models.DateTimeField(null=True, blank=True)
    repeat_share = models.FloatField(default=0.0)
    gold_share = models.FloatField(default=0.0)
    pause_after = models.PositiveSmallIntegerField(null=True, blank=True)
    qualify_at = models.FloatField(null=True, blank=True)
    shows_feedback = models.BooleanField(default=False)
    warns_of_pace = models.BooleanField(default=True)
    stage = models.CharField(max_length=8, choices=Stage.choices, default=Stage.NONE, blank=True)
    revealed_at = models.DateTimeField(null=True, blank=True)
    revote_at = models.DateTimeField(null=True, blank=True)
    selection = models.JSONField(default=dict, blank=True)
    cloned_from = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        db_table = "annotations_session"
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=SessionStatus.values), name="session_status_known"
            ),
            models.CheckConstraint(condition=Q(mode__in=Mode.values), name="session_mode_known"),
            models.CheckConstraint(
                condition=Q(strategy__in=Strategy.values), name="session_strategy_known"
            ),
            models.CheckConstraint(condition=Q(order__in=Order.values), name="session_order_known"),
            models.CheckConstraint(
                condition=Q(skipped_to__in=SkippedTo.values), name="session_skipped_to_known"
            ),
            models.CheckConstraint(condition=Q(stage__in=Stage.values), name="session_stage_known"),
            models.CheckConstraint(condition=Q(coverage__gte=1), name="session_coverage_positive"),
            models.CheckConstraint(
                condition=Q(reservation_minutes__gte=1), name="session_reservation_positive"
            ),
            models.CheckConstraint(
                condition=Q(random_share__range=(0, 1))
                & Q(extra_share__range=(0, 1))
                & Q(repeat_share__range=(0, 1)),
                name="session_shares",
            ),
            models.CheckConstraint(
                condition=Q(gold_share__range=(0, 0.5)), name="session_gold_share"
            ),
            models.CheckConstraint(
                condition=Q(pause_after__isnull=True)
                | Q(pause_after__gte=1, qualify_at__isnull=False),
                name="session_pause_needs_threshold",
            ),
            models.CheckConstraint(
                condition=Q(extra_below__isnull=True, max_coverage__isnull=True)
                | Q(
                    extra_below__isnull=False,
                    extra_below__range=(0, 1),
                    max_coverage__isnull=False,
                    max_coverage__gte=F("coverage"),
                ),
                name="session_extra_annotators",
            ),
            models.CheckConstraint(
                condition=Q(qualify_at__isnull=True) | Q(qualify_at__gt=0, qualify_at__lte=1),
                name="session_qualify_share",
            ),
            models.CheckConstraint(
                condition=Q(suggestions__isnull=True) | Q(hide_judges=False),
                name="session_blind_without_suggestions",
            ),
            models.CheckConstraint(
                condition=(Q(limit__isnull=True) | Q(limit__gte=1))
                & (Q(target__isnull=True) | Q(target__gte=1)),
                name="session_bounds_positive",
            ),
            models.CheckConstraint(
                condition=Q(
                    stage__in=["", "vote"], revealed_at__isnull=True, revote_at__isnull=True
                )
                | Q(stage="discuss", revealed_at__isnull=False, revote_at__isnull=True)
                | Q(
                    stage="revote",
                    revealed_at__isnull=False,
                    revote_at__isnull=False,
                    revote_at__gte=F("revealed_at"),
                ),
                name="session_stage_times",
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="session_reveal_stays",
                operation=pgtrigger.Update,
                when=pgtrigger.Before,
                condition=pgtrigger.Q(old__revealed_at__isnull=False)
                & pgtrigger.Q(old__revealed_at__df=pgtrigger.F("new__revealed_at"))
                | pgtrigger.Q(old__revote_at__isnull=False)
                & pgtrigger.Q(old__revote_at__df=pgtrigger.F("new__revote_at")),
                func="""
                    RAISE EXCEPTION 'session_reveal_stays: votes that were shown stay shown'
                        USING ERRCODE = 'restrict_violation';
                """,
            )
        ]

    def __str__(self) -> str:
        return self.round.name

    def get_absolute_url(self) -> str:
        return reverse("annotations:session", args=[self.round.project.slug, self.pk])


@pghistory.track(pghistory.InsertEvent(), pghistory.DeleteEvent())
class SessionAnnotator(models.Model):
    """A person who may take items of a session; their own `limit` goes before the session's.

    `qualification` changed last at `qualified_at`; `qualified_by` and `qualification_note`
    say who passed the person by hand and why. Gold items from before that time no longer
    count against them.
    """

    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="annotators")
    rater = models.ForeignKey(Rater, on_delete=models.PROTECT, related_name="session_places")
    limit = models.PositiveIntegerField(null=True, blank=True)
    qualification = models.CharField(
        max_length=8, choices=Qualification.choices, default=Qualification.NONE, blank=True
    )
    qualified_at = models.DateTimeField(null=True, blank=True)
    qualified_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    qualification_note = models.TextField(blank=True)
    reminded_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "annotations_session_annotator"
        constraints = [
            models.UniqueConstraint(fields=["session", "rater"], name="session_annotator_once"),
            models.CheckConstraint(
                condition=Q(limit__isnull=True) | Q(limit__gte=1),
                name="session_annotator_limit_positive",
            ),
            models.CheckConstraint(
                condition=Q(qualification__in=Qualification.values),
                name="session_annotator_qualification_known",
            ),
            models.CheckConstraint(
                condition=Q(qualified_by__isnull=True) | Q(qualification_note__regex=r"\S"),
                name="session_annotator_passed_with_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rater} in {self.session_id}"

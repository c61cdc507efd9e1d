"""Answers that are known to be right, and what people disagreed about, settled."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from annotations.models.sessions import Session
from rubricstudio.domain.verdict import VerdictStatus
from rubricstudio.models import Criterion, Rater, Response, Round, User
from rubricstudio.models.guards import append_only

_STATUSES = [status.value for status in VerdictStatus]
_VALUE_IFF_OK = Q(status="ok", value__isnull=False) | (~Q(status="ok") & Q(value__isnull=True))


class Origin(models.TextChoices):
    """Where a gold answer comes from."""

    HAND = "hand", _("set by hand")
    FILE = "file", _("from a file")
    ADJUDICATED = "adjudicated", _("adjudicated")
    UNANIMOUS = "unanimous", _("unanimous answers")
    EXPERT = "expert", _("one expert's answer")


class Gold(models.Model):
    """The known answer to a criterion on a response; `note` says why it is right.

    `evidence` are the words of the response that show it, as in a verdict.
    `origin` says where it comes from: taken from verdicts, `origin_round` is their session,
    `origin_rater` the expert, and `origin_n` how many people said the same.
    """

    response = models.ForeignKey(Response, on_delete=models.CASCADE, related_name="gold")
    criterion = models.ForeignKey(Criterion, on_delete=models.CASCADE, related_name="gold")
    status = models.CharField(max_length=16, default="ok")
    value = models.FloatField(null=True, blank=True)
    note = models.TextField(blank=True)
    evidence = models.JSONField(default=list, blank=True, db_default=[])
    origin = models.CharField(max_length=11, choices=Origin.choices, default=Origin.HAND)
    origin_round = models.ForeignKey(
        Round, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    origin_rater = models.ForeignKey(
        Rater, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    origin_n = models.PositiveSmallIntegerField(null=True, blank=True)
    added_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    added_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "annotations_gold"
        constraints = [
            models.UniqueConstraint(fields=["response", "criterion"], name="gold_once"),
            models.CheckConstraint(condition=Q(status__in=_STATUSES), name="gold_status_known"),
            models.CheckConstraint(condition=_VALUE_IFF_OK, name="gold_value_iff_ok"),
            models.CheckConstraint(condition=Q(origin__in=Origin.values), name="gold_origin_known"),
            models.CheckConstraint(
                condition=Q(
                    Q(origin__in=["hand", "file"], origin_round__isnull=True)
                    | Q(origin__in=["adjudicated", "unanimous", "expert"])
                    & Q(origin_round__isnull=False),
                    Q(origin="expert", origin_rater__isnull=False)
                    | ~Q(origin="expert") & Q(origin_rater__isnull=True),
                    Q(origin="unanimous", origin_n__isnull=False, origin_n__gte=2)
                    | ~Q(origin="unanimous") & Q(origin_n__isnull=True),
                ),
                name="gold_origin_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.status} {self.value}"


class Decision(models.TextChoices):
    """How an adjudicator settled a disagreement, or that they could not."""

    ADOPTED = "adopted", _("adopted from a rater")
    OVERRIDDEN = "overridden", _("overridden")
    UNRESOLVED = "unresolved", _("unresolved")


class Cause(models.TextChoices):
    AMBIGUOUS = "ambiguous", _("ambiguous criterion")
    GUIDELINE_GAP = "guideline_gap", _("gap in the guidelines")
    ANNOTATOR_ERROR = "annotator_error", _("annotator's error")
    EDGE_CASE = "edge_case", _("edge case")
    TRUE_DISAGREEMENT = "true_disagreement", _("true disagreement")
    JUDGE_ERROR = "judge_error", _("judge's error")


class Adjudication(models.Model):
    """What holds of a response and a criterion that raters of a round disagree about.

    Append-only like the verdicts: a change of mind is a row with the next `revision`.
    """

    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="adjudications")
    response = models.ForeignKey(Response, on_delete=models.PROTECT, related_name="adjudications")
    criterion = models.ForeignKey(Criterion, on_delete=models.PROTECT, related_name="adjudications")
    revision = models.PositiveSmallIntegerField(default=0)
    decision = models.CharField(max_length=10, choices=Decision.choices)
    status = models.CharField(max_length=16)
    value = models.FloatField(null=True, blank=True)
    adopted = models.ForeignKey(
        Rater, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    reason = models.TextField(blank=True)
    cause = models.CharField(max_length=17, choices=Cause.choices, blank=True)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "annotations_adjudication"
        constraints = [
            models.UniqueConstraint(
                fields=["round", "response", "criterion", "revision"], name="adjudication_once"
            ),
            models.CheckConstraint(
                condition=Q(decision__in=Decision.values), name="adjudication_decision_known"
            ),
            models.CheckConstraint(
                condition=Q(cause__in=["", *Cause.values]), name="adjudication_cause_known"
            ),
            models.CheckConstraint(
                condition=Q(status__in=_STATUSES), name="adjudication_status_known"
            ),
            models.CheckConstraint(condition=_VALUE_IFF_OK, name="adjudication_value_iff_ok"),
            models.CheckConstraint(
                condition=Q(decision="adopted", adopted__isnull=False)
                | ~Q(decision="adopted") & Q(adopted__isnull=True),
                name="adjudication_adopted_from",
            ),
            models.CheckConstraint(
                condition=~Q(decision="overridden") | Q(reason__regex=r"\S"),
                name="adjudication_override_reason",
            ),
            models.CheckConstraint(
                condition=~Q(decision="unresolved") | ~Q(status="ok"),
                name="adjudication_unresolved_without_value",
            ),
        ]
        triggers = [append_only("adjudication_append_only")]

    def __str__(self) -> str:
        return f"{self.decision}: {self.status} {self.value}"


class DiscussionNote(models.Model):
    """What somebody says of a criterion on a response while a calibration round is discussed."""

    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="notes")
    response = models.ForeignKey(Response, on_delete=models.PROTECT, related_name="+")
    criterion = models.ForeignKey(Criterion, on_delete=models.PROTECT, related_name="+")
    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    text = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "annotations_discussion_note"
        constraints = [
            models.CheckConstraint(
                condition=Q(text__regex=r"\S"), name="discussion_note_text_given"
            ),
        ]

    def __str__(self) -> str:
        return self.text[:60]

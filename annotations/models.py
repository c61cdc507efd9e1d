"""Sessions carried out here: what is annotated, by whom, and how far they are."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from rubricstudio.models import Rater, Response, Round


class SessionStatus(models.TextChoices):
    DRAFT = "draft", _("draft")
    ACTIVE = "active", _("active")
    PAUSED = "paused", _("paused")
    COMPLETED = "completed", _("completed")


class AssignmentStatus(models.TextChoices):
    PENDING = "pending", _("pending")
    DRAFT = "draft", _("draft")
    SUBMITTED = "submitted", _("submitted")
    SKIPPED = "skipped", _("skipped")


class Session(models.Model):
    """A round of expert annotation: `coverage` different people judge each response."""

    round = models.OneToOneField(Round, on_delete=models.PROTECT, primary_key=True)
    status = models.CharField(
        max_length=10, choices=SessionStatus.choices, default=SessionStatus.DRAFT
    )
    coverage = models.PositiveSmallIntegerField(default=3)
    hide_source = models.BooleanField(default=True)
    instructions = models.TextField(blank=True)
    reservation_minutes = models.PositiveIntegerField(default=60)

    class Meta:
        db_table = "annotations_session"
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=SessionStatus.values), name="session_status_known"
            ),
            models.CheckConstraint(condition=Q(coverage__gte=1), name="session_coverage_positive"),
            models.CheckConstraint(
                condition=Q(reservation_minutes__gte=1), name="session_reservation_positive"
            ),
        ]

    def __str__(self) -> str:
        return self.round.name

    def get_absolute_url(self) -> str:
        return reverse("annotations:session", args=[self.round.project.slug, self.pk])


class SessionAnnotator(models.Model):
    """A person who may take items of a session."""

    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="annotators")
    rater = models.ForeignKey(Rater, on_delete=models.PROTECT, related_name="session_places")

    class Meta:
        db_table = "annotations_session_annotator"
        constraints = [
            models.UniqueConstraint(fields=["session", "rater"], name="session_annotator_once")
        ]

    def __str__(self) -> str:
        return f"{self.rater} in {self.session_id}"


class Item(models.Model):
    """A response to be judged in a session."""

    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="items")
    response = models.ForeignKey(Response, on_delete=models.PROTECT, related_name="session_items")
    position = models.PositiveIntegerField()

    class Meta:
        db_table = "annotations_item"
        constraints = [
            models.UniqueConstraint(fields=["session", "response"], name="item_response_once"),
            models.UniqueConstraint(
                fields=["session", "position"],
                name="item_position_once",
                deferrable=models.Deferrable.DEFERRED,
            ),
        ]

    def __str__(self) -> str:
        return f"item {self.position} of session {self.session_id}"


class Assignment(models.Model):
    """An item and an annotator. `slot` is one of the item's `coverage` places.

    A slot is taken by one assignment at a time (unique), and there are no more slots
    than the session's coverage (trigger): N of M is a fact of the database. A skipped
    or expired assignment gives its slot back (null).
    """

    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="assignments")
    rater = models.ForeignKey(Rater, on_delete=models.PROTECT, related_name="assignments")
    slot = models.PositiveSmallIntegerField(null=True, blank=True)
    status = models.CharField(
        max_length=10, choices=AssignmentStatus.choices, default=AssignmentStatus.PENDING
    )
    # What the annotator has entered so far, by criterion key; not an answer until submitted.
    draft = models.JSONField(default=dict, blank=True)
    draft_version = models.PositiveIntegerField(default=0)
    comment = models.TextField(blank=True)
    skip_reason = models.TextField(blank=True)
    active_seconds = models.PositiveIntegerField(default=0)
    reserved_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    submitted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "annotations_assignment"
        constraints = [
            models.UniqueConstraint(fields=["item", "rater"], name="assignment_once"),
            models.UniqueConstraint(fields=["item", "slot"], name="assignment_slot_once"),
            models.CheckConstraint(
                condition=Q(status__in=AssignmentStatus.values), name="assignment_status_known"
            ),
            models.CheckConstraint(
                condition=Q(status="submitted", submitted_at__isnull=False, slot__isnull=False)
                | ~Q(status="submitted"),
                name="assignment_submitted_complete",
            ),
            models.CheckConstraint(
                condition=~Q(status="skipped") | Q(slot__isnull=True),
                name="assignment_skipped_frees_slot",
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="assignment_within_coverage",
                operation=pgtrigger.Insert | pgtrigger.Update,
                when=pgtrigger.Before,
                declare=[("places", "integer")],
                func="""
                    SELECT s.coverage INTO places FROM annotations_item i
                      JOIN annotations_session s ON s.round_id = i.session_id
                     WHERE i.id = NEW.item_id;
                    IF NEW.slot >= places THEN
                        RAISE EXCEPTION 'item % has % places', NEW.item_id, places
                            USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rater} on {self.item}"

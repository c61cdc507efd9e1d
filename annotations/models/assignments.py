"""An item and an annotator: what was handed to whom, and what came of it."""

from __future__ import annotations

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from annotations.models.items import Item
from rubricstudio.models import Rater, User


class AssignmentStatus(models.TextChoices):
    PENDING = "pending", _("pending")
    DRAFT = "draft", _("draft")
    SUBMITTED = "submitted", _("submitted")
    SKIPPED = "skipped", _("skipped")


class SkipReason(models.TextChoices):
    EXPERTISE = "expertise", _("outside my expertise")
    UNREADABLE = "unreadable", _("cannot be judged as it stands")
    INTEREST = "interest", _("conflict of interest")
    OTHER = "other", _("another reason")


class Assignment(models.Model):
    """An item and an annotator. `slot` is one of the item's `places`.

    A slot is taken by one assignment at a time (unique), and there are no more slots
    than the item has places (trigger): N of M is a fact of the database. A skipped
    assignment gives its slot back (null); one whose reservation expired gives it to
    the next person who needs it.

    `draft` holds what was entered so far by criterion key (`annotations.sheet.to_json`);
    it is no answer until submitted. `draft_version` counts its changes and `draft_tab`
    names the browser tab that wrote last, so that two tabs cannot overwrite each other
    unseen. `submitted_version` is the draft version that the verdicts hold: a higher
    `draft_version` means changes that were not submitted again.

    `is_given`: the item was given to this person, so the place does not expire; its
    `reserved_until` only says until when they have it open.
    `shown_order` holds the ids of the responses of a pair or a ranking as this person sees
    them. `postponed_at`: skipped until everything else is done, for `skip_reason`.
    `active_seconds` is what the activity events amount to. `reading_seconds` is how long the
    texts take to read that the person met here for the first time, null where there are none;
    `seconds_to_submit` how long they were at it until they first submitted, null where that
    was not measured.
    In a calibration round `first_comment` is the comment as it was submitted in the first
    vote, and `revoted_at` when the person last submitted the item in the second one.
    """

    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="assignments")
    rater = models.ForeignKey(Rater, on_delete=models.PROTECT, related_name="assignments")
    slot = models.PositiveSmallIntegerField(null=True, blank=True)
    status = models.CharField(
        max_length=10, choices=AssignmentStatus.choices, default=AssignmentStatus.PENDING
    )
    draft = models.JSONField(default=dict, blank=True)
    draft_version = models.PositiveIntegerField(default=0)
    draft_tab = models.CharField(max_length=40, blank=True)
    comment = models.TextField(blank=True)
    submitted_version = models.PositiveIntegerField(null=True, blank=True)
    skip_reason = models.CharField(max_length=12, choices=SkipReason.choices, blank=True)
    skip_note = models.TextField(blank=True)
    is_given = models.BooleanField(default=False)
    shown_order = ArrayField(models.BigIntegerField(), default=list, blank=True)
    postponed_at = models.DateTimeField(null=True, blank=True)
    active_seconds = models.FloatField(default=0.0)
    reading_seconds = models.FloatField(null=True, blank=True)
    seconds_to_submit = models.FloatField(null=True, blank=True)
    reserved_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    submitted_at = models.DateTimeField(null=True, blank=True)
    first_comment = models.TextField(blank=True, db_default="")
    revoted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "annotations_assignment"
        constraints = [
            models.UniqueConstraint(fields=["item", "rater"], name="assignment_once"),
            models.UniqueConstraint(fields=["item", "slot"], name="assignment_slot_once"),
            models.CheckConstraint(
                condition=Q(status__in=AssignmentStatus.values), name="assignment_status_known"
            ),
            models.CheckConstraint(
                condition=Q(
                    status="submitted",
                    submitted_at__isnull=False,
                    submitted_version__isnull=False,
                    slot__isnull=False,
                )
                | ~Q(status="submitted"),
                name="assignment_submitted_complete",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["pending", "draft"])
                | Q(slot__isnull=True)
                | Q(is_given=True)
                | Q(reserved_until__isnull=False),
                name="assignment_reservation_ends",
            ),
            models.CheckConstraint(
                condition=Q(status="skipped", skip_reason__in=SkipReason.values)
                | ~Q(status="skipped") & Q(skip_reason="")
                | Q(postponed_at__isnull=False, skip_reason__in=SkipReason.values),
                name="assignment_skipped_with_reason",
            ),
            models.CheckConstraint(
                condition=~Q(status="skipped") | Q(slot__isnull=True),
                name="assignment_skipped_frees_slot",
            ),
            models.CheckConstraint(
                condition=Q(active_seconds__gte=0), name="assignment_time_positive"
            ),
            models.CheckConstraint(
                condition=Q(reading_seconds__isnull=True)
                | Q(reading_seconds__gt=0, submitted_at__isnull=False),
                name="assignment_read_once_submitted",
            ),
            models.CheckConstraint(
                condition=Q(seconds_to_submit__isnull=True)
                | Q(seconds_to_submit__gt=0, reading_seconds__isnull=False),
                name="assignment_pace_of_reading",
            ),
            models.CheckConstraint(
                condition=Q(revoted_at__isnull=True) | Q(status="submitted"),
                name="assignment_revoted_is_submitted",
            ),
        ]
        indexes = [
            models.Index(
                fields=["reserved_until"],
                condition=Q(status__in=["pending", "draft"], slot__isnull=False, is_given=False),
                name="assignment_may_expire",
            ),
            models.Index(
                fields=["rater"],
                condition=Q(status__in=["pending", "draft"]),
                name="assignment_open",
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="assignment_counted_insert",
                level=pgtrigger.Statement,
                operation=pgtrigger.Insert,
                when=pgtrigger.After,
                referencing=pgtrigger.Referencing(new="new_rows"),
                func="""
                    UPDATE annotations_item i SET held = i.held + n.slots
                      FROM (SELECT item_id, count(slot) AS slots FROM new_rows
                             GROUP BY item_id) n
                     WHERE i.id = n.item_id AND n.slots > 0;
                    RETURN NULL;
                """,
            ),
            pgtrigger.Trigger(
                name="assignment_counted_delete",
                operation=pgtrigger.Update | pgtrigger.Delete,
                when=pgtrigger.After,
                declare=[("more", "integer")],
                func="""
                    more := (NEW.slot IS NOT NULL)::integer - (OLD.slot IS NOT NULL)::integer;
                    IF more <> 0 THEN
                        UPDATE annotations_item SET held = held + more WHERE id = OLD.item_id;
                    END IF;
                    RETURN NULL;
                """,
            ),
            pgtrigger.Trigger(
                name="assignment_within_coverage",
                operation=pgtrigger.Insert | pgtrigger.Update,
                when=pgtrigger.Before,
                declare=[("places", "integer")],
                func="""
                    SELECT i.places INTO places FROM annotations_item i
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

    @property
    def is_put_off(self) -> bool:
        """Whether its person skipped it until everything else is done."""
        is_open = self.status in (AssignmentStatus.PENDING, AssignmentStatus.DRAFT)
        return is_open and self.postponed_at is not None

    @property
    def has_unsent_changes(self) -> bool:
        """Whether entries changed after they were submitted."""
        return self.submitted_version is not None and self.draft_version > self.submitted_version


class Flag(models.Model):
    """An annotator's call for attention to an item, open until somebody settles it."""

    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="flags")
    rater = models.ForeignKey(Rater, on_delete=models.PROTECT, related_name="+")
    note = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True)
    settled_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    settled_at = models.DateTimeField(null=True, blank=True)
    answer = models.TextField(blank=True)

    class Meta:
        db_table = "annotations_flag"
        constraints = [
            models.UniqueConstraint(
                fields=["item", "rater"],
                condition=Q(settled_at__isnull=True),
                name="flag_open_once",
            ),
            models.CheckConstraint(condition=Q(note__regex=r"\S"), name="flag_note_given"),
            models.CheckConstraint(
                condition=Q(settled_by__isnull=True, settled_at__isnull=True)
                | Q(settled_by__isnull=False, settled_at__isnull=False),
                name="flag_settled_whole",
            ),
        ]

    def __str__(self) -> str:
        return self.note[:60]


class ActivityKind(models.TextChoices):
    OPENED = "opened", _("opened")
    ACTIVE = "active", _("active")
    HIDDEN = "hidden", _("hidden")
    VISIBLE = "visible", _("visible")
    LEFT = "left", _("left")


class Activity(models.Model):
    """One raw event of a person at an item, from which active time is counted.

    `at` is the browser's clock, put right where it is far from the server's; `number`
    counts the events of one tab, so that an event that is sent twice is stored once.
    """

    assignment = models.ForeignKey(Assignment, on_delete=models.CASCADE, related_name="activity")
    tab = models.CharField(max_length=40)
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=8, choices=ActivityKind.choices)
    at = models.DateTimeField()
    received_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "annotations_activity"
        constraints = [
            models.UniqueConstraint(fields=["assignment", "tab", "number"], name="activity_once"),
            models.CheckConstraint(
                condition=Q(kind__in=ActivityKind.values), name="activity_kind_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} at {self.at}"

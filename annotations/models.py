"""Sessions carried out here: what is annotated, by whom, and how far they are."""

from __future__ import annotations

import pghistory
import pgtrigger
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
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


class SkipReason(models.TextChoices):
    EXPERTISE = "expertise", _("outside my expertise")
    UNREADABLE = "unreadable", _("cannot be judged as it stands")
    INTEREST = "interest", _("conflict of interest")
    OTHER = "other", _("another reason")


@pghistory.track(pghistory.InsertEvent(), pghistory.UpdateEvent(), pghistory.DeleteEvent())
class Session(models.Model):
    """A round of expert annotation: `coverage` different people judge each response.

    `selection` records how the responses were chosen: the fields of
    `annotations.selection.Selection`.
    """

    round = models.OneToOneField(Round, on_delete=models.PROTECT, primary_key=True)
    status = models.CharField(
        max_length=10, choices=SessionStatus.choices, default=SessionStatus.DRAFT
    )
    coverage = models.PositiveSmallIntegerField(default=3)
    hide_source = models.BooleanField(default=True)
    instructions = models.TextField(blank=True)
    reservation_minutes = models.PositiveIntegerField(default=60)
    selection = models.JSONField(default=dict, blank=True)

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


@pghistory.track(pghistory.InsertEvent(), pghistory.DeleteEvent())
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


# The first of the session's items by position that the rater never had and that has a free
# place; a place whose reservation has expired counts as free. As text, since every submit
# asks for it and building it anew takes longer than answering it.
_NEXT_ITEM = """
    SELECT i.* FROM annotations_item i
     WHERE i.session_id = %(session)s
       AND NOT EXISTS (SELECT 1 FROM annotations_assignment a
                        WHERE a.item_id = i.id AND a.rater_id = %(rater)s)
       AND (SELECT count(*) FROM annotations_assignment a
             WHERE a.item_id = i.id AND a.slot IS NOT NULL
               AND NOT (a.status IN ('pending', 'draft') AND a.reserved_until < %(now)s)
           ) < %(coverage)s
     ORDER BY i.position LIMIT 1 FOR NO KEY UPDATE OF i
"""


class ItemQuerySet(models.QuerySet["Item"]):
    def next_for(self, session: Session, rater_id: int, *, skip_locked: bool) -> Item | None:
        """The next item that the rater can get, locked until the transaction ends."""
        parameters = {
            "session": session.pk,
            "rater": rater_id,
            "coverage": session.coverage,
            "now": timezone.now(),
        }
        found = self.raw(_NEXT_ITEM + ("SKIP LOCKED" if skip_locked else ""), parameters)
        return next(iter(found), None)


class Item(models.Model):
    """A response to be judged in a session."""

    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="items")
    response = models.ForeignKey(Response, on_delete=models.PROTECT, related_name="session_items")
    position = models.PositiveIntegerField()

    objects = ItemQuerySet.as_manager()

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
    assignment gives its slot back (null); one whose reservation expired gives it to
    the next person who needs it.

    `draft` holds what was entered so far by criterion key (`annotations.sheet.to_json`);
    it is no answer until submitted. `draft_version` counts its changes and `draft_tab`
    names the browser tab that wrote last, so that two tabs cannot overwrite each other
    unseen. `submitted_version` is the draft version that the verdicts hold: a higher
    `draft_version` means changes that were not submitted again.
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
                | Q(reserved_until__isnull=False),
                name="assignment_reservation_ends",
            ),
            models.CheckConstraint(
                condition=Q(status="skipped", skip_reason__in=SkipReason.values)
                | ~Q(status="skipped") & Q(skip_reason=""),
                name="assignment_skipped_with_reason",
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

    @property
    def has_unsent_changes(self) -> bool:
        """Whether entries changed after they were submitted."""
        return self.submitted_version is not None and self.draft_version > self.submitted_version

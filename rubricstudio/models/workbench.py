"""What gathers around a rubric while it is written: edits to undo, comments, pinned responses."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from rubricstudio.models.accounts import User
from rubricstudio.models.rubrics import Rubric, RubricVersion
from rubricstudio.models.tasks import Response


class DraftEdit(models.Model):
    """One edit of a draft, by one person, as it can be undone and done again.

    `before` and `after` hold what the edit touched, by criterion key: the row's columns and
    its parent's key, or null where there was no row.
    """

    version = models.ForeignKey(RubricVersion, on_delete=models.CASCADE, related_name="edits")
    by = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField(auto_now_add=True)
    kind = models.CharField(max_length=20)
    before = models.JSONField()
    after = models.JSONField()
    undone = models.BooleanField(default=False)

    class Meta:
        db_table = "studio_draft_edit"
        constraints = [
            models.CheckConstraint(condition=~Q(kind=""), name="draft_edit_kind_given"),
        ]
        indexes = [models.Index(fields=["version", "by", "-id"], name="draft_edit_newest")]

    def __str__(self) -> str:
        return f"{self.kind} in {self.version_id}"


class Comment(models.Model):
    """A remark on a criterion, by its key so that it outlives versions, or on a whole rubric.

    The first of a thread has no `reply_to`; only it is resolved.
    """

    rubric = models.ForeignKey(Rubric, on_delete=models.CASCADE, related_name="comments")
    criterion_key = models.CharField(max_length=100, blank=True)
    reply_to = models.ForeignKey(
        "self", on_delete=models.CASCADE, null=True, blank=True, related_name="replies"
    )
    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    text = models.TextField()
    mentions = models.ManyToManyField(User, blank=True, related_name="mentioned_in")
    created_at = models.DateTimeField(auto_now_add=True)
    resolved_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    resolved_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "studio_comment"
        constraints = [
            models.CheckConstraint(condition=Q(text__regex=r"\S"), name="comment_text_given"),
            models.CheckConstraint(
                condition=Q(resolved_by__isnull=True, resolved_at__isnull=True)
                | Q(resolved_by__isnull=False, resolved_at__isnull=False, reply_to__isnull=True),
                name="comment_resolved_whole",
            ),
        ]
        indexes = [models.Index(fields=["rubric", "criterion_key", "id"], name="comment_thread")]

    def __str__(self) -> str:
        return self.text[:60]


class Pin(models.Model):
    """A response that stands beside a rubric while it is written."""

    rubric = models.ForeignKey(Rubric, on_delete=models.CASCADE, related_name="pins")
    response = models.ForeignKey(Response, on_delete=models.CASCADE, related_name="+")
    pinned_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "studio_pin"
        constraints = [
            models.UniqueConstraint(fields=["rubric", "response"], name="pin_once"),
        ]

    def __str__(self) -> str:
        return f"{self.response_id} beside {self.rubric_id}"


class Dismissal(models.Model):
    """A remark of lint that the authors of a rubric have settled, by `Finding.ident`.

    The ident holds what the remark is about, so a changed text is remarked upon again.
    """

    rubric = models.ForeignKey(Rubric, on_delete=models.CASCADE, related_name="dismissals")
    ident = models.CharField(max_length=12)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "studio_dismissal"
        constraints = [
            models.UniqueConstraint(fields=["rubric", "ident"], name="dismissal_once"),
            models.CheckConstraint(
                condition=Q(ident__regex=r"^[0-9a-f]{12}$"), name="dismissal_ident"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.ident} of {self.rubric_id}"


class CommentsRead(models.Model):
    """How far a person has read the comments of a rubric: up to this comment's id."""

    rubric = models.ForeignKey(Rubric, on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    up_to = models.BigIntegerField()

    class Meta:
        db_table = "studio_comments_read"
        constraints = [
            models.UniqueConstraint(fields=["rubric", "user"], name="comments_read_once"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.rubric_id}"

"""Imports from the browser: the uploaded files, what they hold, and how far the work is."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from rubricstudio.models.accounts import User
from rubricstudio.models.projects import Project


class ImportState(models.TextChoices):
    """Ready is uploaded and previewed; nothing happens before somebody starts it."""

    READY = "ready", _("ready")
    QUEUED = "queued", _("queued")
    RUNNING = "running", _("running")
    DONE = "done", _("done")
    FAILED = "failed", _("failed")
    CANCELLED = "cancelled", _("cancelled")


# A killed worker leaves "running" behind; whoever takes the job up again goes on from there.
IMPORT_STEPS: dict[ImportState, tuple[ImportState, ...]] = {
    ImportState.READY: (ImportState.QUEUED, ImportState.CANCELLED),
    ImportState.QUEUED: (ImportState.RUNNING, ImportState.CANCELLED, ImportState.READY),
    ImportState.RUNNING: (ImportState.DONE, ImportState.FAILED, ImportState.CANCELLED),
    ImportState.DONE: (),
    ImportState.FAILED: (),
    ImportState.CANCELLED: (),
}
FINISHED = tuple(state.value for state, next_ in IMPORT_STEPS.items() if not next_)


class ImportJob(models.Model):
    """One upload. `files` is a list of {name, stored, size}: what it is called, and the random
    name under UPLOAD_DIR, bytes; they are removed when the job is finished.

    `mapping` is the text of a mapping file, empty where the files are read as they stand;
    `kind` the type of rows that name none. `preview` and `report` are plain values: what a
    dry run found, and what the import did.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="imports")
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    state = models.CharField(max_length=10, choices=ImportState.choices, default=ImportState.READY)
    files = models.JSONField()
    mapping_name = models.CharField(max_length=200, blank=True)
    mapping = models.TextField(blank=True)
    kind = models.CharField(max_length=20, blank=True)
    keep_good = models.BooleanField(default=False)
    preview = models.JSONField(default=dict)
    report = models.JSONField(null=True, blank=True)
    error = models.TextField(blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "studio_import_job"
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=ImportState.values), name="import_state_known"
            ),
            models.CheckConstraint(
                condition=Q(state__in=FINISHED, finished_at__isnull=False)
                | (~Q(state__in=FINISHED) & Q(finished_at__isnull=True)),
                name="import_finished_at_iff_finished",
            ),
        ]

    def __str__(self) -> str:
        return ", ".join(file["name"] for file in self.files)

    def get_absolute_url(self) -> str:
        return reverse("rubricstudio:import-job", args=[self.project.slug, self.pk])

    @property
    def is_finished(self) -> bool:
        return self.state in FINISHED

    @property
    def is_waiting(self) -> bool:
        """Queued or running: a page shows it live."""
        return self.state in (ImportState.QUEUED, ImportState.RUNNING)

    @property
    def total_bytes(self) -> int:
        return sum(int(file["size"]) for file in self.files)

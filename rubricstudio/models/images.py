"""Pictures that tasks, responses and examples show, by name."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.urls import reverse

from rubricstudio.domain.pictures import MEDIA_TYPES
from rubricstudio.models.accounts import User
from rubricstudio.models.projects import Project


class Image(models.Model):
    """A picture of a project. Texts name it as `![what it shows](image:NAME)`.

    It is never changed: who judged a text with it would have judged another one. The bytes lie
    in the database, so that they are saved, restored and deleted with what shows them.
    """

    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, related_name="images", db_index=False
    )
    name = models.CharField(max_length=100)
    digest = models.CharField(max_length=64)
    media_type = models.CharField(max_length=20)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    data = models.BinaryField()
    added_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    added_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "studio_image"
        constraints = [
            models.UniqueConstraint(fields=["project", "name"], name="image_name_once"),
            models.CheckConstraint(
                condition=Q(name__regex=r"^[A-Za-z0-9][A-Za-z0-9._-]*$"), name="image_name_plain"
            ),
            models.CheckConstraint(
                condition=Q(media_type__in=MEDIA_TYPES), name="image_media_type_known"
            ),
            models.CheckConstraint(
                condition=Q(width__gt=0, height__gt=0), name="image_size_positive"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("rubricstudio:image", args=[self.project.slug, self.name])

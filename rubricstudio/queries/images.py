"""Pictures of a project: pages of them, and one with its bytes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from rubricstudio.models import Project
from rubricstudio.models.images import Image

PAGE = 60


@dataclass(frozen=True)
class ImagePage:
    """Pictures, newest first, without their bytes; `older` is the key to go on from."""

    images: Sequence[Image]
    older: int | None


def image_page(project: Project, *, before: int | None = None) -> ImagePage:
    """Sixty pictures whose keys lie below `before`."""
    rows = Image.objects.filter(project=project).select_related("added_by", "project")
    if before is not None:
        rows = rows.filter(pk__lt=before)
    found = list(rows.defer("data").order_by("-pk")[: PAGE + 1])
    images = found[:PAGE]
    return ImagePage(images, images[-1].pk if len(found) > PAGE else None)


def has_images(project: Project) -> bool:
    return Image.objects.filter(project=project).exists()


def images_named(project: Project, names: Collection[str]) -> list[Image]:
    """The pictures of these names that are there, with their bytes; no query for no names."""
    return list(Image.objects.filter(project=project, name__in=names)) if names else []


def image_named(project: Project, name: str) -> Image | None:
    """One picture; its bytes are read when they are asked for."""
    return Image.objects.filter(project=project, name=name).defer("data").first()

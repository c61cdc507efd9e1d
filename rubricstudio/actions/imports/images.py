"""Pictures of an import: each is looked at, and stored as it is read."""

from __future__ import annotations

from rubricstudio.actions.images import RefusedImage, look_at
from rubricstudio.actions.imports.directory import Directory
from rubricstudio.actions.imports.report import ImportReport
from rubricstudio.domain.formats.records import ImageRecord
from rubricstudio.models import Image


def write_image(record: ImageRecord, directory: Directory, report: ImportReport) -> None:
    """Add a picture under its name; another one of that name that is there is a problem.

    The name is kept even where the same bytes are there under another: the file's texts say it.
    """
    try:
        looked = look_at(record.data)
    except RefusedImage as refused:
        report.problem(record.place, "data", str(refused))
        return
    if looked.media_type != record.media_type:
        message = f"is {record.media_type}, and the data holds {looked.media_type}"
        report.problem(record.place, "media_type", message, "Say what the data holds.")
        return
    image, is_new = Image.objects.defer("data").get_or_create(
        project=directory.project,
        name=record.id,
        defaults={
            "digest": record.digest,
            "media_type": looked.media_type,
            "width": looked.width,
            "height": looked.height,
            "data": record.data,
            "added_by": directory.by,
        },
    )
    if image.digest == record.digest:
        report.count("image", int(is_new), 1)
        return
    hint = "Nothing was changed; give it another id here and in the texts that show it."
    report.problem(record.place, "id", f"image {record.id!r} exists with other content", hint)

"""Pictures that are uploaded."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from rubricstudio.forms.imports import FilesField
from rubricstudio.models.images import MEDIA_TYPES

MOST_FILES = 20


class ImagesForm(forms.Form):
    uploads = FilesField(
        label=_("Pictures"),
        error_messages={
            "required": _("Choose at least one picture."),
            "empty": _("One of the files is empty."),
        },
        help_text=_("PNG, JPEG, WebP or GIF, at most 5 MB each."),
    )

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # handed through
        self.fields["uploads"].widget.attrs["accept"] = ",".join(MEDIA_TYPES)

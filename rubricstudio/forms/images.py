"""Pictures that are uploaded, or fetched where the operator allows it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from rubricstudio.domain.pictures import MEDIA_TYPES
from rubricstudio.forms.imports import FilesField

MOST_FILES = 20


class ImagesForm(forms.Form):
    uploads = FilesField(
        label=_("Pictures"),
        required=False,
        error_messages={"empty": _("One of the files is empty.")},
        help_text=_("PNG, JPEG, WebP or GIF, at most 5 MB each."),
    )
    address = forms.URLField(
        label=_("Or the address of one"),
        required=False,
        assume_scheme="https",
        max_length=2000,
        error_messages={"invalid": _("Write a whole address, such as https://example.org/a.png.")},
        help_text=_("The server fetches it once and keeps it; it needs a public address."),
    )

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # handed through
        self.fields["uploads"].widget.attrs["accept"] = ",".join(MEDIA_TYPES)
        if not settings.IMAGES_BY_ADDRESS:
            del self.fields["address"]
            # Nothing else can be meant, so a browser may say at once that it is missing.
            self.fields["uploads"].required = True

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if "address" not in self.fields and self.data.get("address"):
            raise forms.ValidationError(
                gettext("Pictures are not fetched from addresses here. Upload the file instead.")
            )
        if not self.errors and not cleaned.get("uploads") and not cleaned.get("address"):
            self.add_error("uploads", gettext("Choose at least one picture."))
        return cleaned

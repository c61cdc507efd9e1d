"""What is uploaded to be imported, and how it is to be read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from rubricstudio.domain.formats.csv_default import CRITERION
from rubricstudio.domain.formats.detect import ENDINGS
from rubricstudio.domain.formats.mapping import InvalidMapping, parse_mapping
from rubricstudio.domain.formats.records import RecordType

MAPPING_LIMIT = 200_000
MOST_FILES = 50
_KINDS = {
    RecordType.TASK: _("tasks"),
    RecordType.RESPONSE: _("responses"),
    CRITERION: _("criteria of a rubric"),
    RecordType.VERDICT: _("verdicts"),
    RecordType.PREFERENCE: _("preferences"),
}
MODES = [
    ("all", _("All or nothing: with a problem anywhere nothing is imported")),
    ("good", _("Keep what is good: lines with a problem are left out")),
]


def example_mappings() -> dict[str, Path]:
    """The mappings that come with the application, by name."""
    folder = Path(settings.BASE_DIR) / "docs" / "examples"
    return {path.stem: path for path in sorted(folder.glob("*.toml"))}


class _Files(forms.ClearableFileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """One or several files; cleans to a list."""

    widget = _Files

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile[Any]]:
        given = data if isinstance(data, list | tuple) else [data] if data else []
        if not given and self.required:
            raise forms.ValidationError(self.error_messages["required"], code="required")
        return [super(FilesField, self).clean(item, initial) for item in given]


def _accepted() -> str:
    return ",".join([*(f".{ending}" for ending in ENDINGS), ".gz"])


class ImportForm(forms.Form):
    uploads = FilesField(
        label=_("Files"),
        error_messages={
            "required": _("Choose at least one file."),
            "empty": _("One of the files is empty."),
        },
    )
    mapping_file = forms.FileField(
        label=_("Mapping file"),
        required=False,
        help_text=_("A TOML file that says how rows of another layout become records."),
        widget=forms.FileInput(attrs={"accept": ".toml"}),
    )
    example = forms.ChoiceField(label=_("Or a mapping that is here already"), required=False)
    kind = forms.ChoiceField(
        label=_("What the rows are"),
        required=False,
        help_text=_("Only for rows that do not say it in a column or field named type."),
    )
    mode = forms.ChoiceField(
        label=_("When a line has a problem"),
        choices=MODES,
        initial="all",
        widget=forms.RadioSelect,
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["uploads"].widget.attrs["accept"] = _accepted()
        examples = [(name, f"{name}.toml") for name in example_mappings()]
        self._choices("example", [("", _("none")), *examples])
        self._choices("kind", [("", _("as they say themselves")), *_KINDS.items()])

    def _choices(self, name: str, choices: list[tuple[Any, Any]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices

    def clean_uploads(self) -> list[UploadedFile[Any]]:
        files: list[UploadedFile[Any]] = self.cleaned_data["uploads"]
        if len(files) > MOST_FILES:
            message = gettext("These are %(n)s files; %(limit)s can be imported at once.")
            raise forms.ValidationError(message % {"n": len(files), "limit": MOST_FILES})
        limit = settings.UPLOAD_LIMIT_MB * 1_000_000
        size = sum(file.size or 0 for file in files)
        if size > limit:
            message = gettext(
                "The files have %(size)s MB together; the limit is %(limit)s MB. Pack them with"
                " gzip, split them, or import them with manage.py import_dataset."
            )
            facts = {"size": -(-size // 1_000_000), "limit": settings.UPLOAD_LIMIT_MB}
            raise forms.ValidationError(message % facts)
        names = [str(file.name) for file in files]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            message = gettext("Two of the files are called %(name)s; rename one.")
            raise forms.ValidationError(message % {"name": twice})
        return files

    def clean_mapping_file(self) -> UploadedFile[Any] | None:
        file: UploadedFile[Any] | None = self.cleaned_data["mapping_file"]
        if file is not None and (file.size or 0) > MAPPING_LIMIT:
            message = gettext("A mapping file has at most %(limit)s kB; is this the right file?")
            raise forms.ValidationError(message % {"limit": MAPPING_LIMIT // 1000})
        return file

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        file, example = values.get("mapping_file"), values.get("example")
        if file and example:
            self.add_error("example", gettext("Give a mapping file or choose one, not both."))
        values["mapping"], values["mapping_name"] = "", ""
        try:
            if file:
                text = file.read().decode("utf-8-sig")
                values["mapping"], values["mapping_name"] = text, str(file.name)[:200]
            elif example:
                text = example_mappings()[example].read_text("utf-8")
                values["mapping"], values["mapping_name"] = text, f"{example}.toml"
            if values["mapping"]:
                parse_mapping(values["mapping"])
        except UnicodeDecodeError:
            self.add_error("mapping_file", gettext("The mapping is not UTF-8 text."))
        except InvalidMapping as error:
            self.add_error("mapping_file" if file else "example", str(error))
        return values

"""A rubric file as it is pasted or uploaded, carried on to its preview, and chosen from."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

from django import forms
from django.core import signing
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from rubricstudio.domain.rubric_formats.protocol import FormatProblem
from rubricstudio.models import Project, Rubric, User
from rubricstudio.queries.rubric_downloads import writable
from rubricstudio.queries.rubric_files import NAME_LIMIT, Found, Look, readable
from rubricstudio.rubric_sources import plain, said, text_of, text_problem

FILE_LIMIT = 5_000_000
"""Bytes of UTF-8 that a page takes; a command takes any number."""
KEPT_SECONDS = 24 * 3600
MODES = [
    ("append", _("Add its criteria below those in the draft")),
    ("replace", _("Replace what is in the draft")),
]
_BIG = 2**63 - 1


@dataclass(frozen=True)
class Carried:
    """The text of a file between two steps of its import."""

    text: str
    file_name: str


def pack(carried: Carried, *, project: Project, by: User) -> str:
    """The text as a signed field, which only this person can use, in this project."""
    values = {"text": carried.text, "file": carried.file_name}
    return signing.dumps(values, salt=_salt(project, by), compress=True)


def unpack(packed: str, *, project: Project, by: User) -> Carried | None:
    """What `pack` made of a text; None where it is older than a day, or not ours."""
    try:
        values = signing.loads(packed, salt=_salt(project, by), max_age=KEPT_SECONDS)
    except signing.BadSignature:
        return None
    return Carried(values["text"], values["file"])


def _salt(project: Project, by: User) -> str:
    return f"rubric-file:{project.pk}:{by.pk}"


def _too_large(size: int) -> forms.ValidationError:
    message = gettext(
        "This has %(size)s MB; the limit is %(limit)s MB. Split it, or import it with"
        " manage.py import_rubric."
    )
    facts = {"size": math.ceil(size / 100_000) / 10, "limit": FILE_LIMIT // 1_000_000}
    return forms.ValidationError(message % facts)


def formats_to_read() -> list[tuple[str, Any]]:
    return [("", _("whatever it looks like")), *((f.name, f.label) for f in readable())]


class FileForm(forms.Form):
    """Step one: a file, or text, and its format where it is not to be guessed."""

    upload = forms.FileField(
        label=_("File"),
        required=False,
        allow_empty_file=True,
        widget=forms.FileInput(),
    )
    text = forms.CharField(
        label=_("Or paste its text"),
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false", "dir": "auto"}),
    )
    format = forms.ChoiceField(label=_("Format"), required=False)
    into = forms.IntegerField(required=False, min_value=1, max_value=_BIG, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        field = self.fields["format"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = formats_to_read()
        endings = {ending for known in readable() for ending in known.endings}
        self.fields["upload"].widget.attrs["accept"] = ",".join(sorted(endings))

    def clean_upload(self) -> Carried | None:
        file: UploadedFile[Any] | None = self.cleaned_data["upload"]
        if file is None:
            return None
        if (file.size or 0) > FILE_LIMIT:
            raise _too_large(file.size or 0)
        name = (file.name or "")[:200]
        text = text_of(file.read())
        if isinstance(text, FormatProblem):
            raise forms.ValidationError(said(name, text))
        return Carried(text, name)

    def clean_text(self) -> str:
        text: str = self.cleaned_data["text"]
        if len(text.encode("utf-8", "replace")) > FILE_LIMIT:
            raise _too_large(len(text.encode("utf-8", "replace")))
        problem = text_problem(text)
        if problem:
            raise forms.ValidationError(said(gettext("the text"), problem))
        return plain(text)

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        upload, text = values.get("upload"), values.get("text")
        if self.errors:
            return values
        if upload and (text or "").strip():
            self.add_error("text", gettext("Choose a file or paste its text, not both."))
        elif upload is None and not (text or "").strip():
            self.add_error("upload", gettext("Choose a file, or paste its text below."))
        elif upload is not None and not upload.text.strip():
            self.add_error("upload", gettext("The file is empty."))
        values["carried"] = upload or Carried(text or "", "")
        return values


class StoreForm(forms.Form):
    """Step two: which rubrics, under which names, and what meeting each criterion means.

    Fields of a rubric end in its index, and those of a criterion also in its place: `take-0`,
    `name-0`, `met-0-17`.
    """

    format = forms.ChoiceField(label=_("Format"), required=False)
    into = forms.TypedChoiceField(label=_("Where to"), required=False, coerce=int, empty_value=None)
    mode = forms.ChoiceField(
        label=_("How"), choices=MODES, initial="append", required=False, widget=forms.RadioSelect
    )
    seen = forms.CharField(required=False, max_length=100, widget=forms.HiddenInput)

    def __init__(self, *args: Any, rubrics: list[Rubric], **options: Any) -> None:
        super().__init__(*args, **options)
        into, format_ = self.fields["into"], self.fields["format"]
        assert isinstance(into, forms.ChoiceField) and isinstance(format_, forms.ChoiceField)
        offered = [(rubric.pk, rubric.name) for rubric in rubrics]
        into.choices = [("", _("a new rubric of its own")), *offered]
        format_.choices = formats_to_read()

    def alike(self, look: Look) -> Look:
        """The rubrics as they were chosen, with one answer for all rows of the same guess.

        The answer is the value of the button: the guess, and what it is to be, as in
        `bad:good`. Anything else changes nothing.
        """
        guess, _colon, answer = str(self.data.get("alike", "")).partition(":")
        look = self.applied(look)
        if {guess, answer} - {"good", "bad"}:
            return look
        return replace(look, rubrics=[_alike(f, guess, answer) for f in look.rubrics])

    def applied(self, look: Look) -> Look:
        """The rubrics of a file as they were chosen; what is wrong becomes errors of the form."""
        rubrics = [self._applied(found) for found in look.rubrics]
        taken = sum(found.taken for found in rubrics)
        if not taken:
            self.add_error(None, gettext("Choose at least one rubric."))
        if self.cleaned_data.get("into") and taken > 1:
            self.add_error("into", gettext("Choose one rubric to write into another."))
        return replace(look, rubrics=rubrics)

    def _applied(self, found: Found) -> Found:
        name = " ".join(str(self.data.get(f"name-{found.index}", "")).split())
        taken = f"take-{found.index}" in self.data
        if taken and (not name or len(name) > NAME_LIMIT or "\x00" in name):
            message = gettext("Give rubric %(n)s a name of at most %(limit)s characters.")
            self.add_error(None, message % {"n": found.index + 1, "limit": NAME_LIMIT})
        answers = {}
        for row in found.rows:
            answer = self.data.get(f"met-{found.index}-{row.index}")
            if row.guess and answer in ("good", "bad"):
                answers[row.criterion.key] = answer == "good"
        return replace(found, name=name, taken=taken, answers=answers)


def _alike(found: Found, guess: str, answer: str) -> Found:
    same = [key for key, g in found.guesses.items() if g.met_is_good == (guess == "good")]
    return replace(found, answers={**found.answers, **dict.fromkeys(same, answer == "good")})


class DownloadForm(forms.Form):
    """Which version, in which format; or which rubrics of a project."""

    format = forms.ChoiceField(label=_("Format"), required=False)
    number = forms.IntegerField(
        label=_("Version"), required=False, min_value=0, max_value=2**31 - 1
    )
    rubric = forms.TypedMultipleChoiceField(required=False, coerce=int)

    def __init__(self, *args: Any, rubrics: list[Rubric] | None = None, **options: Any) -> None:
        super().__init__(*args, **options)
        format_, rubric = self.fields["format"], self.fields["rubric"]
        assert isinstance(format_, forms.ChoiceField) and isinstance(rubric, forms.ChoiceField)
        format_.choices = [(known.name, known.label) for known in writable()]
        rubric.choices = [(each.pk, each.name) for each in rubrics or ()]

"""Forms of the library: a search, a place to insert at, a note."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from rubricstudio.models import Project
from rubricstudio.queries.library import Narrowed
from rubricstudio.queries.library_search import MOST_SHOWN, PAGE

LARGEST_ID = 2**63 - 1
SOURCE = re.compile(r"(criterion|entry):([0-9]{1,18})")


class SearchForm(forms.Form):
    """What is looked for, and what the search is narrowed to."""

    q = forms.CharField(label=_("Search by words or by meaning"), required=False, max_length=500)
    kind = forms.ChoiceField(
        label=_("Look for"),
        choices=[("criteria", _("criteria")), ("rubrics", _("rubrics"))],
        required=False,
    )
    project = forms.ChoiceField(label=_("Project"), required=False)
    tag = forms.CharField(label=_("Tag or category"), required=False, max_length=200)
    scale = forms.ChoiceField(
        label=_("Scale"),
        choices=[
            ("", _("any")),
            ("binary", _("met or not met")),
            ("ordinal", _("levels")),
            ("points", _("points")),
        ],
        required=False,
    )
    met_means = forms.ChoiceField(
        label=_("Met means"),
        choices=[("", _("any")), ("good", _("good")), ("bad", _("bad"))],
        required=False,
    )
    shared = forms.BooleanField(label=_("Only what is shared"), required=False)
    show = forms.IntegerField(required=False, min_value=PAGE, max_value=MOST_SHOWN)
    before = forms.IntegerField(required=False, min_value=1, max_value=LARGEST_ID)
    waits = forms.IntegerField(required=False, min_value=0, max_value=1000)

    def __init__(self, *args: Any, projects: Sequence[Project], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [("", _("all I can see")), *((str(p.pk), p.name) for p in projects)]
        self.fields["project"] = forms.ChoiceField(
            label=_("Project"), choices=choices, required=False
        )

    def narrowed(self) -> Narrowed:
        """The filters; a value that is none of the choices narrows nothing."""
        given = self.cleaned_data
        project = given.get("project")
        return Narrowed(
            project=int(project) if project else None,
            tag=given.get("tag", ""),
            scale=given.get("scale", ""),
            met_means=given.get("met_means", ""),
            shared=bool(given.get("shared")),
        )

    def number(self, name: str, default: int = 0) -> int:
        """A number that was given, or the default."""
        value = self.cleaned_data.get(name)
        return default if value is None else int(value)


class InsertForm(forms.Form):
    """Which finding to insert, and behind which row: `latest` (inserted last), or `after`."""

    source = forms.CharField(max_length=40)
    after = forms.CharField(max_length=100, required=False)
    latest = forms.CharField(max_length=100, required=False)

    def clean_source(self) -> tuple[str, int]:
        found = SOURCE.fullmatch(str(self.cleaned_data["source"]))
        if found is None:
            raise forms.ValidationError(_t("Choose a criterion from the list."))
        return found[1], int(found[2])

    @property
    def behind(self) -> str | None:
        """The key of the row behind which to insert, None for the end."""
        return self.cleaned_data["latest"] or self.cleaned_data["after"] or None


class NoteForm(forms.Form):
    note = forms.CharField(
        label=_("Note"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("What it is good for, and how it has worked."),
    )


class ShareForm(forms.Form):
    """Whether a rubric is shared: `shared` is 1 or 0."""

    shared = forms.TypedChoiceField(choices=[("1", "1"), ("0", "0")], coerce=lambda v: v == "1")


class CopyForm(forms.Form):
    """Where a shared rubric is copied to, and under which name."""

    project = forms.ChoiceField(label=_("Into the project"))
    name = forms.CharField(label=_("Name"), max_length=200)

    def __init__(self, *args: Any, projects: Sequence[Project], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(project.slug, project.name) for project in projects]
        self.fields["project"] = forms.ChoiceField(label=_("Into the project"), choices=choices)


class TemplateForm(forms.Form):
    """Which shared rubric to start from."""

    template = forms.IntegerField(min_value=1, max_value=LARGEST_ID)


class TemplateSearchForm(forms.Form):
    q = forms.CharField(label=_("Search by name"), required=False, max_length=200)

"""Forms of sessions and of skipping: they turn what is sent into plain values."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from annotations.actions.sessions import MAX_COVERAGE
from annotations.models import SkipReason
from annotations.queries.choices import (
    candidate_annotators,
    published_versions,
    sources_of,
    tags_of,
)
from annotations.selection import Selection
from rubricstudio.models import Project, RubricVersion, User


class _People(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]  # not generic at run time
    def label_from_instance(self, obj: Any) -> str:
        return str(obj)


class _OfProject(forms.Form):
    """The end of the line for forms that are made for one project."""

    def __init__(self, *args: Any, project: Project, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.project = project


class AnnotatorsForm(_OfProject):
    """Who annotates."""

    annotators = _People(
        label=_("Annotators"),
        queryset=User.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Members who may annotate. Each of them draws items from the same queue."),
    )

    def __init__(self, *args: Any, project: Project, **kwargs: Any) -> None:
        super().__init__(*args, project=project, **kwargs)
        field = self.fields["annotators"]
        assert isinstance(field, forms.ModelMultipleChoiceField)
        field.queryset = candidate_annotators(project)


class NarrowingForm(_OfProject):
    """Which responses of a project: fields that sessions and runs have in common."""

    sources = forms.MultipleChoiceField(
        label=_("Only from these sources"),
        required=False,
        widget=forms.SelectMultiple(attrs={"size": 5}),
    )
    tags = forms.MultipleChoiceField(
        label=_("Only tasks with these tags"),
        required=False,
        widget=forms.SelectMultiple(attrs={"size": 5}),
    )

    def __init__(self, *args: Any, project: Project, **kwargs: Any) -> None:
        super().__init__(*args, project=project, **kwargs)
        for name, values in (("sources", sources_of(project)), ("tags", tags_of(project))):
            field = self.fields[name]
            assert isinstance(field, forms.MultipleChoiceField)
            field.choices = [(value, value) for value in values]


class SessionForm(AnnotatorsForm, NarrowingForm):
    """A new session; `selection()` is the choice of responses."""

    name = forms.CharField(label=_("Name"), max_length=200)
    version = forms.ModelChoiceField(
        label=_("Rubric version"),
        queryset=RubricVersion.objects.none(),
        empty_label=None,
        help_text=_("Only published versions: what people judge must not change under them."),
    )
    tasks = forms.CharField(
        label=_("Only these tasks"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Task ids, one a line."),
    )
    responses = forms.CharField(
        label=_("Only these responses"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Response ids, one a line."),
    )
    sample = forms.IntegerField(
        label=_("Of these, a random sample of"),
        required=False,
        min_value=1,
        help_text=_("Leave it empty to take them all."),
    )
    seed = forms.IntegerField(
        label=_("Seed"),
        initial=1,
        required=False,
        help_text=_("The same seed draws the same sample and the same order."),
    )
    coverage = forms.IntegerField(
        label=_("People per response"),
        initial=3,
        min_value=1,
        max_value=MAX_COVERAGE,
        help_text=_("This many different people judge each response, no more and no fewer."),
    )
    reservation_minutes = forms.IntegerField(
        label=_("Minutes an item stays reserved"),
        initial=60,
        min_value=1,
        max_value=60 * 24 * 30,
        help_text=_("Counted from a person's last change; after that others may take it."),
    )
    hide_source = forms.BooleanField(
        label=_("Hide which source wrote a response"),
        initial=True,
        required=False,
        help_text=_("Recommended: people judge a text differently once they know its author."),
    )
    instructions = forms.CharField(
        label=_("Guidelines"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=_("Markdown. Annotators open them with the key g."),
    )
    field_order = [
        "name", "version", "sources", "tags", "tasks", "responses", "sample", "seed",
        "coverage", "reservation_minutes", "hide_source", "instructions", "annotators",
    ]  # fmt: skip

    def __init__(self, *args: Any, project: Project, **kwargs: Any) -> None:
        super().__init__(*args, project=project, **kwargs)
        version = self.fields["version"]
        assert isinstance(version, forms.ModelChoiceField)
        version.queryset = published_versions(project)

    def clean_seed(self) -> int:
        return int(self.cleaned_data["seed"] or 0)

    def selection(self) -> Selection:
        """The choice of responses, once the form is valid."""
        data = self.cleaned_data
        return Selection(
            sources=tuple(data["sources"]),
            tags=tuple(data["tags"]),
            tasks=_lines(data["tasks"]),
            responses=_lines(data["responses"]),
            sample=data["sample"],
            seed=data["seed"],
        )


def _lines(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(line.strip() for line in text.splitlines() if line.strip()))


class SkipForm(forms.Form):
    """Why an item is skipped."""

    reason = forms.ChoiceField(
        label=_("Why?"), choices=SkipReason.choices, widget=forms.RadioSelect
    )
    note = forms.CharField(
        label=_("Note"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
    )

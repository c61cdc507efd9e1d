"""Forms of sessions and of skipping: they turn what is sent into plain values."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from annotations.models import SkipReason
from annotations.queries.choices import (
    candidate_annotators,
    sources_of,
    tags_of,
)
from rubricstudio.models import Project, User


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


class PaceForm(forms.Form):
    """Whether people are told of a pace at which nobody reads."""

    warns_of_pace = forms.BooleanField(
        label=_("Tell people when they submit sooner than a response can be read"),
        initial=True,
        required=False,
    )


class RepeatsForm(forms.Form):
    """How many items come back to the same person."""

    repeat_share = forms.FloatField(
        label=_("Share of the items that the same person gets twice"),
        help_text=_("To see whether people agree with themselves. 0 to 1."),
        initial=0,
        required=False,
        min_value=0,
        max_value=1,
        widget=forms.NumberInput(attrs={"class": "input-short", "step": "any"}),
    )

    def clean_repeat_share(self) -> float:
        return float(self.cleaned_data["repeat_share"] or 0)


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

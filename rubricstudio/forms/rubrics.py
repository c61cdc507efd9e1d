"""Forms of rubrics and their versions."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from rubricstudio.domain.aggregation import AGGREGATORS, Aggregator
from rubricstudio.forms.visible import validate_visible
from rubricstudio.models import Project
from rubricstudio.queries.sheet import plain_number


class RubricForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=200, validators=[validate_visible])
    description = forms.CharField(
        label=_("Description"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("What the rubric judges and for whom; raters see it."),
    )


class AggregatorForm(forms.Form):
    """The rule for the score, and a number for each of its parameters."""

    aggregator = forms.ChoiceField(
        label=_("Aggregator"), choices=[(name, name) for name in AGGREGATORS]
    )

    def __init__(
        self, *args: Any, current: str, params: Mapping[str, float], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.initial["aggregator"] = self.current = current
        if current not in AGGREGATORS:
            return
        for name, default in AGGREGATORS[current].defaults.items():
            self.fields[f"param_{name}"] = forms.FloatField(
                label=name,
                required=False,
                initial=plain_number(params[name]) if name in params else None,
                widget=forms.NumberInput(attrs={"placeholder": _shown(default), "step": "any"}),
            )

    @property
    def chosen(self) -> Aggregator | None:
        """The aggregator in force, None for a name that is not known here."""
        return AGGREGATORS.get(self.current)

    def params(self) -> dict[str, float]:
        """The parameters that differ from the defaults; none where the aggregator changed."""
        if self.cleaned_data["aggregator"] != self.current:
            return {}
        defaults = AGGREGATORS[self.current].defaults
        given = {name: self.cleaned_data.get(f"param_{name}") for name in defaults}
        return {n: v for n, v in given.items() if v is not None and v != defaults[n]}


def _shown(value: float) -> str:
    return plain_number(value) if math.isfinite(value) else "∞"


class PublishForm(forms.Form):
    note = forms.CharField(
        label=_("Why"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("What changed and why; it stays with the version for good."),
    )
    reviewed = forms.CharField(max_length=64, required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, asks_why: bool = False, **kwargs: Any) -> None:
        """`asks_why`: verdicts stop counting, so the reason may not stay out."""
        super().__init__(*args, **kwargs)
        self.fields["note"].required = asks_why
        self.fields["note"].error_messages["required"] = _(
            "Say why: verdicts stop counting, and their raters will ask."
        )


class ForkForm(forms.Form):
    """A project to copy a version to, one of those the person may write rubrics in."""

    project = forms.ModelChoiceField(
        label=_("Project"), queryset=Project.objects.none(), empty_label=None
    )
    name = forms.CharField(label=_("Name"), max_length=200)

    def __init__(self, *args: Any, projects: QuerySet[Project], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["project"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = projects


class ReplaceForm(forms.Form):
    """Agreement to replace a draft, as it was when its author looked."""

    replace = forms.CharField(max_length=64)


class CompareForm(forms.Form):
    """Two versions by number."""

    old = forms.IntegerField(min_value=0, max_value=2**31 - 1, required=False)
    new = forms.IntegerField(min_value=0, max_value=2**31 - 1, required=False)


class ListForm(forms.Form):
    """A search among rubrics, and where in the list to go on."""

    q = forms.CharField(required=False, max_length=200)
    before = forms.IntegerField(min_value=0, max_value=2**63 - 1, required=False)
    after = forms.IntegerField(min_value=0, max_value=2**63 - 1, required=False)

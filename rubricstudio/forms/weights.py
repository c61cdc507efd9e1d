"""The form that says what the tiers of a project weigh."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from rubricstudio.domain.rubric import WEIGHT_CLASSES

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

LARGEST = 1_000_000


def _weight(label: StrOrPromise) -> forms.FloatField:
    return forms.FloatField(
        label=label,
        min_value=-LARGEST,
        max_value=LARGEST,
        widget=forms.NumberInput({"step": "any"}),
    )


class WeightsForm(forms.Form):
    """A weight for each tier; `seen_…` are the weights that the page showed."""

    essential = _weight(_("Weight of an essential criterion"))
    important = _weight(_("Weight of an important criterion"))
    optional = _weight(_("Weight of an optional criterion"))
    pitfall = _weight(_("Weight of a pitfall"))
    follow = forms.BooleanField(
        label=_("Criteria of drafts that follow their tier get its new weight"),
        help_text=_("An edit of each draft, which you can undo there. Published versions stay."),
        required=False,
        initial=True,
    )

    def __init__(self, *args: Any, classes: Mapping[str, float], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial = {**classes, **self.initial}
        for tier, weight in classes.items():
            self.fields[f"seen_{tier}"] = forms.FloatField(initial=weight, widget=forms.HiddenInput)

    def weights(self) -> dict[str, float]:
        """The weights given, by tier. Only on a valid form."""
        return {tier: self.cleaned_data[tier] for tier in WEIGHT_CLASSES}

    def seen(self) -> dict[str, float]:
        """The weights that the page showed. Only on a valid form."""
        return {tier: self.cleaned_data[f"seen_{tier}"] for tier in WEIGHT_CLASSES}


class PageForm(forms.Form):
    """Where in the list of drafts to go on."""

    before = forms.IntegerField(min_value=0, max_value=2**63 - 1, required=False)

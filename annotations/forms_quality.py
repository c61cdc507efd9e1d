"""Forms of the quality page: shares are typed in per cent."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class RulesForm(forms.Form):
    """How gold answers are used."""

    qualify_at = forms.FloatField(
        label=_("Threshold, % of gold answers matched"), required=False, min_value=1, max_value=100
    )
    gold_share = forms.FloatField(
        label=_("Hidden gold items, % of a person's items"), initial=0, min_value=0, max_value=50
    )
    pause_after = forms.IntegerField(
        label=_("Pause people under the threshold over the last … gold items"),
        required=False,
        min_value=1,
        max_value=1000,
        help_text=_("Empty: nobody is paused."),
    )
    shows_feedback = forms.BooleanField(
        label=_("Show people their gold results after the session"), required=False
    )


class PassForm(forms.Form):
    """Let somebody go on."""

    rater = forms.IntegerField(min_value=1, max_value=2**31)
    reason = forms.CharField(label=_("Reason"), max_length=2000)


class GoldImportForm(forms.Form):
    """Gold answers as CSV."""

    text = forms.CharField(
        label=_("CSV"),
        max_length=2_000_000,
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false"}),
        help_text=_("Columns: response, criterion, answer, note."),
    )

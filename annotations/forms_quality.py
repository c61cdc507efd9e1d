"""Forms of the quality page: shares are typed in per cent."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from annotations.models import Origin
from annotations.queries.gold_sources import GoldSource, experts, gold_rounds
from rubricstudio.models import Rater, Round, RubricVersion

_MADE_OF = [
    (Origin.ADJUDICATED.value, _("What was adjudicated in it")),
    (Origin.UNANIMOUS.value, _("What all people answered alike")),
    (Origin.EXPERT.value, _("What one expert answered")),
]


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
        label=_("Show people their gold results"),
        required=False,
        help_text=_("Those on hidden gold items once the session is completed, not before."),
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


class _Named(forms.ModelChoiceField):  # type: ignore[type-arg]  # not generic at run time
    def label_from_instance(self, obj: Any) -> str:
        return str(obj.name)


class GoldSourceForm(forms.Form):
    """What gold answers are made of; `source()` once it is valid."""

    round = _Named(
        label=_("Session"),
        queryset=Round.objects.none(),
        empty_label=None,
        error_messages={"required": _("Choose a completed session over this rubric.")},
        help_text=_("Completed or imported ones: answers of a session that runs stay blind."),
    )
    origin = forms.ChoiceField(
        label=_("Take"),
        choices=_MADE_OF,
        initial=Origin.ADJUDICATED.value,
        widget=forms.RadioSelect,
    )
    at_least = forms.IntegerField(
        label=_("By at least so many people"),
        initial=2,
        min_value=2,
        max_value=100,
        widget=forms.NumberInput(attrs={"class": "input-short"}),
        help_text=_("For answers that all gave alike."),
    )
    rater = _Named(
        label=_("The expert"),
        queryset=Rater.objects.none(),
        required=False,
        empty_label=_("nobody"),
        help_text=_("Whose answers are right."),
    )
    with_notes = forms.BooleanField(
        label=_("Take over the reason or comment as the note, and the quotes"),
        required=False,
        help_text=_("People in training read both. Look whether they name anybody."),
    )
    replaces = forms.BooleanField(label=_("Replace gold answers that exist"), required=False)

    def __init__(self, *args: Any, version: RubricVersion, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rounds, raters = self.fields["round"], self.fields["rater"]
        assert isinstance(rounds, _Named) and isinstance(raters, _Named)
        rounds.queryset, raters.queryset = gold_rounds(version), experts(version)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if data.get("origin") == Origin.EXPERT and data.get("rater") is None:
            self.add_error("rater", _("Say whose answers are right."))
        return data

    def source(self) -> GoldSource:
        """What was chosen, once the form is valid."""
        data = self.cleaned_data
        origin = Origin(data["origin"])
        return GoldSource(
            round_id=data["round"].pk,
            origin=origin,
            rater_id=data["rater"].pk if origin == Origin.EXPERT else None,
            at_least=data["at_least"],
            with_notes=data["with_notes"],
        )

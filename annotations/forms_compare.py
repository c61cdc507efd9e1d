"""The form of a session in which responses are compared or ranked."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from annotations.actions.wanted import Wanted
from annotations.forms import AnnotatorsForm, NarrowingForm, PaceForm, RepeatsForm
from annotations.forms_sessions import SettingsForm
from annotations.grouping import ALL, LIST, NUMBER, Grouping, read_list
from annotations.models import Mode
from annotations.options import MAX_COVERAGE, MAX_MINUTES, SessionOptions
from annotations.queries.choices import published_versions
from annotations.selection import Selection
from rubricstudio.models import Project, RubricVersion

_LONGEST_LIST = 5_000_000
_SHORT = {"class": "input-short"}
HOW = [
    (ALL, _("every pair of a task's responses, or a ranking of all of them (8 at most)")),
    (NUMBER, _("so many pairs of each task, or so many responses to rank")),
    (LIST, _("those listed here")),
]


class ComparisonSettingsForm(RepeatsForm, SettingsForm):
    """What may still be set in a comparison that has not started."""


class ComparisonForm(RepeatsForm, PaceForm, NarrowingForm, AnnotatorsForm):
    """A new session of pairs or rankings."""

    name = forms.CharField(label=_("Name"), max_length=200)
    mode = forms.ChoiceField(
        label=_("What people do"),
        choices=[
            (Mode.PAIRWISE.value, _("Compare two responses")),
            (Mode.RANKING.value, _("Rank several responses")),
        ],
        initial=Mode.PAIRWISE.value,
        widget=forms.RadioSelect,
    )
    version = forms.ModelChoiceField(
        label=_("Rubric version"),
        queryset=RubricVersion.objects.none(),
        empty_label=None,
        help_text=_("Its criteria are what responses are compared on, or what rankers look at."),
    )
    by_criterion = forms.BooleanField(
        label=_("Compare pairs on each criterion too"), initial=True, required=False
    )
    how = forms.ChoiceField(
        label=_("What is compared"), choices=HOW, initial=ALL, widget=forms.RadioSelect
    )
    number = forms.IntegerField(
        label=_("How many"),
        required=False,
        min_value=1,
        max_value=1000,
        widget=forms.NumberInput(attrs=_SHORT),
        help_text=_("Pairs are drawn so that any two sources meet equally often."),
    )
    listed = forms.CharField(
        label=_("List"),
        required=False,
        max_length=_LONGEST_LIST,
        widget=forms.Textarea(attrs={"rows": 4, "dir": "auto"}),
        help_text=_("Response ids, a pair or a set a line, separated by commas or tabs."),
    )
    tasks = forms.CharField(
        label=_("Only these tasks"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Task ids, one a line."),
    )
    sample = forms.IntegerField(
        label=_("Of these pairs or rankings, a random sample of"),
        required=False,
        min_value=1,
        max_value=10**9,
        widget=forms.NumberInput(attrs=_SHORT),
        help_text=_("Leave it empty to take them all."),
    )
    seed = forms.IntegerField(
        label=_("Seed"),
        initial=1,
        required=False,
        min_value=0,
        max_value=2**31 - 1,
        widget=forms.NumberInput(attrs=_SHORT),
        help_text=_("The same seed draws the same pairs in the same order."),
    )
    coverage = forms.IntegerField(
        label=_("People per pair or ranking"),
        initial=2,
        min_value=1,
        max_value=MAX_COVERAGE,
        widget=forms.NumberInput(attrs=_SHORT),
        help_text=_("An even number shows each pair as often in one order as in the other."),
    )
    reservation_minutes = forms.IntegerField(
        label=_("Minutes an item stays reserved"),
        initial=60,
        min_value=1,
        max_value=MAX_MINUTES,
        widget=forms.NumberInput(attrs=_SHORT),
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
        max_length=100_000,
        widget=forms.Textarea(attrs={"rows": 5, "dir": "auto"}),
        help_text=_("Markdown. Annotators open them with the key g."),
    )

    def __init__(self, *args: Any, project: Project, **kwargs: Any) -> None:
        super().__init__(*args, project=project, **kwargs)
        version = self.fields["version"]
        assert isinstance(version, forms.ModelChoiceField)
        version.queryset = published_versions(project)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if data.get("how") == NUMBER and "number" not in self.errors and not data["number"]:
            self.add_error("number", _now("Say how many."))
        return data

    def wanted(self) -> Wanted:
        """What the form asks for, once it is valid."""
        data = self.cleaned_data
        return Wanted(
            name=data["name"],
            annotators=list(data["annotators"]),
            options=self.options(),
            version=data["version"],
            selection=self.selection(),
            grouping=self.grouping(),
        )

    def grouping(self) -> Grouping:
        """What is brought together, once the form is valid."""
        data = self.cleaned_data
        return Grouping(
            mode=Mode(data["mode"]),
            how=data["how"],
            number=data["number"] if data["how"] == NUMBER else None,
            listed=read_list(data["listed"]) if data["how"] == LIST else (),
            by_criterion=data["by_criterion"],
        )

    def selection(self) -> Selection:
        """The choice of responses, once the form is valid."""
        data = self.cleaned_data
        lines = (line.strip() for line in data["tasks"].splitlines())
        return Selection(
            sources=tuple(data["sources"]),
            tags=tuple(data["tags"]),
            tasks=tuple(dict.fromkeys(line for line in lines if line)),
            sample=data["sample"],
            seed=data["seed"] or 0,
        )

    def options(self) -> SessionOptions:
        """The settings, once the form is valid."""
        names = (
            *("coverage", "reservation_minutes", "hide_source", "instructions"),
            *("repeat_share", "warns_of_pace"),
        )
        return cast(SessionOptions, {name: self.cleaned_data[name] for name in names})

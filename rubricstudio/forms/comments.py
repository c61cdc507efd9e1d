"""Forms of comments, and of where in a list of them to go on."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from rubricstudio.forms.visible import validate_visible

LONGEST = 10_000


class CommentForm(forms.Form):
    """What is said; `key` names a criterion, empty for the whole rubric."""

    key = forms.CharField(max_length=100, required=False)
    text = forms.CharField(
        label=_("Comment"),
        max_length=LONGEST,
        validators=[validate_visible],
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class StateForm(forms.Form):
    """Whether a thread is resolved or opened again."""

    do = forms.ChoiceField(choices=[("resolve", ""), ("reopen", "")])


class ThreadsForm(forms.Form):
    """Which threads to show. `key` counts only where it was given: "" is the whole rubric."""

    key = forms.CharField(max_length=100, required=False)
    state = forms.ChoiceField(
        choices=[("open", _("open")), ("resolved", _("resolved")), ("all", _("all"))],
        required=False,
    )
    before = forms.IntegerField(min_value=0, max_value=2**63 - 1, required=False)


class NumberForm(forms.Form):
    """Which version's rows are marked, by number."""

    number = forms.IntegerField(min_value=0, max_value=2**31 - 1, required=False)


class PeopleForm(forms.Form):
    """The beginning of a name."""

    q = forms.CharField(max_length=100, required=False)

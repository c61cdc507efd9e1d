"""Forms that move rows of a rubric, split one, and paste many."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from rubricstudio.forms.criteria import LONGEST_TEXT


class PlaceForm(forms.Form):
    """Where a criterion is moved: the key of a group, or empty for the top level."""

    parent = forms.CharField(required=False, max_length=100)


class DropForm(forms.Form):
    """Where a row was dropped: its id, the key of its group, and the sibling behind it."""

    moved = forms.IntegerField(min_value=0, max_value=2**63 - 1)
    into = forms.CharField(required=False, max_length=100)
    before = forms.IntegerField(required=False, min_value=0, max_value=2**63 - 1)


class SplitForm(forms.Form):
    """One text as two: the second begins at `at`, or both are given."""

    row_version = forms.IntegerField(min_value=0, max_value=2**31 - 1)
    first = forms.CharField(
        label=_("First criterion"),
        max_length=LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": 2, "dir": "auto"}),
    )
    second = forms.CharField(
        label=_("Second criterion"),
        max_length=LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": 2, "dir": "auto"}),
    )
    weighing = forms.ChoiceField(
        label=_("Weight"),
        choices=[("divide", _("half for each")), ("keep", _("the whole for each"))],
        initial="divide",
    )


class PasteForm(forms.Form):
    """A pasted list or table."""

    pasted = forms.CharField(
        label=_("List or table"),
        max_length=400_000,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 10, "dir": "auto"}),
        help_text=_(
            "One criterion a line; what is indented below a line makes it a group. A table with a"
            " header may have the columns text, weight, tier, group, description, polarity, tags."
        ),
    )

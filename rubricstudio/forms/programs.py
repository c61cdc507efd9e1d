"""Programs as forms take them: checked when a criterion is saved, and tried on a text."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from rubricstudio.domain.programs import ProgramError
from rubricstudio.domain.rubric import Scale
from rubricstudio.program_tools import check_program

MOST_SHOWN = 5


def clean_program(text: str, scale: Scale) -> str:
    """The program as it is stored. Raises ValidationError with each error and its place."""
    program = text.strip()
    errors = check_program(program, scale) if program else []
    if errors:
        raise forms.ValidationError([error_words(error, program) for error in errors[:MOST_SHOWN]])
    return program


def error_words(error: ProgramError, program: str) -> str:
    """An error with the line and column it stands at."""
    line, column = error.place(program)
    return _t("Line %(line)s, column %(column)s: %(problem)s.") % {
        "line": line,
        "column": column,
        "problem": error.message,
    }


class TryForm(forms.Form):
    """A program, and the text to try it on: one typed here, or a response of the project."""

    program = forms.CharField(
        label=_("Program"),
        required=False,
        strip=False,
        widget=forms.Textarea(
            attrs={"rows": 4, "class": "code", "spellcheck": "false", "dir": "ltr"}
        ),
    )
    text = forms.CharField(
        label=_("Text"),
        required=False,
        strip=False,
        max_length=1_000_000,
        widget=forms.Textarea(attrs={"rows": 8, "dir": "auto"}),
    )
    response = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1)
    q = forms.CharField(required=False, max_length=300)
    after = forms.CharField(required=False, max_length=300, strip=False)

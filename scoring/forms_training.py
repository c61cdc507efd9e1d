"""The form that starts a training."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from rubricstudio.models import Project, Round
from scoring.forms import JudgeForm
from scoring.queries.trainings import sessions_to_learn_from


class TrainingForm(JudgeForm):
    """A judge to be trained: its name, sessions to learn from, and the local model that is read."""

    sessions = forms.TypedMultipleChoiceField(
        label=_("Sessions to learn from"),
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("It learns from the people's majority, adjudicated where it was."),
    )

    def __init__(self, *args: Any, project: Project, **kwargs: Any) -> None:
        super().__init__(*args, kind="local", **kwargs)
        self.rounds = sessions_to_learn_from(project)
        field = self.fields["sessions"]
        assert isinstance(field, forms.TypedMultipleChoiceField)
        field.choices = [(row.pk, _label(row)) for row in self.rounds]
        field.initial = [row.pk for row in self.rounds]

    def chosen(self) -> list[Round]:
        """The chosen sessions, once the form is valid."""
        wanted = set(self.cleaned_data["sessions"])
        return [row for row in self.rounds if row.pk in wanted]


def _label(row: Round) -> str:
    return f"{row.name} ({row.version})" if row.version else row.name

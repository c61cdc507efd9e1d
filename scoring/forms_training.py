"""The form that starts a training."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from rubricstudio.models import Project, Round
from scoring.forms import JudgeForm, given_parameters, parameter_fields
from scoring.judges.config import parameters_of
from scoring.learned.lora import LoraSettings
from scoring.models import Method
from scoring.queries.trainings import sessions_to_learn_from

LORA = parameters_of(LoraSettings)


class TrainingForm(JudgeForm):
    """A judge to be trained: its name, sessions to learn from, the local model, and how."""

    sessions = forms.TypedMultipleChoiceField(
        label=_("Sessions to learn from"),
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("It learns from the people's majority, adjudicated where it was."),
    )

    method = forms.ChoiceField(
        label=_("How it learns"),
        choices=Method.choices,
        initial=Method.PROBE,
        help_text=_(
            "A probe takes minutes on any machine. An adapter changes what the model answers; it"
            " needs a GPU: on a processor it takes hours even with the smallest model."
        ),
    )

    def __init__(self, *args: Any, project: Project, **kwargs: Any) -> None:
        super().__init__(*args, kind="local", **kwargs)
        self.fields.update(parameter_fields(LORA, "lora"))
        self.rounds = sessions_to_learn_from(project)
        field = self.fields["sessions"]
        assert isinstance(field, forms.TypedMultipleChoiceField)
        field.choices = [(row.pk, _label(row)) for row in self.rounds]
        field.initial = [row.pk for row in self.rounds]

    @property
    def lora_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in parameter_fields(LORA, "lora")]

    @property
    def lora_is_open(self) -> bool:
        """Whether an adapter is asked for, or one of its settings is wrong."""
        wrong = {field.name for field in self.lora_fields} & set(self.errors)
        return self["method"].value() == Method.LORA or bool(wrong)

    def settings(self) -> dict[str, object]:
        """Those of the method that differ from the defaults, once the form is valid."""
        if self.cleaned_data["method"] != Method.LORA:
            return {}
        return given_parameters(LORA, self.cleaned_data, "lora")

    def chosen(self) -> list[Round]:
        """The chosen sessions, once the form is valid."""
        wanted = set(self.cleaned_data["sessions"])
        return [row for row in self.rounds if row.pk in wanted]


def _label(row: Round) -> str:
    return f"{row.name} ({row.version})" if row.version else row.name

"""Forms of judges and runs: they turn what is sent into plain values."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from annotations.forms import NarrowingForm
from annotations.queries.choices import published_versions
from rubricstudio.models import Project, Round, RubricVersion
from scoring.forms_budget import BudgetForm
from scoring.judges import InvalidJudgeConfig, Parameter, parameters
from scoring.models import Judge
from scoring.params import LARGEST, UnreadableValue, read_json
from scoring.queries.pair_plans import PairPlan, Pairs, plan_for
from scoring.queries.plans import Narrowing, RunPlan, runnable_judges, sessions_of
from scoring.wording import kind_label, parameter_help

# The first parameters of a kind stand open, the others behind "More settings".
OPEN_PARAMETERS = 4
MAX_SAMPLES = 32
PREFIX = "param"
_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]*\Z")


class JsonField(forms.CharField):
    """A JSON value; empty is None. What is wrong is said with line and column."""

    widget = forms.Textarea(attrs={"rows": 4, "class": "mono", "spellcheck": "false"})

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        if text in self.empty_values:
            return None
        try:
            return read_json(str(text))
        except UnreadableValue as error:
            raise forms.ValidationError(str(error)) from error


class JudgeForm(forms.Form):
    """A new judge of one kind; its fields follow from the kind's declared parameters."""

    opened = OPEN_PARAMETERS

    name = forms.CharField(
        label=_("Name"),
        max_length=200,
        help_text=_("What tables call it; say the model and what is special about it."),
    )

    def __init__(self, *args: Any, kind: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.declared = parameters(kind)
        self.fields.update(parameter_fields(self.declared))

    @property
    def open_fields(self) -> list[forms.BoundField]:
        return [self[_field_name(each)] for each in self.declared[: self.opened]]

    @property
    def more_fields(self) -> list[forms.BoundField]:
        return [self[_field_name(each)] for each in self.declared[self.opened :]]

    @property
    def more_is_open(self) -> bool:
        """Whether one of the further fields was changed or is wrong."""
        names = {field.name for field in self.more_fields}
        return self.is_bound and bool(names & (set(self.changed_data) | set(self.errors)))

    def clean(self) -> None:
        for parameter in self.declared:
            value = self.cleaned_data.get(_field_name(parameter))
            if parameter.name.endswith("_env") and value and not _VARIABLE.match(str(value)):
                self._refuse_key(_field_name(parameter))

    def _refuse_key(self, field: str) -> None:
        """Somebody may have pasted the key itself: it must not come back on the page."""
        self.data = {**self.data, self.add_prefix(field): ""}
        message = _("Give the name of a variable, such as OPENAI_API_KEY, never the key itself.")
        self.add_error(field, message)

    def params(self) -> dict[str, object]:
        """What differs from the defaults, once the form is valid."""
        return given_parameters(self.declared, self.cleaned_data)

    def add_refusal(self, error: InvalidJudgeConfig) -> None:
        """Show what the judge says of its configuration, at the parameter it names."""
        words = str(error)
        named = next((p for p in self.declared if f"'{p.name}'" in words), None)
        self.add_error(_field_name(named) if named else None, words)


def parameter_fields(declared: Sequence[Parameter], prefix: str = PREFIX) -> dict[str, forms.Field]:
    """A form field for each parameter, by the field's name."""
    return {_field_name(each, prefix): _field(each) for each in declared}


def given_parameters(
    declared: Sequence[Parameter], cleaned: Mapping[str, Any], prefix: str = PREFIX
) -> dict[str, object]:
    """What differs from the defaults in a valid form's data."""
    given = ((each, _given(each, cleaned[_field_name(each, prefix)])) for each in declared)
    return {each.name: value for each, value in given if each.required or value != each.default}


def _field_name(parameter: Parameter, prefix: str = PREFIX) -> str:
    return f"{prefix}-{parameter.name}"


def _given(parameter: Parameter, value: object) -> object:
    """An empty field stands for null where that is allowed, else for the default."""
    if value is None or value == "":
        return None if parameter.optional else parameter.default
    return value


def _field(parameter: Parameter) -> forms.Field:
    """The form field of a parameter: its default filled in, its bounds and choices checked."""
    common: dict[str, Any] = {
        "label": parameter.name,
        "help_text": parameter_help(parameter),
        "required": parameter.required,
        "initial": parameter.default,
    }
    if parameter.choices:
        blank = [("", _("not set"))] if parameter.optional else []
        choices = [*blank, *((each, each) for each in parameter.choices)]
        return forms.ChoiceField(choices=choices, **common)
    if parameter.kind in ("dict", "list"):
        shown = json.dumps(parameter.default, ensure_ascii=False) if parameter.default else ""
        return JsonField(**{**common, "initial": shown})
    if parameter.kind == "bool":
        return forms.BooleanField(**{**common, "required": False})
    if parameter.kind == "str":
        return forms.CharField(max_length=2000, **common)
    low = -LARGEST if parameter.low is None else parameter.low
    high = LARGEST if parameter.high is None else parameter.high
    if parameter.kind == "int":
        return forms.IntegerField(min_value=int(low), max_value=int(high), **common)
    return forms.FloatField(min_value=low, max_value=high, **common)


class _JudgeChoice(forms.ModelChoiceField):  # type: ignore[type-arg]  # not generic at run time
    def label_from_instance(self, obj: Any) -> str:
        model = f", {obj.model}" if obj.model else ""
        return f"{obj} ({kind_label(obj.kind)}{model})"


class RunForm(BudgetForm, NarrowingForm):
    """A new run; `plan()` is what it would judge."""

    judge = _JudgeChoice(label=_("Judge"), queryset=Judge.objects.none(), empty_label=None)
    version = forms.ModelChoiceField(
        label=_("Rubric version"),
        queryset=RubricVersion.objects.none(),
        empty_label=None,
        help_text=_("Only published versions: what is judged must not change under a run."),
    )
    session = forms.ModelChoiceField(
        label=_("Only those of a session"),
        queryset=Round.objects.none(),
        required=False,
        empty_label=_("all responses"),
        help_text=_("To compare the judge with the people of that session."),
    )
    pairs = forms.ChoiceField(
        label=_("Which pairs"),
        required=False,
        choices=[
            (Pairs.COMPARED, _("those that people compare, or compared")),
            (Pairs.ALL, _("every two responses of a task")),
        ],
        help_text=_("For a judge that compares two responses; others take single responses."),
    )
    first = forms.IntegerField(
        label=_("Of these, only the first"),
        required=False,
        min_value=1,
        max_value=10_000_000,
        help_text=_("In the order in which they were imported. A few are enough for a trial."),
    )
    samples = forms.IntegerField(
        label=_("Samples"),
        initial=1,
        min_value=1,
        max_value=MAX_SAMPLES,
        help_text=_("How often each question is asked. More than one shows how steady it is."),
    )
    name = forms.CharField(
        label=_("Name"),
        max_length=200,
        required=False,
        help_text=_("Left empty, the run is named after the judge and the version."),
    )
    field_order = [
        *("judge", "version", "session", "pairs", "sources", "tags", "first", "samples"),
        *("budget", "budget_tokens", "name"),
    ]

    def __init__(self, *args: Any, project: Project, **kwargs: Any) -> None:
        super().__init__(*args, project=project, **kwargs)
        for name, rows in (
            ("judge", runnable_judges(project)),
            ("version", published_versions(project)),
            ("session", sessions_of(project)),
        ):
            field = self.fields[name]
            assert isinstance(field, forms.ModelChoiceField)
            field.queryset = rows
        self.some_compare = any(judge.compares for judge in runnable_judges(project))

    @staticmethod
    def defaults(project: Project, *, pairs: bool) -> dict[str, str]:
        """What a form begins with: the newest judge, for `pairs` one that compares, and version."""
        fit = [judge for judge in runnable_judges(project) if judge.compares or not pairs]
        judge, version = next(iter(fit), None), published_versions(project).first()
        return {
            "judge": str(judge.pk) if judge else "",
            "version": str(version.pk) if version else "",
            "samples": "1",
        }

    @property
    def can_start(self) -> bool:
        """Whether there is a judge and a version to choose."""
        fields = (self.fields["judge"], self.fields["version"])
        return all(
            isinstance(each, forms.ModelChoiceField) and bool(each.queryset) for each in fields
        )

    def plan(self) -> RunPlan | PairPlan | None:
        """What the run would judge; None where a choice is wrong."""
        if not self.is_valid():
            return None
        data = self.cleaned_data
        return plan_for(
            data["judge"],
            data["version"],
            self.narrowing(),
            which=Pairs(data["pairs"] or Pairs.COMPARED),
            samples=data["samples"],
        )

    def narrowing(self) -> Narrowing:
        """Which responses, once the form is valid."""
        data = self.cleaned_data
        return Narrowing(
            session=data["session"],
            sources=tuple(data["sources"]),
            tags=tuple(data["tags"]),
            first=data["first"],
        )

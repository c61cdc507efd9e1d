"""Forms of judges made of judges: their members are chosen among the project's judges."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from rubricstudio.models import Project
from scoring.forms import JudgeForm
from scoring.judges.cascade import CascadeJudge
from scoring.judges.members import PLAIN, PLAIN_OR_PANEL
from scoring.judges.panel import FEWEST, MOST
from scoring.models import Judge
from scoring.queries.copying import copy_of
from scoring.queries.plans import runnable_judges
from scoring.wording import kind_label

MEMBERS = "param-members"
HEAVIEST = 1000


@dataclass(frozen=True, slots=True)
class MemberRow:
    """A judge that may be chosen, with the field of its weight."""

    judge: Judge
    chosen: bool
    weight: forms.BoundField


class PanelForm(JudgeForm):
    """A new panel: which judges, with which weight, by which rule."""

    def __init__(self, *args: Any, kind: str, project: Project, **kwargs: Any) -> None:
        super().__init__(*args, kind=kind, **kwargs)
        self.choices = _judges(project, PLAIN)
        self.fields[MEMBERS] = forms.MultipleChoiceField(
            label=_("Members"),
            choices=[(pk, str(judge)) for pk, judge in self.choices.items()],
            help_text=_("Each is copied into the panel as it is now."),
        )
        ties = self.fields["param-ties"]
        assert isinstance(ties, forms.ChoiceField)
        ties.choices = [("no_verdict", _("no verdict")), ("worse", _("the worse value"))]
        for pk, judge in self.choices.items():
            self.fields[f"weight-{pk}"] = forms.FloatField(
                label=_("Weight of %(judge)s") % {"judge": judge},
                initial=1,
                min_value=0.001,
                max_value=HEAVIEST,
                required=False,
            )

    @property
    def members_field(self) -> forms.BoundField:
        return self[MEMBERS]

    @property
    def rows(self) -> list[MemberRow]:
        chosen = {str(pk) for pk in self[MEMBERS].value() or []}
        return [
            MemberRow(judge, pk in chosen, self[f"weight-{pk}"])
            for pk, judge in self.choices.items()
        ]

    @property
    def open_fields(self) -> list[forms.BoundField]:
        return [field for field in super().open_fields if field.name != MEMBERS]

    def clean(self) -> None:
        super().clean()
        chosen = self.cleaned_data.get(MEMBERS)
        if chosen and not FEWEST <= len(chosen) <= MOST:
            words = _("Choose from %(fewest)d to %(most)d judges.")
            self.add_error(MEMBERS, words % {"fewest": FEWEST, "most": MOST})

    def params(self) -> dict[str, object]:
        members = [self._member(pk) for pk in self.cleaned_data[MEMBERS]]
        return super().params() | {"members": members}

    def _member(self, pk: str) -> dict[str, object]:
        weight = self.cleaned_data[f"weight-{pk}"]
        alike = weight is None or weight == 1
        return copy_of(self.choices[pk]) | ({} if alike else {"weight": weight})


class CascadeForm(JudgeForm):
    """A new cascade: a judge for everything, one for where that is uncertain."""

    opened = 5

    def __init__(self, *args: Any, kind: str, project: Project, **kwargs: Any) -> None:
        super().__init__(*args, kind=kind, **kwargs)
        self.choices = _judges(project, PLAIN_OR_PANEL)
        named = [(pk, f"{judge} ({kind_label(judge.kind)})") for pk, judge in self.choices.items()]
        for part, label, about in (
            ("first", _("First judge"), _("Asked of everything; it is copied as it is now.")),
            ("second", _("Second judge"), _("Asked where the first is uncertain; copied too.")),
        ):
            self.fields[f"param-{part}"] = forms.ChoiceField(
                label=label, help_text=about, choices=[("", _("choose a judge")), *named]
            )

    def params(self) -> dict[str, object]:
        parts = {
            part: copy_of(self.choices[self.cleaned_data[f"param-{part}"]])
            for part in CascadeJudge.PARTS
        }
        return super().params() | parts


def judge_form(kind: str, project: Project, data: Any) -> JudgeForm:
    """The form of a kind of judge."""
    if kind == "panel":
        return PanelForm(data, kind=kind, project=project)
    if kind == "cascade":
        return CascadeForm(data, kind=kind, project=project)
    return JudgeForm(data, kind=kind)


def _judges(project: Project, kinds: tuple[str, ...]) -> dict[str, Judge]:
    """The judges to choose from, newest first, by their ids as forms send them."""
    judges = runnable_judges(project).filter(kind__in=kinds)
    return {str(each.pk): each for each in judges if not each.compares}

"""The form of a session: every setting, with defaults under which name and people are enough."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from annotations.actions.overall import SCALES
from annotations.actions.wanted import Wanted
from annotations.forms import AnnotatorsForm, NarrowingForm, PaceForm, RepeatsForm
from annotations.id_list import IdList, read_ids, wrong_lines
from annotations.models import CommentRule, Mode, Order, Session, SkippedTo, Stage, Strategy
from annotations.options import (
    FIXED,
    MAX_COVERAGE,
    MAX_MINUTES,
    NAMES,
    SessionOptions,
    options_of,
    why_fixed,
)
from annotations.queries.choices import published_versions
from annotations.selection import BY_SOURCE, BY_TAG, Selection
from rubricstudio.models import Project, Round, RubricVersion
from rubricstudio.queries.rounds import finished_runs

# How many responses: a radio button each. Those with a colon draw from strata.
ALL, SAMPLE = "all", "sample"
AMOUNTS = [
    (ALL, _("all of them")),
    (SAMPLE, _("a random sample")),
    (f"each:{BY_SOURCE}", _("so many of each source")),
    (f"each:{BY_TAG}", _("so many of each tag")),
    (f"share:{BY_SOURCE}", _("a sample in proportion to the sources")),
    (f"share:{BY_TAG}", _("a sample in proportion to the tags")),
]
MODES = [
    (Mode.CRITERIA.value, _("Each criterion of a rubric")),
    (Mode.OVERALL.value, _("The whole response, on one scale")),
]
_SCALE_NAMES = [
    ("1-5", _("1 to 5")),
    ("1-7", _("1 to 7")),
    ("1-10", _("1 to 10")),
    ("yes-no", _("yes or no")),
]
assert {name for name, _label in _SCALE_NAMES} == set(SCALES)
_LONGEST_LIST = 5_000_000


class _Runs(forms.ModelChoiceField):  # type: ignore[type-arg]  # not generic at run time
    def label_from_instance(self, obj: Any) -> str:
        return str(obj.name)


def _count(
    label: Any, help_text: Any = "", *, most: int = 10**9, **more: Any
) -> forms.IntegerField:
    more = {"required": False, "min_value": 1} | more
    return forms.IntegerField(
        label=label,
        help_text=help_text,
        max_value=most,
        widget=forms.NumberInput(attrs={"class": "input-short"}),
        **more,
    )


def _share(label: Any, help_text: Any = "", **more: Any) -> forms.FloatField:
    return forms.FloatField(
        label=label,
        help_text=help_text,
        required=False,
        min_value=0,
        max_value=1,
        widget=forms.NumberInput(attrs={"class": "input-short", "step": "any"}),
        **more,
    )


def _choice(label: Any, choices: Any, help_text: Any = "") -> forms.ChoiceField:
    return forms.ChoiceField(label=label, choices=choices, help_text=help_text)


def _flag(label: Any, help_text: Any = "", **more: Any) -> forms.BooleanField:
    return forms.BooleanField(label=label, help_text=help_text, required=False, **more)


class SettingsForm(PaceForm, AnnotatorsForm):
    """What may still be set while a session runs."""

    name = forms.CharField(label=_("Name"), max_length=200)
    coverage = _count(
        _("People per response"),
        _("This many different people judge each response, no more and no fewer."),
        most=MAX_COVERAGE,
        required=True,
        initial=3,
    )
    max_coverage = _count(_("At most so many people"), most=MAX_COVERAGE)
    extra_below = _share(
        _("More people where they agree less than"),
        _("The share of pairs that agree on an item, 0 to 1. Empty: nobody is added."),
    )
    limit = _count(_("Items a person"), _("Nobody gets more than this. Empty: no limit."))
    target = _count(
        _("Submissions wanted"),
        _("When so many are submitted or begun, nothing more is handed out."),
    )
    deadline = forms.DateTimeField(
        label=_("Deadline"),
        required=False,
        widget=forms.DateTimeInput(
            attrs={"type": "datetime-local", "class": "input-mid"}, format="%Y-%m-%dT%H:%M"
        ),
        help_text=_("After it nothing new is handed out; what is open can be finished."),
    )
    reservation_minutes = _count(
        _("Minutes an item stays reserved"),
        _("Counted from a person's last change; after that others may take it."),
        most=MAX_MINUTES,
        required=True,
        initial=60,
    )
    qualify_at = _share(
        _("Share of gold answers to be matched before work"), _("Empty: nobody has to qualify.")
    )
    gold_share = _share(
        _("Share of hidden gold items"), _("Of the items of a person, 0 to 0.5."), initial=0
    )
    pause_after = _count(
        _("Pause people who match less over their last so many gold items"),
        _("Empty: nobody is paused."),
        most=10**4,
    )
    shows_feedback = _flag(
        _("Show people their gold results"),
        _("Those on hidden gold items once the session is completed, not before."),
    )
    instructions = forms.CharField(
        label=_("Guidelines"),
        required=False,
        max_length=100_000,
        widget=forms.Textarea(attrs={"rows": 6, "dir": "auto"}),
        help_text=_("Markdown. Annotators open them with the key g."),
    )

    def clean_gold_share(self) -> float:
        return float(self.cleaned_data["gold_share"] or 0)

    def options(self) -> SessionOptions:
        """The settings, once the form is valid."""
        data = {name: self.cleaned_data[name] for name in NAMES if name in self.fields}
        if "calibration" in self.fields:
            data["stage"] = Stage.VOTE if self.cleaned_data["calibration"] else Stage.NONE
        return cast(SessionOptions, data)

    def wanted(self) -> Wanted:
        """What the form asks for, once it is valid."""
        data = self.cleaned_data
        return Wanted(data["name"], list(data["annotators"]), self.options())


class SessionForm(RepeatsForm, NarrowingForm, SettingsForm):
    """A session that has not started."""

    mode = forms.ChoiceField(
        label=_("What people judge"),
        choices=MODES,
        initial=Mode.CRITERIA,
        widget=forms.RadioSelect,
    )
    version = forms.ModelChoiceField(
        label=_("Rubric version"),
        queryset=RubricVersion.objects.none(),
        empty_label=None,
        error_messages={"required": _("Choose a rubric version.")},
        help_text=_("Only published versions: what people judge must not change under them."),
    )
    scale = _choice(
        _("Scale"), _SCALE_NAMES, _("For the whole response. Its rubric is made by itself.")
    )
    tasks = forms.CharField(
        label=_("Only these tasks"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Task ids, one a line."),
    )
    responses = forms.CharField(
        label=_("Only these responses"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Response ids, one a line."),
    )
    list_file = forms.FileField(
        label=_("Response ids from a file"),
        required=False,
        help_text=_("Text or CSV, UTF-8: one id a line, in the first column."),
    )
    amount = forms.ChoiceField(
        label=_("Of these take"),
        choices=AMOUNTS,
        initial=ALL,
        widget=forms.RadioSelect,
    )
    number = _count(
        _("How many"),
        _("In all, or of each source or tag."),
        error_messages={"required": _("Say how many.")},
    )
    seed = forms.IntegerField(
        label=_("Seed"),
        initial=1,
        min_value=0,
        max_value=2**31 - 1,
        widget=forms.NumberInput(attrs={"class": "input-short"}),
        help_text=_("The same seed draws the same sample and the same order."),
    )
    extra_share = _share(
        _("Share of the items with more people"), _("0 to 1, drawn with the seed."), initial=0
    )
    extra_coverage = _count(
        _("People more for these"), most=MAX_COVERAGE - 1, min_value=0, initial=0
    )
    strategy = _choice(_("Who gets which item"), Strategy.choices)
    order = _choice(_("Order"), Order.choices)
    random_share = _share(
        _("Share kept at random in the order “most uncertain first”"),
        _("Without one, statistics would rest on the hardest items alone."),
        initial=0.2,
    )
    skipped_to = _choice(_("A skipped item goes to"), SkippedTo.choices)
    hide_source = _flag(
        _("Hide which source wrote a response"),
        _("Recommended: people judge a text differently once they know its author."),
        initial=True,
    )
    hide_raters = _flag(_("Hide what other people said"), initial=True)
    hide_judges = _flag(_("Hide what judges said"), initial=True)
    suggestions = _Runs(
        label=_("Suggestions"),
        queryset=Round.objects.none(),
        required=False,
        empty_label=_("none"),
        help_text=_(
            "A finished run over the same rubric version. Its verdicts stand beside the criteria,"
            " marked as the machine's; nothing is chosen for people. Not in a session that hides"
            " judges."
        ),
    )
    calibration = _flag(
        _("A calibration round"),
        _("Everybody votes blind on every item, discusses all votes, and votes again."),
    )
    comment_rules = forms.MultipleChoiceField(
        label=_("A comment is required"),
        choices=CommentRule.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(
        self, data: QueryDict | None = None, *args: Any, project: Project, **kwargs: Any
    ) -> None:
        super().__init__(_filled(data), *args, project=project, **kwargs)
        # What one choice makes pointless is not asked for.
        self.fields["version"].required = self["mode"].value() != Mode.OVERALL
        self.fields["number"].required = self["amount"].value() != ALL
        for name, rows in (
            ("version", published_versions(project)),
            ("suggestions", finished_runs(project)),
        ):
            cast("forms.ModelChoiceField[Any]", self.fields[name]).queryset = rows

    def clean_tasks(self) -> IdList:
        return self._known("tasks", self.cleaned_data["tasks"])

    def clean_responses(self) -> IdList:
        return self._known("responses", self.cleaned_data["responses"])

    def clean_list_file(self) -> IdList:
        sent = self.cleaned_data["list_file"]
        if sent is None:
            return IdList()
        if sent.size > _LONGEST_LIST:
            raise forms.ValidationError(_now("Choose a file under 5 MB."))
        try:
            text = sent.read().decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise forms.ValidationError(
                _now("The file is not UTF-8 text (byte %(n)d). Save it as UTF-8.")
                % {"n": error.start}
            ) from error
        return self._known("responses", text, columns=True)

    def _known(self, kind: str, text: str, *, columns: bool = False) -> IdList:
        ids = read_ids(text, columns=columns)
        if problems := wrong_lines(self.project, kind, ids):
            raise forms.ValidationError(problems)
        return ids

    def keep_file(self) -> None:
        """Put the ids of a file among the pasted ones: a page cannot hold a file for later."""
        ids = getattr(self, "cleaned_data", {}).get("list_file")
        if ids and ids.lines:
            data = cast(QueryDict, self.data).copy()
            data["responses"] = "\n".join([data.get("responses", "").strip(), *ids.names]).strip()
            self.data = data

    def wanted(self) -> Wanted:
        data = self.cleaned_data
        version = data["version"] if data["mode"] == Mode.CRITERIA else None
        return replace(
            super().wanted(), version=version, scale=data["scale"], selection=self.selection()
        )

    def selection(self) -> Selection:
        """The choice of responses, once the form is valid."""
        data = self.cleaned_data
        how, _colon, stratify = data["amount"].partition(":")
        return Selection(
            sources=tuple(data["sources"]),
            tags=tuple(data["tags"]),
            tasks=data["tasks"].names,
            responses=tuple(dict.fromkeys(data["responses"].names + data["list_file"].names)),
            sample=data["number"] if how in (SAMPLE, "share") else None,
            per_stratum=data["number"] if how == "each" else None,
            stratify=stratify,
            seed=data["seed"],
        )


_DEFAULTS: Mapping[str, str] = {
    "mode": Mode.CRITERIA.value,
    "amount": ALL,
    "seed": "1",
    "scale": "1-5",
    "strategy": Strategy.PULL.value,
    "order": Order.FIXED.value,
    "skipped_to": SkippedTo.OTHERS.value,
    "random_share": "0.2",
    **dict.fromkeys(("extra_share", "extra_coverage"), "0"),
}


def _filled(data: QueryDict | None) -> QueryDict | None:
    """What was sent, with the usual value where a field is not sent or emptied."""
    if data is None:
        return None
    filled = data.copy()
    for name, value in _DEFAULTS.items():
        if not filled.get(name, "").strip():
            filled[name] = value
    return filled


def initial_of(session: Session) -> dict[str, Any]:
    """What the form of a session begins with."""
    version, selection = session.round.version, Selection.from_json(session.selection)
    how = "each" if selection.per_stratum else "share" if selection.stratify else SAMPLE
    size = selection.per_stratum or selection.sample
    return {
        **options_of(session),
        **{"calibration": bool(session.stage), "name": session.round.name},
        "version": version,
        "scale": scale_of(version),
        "sources": list(selection.sources),
        "tags": list(selection.tags),
        "tasks": "\n".join(selection.tasks),
        "responses": "\n".join(selection.responses),
        "amount": ALL if size is None else f"{how}:{selection.stratify}".rstrip(":"),
        "number": size,
        "seed": selection.seed,
        "annotators": session.annotators.values_list("rater__user", flat=True),
    }


def scale_of(version: RubricVersion | None) -> str:
    """The name of the scale of an "Overall quality" version, the usual one for another."""
    leaves = version.as_rubric().leaves if version else ()
    levels = len(leaves[0].scale.levels) if len(leaves) == 1 else 5
    return next((name for name, top in SCALES.items() if top == levels), "1-5")


def settled(form: SettingsForm) -> list[tuple[str, str]]:
    """The settings that a form no longer offers, each with the reason."""
    labels = {name: field.label for name, field in SessionForm.base_fields.items()}
    labels["selection"] = _now("Responses")
    return [
        (str(labels[name]), why_fixed(name))
        for name in FIXED
        if name in labels.keys() - form.fields.keys()
    ]

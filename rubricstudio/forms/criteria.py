"""Forms of criteria: what a page sends, as domain values."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import zip_longest
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from rubricstudio.domain import rubric as domain
from rubricstudio.forms.programs import clean_program
from rubricstudio.forms.visible import validate_visible
from rubricstudio.models import Criterion
from rubricstudio.queries.sheet import plain_number

LARGEST = 1_000_000
LONGEST_TEXT = 20_000
LONGEST = 100_000
SPARE_LEVELS = 1
FEWEST_LEVELS = 3

TIERS = [
    ("", _("none")),
    (domain.Tier.MANDATORY.value, _("mandatory")),
    (domain.Tier.ESSENTIAL.value, _("essential")),
    (domain.Tier.IMPORTANT.value, _("important")),
    (domain.Tier.OPTIONAL.value, _("optional")),
    (domain.Tier.IDEAL.value, _("ideal")),
    (domain.Tier.PITFALL.value, _("pitfall")),
]
JUDGED_BY = [
    (domain.JudgedBy.ANYONE.value, _("anyone")),
    (domain.JudgedBy.PEOPLE.value, _("people")),
    (domain.JudgedBy.MODEL.value, _("a model")),
    (domain.JudgedBy.PROGRAM.value, _("a program")),
]
MET_MEANS = [
    (domain.MetMeans.GOOD.value, _("good")),
    (domain.MetMeans.BAD.value, _("bad")),
]
SCALES = [
    (domain.ScaleKind.BINARY.value, _("met or not met")),
    (domain.ScaleKind.ORDINAL.value, _("levels, each described")),
    (domain.ScaleKind.POINTS.value, _("points up to a maximum")),
]


NOT_OF_GROUPS = (
    *("scale_kind", "maximum", "tier", "gate", "judged_by", "evidence_required", "program"),
)


class QuickCriterionForm(forms.Form):
    """The fields of a row: text, weight, polarity and tier. A group has the first two."""

    text = forms.CharField(
        label=_("Text"),
        max_length=LONGEST_TEXT,
        validators=[validate_visible],
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": _("Write what the criterion says.")},
    )
    weight = forms.FloatField(
        label=_("Weight"),
        min_value=-LARGEST,
        max_value=LARGEST,
        error_messages={"required": _("Give a weight; 0 counts for nothing.")},
    )
    met_means = forms.ChoiceField(label=_("Met means"), choices=MET_MEANS)
    tier = forms.ChoiceField(label=_("Tier"), choices=TIERS, required=False)

    def __init__(self, *args: Any, is_group: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.is_group = is_group
        if is_group:
            for name in ("met_means", "tier"):
                del self.fields[name]

    def changes(self) -> dict[str, Any]:
        """The fields as `domain.Criterion` names them. Only on a valid form."""
        found = dict(self.cleaned_data)
        if "met_means" in found:
            found["met_means"] = domain.MetMeans(found["met_means"])
        tier = found.pop("tier", "")
        if "tier" in self.data:
            found["tier"] = domain.Tier(tier) if tier else None
        return found


def with_class(
    old: domain.Criterion, changes: dict[str, Any], classes: Mapping[str, float]
) -> dict[str, Any]:
    """The changes, with the weight of a tier that was chosen, unless a weight was typed too.

    A pitfall below 0 is bad when met, unless a polarity was chosen too; what is a pitfall
    no more is good again.
    """
    tier = changes.get("tier")
    if tier is None or tier == old.tier or changes["weight"] != old.weight or tier not in classes:
        return changes
    weight = float(classes[tier])
    means = changes["met_means"]
    if means == old.met_means and tier is domain.Tier.PITFALL and weight < 0:
        means = domain.MetMeans.BAD
    elif means == old.met_means and old.tier is domain.Tier.PITFALL and weight > 0:
        means = domain.MetMeans.GOOD
    return {**changes, "weight": weight, "met_means": means}


class NewCriterionForm(QuickCriterionForm):
    """A new row; only its text has to be given."""

    weight = forms.FloatField(
        label=_("Weight"), min_value=-LARGEST, max_value=LARGEST, required=False
    )
    met_means = forms.ChoiceField(label=_("Met means"), choices=MET_MEANS, required=False)

    def __init__(
        self, *args: Any, classes: Mapping[str, float] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.classes = classes or {}

    def changes(self) -> dict[str, Any]:
        found = self.cleaned_data
        weight = found.get("weight")
        tier = None if self.is_group else domain.Tier(found["tier"]) if found["tier"] else None
        means = found.get("met_means") or domain.MetMeans.GOOD
        changes = {
            "text": found["text"],
            "weight": 1.0 if weight is None else weight,
            "met_means": domain.MetMeans(means),
            "tier": tier,
        }
        if weight is None:
            changes = with_class(domain.Criterion("new", "new"), changes, self.classes)
        return {**changes, "is_group": self.is_group}


class CriterionForm(QuickCriterionForm):
    """Every field of a criterion, or of a group those it has."""

    description = forms.CharField(
        label=_("How to judge it"),
        max_length=LONGEST,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    scale_kind = forms.ChoiceField(label=_("Scale"), choices=SCALES)
    maximum = forms.FloatField(
        label=_("Maximum of points"), required=False, min_value=0, max_value=LARGEST
    )
    gate = forms.BooleanField(
        label=_("Gate"),
        required=False,
        help_text=_("A response that fails it is capped, whatever else it earns."),
    )
    judged_by = forms.ChoiceField(label=_("Judged by"), choices=JUDGED_BY)
    evidence_required = forms.BooleanField(
        label=_("Evidence"),
        required=False,
        help_text=_("A verdict has to cite the response."),
    )
    category = forms.CharField(label=_("Category"), required=False, max_length=200)
    program = forms.CharField(
        label=_("Program"),
        max_length=LONGEST,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, "class": "code", "spellcheck": "false"}),
        help_text=_("A check that needs no model, for a criterion that a program judges."),
    )
    references = forms.CharField(
        label=_("References"),
        max_length=LONGEST,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("What the criterion rests on, one a line: a guideline, a law, a paper."),
    )
    tags = forms.CharField(label=_("Tags"), required=False, help_text=_("Separated by commas."))
    field_order = ["text", "description", "weight", "met_means", "tier"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.is_group:
            for name in NOT_OF_GROUPS:
                self.fields.pop(name, None)

    @property
    def level_rows(self) -> list[dict[str, str]]:
        """The levels as typed or stored, and room for more."""
        stored = self.initial.get("levels", [])
        rows = self._typed_levels() if self.is_bound else list(stored)
        spare = max(SPARE_LEVELS, FEWEST_LEVELS - len(rows))
        return [*rows, *[{"value": "", "label": "", "description": ""}] * spare]

    def _typed_levels(self) -> list[dict[str, str]]:
        columns = [
            self.data.getlist(f"level_{name}") if isinstance(self.data, QueryDict) else []
            for name in ("value", "label", "description")
        ]
        rows = [
            {"value": value.strip(), "label": label.strip(), "description": text.strip()}
            for value, label, text in zip_longest(*columns, fillvalue="")
        ]
        return [row for row in rows if any(row.values())]

    @property
    def example_rows(self) -> list[dict[str, str]]:
        """The examples as typed or stored, and room for one more."""
        rows = self._typed_examples() if self.is_bound else self.initial.get("examples", [])
        return [*rows, {"text": "", "met": "met", "note": ""}]

    def _typed_examples(self) -> list[dict[str, str]]:
        names = ("text", "met", "note")
        data = self.data
        columns = [
            data.getlist(f"example_{n}") if isinstance(data, QueryDict) else [] for n in names
        ]
        rows = (
            dict(zip(names, (part.strip() for part in parts), strict=True))
            for parts in zip_longest(*columns, fillvalue="")
        )
        return [row for row in rows if row["text"] or row["note"]]

    def _examples(self) -> tuple[domain.Example, ...]:
        rows = self._typed_examples()
        if any(not row["text"] for row in rows):
            raise forms.ValidationError(_t("Write the passage that an example is about."))
        text = forms.CharField(required=False)
        return tuple(
            domain.Example(
                text.clean(row["text"]), row["met"] != "not_met", text.clean(row["note"])
            )
            for row in rows
        )

    def clean_references(self) -> tuple[str, ...]:
        lines = (line.strip() for line in str(self.cleaned_data["references"]).splitlines())
        return tuple(dict.fromkeys(line for line in lines if line))

    def clean_tags(self) -> tuple[str, ...]:
        tags = [tag.strip() for tag in str(self.cleaned_data["tags"]).split(",")]
        if any(len(tag) > 200 for tag in tags):
            raise forms.ValidationError(_t("A tag has at most 200 characters."))
        return tuple(dict.fromkeys(tag for tag in tags if tag))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not self.is_group and not self.errors:
            cleaned["scale"] = self._scale(cleaned)
            cleaned["examples"] = self._examples()
            self._check_program(cleaned)
        return cleaned

    def _check_program(self, cleaned: dict[str, Any]) -> None:
        try:
            cleaned["program"] = clean_program(cleaned["program"], cleaned["scale"])
        except forms.ValidationError as error:
            self.add_error("program", error)

    def _scale(self, cleaned: Mapping[str, Any]) -> domain.Scale:
        kind = domain.ScaleKind(cleaned["scale_kind"])
        if kind is domain.ScaleKind.BINARY:
            return domain.BINARY
        if kind is domain.ScaleKind.POINTS:
            if not cleaned.get("maximum"):
                raise forms.ValidationError({"maximum": _t("Give a maximum above 0.")})
            return domain.Scale(kind, maximum=cleaned["maximum"])
        levels = tuple(
            self._level(number, row) for number, row in enumerate(self._typed_levels(), start=1)
        )
        values = [level.value for level in levels]
        if len(levels) < 2:
            raise forms.ValidationError(_t("A scale of levels needs at least two of them."))
        if values != sorted(set(values)):
            raise forms.ValidationError(
                _t("Write the levels worst first: each value has to be above the one before it.")
            )
        return domain.Scale(kind, levels)

    def _level(self, number: int, row: Mapping[str, str]) -> domain.Level:
        try:
            value = float(row["value"]) if row["value"] else float(number)
            label = forms.CharField(max_length=200).clean(row["label"])
            text = forms.CharField(required=False).clean(row["description"])
        except ValueError:
            value = math.nan
        except forms.ValidationError as error:
            raise forms.ValidationError(
                _t("Level %(number)s: %(problem)s")
                % {
                    "number": number,
                    "problem": _t("give it a name.")
                    if not row["label"]
                    else " ".join(error.messages),
                }
            ) from error
        if not abs(value) <= LARGEST:
            raise forms.ValidationError(
                _t("Level %(number)s: the value has to be a number.") % {"number": number}
            )
        return domain.Level(value, label, text)

    def changes(self) -> dict[str, Any]:
        names = ["text", "description", "weight", "category", "tags", "references"]
        if not self.is_group:
            names += ["scale", "gate", "evidence_required", "program", "examples"]
        found = {name: self.cleaned_data[name] for name in names}
        if not self.is_group:
            tier = self.cleaned_data["tier"]
            found |= {
                "met_means": domain.MetMeans(self.cleaned_data["met_means"]),
                "tier": domain.Tier(tier) if tier else None,
                "judged_by": domain.JudgedBy(self.cleaned_data["judged_by"]),
            }
        return found


def criterion_initial(criterion: Criterion) -> dict[str, Any]:
    """What the full form shows of a stored criterion."""
    return {
        "text": criterion.text,
        "description": criterion.description,
        "weight": plain_number(criterion.weight),
        "met_means": criterion.met_means,
        "scale_kind": criterion.scale_kind,
        "maximum": plain_number(criterion.maximum) if criterion.scale_kind == "points" else "",
        "levels": [
            {
                "value": plain_number(float(level["value"])),
                "label": level["label"],
                "description": level.get("description", ""),
            }
            for level in criterion.levels
        ],
        "tier": criterion.tier,
        "gate": criterion.gate,
        "judged_by": criterion.judged_by,
        "evidence_required": criterion.evidence_required,
        "category": criterion.category,
        "tags": ", ".join(criterion.tags),
        "program": criterion.program,
        "references": "\n".join(criterion.references),
        "examples": [
            {**example, "met": "met" if example["met"] else "not_met"}
            for example in criterion.examples
        ],
    }


class SaveForm(forms.Form):
    """From which state of the row an edit starts, and which conflict it has settled."""

    row_version = forms.IntegerField(min_value=0, max_value=2**31 - 1)
    settled = forms.IntegerField(min_value=0, max_value=2**31 - 1, required=False)

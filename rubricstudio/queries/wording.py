"""Changes and conflicts in words: what a page writes about fields and their values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from rubricstudio.domain import rubric as domain
from rubricstudio.domain.diff import Change, CriterionChange, Run, words
from rubricstudio.domain.merge import Clash

FIELDS = {
    "text": gettext_lazy("Text"),
    "description": gettext_lazy("How to judge it"),
    "weight": gettext_lazy("Weight"),
    "met_means": gettext_lazy("Met means"),
    "scale": gettext_lazy("Scale"),
    "tier": gettext_lazy("Tier"),
    "gate": gettext_lazy("Gate"),
    "judged_by": gettext_lazy("Judged by"),
    "evidence_required": gettext_lazy("Evidence required"),
    "tags": gettext_lazy("Tags"),
    "category": gettext_lazy("Category"),
    "examples": gettext_lazy("Examples"),
    "references": gettext_lazy("References"),
    "program": gettext_lazy("Program"),
}
CHANGES = {
    Change.ADDED: (gettext_lazy("added"), "good", "plus"),
    Change.REMOVED: (gettext_lazy("removed"), "bad", "minus"),
    Change.MOVED: (gettext_lazy("moved"), "still", "arrow"),
    Change.REWORDED: (gettext_lazy("reworded"), "info", "edit"),
    Change.REWEIGHTED: (gettext_lazy("reweighted"), "info", "chart"),
    Change.SCALE: (gettext_lazy("scale changed"), "info", "s-level"),
    Change.POLARITY: (gettext_lazy("polarity changed"), "warn", "warning"),
    Change.GATE: (gettext_lazy("gate changed"), "warn", "s-gate"),
    Change.TIER: (gettext_lazy("tier changed"), "info", "flag"),
    Change.JUDGING: (gettext_lazy("judged differently"), "info", "person"),
    Change.EXAMPLES: (gettext_lazy("examples changed"), "info", "edit"),
    Change.LABELS: (gettext_lazy("relabelled"), "still", "edit"),
}


@dataclass(frozen=True)
class Fact:
    """A field before and after, in words."""

    label: str
    old: str
    new: str


@dataclass(frozen=True)
class ChangeRow:
    """One changed criterion as a diff shows it."""

    key: str
    sign: str
    tone: str
    kinds: list[tuple[str, str, str]]
    effect: str
    text: tuple[Run, ...]
    description: tuple[Run, ...]
    facts: list[Fact]
    is_group: bool


def change_rows(changes: Sequence[CriterionChange]) -> list[ChangeRow]:
    """The changes of a diff, ready to be shown."""
    return [_change_row(change) for change in changes]


def _change_row(change: CriterionChange) -> ChangeRow:
    old, new = change.old, change.new
    one = new or old
    assert one is not None
    before, after = old or one, new or one
    sign, tone = _SIGNS.get(change.kinds[0], ("~", "still"))
    return ChangeRow(
        key=change.key,
        sign=sign,
        tone=tone,
        kinds=[(str(CHANGES[k][0]), CHANGES[k][1], CHANGES[k][2]) for k in change.kinds],
        effect=change.effect.value,
        text=words(before.text, after.text),
        description=words(before.description, after.description),
        facts=_facts(old, new),
        is_group=one.is_group,
    )


_SIGNS = {Change.ADDED: ("+", "good"), Change.REMOVED: ("−", "bad")}


def _facts(old: domain.Criterion | None, new: domain.Criterion | None) -> list[Fact]:
    if old is None or new is None:
        one = old or new
        assert one is not None
        weight = value_in_words(one.weight)
        return [Fact(str(FIELDS["weight"]), weight if old else "", weight if new else "")]
    pairs = (
        (name, getattr(old, name), getattr(new, name))
        for name in FIELDS
        if name not in ("text", "description")
    )
    return [
        Fact(str(FIELDS[name]), value_in_words(was), value_in_words(now))
        for name, was, now in pairs
        if was != now
    ]


@dataclass(frozen=True)
class ClashRow:
    """A field on which two edits differ: the stored text, one's own, and the difference."""

    label: str
    theirs: str
    mine: str
    runs: tuple[Run, ...]


def clash_rows(clashes: Sequence[Clash]) -> list[ClashRow]:
    """The fields of a conflict, ready to be shown."""
    rows = []
    for clash in clashes:
        theirs, mine = value_in_words(clash.theirs), value_in_words(clash.mine)
        runs = words(theirs, mine) if clash.field in ("text", "description") else ()
        rows.append(ClashRow(str(FIELDS[clash.field]), theirs, mine, runs))
    return rows


def value_in_words(value: Any) -> str:
    """A field's value as people read it, in their language."""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, float | int):
        return str(number_format(f"{value:.12g}"))
    if isinstance(value, domain.Scale):
        return _scale_in_words(value)
    if isinstance(value, domain.Example):
        met = _("met") if value.met else _("not met")
        return f"{met}: {value.text}" + (f" ({value.note})" if value.note else "")
    if isinstance(value, tuple) and value and isinstance(value[0], domain.Example):
        return "; ".join(value_in_words(example) for example in value)
    if isinstance(value, tuple):
        return ", ".join(str(item) for item in value) or _("none")
    if isinstance(value, domain.MetMeans | domain.Tier | domain.JudgedBy):
        return _ENUMS[value.value]()
    return str(value) if value else _("none")


def _scale_in_words(scale: domain.Scale) -> str:
    if scale.kind is domain.ScaleKind.BINARY:
        return _("met or not met")
    if scale.kind is domain.ScaleKind.POINTS:
        return _("0 to %(maximum)s points") % {"maximum": value_in_words(scale.maximum)}
    return "; ".join(
        f"{value_in_words(level.value)} {level.label}"
        + (f": {level.description}" if level.description else "")
        for level in scale.levels
    )


_ENUMS = {
    "good": lambda: _("good"),
    "bad": lambda: _("bad"),
    "mandatory": lambda: _("mandatory"),
    "essential": lambda: _("essential"),
    "important": lambda: _("important"),
    "optional": lambda: pgettext("tier", "optional"),
    "ideal": lambda: _("ideal"),
    "pitfall": lambda: _("pitfall"),
    "anyone": lambda: _("anyone"),
    "people": lambda: _("people"),
    "model": lambda: _("a model"),
    "program": lambda: _("a program"),
}

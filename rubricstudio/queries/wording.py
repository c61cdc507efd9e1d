"""Changes and conflicts in words: what a page writes about fields and their values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from rubricstudio.domain import rubric as domain
from rubricstudio.domain import semantic
from rubricstudio.domain.diff import Change, CriterionChange, Run, words
from rubricstudio.domain.merge import Clash
from rubricstudio.domain.semantic import Bump

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
    """A field before and after, in words; `runs` where it is shown word by word."""

    label: str
    old: str
    new: str
    runs: tuple[Run, ...] = ()
    is_code: bool = False


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
    """What differs but for the wording; of a criterion that comes or goes, what it holds."""
    if old is None or new is None:
        one = old or new
        assert one is not None
        bare = domain.Criterion(one.key, one.text, is_group=one.is_group)
        weight = value_in_words(one.weight)
        first = Fact(str(FIELDS["weight"]), weight if old else "", weight if new else "")
        others = [f for f in _differing(bare, one) if f.label != first.label]
        return [first, *(_one_sided(fact, gone=new is None) for fact in others)]
    return list(_differing(old, new))


def _one_sided(fact: Fact, *, gone: bool) -> Fact:
    kept = fact.new or fact.old
    return Fact(fact.label, kept if gone else "", "" if gone else kept, is_code=fact.is_code)


def _differing(old: domain.Criterion, new: domain.Criterion) -> Iterator[Fact]:
    for name in FIELDS:
        was, now = getattr(old, name), getattr(new, name)
        if was == now or name in ("text", "description"):
            continue
        label = str(FIELDS[name])
        if name == "program":
            yield Fact(label, was, now, words(was, now), is_code=True)
        elif name in ("examples", "references"):
            yield from _listed(label, was, now)
        else:
            yield Fact(label, value_in_words(was), value_in_words(now))


def _listed(label: str, old: Sequence[Any], new: Sequence[Any]) -> Iterator[Fact]:
    """One fact for each item that came, went or was changed in its place."""
    before = [value_in_words(item) for item in old]
    after = [value_in_words(item) for item in new]
    for tag, i, j, k, m in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        gone, come = before[i:j], after[k:m]
        for was, now in zip(gone, come, strict=False):
            yield Fact(label, was, now, words(was, now))
        both = min(len(gone), len(come))
        yield from (Fact(label, was, "") for was in gone[both:])
        yield from (Fact(label, "", now) for now in come[both:])


# -- the number of a version


@dataclass(frozen=True)
class ReasonRow:
    """Why a version has its number: what changed in one criterion, or in the whole rubric."""

    step: str
    text: str
    kinds: list[str]


def reason_rows(reasons: Sequence[Mapping[str, str]]) -> list[ReasonRow]:
    """Stored reasons in words; the changes of one criterion that weigh the same are one row."""
    rows: dict[tuple[str, str, str], ReasonRow] = {}
    for reason in reasons:
        place = (reason["step"], reason["key"] or reason["change"], reason["text"])
        row = rows.setdefault(place, ReasonRow(reason["step"], reason["text"], []))
        row.kinds.append(_change_in_words(reason["change"]))
    return list(rows.values())


def reasons_json(given: Bump) -> list[dict[str, str]]:
    """The reasons for a number as `RubricVersion.reasons` keeps them."""
    return [
        {"step": r.step.name.lower(), "change": r.change, "key": r.key, "text": r.text[:300]}
        for r in given.reasons
    ]


def _change_in_words(change: str) -> str:
    whole = {
        semantic.FIRST: _("the first publication"),
        semantic.SAME: _("nothing differs"),
        semantic.AGGREGATOR: _("scores are made by another rule"),
        semantic.PARAMS: _("the parameters of the score changed"),
    }
    return whole.get(change) or str(CHANGES[Change(change)][0])


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

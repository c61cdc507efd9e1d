"""What the members of a judge said, as pages show it beside the verdict that came of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from rubricstudio.domain.rubric import MetMeans, Scale, ScaleKind
from rubricstudio.domain.verdict import VerdictStatus
from scoring.wording import kind_label


@dataclass(frozen=True, slots=True)
class MemberSaid:
    """One member's answer. `why` is its reason, `word` the level's label."""

    name: str
    kind: str
    status: str
    value: float | None
    word: str
    why: str
    weight: float
    quotes: Sequence[Mapping[str, Any]] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True)
class Split:
    """Who said what: `summary` in a few words, and each member's answer.

    `kind` is that of the judge; a panel's rationale only repeats its members'. scale_kind,
    maximum and bad are the criterion's, for the members' pills.
    """

    kind: str
    summary: str
    members: tuple[MemberSaid, ...]
    scale_kind: str
    maximum: float
    bad: bool


def split_of(provenance: object, scale: Scale, met_means: MetMeans) -> Split | None:
    """The split behind a verdict; None where no judge made of judges gave it.

    An imported provenance may hold anything: what is not of our form is not shown.
    """
    made_of = provenance.get("made_of") if isinstance(provenance, Mapping) else None
    if not isinstance(made_of, Mapping):
        return None
    try:
        members = tuple(_member(each, scale) for each in made_of["members"])
        summary = _SUMMARIES[made_of["kind"]](made_of, members, scale)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError):
        return None
    bad = met_means is MetMeans.BAD
    return Split(str(made_of["kind"]), summary, members, scale.kind.value, scale.high, bad)


def _member(said: Mapping[str, Any], scale: Scale) -> MemberSaid:
    status = VerdictStatus(said["status"])
    value = float(said["value"]) if status is VerdictStatus.OK else None
    return MemberSaid(
        name=str(said["name"]),
        kind=kind_label(str(said["kind"])),
        status=status.value,
        value=value,
        word=scale.label(value),
        why=str(said["rationale"] or said.get("reason", "")),
        weight=float(said["weight"]),
        quotes=[quote for quote in said["quotes"] if isinstance(quote, Mapping)],
    )


def _panel(made_of: Mapping[str, Any], members: Sequence[MemberSaid], scale: Scale) -> str:
    """ "2 of 3 met, 1 not met", or of points "3 from 4 to 9"; then who is missing."""
    values = _values(members)
    parts = _range(values) if scale.kind is ScaleKind.POINTS else _counts(members, scale)
    silent = len(members) - len(values)
    if silent:
        parts.append(gettext("%(n)d without a verdict") % {"n": silent})
    return ", ".join(parts)


def _range(values: Sequence[float]) -> list[str]:
    if not values:
        return []
    bounds = {"n": len(values), "low": f"{min(values):g}", "high": f"{max(values):g}"}
    return [gettext("%(n)d from %(low)s to %(high)s") % bounds]


def _counts(members: Sequence[MemberSaid], scale: Scale) -> list[str]:
    words = Counter(_word(each, scale) for each in members if each.value is not None)
    total = sum(words.values())
    told = [{"n": n, "all": total, "word": word} for word, n in words.most_common()]
    first = [gettext("%(n)d of %(all)d %(word)s") % each for each in told[:1]]
    return first + [gettext("%(n)d %(word)s") % each for each in told[1:]]


def _values(members: Sequence[MemberSaid]) -> list[float]:
    return [each.value for each in members if each.value is not None]


def _cascade(made_of: Mapping[str, Any], members: Sequence[MemberSaid], scale: Scale) -> str:
    first, last = members[0].name, members[-1].name
    shares = {key: made_of[key] for key in ("known", "least") if made_of[key] is not None}
    said = {"first": first, "last": last} | {k: f"{float(v):.2f}" for k, v in shares.items()}
    why = str(made_of["why"])
    if why == "sure" and "known" not in said:
        return gettext("%(first)s decided") % said
    return str(_WHY[why]) % said


_WHY = {
    "sure": _("%(first)s was sure enough (%(known)s)"),
    "no_verdict": _("%(last)s decided: %(first)s had no verdict"),
    "confidence": _("%(last)s decided: %(first)s had a confidence of %(known)s, under %(least)s"),
    "samples": _(
        "%(last)s decided: of the samples of %(first)s a share of %(known)s agreed, under %(least)s"
    ),
}


def _word(said: MemberSaid, scale: Scale) -> str:
    if scale.kind is ScaleKind.BINARY:
        return gettext("met") if said.value else gettext("not met")
    return said.word or f"{said.value:g}"


_SUMMARIES = {"panel": _panel, "cascade": _cascade}

"""What one annotator says about one response: a sheet of entries, one a criterion.

Pure: no database and no HTTP. A sheet may be incomplete while it is a draft; it can be
submitted once every criterion that people judge has a verdict or a cannot-assess.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from django.utils.translation import gettext as _

from annotations import evidence as quotes
from rubricstudio.domain.rubric import Criterion, JudgedBy, Rubric, ScaleKind
from rubricstudio.domain.verdict import Quote, VerdictStatus

CANNOT_ASSESS = "cannot_assess"
# What a person can say; the other statuses are those of machines.
SAYABLE = (VerdictStatus.OK, VerdictStatus.CANNOT_ASSESS)


class InvalidSheet(ValueError):
    """Entries that cannot be kept. `problems` maps a criterion's key to what to do."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        self.problems = dict(problems)
        super().__init__("; ".join(f"{key}: {text}" for key, text in self.problems.items()))


@dataclass(frozen=True, slots=True)
class Entry:
    """One criterion's answer so far: no status while undecided, a value iff status is ok.

    `evidence` are words of the response, `confidence` is one of `evidence.CONFIDENCE`.
    """

    status: VerdictStatus | None = None
    value: float | None = None
    rationale: str = ""
    evidence: tuple[Quote, ...] = ()
    confidence: float | None = None

    def __post_init__(self) -> None:
        if self.status is not None and self.status not in SAYABLE:
            raise ValueError(f"a person cannot answer {self.status.value!r}")
        if (self.status is VerdictStatus.OK) != (self.value is not None):
            raise ValueError("an entry has a value exactly when its status is ok")

    @property
    def is_decided(self) -> bool:
        """Whether this is a verdict or a cannot-assess."""
        return self.status is not None

    @property
    def is_blank(self) -> bool:
        """Whether nothing was entered at all."""
        return self == BLANK

    @property
    def choice(self) -> str:
        """The answer as a form field holds it: "", "cannot_assess" or the value's digits."""
        if self.status is None:
            return ""
        return CANNOT_ASSESS if self.value is None else digits(self.value)


BLANK = Entry()


@dataclass(frozen=True, slots=True)
class Sheet:
    """All entries on one response by criterion key, and a comment on the whole."""

    entries: Mapping[str, Entry] = field(default_factory=dict)
    comment: str = ""

    def entry(self, key: str) -> Entry:
        """The entry of a criterion, blank where nothing was entered."""
        return self.entries.get(key, BLANK)

    def same_as(self, other: Sheet) -> bool:
        """Whether both say the same; a blank entry says the same as none."""
        keys = {*self.entries, *other.entries}
        return self.comment == other.comment and all(
            self.entry(key) == other.entry(key) for key in keys
        )


@dataclass(frozen=True, slots=True)
class Merge:
    """Two sheets brought together; `conflicts` are the keys on which they disagree.

    Where they disagree the merged sheet holds what is mine. The comment's key is "".
    """

    sheet: Sheet
    conflicts: tuple[str, ...]


def digits(value: float) -> str:
    """Return a value as short text that reads back to the same float: 1.0 is "1"."""
    return str(int(value)) if value == int(value) else repr(value)


def asked_of_people(rubric: Rubric) -> tuple[Criterion, ...]:
    """Return the leaves that an annotator judges, in display order."""
    return tuple(c for c in rubric.leaves if c.judged_by in (JudgedBy.ANYONE, JudgedBy.PEOPLE))


def read_entry(criterion: Criterion, choice: str, said: Entry = BLANK) -> Entry:
    """Return the entry that a form's choice makes with what else was said of the criterion.

    The inverse of `Entry.choice`. Raises InvalidSheet where the choice is not on the
    criterion's scale.
    """
    text = choice.strip()
    if not text:
        return said
    if text == CANNOT_ASSESS:
        return replace(said, status=VerdictStatus.CANNOT_ASSESS)
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        value = float("nan")
    # A page spells a level with six decimals, so 1/3 comes back as 0.333333.
    value = next((x.value for x in criterion.scale.levels if abs(x.value - value) <= 5e-7), value)
    if not criterion.scale.allows(value):
        raise InvalidSheet({criterion.key: off_scale(criterion)})
    return replace(said, status=VerdictStatus.OK, value=value)


def off_scale(criterion: Criterion) -> str:
    """Return what to enter for a criterion, for a message."""
    scale = criterion.scale
    if scale.kind is ScaleKind.POINTS:
        return _("Enter a number from 0 to %(high)s.") % {"high": digits(scale.maximum)}
    if scale.kind is ScaleKind.ORDINAL:
        labels = ", ".join(level.label for level in scale.levels)
        return _("Choose one of: %(labels)s.") % {"labels": labels}
    return _("Choose met or not met.")


def check(criteria: tuple[Criterion, ...], sheet: Sheet) -> None:
    """Raise InvalidSheet for entries off their scale or on a criterion that is not asked."""
    asked = {criterion.key: criterion for criterion in criteria}
    problems = {}
    for key, entry in sheet.entries.items():
        if key not in asked:
            problems[key] = _("This criterion is not part of the rubric version.")
        elif entry.value is not None and not asked[key].scale.allows(entry.value):
            problems[key] = off_scale(asked[key])
    if problems:
        raise InvalidSheet(problems)


def undecided(criteria: tuple[Criterion, ...], sheet: Sheet) -> list[str]:
    """Return the keys that still need a verdict or a cannot-assess, in display order."""
    return [c.key for c in criteria if not sheet.entry(c.key).is_decided]


def unsupported(criteria: tuple[Criterion, ...], sheet: Sheet) -> dict[str, str]:
    """Return by key what is wrong with the quotes of a sheet that is to be submitted.

    A quote that the response does not hold, and a verdict without the quote that its
    criterion asks for. Whoever cannot assess a criterion, or finds nothing of it in the
    response (the lowest value of its scale), need not quote: what is missing has no place.
    """
    problems = {}
    for criterion in criteria:
        entry = sheet.entry(criterion.key)
        if lost := lost_quote(entry.evidence):
            problems[criterion.key] = lost
        elif criterion.needs_quote(entry.value) and not entry.evidence:
            problems[criterion.key] = _(
                "Quote the words of the response that show this, or choose cannot assess."
            )
    return problems


def lost_quote(evidence: Iterable[Quote]) -> str:
    """What to say of the first quote that the response does not hold, "" where it holds all."""
    lost = next((quote.text for quote in evidence if quote.start is None), "")
    return _("The response does not say: “%(quote)s”.") % {"quote": lost[:200]} if lost else ""


def changed(before: Sheet, after: Sheet) -> list[str]:
    """Return the keys whose decided entry in `after` differs from `before`, in its order."""
    return [
        key
        for key, entry in after.entries.items()
        if entry.is_decided and entry != before.entry(key)
    ]


def merge(mine: Sheet, theirs: Sheet) -> Merge:
    """Bring together two sheets that grew apart without losing an entry of either.

    Where one side is blank the other's entry is taken. Where the answers agree and only
    one side gives a reason or says how sure it is, that is kept; quotes are joined.
    Anything else that differs is a conflict for the person to settle.
    """
    merged: dict[str, Entry] = {}
    conflicts: list[str] = []
    for key in dict.fromkeys([*mine.entries, *theirs.entries]):
        ours, other = mine.entry(key), theirs.entry(key)
        both = _together(ours, other)
        merged[key] = ours if both is None else both
        if both is None:
            conflicts.append(key)
    if mine.comment and theirs.comment and mine.comment != theirs.comment:
        conflicts.append("")
    return Merge(Sheet(merged, mine.comment or theirs.comment), tuple(conflicts))


def _together(mine: Entry, theirs: Entry) -> Entry | None:
    """Both entries as one, or None where they contradict each other."""
    answers = {(e.status, e.value) for e in (mine, theirs) if e.is_decided}
    reasons = {e.rationale for e in (mine, theirs) if e.rationale}
    sure = {e.confidence for e in (mine, theirs) if e.confidence is not None}
    if len(answers) > 1 or len(reasons) > 1 or len(sure) > 1:
        return None
    status, value = next(iter(answers), (None, None))
    quoted = mine.evidence
    if mine.evidence != theirs.evidence:
        quoted = quotes.together(mine.evidence, theirs.evidence)
    return Entry(status, value, next(iter(reasons), ""), quoted, next(iter(sure), None))


def to_json(sheet: Sheet) -> dict[str, Any]:
    """Return the entries as they are stored in a draft, blank ones left out."""
    return {
        key: {
            "status": entry.status.value if entry.status else None,
            "value": entry.value,
            "rationale": entry.rationale,
            "evidence": quotes.to_json(entry.evidence),
            "confidence": entry.confidence,
        }
        for key, entry in sheet.entries.items()
        if not entry.is_blank
    }


def from_json(stored: Mapping[str, Any], comment: str = "") -> Sheet:
    """Return the sheet that `to_json` stored."""
    return Sheet(
        {
            key: Entry(
                VerdictStatus(raw["status"]) if raw["status"] else None,
                raw["value"],
                raw["rationale"],
                # Drafts of older releases hold neither.
                quotes.from_json(raw.get("evidence", ())),
                raw.get("confidence"),
            )
            for key, raw in stored.items()
        },
        comment,
    )

"""Which rounds are compared: people's sessions on one side, judges' runs on the other."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, QuerySet

from rubricstudio.models import Preference, Project, Round, RoundKind, Verdict


class UnknownRound(LookupError):
    """A session or run of this name is not there; the message lists those that are."""


@dataclass(frozen=True)
class Selection:
    """The rounds to compare. Both sides may be empty."""

    project: Project
    people: tuple[Round, ...]
    judges: tuple[Round, ...]

    @property
    def rounds(self) -> list[int]:
        """The ids of all rounds."""
        return [row.pk for row in (*self.people, *self.judges)]


def comparable_rounds(project: Project, *, preferences: bool = False) -> list[Round]:
    """The rounds that hold at least one verdict (or preference), sessions first, oldest first.

    One query, whatever the number of verdicts.
    """
    said = Preference.objects if preferences else Verdict.objects
    holds = Exists(said.filter(round=OuterRef("pk")))
    return list(_rounds(project).filter(holds))


def rounds_with_either(project: Project) -> list[Round]:
    """The rounds that hold a verdict or a preference."""
    verdicts = Exists(Verdict.objects.filter(round=OuterRef("pk")))
    preferences = Exists(Preference.objects.filter(round=OuterRef("pk")))
    return list(_rounds(project).filter(verdicts | preferences))


def _rounds(project: Project) -> QuerySet[Round]:
    rows = Round.objects.filter(project=project).select_related("version__rubric")
    return rows.order_by("-kind", "created_at", "pk")


def chosen(project: Project, rounds: Sequence[Round], ids: Collection[int]) -> Selection:
    """Those of `rounds` with these ids; unknown ids are left out."""
    return _selection(project, [row for row in rounds if row.pk in ids])


def by_default(project: Project, rounds: Sequence[Round]) -> Selection:
    """All rounds about the rubric of the newest session (of the newest run without one)."""
    sessions = [row for row in rounds if row.kind == RoundKind.SESSION]
    newest = max(sessions or rounds, key=lambda row: (row.created_at, row.pk), default=None)
    if newest is None:
        return Selection(project, (), ())
    about = _rubric_of(newest)
    return _selection(project, [row for row in rounds if _rubric_of(row) == about])


def named(
    project: Project,
    rounds: Sequence[Round],
    *,
    sessions: Sequence[str],
    runs: Sequence[str],
    what: str = "verdicts",
) -> Selection:
    """The rounds of these names; all of a kind where none of that kind is named.

    Raises UnknownRound.
    """
    wanted = {RoundKind.SESSION: sessions, RoundKind.RUN: runs}
    found: list[Round] = []
    for kind, names in wanted.items():
        there = {row.name: row for row in rounds if row.kind == kind}
        for name in names:
            if name not in there:
                raise UnknownRound(_no_such(kind.value, name, there, what))
        found += [row for row in there.values() if not names or row.name in names]
    return _selection(project, found)


def _no_such(kind: str, name: str, there: Collection[str], what: str) -> str:
    known = f"there are: {', '.join(sorted(there))}" if there else f"there is no {kind} to compare"
    return f"there is no {kind} {name!r} with {what}; {known}"


def _selection(project: Project, rounds: Sequence[Round]) -> Selection:
    return Selection(
        project,
        tuple(row for row in rounds if row.kind == RoundKind.SESSION),
        tuple(row for row in rounds if row.kind == RoundKind.RUN),
    )


def _rubric_of(row: Round) -> int | None:
    return row.version.rubric_id if row.version else None

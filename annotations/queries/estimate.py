"""How much a session would be: items, submissions, and about how much work."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from django.db.models import Avg, Count
from django.db.models.functions import Length

from annotations.models import Assignment, AssignmentStatus
from annotations.options import SessionOptions
from annotations.selection import Selection, matching, plan_strata, stratum_of
from annotations.sheet import asked_of_people
from rubricstudio.domain.strata import Stratum
from rubricstudio.models import Project, RubricVersion

# About 200 words of six characters a minute, and ten seconds for a verdict.
CHARACTERS_A_MINUTE = 1200
MINUTES_A_CRITERION = 1 / 6
# From so many timed submissions on the time they took says more than a rule of thumb.
ENOUGH_TIMED = 20


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a session would hold. Minutes are of active work in all, about; None for nothing.

    `timed` is how many earlier submissions on the rubric the minutes rest on, 0 where they
    rest on the length of the responses and the number of criteria.
    """

    strata: list[Stratum]
    submissions: int
    people: int
    minutes: float | None
    timed: int

    @property
    def population(self) -> int:
        """Responses that pass the filters."""
        return sum(stratum.size for stratum in self.strata)

    @property
    def items(self) -> int:
        """Responses that are taken."""
        return sum(stratum.taken for stratum in self.strata)

    @property
    def minutes_a_person(self) -> float | None:
        """Minutes of work for each person, None without people."""
        return None if self.minutes is None or not self.people else self.minutes / self.people

    @property
    def hours(self) -> float | None:
        """Hours of work in all."""
        return None if self.minutes is None else self.minutes / 60


def estimate(
    project: Project,
    version: RubricVersion | None,
    selection: Selection,
    options: SessionOptions,
    people: int,
) -> Estimate:
    """Count without reading a response; `version` is None where it is made with the session."""
    found = matching(project, version.rubric.task_id if version else None, selection)
    sizes: Counter[str] = Counter()
    groups = found.order_by().values_list("source", "task__tags").annotate(n=Count("pk"))
    for source, tags, n in groups:
        sizes[stratum_of(selection, source, tags)] += n
    strata = plan_strata(selection, sizes) if sizes else []
    items = sum(stratum.taken for stratum in strata)
    extra = int(items * options.get("extra_share", 0) + 0.5) * options.get("extra_coverage", 0)
    submissions = items * options.get("coverage", 1) + extra
    minutes, timed = _minutes_each(version)
    if minutes is None and items:
        characters = found.aggregate(n=Avg(Length("text")))["n"] or 0.0
        criteria = len(asked_of_people(version.as_rubric())) if version else 1
        minutes = characters / CHARACTERS_A_MINUTE + criteria * MINUTES_A_CRITERION
    total = submissions * minutes if minutes is not None and items else None
    return Estimate(strata, submissions, people, total, timed)


def _minutes_each(version: RubricVersion | None) -> tuple[float | None, int]:
    """The mean active minutes of submissions on the version's rubric, and of how many."""
    if version is None:
        return None, 0
    told = Assignment.objects.filter(
        item__session__round__version__rubric=version.rubric_id,
        status=AssignmentStatus.SUBMITTED,
        active_seconds__gt=0,
    ).aggregate(n=Count("pk"), seconds=Avg("active_seconds"))
    if told["n"] < ENOUGH_TIMED:
        return None, 0
    return told["seconds"] / 60, told["n"]

"""Which responses of a task a session compares at one time: pairs, or sets to be ranked."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from django.utils.translation import gettext as _

from annotations.models import Mode
from annotations.selection import InvalidSelection, Selection, matching
from rubricstudio.domain.pairing import (
    MOST_RANKED,
    Group,
    balanced_pairs,
    drawn_sets,
    every_pair,
    working_order,
)
from rubricstudio.models import Project, Response, RubricVersion

ALL, NUMBER, LIST = "all", "number", "list"
MOST_ITEMS = 500_000
_SHOWN_PROBLEMS = 10


@dataclass(frozen=True, slots=True)
class Grouping:
    """How the responses that a selection leaves are brought together.

    how: ALL pairs of a task, or for a ranking all its responses (8 drawn where it has
    more); NUMBER pairs of each task, balanced over sources, or so many responses of each
    task drawn for a ranking; LIST what `listed` names by the responses' ids.
    by_criterion: whether a pair is compared on each criterion too.
    """

    mode: Mode
    how: str = ALL
    number: int | None = None
    listed: tuple[tuple[str, ...], ...] = ()
    by_criterion: bool = True

    def as_json(self) -> dict[str, Any]:
        """What a session keeps of it, beside its selection."""
        return {
            "by_criterion": self.by_criterion,
            "grouping": {"how": self.how, "number": self.number, "listed": len(self.listed)},
        }


def read_list(text: str) -> tuple[tuple[str, ...], ...]:
    """The ids on each line of a text, separated by commas or tabs; empty lines are nothing.

    Raises InvalidSelection.
    """
    delimiter = "\t" if "\t" in text else ","
    rows = csv.reader(text.splitlines(), delimiter=delimiter, skipinitialspace=True)
    try:
        cells = [tuple(cell.strip() for cell in row if cell.strip()) for row in rows]
    except csv.Error as error:  # a quotation that never ends, longer than any id
        raise InvalidSelection(_("Line %(n)d: no list of ids.") % {"n": rows.line_num}) from error
    return tuple(row for row in cells if row)


def choose_groups(
    project: Project, version: RubricVersion, selection: Selection, grouping: Grouping
) -> list[Group]:
    """Return what is compared, in the order in which it is to be judged.

    The selection narrows the responses down; its sample is one of the pairs or sets.
    Raises InvalidSelection where the list has a line that cannot be compared, or where
    nothing is left.
    """
    check_grouping(grouping)
    rows = list(
        matching(project, version.rubric.task_id, selection).values_list("task_id", "id", "source")
    )
    tasks: dict[int, dict[int, str]] = defaultdict(dict)
    for task, response, source in rows:
        tasks[task][response] = source
    if grouping.how == LIST:
        groups = _listed(project, tasks, grouping)
    elif grouping.mode == Mode.RANKING:
        groups = drawn_sets(tasks, _set_size(grouping), selection.seed)
    else:
        groups = _pairs(tasks, grouping, selection.seed)
    if not groups:
        raise InvalidSelection(
            _("No task has two responses with a text that pass the filters. Choose fewer filters.")
        )
    return working_order(_sampled(groups, selection), selection.seed)


def check_grouping(grouping: Grouping) -> None:
    """Raise InvalidSelection for a number that is missing or out of range."""
    if grouping.mode not in (Mode.PAIRWISE, Mode.RANKING) or grouping.how not in (
        ALL,
        NUMBER,
        LIST,
    ):
        raise InvalidSelection(_("Choose how responses are brought together."))
    if grouping.how != NUMBER:
        return
    low, high = (2, MOST_RANKED) if grouping.mode == Mode.RANKING else (1, 1000)
    if grouping.number is None or not low <= grouping.number <= high:
        raise InvalidSelection(
            _("Enter a number from %(low)d to %(high)d.") % {"low": low, "high": high}
        )


def _set_size(grouping: Grouping) -> int:
    return grouping.number if grouping.how == NUMBER and grouping.number else MOST_RANKED


def _pairs(tasks: Mapping[int, Mapping[int, str]], grouping: Grouping, seed: int) -> list[Group]:
    number = grouping.number if grouping.how == NUMBER else None
    each = (len(own) * (len(own) - 1) // 2 for own in tasks.values())
    total = sum(n if number is None else min(n, number) for n in each)
    if total > MOST_ITEMS:
        raise InvalidSelection(
            _("These would be %(n)d pairs, more than %(most)d. Take a number of pairs a task.")
            % {"n": total, "most": MOST_ITEMS}
        )
    return every_pair(tasks) if number is None else balanced_pairs(tasks, number, seed)


def _sampled(groups: list[Group], selection: Selection) -> list[Group]:
    """A random sample of the groups, each of which then stands for more."""
    if selection.sample is None or selection.sample >= len(groups):
        return groups
    share = len(groups) / selection.sample
    drawn = Random(selection.seed).sample(groups, selection.sample)
    return [replace(group, weight=group.weight * share) for group in drawn]


def _listed(
    project: Project, tasks: Mapping[int, Mapping[int, str]], grouping: Grouping
) -> list[Group]:
    if not grouping.listed:
        raise InvalidSelection(_("List what is to be compared: response ids, one pair a line."))
    if len(grouping.listed) > MOST_ITEMS:
        raise InvalidSelection(_("List at most %(most)d lines.") % {"most": MOST_ITEMS})
    names = {name for line in grouping.listed for name in line}
    known = {
        name: (pk, task)
        for name, pk, task in Response.objects.filter(
            project=project, external_id__in=names
        ).values_list("external_id", "pk", "task_id")
    }
    allowed = {response for own in tasks.values() for response in own}
    groups: list[Group] = []
    problems: list[str] = []
    seen: set[tuple[int, int]] = set()
    for number, line in enumerate(grouping.listed, start=1):
        problem = _problem(line, known, allowed, grouping.mode)
        members = tuple(sorted(known[name][0] for name in line)) if not problem else ()
        pairs = {(a, b) for a in members for b in members if a < b}
        if not problem and seen & pairs:
            problem = _("two of these are compared on an earlier line already")
        if problem:
            problems.append(_("Line %(n)d: %(problem)s.") % {"n": number, "problem": problem})
            continue
        seen |= pairs
        groups.append(Group(known[line[0]][1], members))
    if problems:
        raise InvalidSelection(_some_lines(problems))
    return groups


def _some_lines(problems: Sequence[str]) -> str:
    shown = " ".join(problems[:_SHOWN_PROBLEMS])
    more = len(problems) - _SHOWN_PROBLEMS
    return shown if more <= 0 else _("%(shown)s And %(n)d more.") % {"shown": shown, "n": more}


def _problem(
    line: tuple[str, ...],
    known: Mapping[str, tuple[int, int]],
    allowed: set[int],
    mode: Mode,
) -> str:
    """What is wrong with a line, empty where nothing is."""
    most = MOST_RANKED if mode == Mode.RANKING else 2
    if not 2 <= len(line) <= most:
        return (
            _("name 2 to %(most)d responses, not %(n)d") % {"most": most, "n": len(line)}
            if most > 2
            else _("name two responses, not %(n)d") % {"n": len(line)}
        )
    if len(set(line)) < len(line):
        return _("the same response stands there twice")
    for name in line:
        if name not in known:
            return _("there is no response “%(name)s”") % {"name": name}
        if known[name][0] not in allowed:
            return _("“%(name)s” has no text or does not pass the filters") % {"name": name}
    if len({known[name][1] for name in line}) > 1:
        return _("these are responses to different tasks")
    return ""

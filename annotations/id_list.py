"""Lists of external ids that people paste or upload, with the line of each for what is wrong."""

from __future__ import annotations

import csv
from dataclasses import dataclass

from django.utils.translation import gettext as _

from annotations.selection import Selection, wrong_ids
from rubricstudio.models import Project

MOST_PROBLEMS = 20


@dataclass(frozen=True, slots=True)
class IdList:
    """Ids in the order of their lines, each with the number of its first line, from 1."""

    lines: tuple[tuple[int, str], ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(name for _number, name in self.lines)


def read_ids(text: str, *, columns: bool = False) -> IdList:
    """Read one id a line; with `columns` the first column of a CSV. Repeats count once."""
    found: dict[str, int] = {}
    if columns:
        rows = csv.reader(text.replace("\x00", "").splitlines())
        for row in rows:
            found.setdefault(row[0].strip() if row else "", rows.line_num)
    else:
        for number, line in enumerate(text.replace("\x00", "").splitlines(), start=1):
            found.setdefault(line.strip(), number)
    return IdList(tuple((number, name) for name, number in found.items() if name))


def wrong_lines(project: Project, kind: str, ids: IdList) -> list[str]:
    """What is wrong with a list of `tasks` or `responses`, a message a line, a few of them."""
    if not ids.lines:
        return []
    asked = Selection(tasks=ids.names) if kind == "tasks" else Selection(responses=ids.names)
    unknown, without_text = (set(names) for names in wrong_ids(project, asked))
    problems = [
        _("Line %(n)d: “%(id)s” is not in this project.") % {"n": number, "id": name[:100]}
        if name in unknown
        else _("Line %(n)d: “%(id)s” has no text to judge.") % {"n": number, "id": name[:100]}
        for number, name in ids.lines
        if name in unknown or name in without_text
    ]
    more = len(problems) - MOST_PROBLEMS
    if more > 0:
        return [*problems[:MOST_PROBLEMS], _("And %(n)d lines more.") % {"n": more}]
    return problems

"""A judge's configuration as a page shows it: what was set, and what is left to defaults."""

from __future__ import annotations

import json
from dataclasses import dataclass

from scoring import judges
from scoring.judges import JUDGES, parameters
from scoring.models import Judge
from scoring.wording import parameter_help

LONG = 80  # characters that still stand in a table's cell


@dataclass(frozen=True, slots=True)
class Setting:
    """One parameter of a judge. `value` is written as JSON except for plain text."""

    name: str
    value: str
    is_set: bool
    help: str = ""

    @property
    def is_long(self) -> bool:
        return len(self.value) > LONG


def configuration_of(judge: Judge) -> list[Setting]:
    """Every parameter of the judge in declared order, then what its kind no longer knows."""
    declared = parameters(judge.kind) if judge.kind in JUDGES else ()
    settings = [
        Setting(
            name=each.name,
            value=_shown(judge.params.get(each.name, each.default)),
            is_set=each.name in judge.params,
            help=parameter_help(each),
        )
        for each in declared
    ]
    known = {each.name for each in declared}
    rest = [name for name in judge.params if name not in known]
    return settings + [Setting(name, _shown(judge.params[name]), True) for name in rest]


def queue_of(judge: Judge) -> str:
    """The queue the judge's work goes to; empty for a kind that this version does not have."""
    return judges.queue_of(judge.kind, judge.params) if judge.kind in JUDGES else ""


def _shown(value: object) -> str:
    if isinstance(value, str):
        return value
    short = json.dumps(value, ensure_ascii=False)
    return short if len(short) <= LONG else json.dumps(value, ensure_ascii=False, indent=1)

"""Judges of a project as members of another judge: copied into it, and found again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rubricstudio.models import Project
from scoring.judges import judge_class, members_of
from scoring.models import Judge


def copy_of(judge: Judge) -> dict[str, Any]:
    """The configuration of a judge as a member of another one."""
    return {"name": judge.rater.name, "kind": judge.kind, "params": judge.params}


def with_copies(project: Project, kind: str, params: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters with a copy of the judge in place of each member given by its name.

    A name that no judge of the project has stays as it is: `build` refuses it in words.
    """
    parts = [part for part in getattr(judge_class(kind), "PARTS", ()) if part in params]
    if not parts:
        return dict(params)
    copies = {judge.rater.name: copy_of(judge) for judge in _judges(project)}

    def copied(member: Any) -> Any:
        return copies.get(member, member) if isinstance(member, str) else member

    return dict(params) | {
        part: [copied(each) for each in params[part]]
        if isinstance(params[part], list)
        else copied(params[part])
        for part in parts
    }


def originals_of(judge: Judge) -> list[tuple[Mapping[str, Any], Judge | None]]:
    """The members of a judge, each with the judge it was copied from where that is still there."""
    members = members_of(judge.kind, judge.params)
    if not members:
        return []
    there = {row.rater.name: row for row in _judges(judge.rater.project)}
    return [(member, _if_same(there.get(str(member.get("name"))), member)) for member in members]


def _judges(project: Project) -> list[Judge]:
    return list(Judge.objects.filter(rater__project=project).select_related("rater__project"))


def _if_same(judge: Judge | None, member: Mapping[str, Any]) -> Judge | None:
    """The judge, unless only its name is that of the member."""
    same = judge is not None and (judge.kind, judge.params) == (
        member["kind"],
        member.get("params", {}),
    )
    return judge if same else None

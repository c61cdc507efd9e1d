"""PaperBench: a tree of requirements, each node with its weight among its siblings.

A node without sub-tasks is judged, the others are groups; `task_category` is the category,
`finegrained_task_category` a tag. Graded trees are read as rubrics without their grades.
Source: openai/preparedness, paperbench.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rubricstudio.domain.formats.fields import Fields
from rubricstudio.domain.formats.lines import DEPTH_LIMIT
from rubricstudio.domain.formats.records import KEY_LIMIT
from rubricstudio.domain.rubric import Criterion, Rubric
from rubricstudio.domain.rubric_formats.losing import Losing, number, pretty, walk
from rubricstudio.domain.rubric_formats.protocol import (
    NamedRubric,
    ReadResult,
    ReadRubric,
    RubricFormat,
    Written,
)
from rubricstudio.domain.rubric_formats.reading import Dropped, Reading, rubric_of

AGGREGATOR = "hierarchical_mean"
_KNOWN = (
    *("id", "requirements", "weight", "sub_tasks"),
    *("task_category", "finegrained_task_category"),
)
DEEPEST = DEPTH_LIMIT - 2
"""Levels of a tree that is written, so that it can be read with a root and leaves added."""
ROOT_TEXT = "The whole rubric"


def read(text: str) -> ReadResult:
    """The tree of a file, or each tree of a list."""
    return Reading().each(text, _tree)


def _tree(root: Fields) -> ReadRubric:
    dropped = Dropped()
    criteria: list[Criterion] = []
    stack: list[tuple[Fields, str | None, int]] = [(root, None, 0)]
    while stack:
        node, parent, depth = stack.pop()
        dropped.note(node, _KNOWN, criterion=True)
        if depth > DEPTH_LIMIT:
            node.problem("sub_tasks", f"is nested more than {DEPTH_LIMIT} deep")
            continue
        below = node.objects("sub_tasks")
        key = node.name("id", limit=KEY_LIMIT) or f"n{len(criteria) + 1}"
        criteria.append(_criterion(node, key, parent, is_group=bool(below)))
        stack += [(child, key, depth + 1) for child in reversed(below)]
    return rubric_of(criteria, AGGREGATOR, losses=dropped.losses)


def _criterion(node: Fields, key: str, parent: str | None, *, is_group: bool) -> Criterion:
    weight = node.number("weight", 1.0)
    if weight < 0:
        node.problem("weight", "is below 0", "Weights among siblings are 0 or more.")
    fine = node.name("finegrained_task_category")
    return Criterion(
        key,
        node.text("requirements", required=True),
        weight=weight,
        parent=parent,
        is_group=is_group,
        category=node.name("task_category"),
        tags=(fine,) if fine else (),
    )


def write(rubrics: Sequence[NamedRubric]) -> Written:
    """One tree, or a list of them. A root is added where a rubric has several."""
    losing = Losing()
    trees = [_tree_of(named, losing) for named in rubrics]
    return Written(pretty(trees[0] if len(trees) == 1 else trees), losing.losses)


def _tree_of(named: NamedRubric, losing: Losing) -> dict[str, Any]:
    losing.about(named, AGGREGATOR)
    in_order = [c for _, c in walk(named.rubric)]
    _name_lost(named.rubric, in_order, losing)
    nodes: dict[str | None, dict[str, Any]] = {None: _node(_root(named.rubric), losing)}
    for depth, criterion in walk(named.rubric):
        above = nodes[criterion.parent]
        if depth >= DEEPEST and criterion.is_group:
            losing.note(f"groups: left out more than {DEEPEST} levels down", 1)
            nodes[criterion.key] = above
        else:
            nodes[criterion.key] = _node(criterion, losing)
            above["sub_tasks"].append(nodes[criterion.key])
    roots = nodes[None]["sub_tasks"]
    if len(roots) == 1:
        return dict(roots[0])
    losing.note("a root is added above several top-level criteria")
    return nodes[None]


def _root(rubric: Rubric) -> Criterion:
    key = "root"
    while key in rubric.by_key:
        key += "-"
    return Criterion(key, ROOT_TEXT, is_group=True)


def _node(criterion: Criterion, losing: Losing) -> dict[str, Any]:
    return {
        "id": criterion.key,
        "requirements": losing.good(criterion),
        "weight": number(losing.positive(criterion)),
        "sub_tasks": [],
        "task_category": criterion.category or None,
        "finegrained_task_category": criterion.tags[0] if criterion.tags else None,
    }


def _name_lost(rubric: Rubric, in_order: list[Criterion], losing: Losing) -> None:
    losing.fields(in_order, ("weight", "met_means", "category", "tags"))
    tagged = sum(len(c.tags) > 1 or c.tags == ("",) for c in in_order)
    if tagged:
        losing.note("tags: all but the first are left out", tagged)
    if tuple(in_order) != rubric.criteria:
        losing.note("order: criteria stand with their groups", len(in_order))
    parents = {c.parent for c in in_order}
    empty = sum(c.is_group and c.key not in parents for c in in_order)
    if empty:
        losing.note("groups: empty ones become criteria", empty)


FORMAT = RubricFormat(
    name="paperbench",
    label="PaperBench",
    about="A tree of requirements with weights among siblings.",
    endings=(".json",),
    matches=lambda name, text: '"sub_tasks"' in text and '"requirements"' in text,
    read=read,
    write=write,
)

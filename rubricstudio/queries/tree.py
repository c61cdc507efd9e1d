"""Where the rows of a version stand, read without what they say: one query, however long."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from rubricstudio.domain.outline import Node, Outline, arranged
from rubricstudio.models import Criterion, RubricVersion


@dataclass(frozen=True)
class Tree:
    """The outline of a version, and for each key the row's id and position."""

    order: Outline
    pks: Mapping[str, int]
    positions: Mapping[str, int]

    def __contains__(self, key: object) -> bool:
        return key in self.pks


@dataclass(frozen=True)
class Spot:
    """A row's place by keys: its group, the sibling behind it and the one before it."""

    parent: str | None
    before: str | None
    after: str | None


def tree_of(version: RubricVersion) -> Tree:
    """Where everything stands in a version."""
    rows = list(
        version.criteria.order_by("position", "pk").values_list(
            "pk", "key", "parent_id", "is_group", "position"
        )
    )
    keys = {pk: key for pk, key, *_ in rows}
    nodes = [
        Node(key, keys[parent] if parent else None, is_group)
        for _, key, parent, is_group, _ in rows
    ]
    return Tree(
        order=arranged(nodes),
        pks={key: pk for pk, key in keys.items()},
        positions={key: position for _, key, _, _, position in rows},
    )


def spots(order: Outline) -> dict[str, Spot]:
    """The place of every node."""
    siblings: dict[str | None, list[str]] = {}
    for node in order:
        siblings.setdefault(node.parent, []).append(node.key)
    return {
        key: Spot(parent, behind, ahead)
        for parent, keys in siblings.items()
        for ahead, key, behind in zip([None, *keys], keys, [*keys[1:], None], strict=False)
    }


def linked(rows: Iterable[Criterion]) -> list[Criterion]:
    """The rows in display order, each with its group set where that is among them."""
    ordered = sorted(rows, key=lambda row: (row.position, row.pk))
    by_pk = {row.pk: row for row in ordered}
    for row in ordered:
        if row.parent_id in by_pk:
            row.parent = by_pk[row.parent_id]
    return ordered

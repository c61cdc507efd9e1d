"""The tree of a rubric as an outline: where things stand, and moves that keep it whole.

An outline lists its nodes depth first, so that a group stands before what it holds.
Every move returns a new outline; none can put a group into itself.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeAlias

from rubricstudio.domain.rubric import Rubric


@dataclass(frozen=True, slots=True)
class Node:
    """One place in the tree: a criterion's or group's key, and the group it sits in."""

    key: str
    parent: str | None = None
    is_group: bool = False


Outline: TypeAlias = tuple[Node, ...]
_Children: TypeAlias = dict[str | None, list[Node]]

GAP = 1024  # room left between neighbours, so that an insertion touches one row


class CannotMove(ValueError):
    """The move has nowhere to go; the message says why."""


class Move(StrEnum):
    """The moves by one step, as buttons and keys offer them."""

    UP = "up"
    DOWN = "down"
    INDENT = "indent"
    OUTDENT = "outdent"


def outline(rubric: Rubric) -> Outline:
    """The outline of a rubric, depth first."""
    return tuple(Node(c.key, c.parent, c.is_group) for _, c in rubric.walk())


def arranged(nodes: Sequence[Node]) -> Outline:
    """The nodes depth first, siblings in the order in which they are given."""
    return _flat(_children(nodes))


def ordered(nodes: Outline, parent: str | None, keys: Sequence[str]) -> Outline:
    """The outline with what sits directly in `parent` (None: the top) in the order of `keys`.

    Raises CannotMove where `keys` are not exactly what sits there.
    """
    children = _children(nodes)
    present = {node.key: node for node in children.get(parent, [])}
    if sorted(present) != sorted(keys):
        raise CannotMove("Something else sits there now.")
    children[parent] = [present[key] for key in keys]
    return _flat(children)


def subtree(nodes: Outline, key: str) -> tuple[str, ...]:
    """The keys of a node and of everything below it, depth first. KeyError where it is missing."""
    inside = {_node(nodes, key).key}
    for node in nodes:
        if node.parent in inside:
            inside.add(node.key)
    return tuple(node.key for node in nodes if node.key in inside)


def step(nodes: Outline, key: str, move: Move) -> Outline:
    """Move a node, with what it holds, by one step.

    up, down: past the sibling before or after it. indent: to the end of the group just
    before it. outdent: behind the group it sits in. Raises CannotMove, and KeyError
    where the node is missing.
    """
    return _STEPS[move](nodes, _node(nodes, key))


def place(nodes: Outline, key: str, *, parent: str | None, before: str | None = None) -> Outline:
    """Put a node, with what it holds, into `parent`, before a sibling or last.

    Raises CannotMove for a parent that is no group or lies inside the node, and for a
    `before` that does not sit in `parent`; KeyError for a key that is missing.
    """
    node = _node(nodes, key)
    if parent is not None:
        if not _node(nodes, parent).is_group:
            raise CannotMove(f"{parent!r} is no group.")
        if parent in subtree(nodes, key):
            raise CannotMove("A group cannot be moved into itself.")
    if before == key:
        return nodes
    children = _children(nodes)
    children[node.parent].remove(node)
    siblings = children.setdefault(parent, [])
    keys = [sibling.key for sibling in siblings]
    if before is not None and before not in keys:
        raise CannotMove(f"{before!r} does not stand there any more.")
    siblings.insert(keys.index(before) if before else len(keys), replace(node, parent=parent))
    return _flat(children)


def insert(nodes: Outline, node: Node, *, after: str | None = None) -> Outline:
    """Add a node to its parent: behind the sibling `after`, or last.

    Raises CannotMove for a key that is taken, a parent that is no group, or an `after`
    that is not the node's sibling.
    """
    if any(other.key == node.key for other in nodes):
        raise CannotMove(f"The key {node.key!r} is taken.")
    if node.parent is not None and not _node(nodes, node.parent).is_group:
        raise CannotMove(f"{node.parent!r} is no group.")
    children = _children(nodes)
    siblings = children.setdefault(node.parent, [])
    keys = [sibling.key for sibling in siblings]
    if after is not None and after not in keys:
        raise CannotMove(f"{after!r} does not stand there any more.")
    siblings.insert(keys.index(after) + 1 if after else len(keys), node)
    return _flat(children)


def remove(nodes: Outline, key: str) -> Outline:
    """The outline without a node and what it holds. KeyError where it is missing."""
    gone = set(subtree(nodes, key))
    return tuple(node for node in nodes if node.key not in gone)


def spaced(positions: Sequence[int | None], gap: int = GAP) -> list[int]:
    """Rising positions for rows in their new order that change as few rows as possible.

    `positions` holds each row's present position, None for a new row. Rows that stand
    in the right order keep theirs; the others go in between. Where there is no room the
    rows around them move apart, in the end all of them, which are then `gap` apart.
    """
    settled, reach = _settled(positions), 0
    while True:
        result, crowded = _filled(settled, gap, spare=SPARE if reach else 1)
        if crowded is None:
            return result
        reach = 2 * reach or 1
        first, last = crowded
        opened = range(max(0, first - reach), min(len(settled), last + reach))
        if len(opened) == len(settled):
            return [gap * (n + 1) for n in range(len(positions))]
        for index in opened:
            settled[index] = _OPEN


SPARE = 16  # rows that move apart leave room for as many more between each two


def _filled(
    settled: Sequence[int], gap: int, spare: int
) -> tuple[list[int], tuple[int, int] | None]:
    """Positions for the open rows, or the range of rows for which there is no room."""
    result: list[int] = []
    waiting = 0
    last = -1
    for index, position in enumerate([*settled, None]):
        if position == _OPEN:
            waiting += 1
            continue
        room = _between(last, position, waiting, gap, spare)
        if room is None:
            return [], (index - waiting, index)
        result += room
        waiting = 0
        if position is not None:
            result.append(position)
            last = position
    return result, None


_OPEN = -1


def _settled(positions: Sequence[int | None]) -> list[int]:
    """The positions that stay: a longest rising run of them; _OPEN for the rest."""
    known = [(index, p) for index, p in enumerate(positions) if p is not None]
    kept = {known[n][0] for n in rising([p for _, p in known])}
    return [p if p is not None and i in kept else _OPEN for i, p in enumerate(positions)]


def _between(low: int, high: int | None, count: int, gap: int, spare: int) -> list[int] | None:
    """`count` positions strictly between `low` and `high` (None: no end), or None: no room.

    There has to be room for `spare` times as many where there are any.
    """
    if high is None:
        return [low + gap * (n + 1) for n in range(count)]
    if high - low - 1 < count * spare:
        return None
    return [low + (high - low) * (n + 1) // (count + 1) for n in range(count)]


def rising(values: Sequence[int]) -> list[int]:
    """The indices of a longest strictly rising subsequence, in order."""
    tails: list[int] = []
    ends: list[int] = []
    before: list[int] = []
    for index, value in enumerate(values):
        spot = bisect_left(tails, value)
        before.append(ends[spot - 1] if spot else -1)
        tails[spot : spot + 1] = [value]
        ends[spot : spot + 1] = [index]
    chain: list[int] = []
    index = ends[-1] if ends else -1
    while index >= 0:
        chain.append(index)
        index = before[index]
    return chain[::-1]


def _node(nodes: Outline, key: str) -> Node:
    for node in nodes:
        if node.key == key:
            return node
    raise KeyError(key)


def _children(nodes: Sequence[Node]) -> _Children:
    children: _Children = {}
    for node in nodes:
        children.setdefault(node.parent, []).append(node)
    return children


def _flat(children: _Children) -> Outline:
    order: list[Node] = []
    stack = list(reversed(children.get(None, [])))
    while stack:
        node = stack.pop()
        order.append(node)
        stack += reversed(children.get(node.key, []))
    return tuple(order)


def _siblings(nodes: Outline, node: Node) -> tuple[list[str], int]:
    keys = [other.key for other in nodes if other.parent == node.parent]
    return keys, keys.index(node.key)


def _up(nodes: Outline, node: Node) -> Outline:
    keys, index = _siblings(nodes, node)
    if index == 0:
        raise CannotMove("This is the first one here.")
    return place(nodes, node.key, parent=node.parent, before=keys[index - 1])


def _down(nodes: Outline, node: Node) -> Outline:
    keys, index = _siblings(nodes, node)
    if index == len(keys) - 1:
        raise CannotMove("This is the last one here.")
    behind = keys[index + 2] if index + 2 < len(keys) else None
    return place(nodes, node.key, parent=node.parent, before=behind)


def _indent(nodes: Outline, node: Node) -> Outline:
    keys, index = _siblings(nodes, node)
    if index == 0 or not _node(nodes, keys[index - 1]).is_group:
        raise CannotMove("There is no group just before it to move into.")
    return place(nodes, node.key, parent=keys[index - 1])


def _outdent(nodes: Outline, node: Node) -> Outline:
    if node.parent is None:
        raise CannotMove("This stands at the top level already.")
    group = _node(nodes, node.parent)
    keys, index = _siblings(nodes, group)
    behind = keys[index + 1] if index + 1 < len(keys) else None
    return place(nodes, node.key, parent=group.parent, before=behind)


_STEPS: dict[Move, Callable[[Outline, Node], Outline]] = {
    Move.UP: _up,
    Move.DOWN: _down,
    Move.INDENT: _indent,
    Move.OUTDENT: _outdent,
}

"""Moves in the tree of a rubric: worked examples, and the laws every move keeps."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubricstudio.domain.outline import (
    CannotMove,
    Move,
    Node,
    Outline,
    insert,
    outline,
    place,
    remove,
    rising,
    spaced,
    step,
    subtree,
)
from rubricstudio.domain.rubric import Criterion, Rubric

# safety            (group)
#   warns
#   refers
# style             (group)
#   tone            (group)
#     kind
# clear
TREE: Outline = (
    Node("safety", None, True),
    Node("warns", "safety"),
    Node("refers", "safety"),
    Node("style", None, True),
    Node("tone", "style", True),
    Node("kind", "tone"),
    Node("clear"),
)


def keys(nodes: Outline) -> str:
    """The outline in one line: each key with its depth in dots."""
    depths: dict[str | None, int] = {None: -1}
    words = []
    for node in nodes:
        depths[node.key] = depths[node.parent] + 1
        words.append("." * depths[node.key] + node.key)
    return " ".join(words)


@pytest.mark.parametrize(
    ("key", "move", "expected"),
    [
        ("refers", Move.UP, "safety .refers .warns style .tone ..kind clear"),
        ("safety", Move.DOWN, "style .tone ..kind safety .warns .refers clear"),
        ("clear", Move.UP, "safety .warns .refers clear style .tone ..kind"),
        ("clear", Move.INDENT, "safety .warns .refers style .tone ..kind .clear"),
        ("style", Move.INDENT, "safety .warns .refers .style ..tone ...kind clear"),
        ("kind", Move.OUTDENT, "safety .warns .refers style .tone .kind clear"),
        ("tone", Move.OUTDENT, "safety .warns .refers style tone .kind clear"),
        ("refers", Move.OUTDENT, "safety .warns refers style .tone ..kind clear"),
    ],
)
def test_it_moves_a_node_with_what_it_holds(key: str, move: Move, expected: str) -> None:
    assert keys(step(TREE, key, move)) == expected


@pytest.mark.parametrize(
    ("key", "move"),
    [
        ("safety", Move.UP),
        ("clear", Move.DOWN),
        ("warns", Move.INDENT),
        ("refers", Move.INDENT),
        ("safety", Move.INDENT),
        ("clear", Move.OUTDENT),
    ],
)
def test_it_says_so_where_there_is_nowhere_to_go(key: str, move: Move) -> None:
    with pytest.raises(CannotMove):
        step(TREE, key, move)


def test_it_places_a_node_into_a_group_before_a_sibling() -> None:
    moved = place(TREE, "clear", parent="safety", before="refers")

    assert keys(moved) == "safety .warns .clear .refers style .tone ..kind"


def test_a_group_cannot_be_placed_into_itself_or_into_a_criterion() -> None:
    for key, parent in (("style", "style"), ("style", "tone"), ("clear", "warns")):
        with pytest.raises(CannotMove):
            place(TREE, key, parent=parent)
    with pytest.raises(CannotMove, match="any more"):
        place(TREE, "clear", parent="safety", before="kind")


def test_it_inserts_behind_a_sibling_or_last() -> None:
    new = Node("new", "safety")

    assert keys(insert(TREE, new, after="warns")).startswith("safety .warns .new .refers")
    assert keys(insert(TREE, new)).startswith("safety .warns .refers .new style")
    with pytest.raises(CannotMove, match="taken"):
        insert(TREE, Node("clear"))
    with pytest.raises(CannotMove, match="no group"):
        insert(TREE, Node("new", "clear"))
    with pytest.raises(CannotMove, match="any more"):
        insert(TREE, new, after="clear")


def test_it_removes_a_group_with_all_it_holds() -> None:
    assert subtree(TREE, "style") == ("style", "tone", "kind")
    assert keys(remove(TREE, "style")) == "safety .warns .refers clear"
    with pytest.raises(KeyError):
        remove(TREE, "nowhere")


def test_the_outline_of_a_rubric_is_depth_first() -> None:
    rubric = Rubric(
        (
            Criterion("g", "Group", is_group=True),
            Criterion("last", "Stands alone"),
            Criterion("in", "Stands in the group", parent="g"),
        )
    )

    assert keys(outline(rubric)) == "g .in last"


@st.composite
def outlines(draw: st.DrawFn) -> Outline:
    """A tree of up to 12 nodes, grown by insertion."""
    nodes: Outline = ()
    for number in range(draw(st.integers(1, 12))):
        groups = [None, *(node.key for node in nodes if node.is_group)]
        parent = draw(st.sampled_from(groups))
        nodes = insert(nodes, Node(f"n{number}", parent, draw(st.booleans())))
    return nodes


def assert_whole(nodes: Outline) -> None:
    """Each node once, behind its group, and everything in a group next to it."""
    seen: dict[str, Node] = {}
    for node in nodes:
        assert node.key not in seen
        assert node.parent is None or seen[node.parent].is_group
        seen[node.key] = node
    for node in nodes:
        below = subtree(nodes, node.key)
        start = [other.key for other in nodes].index(node.key)
        assert tuple(other.key for other in nodes[start : start + len(below)]) == below


@given(outlines(), st.data())
def test_no_move_breaks_the_tree(nodes: Outline, data: st.DataObject) -> None:
    key = data.draw(st.sampled_from([node.key for node in nodes]))
    for move in Move:
        try:
            moved = step(nodes, key, move)
        except CannotMove:
            continue
        assert_whole(moved)
        assert sorted(n.key for n in moved) == sorted(n.key for n in nodes)
        assert subtree(moved, key) == subtree(nodes, key)


@given(outlines(), st.data())
def test_down_undoes_up(nodes: Outline, data: st.DataObject) -> None:
    key = data.draw(st.sampled_from([node.key for node in nodes]))
    try:
        moved = step(nodes, key, Move.UP)
    except CannotMove:
        return
    assert step(moved, key, Move.DOWN) == nodes


def test_positions_change_for_the_moved_row_only() -> None:
    # Rows stand at 1024, 2048, 3072; the last one moves to the front, between -1 and 1024.
    assert spaced([3072, 1024, 2048]) == [511, 1024, 2048]
    # A new row goes into the middle of its neighbours: 1024 + 1024/2.
    assert spaced([1024, None, 2048]) == [1024, 1536, 2048]
    assert spaced([1024, None]) == [1024, 2048]
    # No room between 0 and 1: all are numbered afresh.
    assert spaced([0, None, 1]) == [1024, 2048, 3072]
    assert spaced([]) == []


@given(st.lists(st.none() | st.integers(0, 50), max_size=20))
def test_positions_always_rise_and_never_fall_below_zero(positions: Sequence[int | None]) -> None:
    result = spaced(positions)

    assert len(result) == len(positions)
    assert all(a < b for a, b in zip(result, result[1:], strict=False))
    assert all(position >= 0 for position in result)
    if all(p is not None for p in positions) and list(positions) == sorted(set(positions)):  # type: ignore[type-var]  # no None here
        assert result == list(positions)


@given(st.lists(st.integers(0, 9), max_size=9))
def test_the_rising_run_is_the_longest_there_is(values: Sequence[int]) -> None:
    run = [values[index] for index in rising(values)]

    assert all(a < b for a, b in zip(run, run[1:], strict=False))
    # By brute force: the longest rising run that ends at each place.
    best = [0] * len(values)
    for i, value in enumerate(values):
        best[i] = 1 + max((best[j] for j in range(i) if values[j] < value), default=0)
    assert len(run) == max(best, default=0)

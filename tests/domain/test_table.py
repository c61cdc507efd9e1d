from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubricstudio.domain.table import (
    InvalidTable,
    Repeats,
    VerdictTable,
    from_columns,
    from_verdicts,
)
from rubricstudio.domain.verdict import Verdict, VerdictStatus

NAN = float("nan")


def columns(*rows: tuple[Any, ...]) -> dict[str, Any]:
    """Columns of rows (task, response, criterion, rater, value)."""
    names = ("tasks", "responses", "criteria", "raters", "values")
    return dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))


def test_it_places_each_value_in_the_cell_of_its_unit_and_rater() -> None:
    table = from_columns(
        **columns(
            ("t1", "r1", "tone", "ann", 1),
            ("t1", "r1", "tone", "bob", 0),
            ("t1", "r1", "facts", "ann", 1),
            ("t2", "r2", "tone", "bob", None),
        )
    )

    # units by response then criterion: (r1, tone), (r1, facts), (r2, tone)
    np.testing.assert_array_equal(table.values, [[1, 0], [1, NAN], [NAN, NAN]])
    assert table.raters == ("ann", "bob")
    assert [table.response_labels[code] for code in table.responses] == ["r1", "r1", "r2"]
    assert [table.criterion_labels[code] for code in table.criteria] == ["tone", "facts", "tone"]
    assert [table.task_labels[code] for code in table.tasks] == ["t1", "t1", "t2"]


def test_it_keeps_a_unit_whose_only_verdict_has_no_value() -> None:
    table = from_columns(**columns(("t", "r", "c", "ann", None), ("t", "r2", "c", "ann", 1)))

    assert table.n_units == 2
    assert table.n_values == 1
    assert table.coverage == 0.5
    assert table.with_values().n_units == 1


def test_it_reads_domain_verdicts_and_gives_other_statuses_no_value() -> None:
    table = from_verdicts(
        [
            Verdict("ann", "t", "r", "c", value=1.0),
            Verdict("bob", "t", "r", "c", VerdictStatus.TIMEOUT),
        ]
    )

    np.testing.assert_array_equal(table.values, [[1, NAN]])


def test_it_takes_integer_arrays_and_rises_their_labels() -> None:
    table = from_columns(
        tasks=np.array([7, 7]),
        responses=np.array([900, 3]),
        criteria=np.array([-2, -2]),
        raters=np.array([1_000_000_000_000, 5]),
        values=np.array([1.0, 0.0]),
    )

    assert table.response_labels == (3, 900)
    assert table.raters == (5, 1_000_000_000_000)
    np.testing.assert_array_equal(table.values, [[0, NAN], [NAN, 1]])


def test_it_takes_arrays_of_strings() -> None:
    table = from_columns(
        tasks=np.array(["t", "t"]),
        responses=np.array(["b", "a"]),
        criteria=np.array(["c", "c"]),
        raters=np.array(["x", "x"]),
        values=[1, 0],
    )

    assert table.response_labels == ("b", "a")
    np.testing.assert_array_equal(table.values, [[1], [0]])


def test_an_empty_table_has_no_units_and_no_coverage() -> None:
    table = from_columns(tasks=[], responses=[], criteria=[], raters=[], values=[])

    assert table.n_units == 0
    assert table.coverage is None


def test_it_takes_the_majority_of_repeated_samples() -> None:
    table = from_columns(
        **columns(
            ("t", "r", "c", "judge", 1),
            ("t", "r", "c", "judge", 0),
            ("t", "r", "c", "judge", 1),
            ("t", "r", "c", "judge", None),
            ("t", "r", "c", "ann", 0),
        )
    )

    np.testing.assert_array_equal(table.values, [[1, 0]])
    assert not table.tied.any()


def test_a_tie_of_repeated_samples_is_unscored_and_marked() -> None:
    table = from_columns(
        **columns(
            ("t", "r", "c", "judge", 1),
            ("t", "r", "c", "judge", 0),
            ("t", "r", "c", "ann", 0),
            ("t", "r", "d", "judge", None),
        )
    )

    np.testing.assert_array_equal(table.values, [[NAN, 0], [NAN, NAN]])
    np.testing.assert_array_equal(table.tied, [[True, False], [False, False]])


def test_it_averages_the_samples_of_criteria_that_ask_for_it() -> None:
    rows = columns(
        ("t", "r", "points", "judge", 2),
        ("t", "r", "points", "judge", 5),
        ("t", "r", "yes", "judge", 1),
        ("t", "r", "yes", "judge", 1),
        ("t", "r", "yes", "judge", 0),
    )

    table = from_columns(**rows, repeats={"points": Repeats.MEAN})
    averaged = from_columns(**rows, repeats=Repeats.MEAN)

    np.testing.assert_array_equal(table.values, [[3.5], [1]])  # (2 + 5)/2; two of three say 1
    np.testing.assert_allclose(averaged.values, [[3.5], [2 / 3]])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"raters": ["ann"]}, "1 raters but 2 values"),
        ({"values": [1, float("inf")]}, "value 1 is infinite"),
        ({"values": [1, "perhaps"]}, "must be numbers"),
        ({"responses": ["r", "r"]}, "response 'r' stands under two tasks"),
    ],
)
def test_it_refuses_columns_that_make_no_table(change: dict[str, Any], message: str) -> None:
    rows = columns(("t1", "r1", "c", "ann", 1), ("t2", "r2", "c", "ann", 0))

    with pytest.raises(InvalidTable, match=message):
        from_columns(**{**rows, **change})


@pytest.fixture
def table() -> VerdictTable:
    return from_columns(
        **columns(
            ("t1", "r1", "c1", "ann", 1),
            ("t1", "r1", "c2", "bob", 0),
            ("t2", "r2", "c1", "ann", None),
            ("t2", "r2", "c1", "judge", 1),
        )
    )


def test_it_selects_one_criterion(table: VerdictTable) -> None:
    chosen = table.for_criterion("c1")

    np.testing.assert_array_equal(chosen.values, [[1, NAN, NAN], [NAN, NAN, 1]])
    with pytest.raises(KeyError):
        table.for_criterion("c9")


def test_selecting_raters_keeps_every_unit_so_that_columns_stay_aligned(
    table: VerdictTable,
) -> None:
    people = table.for_raters({"ann", "bob", "someone else"})

    assert people.raters == ("ann", "bob")
    assert people.n_units == table.n_units
    np.testing.assert_array_equal(table.rater_values("judge"), [NAN, NAN, 1])
    with pytest.raises(KeyError):
        table.rater_values("someone else")


def test_it_counts_values_per_unit(table: VerdictTable) -> None:
    np.testing.assert_array_equal(table.values_per_unit, [1, 1, 1])
    assert table.with_values(at_least=2).n_units == 0


cells = st.tuples(
    st.integers(0, 4), st.integers(0, 3), st.integers(0, 2), st.sampled_from([0.0, 1.0, None])
)


@given(st.lists(cells, unique_by=lambda cell: cell[:3], max_size=40), st.booleans())
def test_every_value_is_found_again_and_none_is_invented(
    rows: list[tuple[int, int, int, float | None]], as_arrays: bool
) -> None:
    plain = {
        "tasks": [response // 2 for response, *_ in rows],
        "responses": [response for response, *_ in rows],
        "criteria": [criterion for _, criterion, *_ in rows],
        "raters": [rater for *_, rater, _ in rows],
    }
    values = [value for *_, value in rows]
    made = {name: np.array(col, dtype=np.int64) for name, col in plain.items()}

    table = from_columns(**(made if as_arrays else plain), values=values)

    index = {
        (table.response_labels[response], table.criterion_labels[criterion]): unit
        for unit, (response, criterion) in enumerate(
            zip(table.responses, table.criteria, strict=True)
        )
    }
    for response, criterion, rater, value in rows:
        held = table.values[index[response, criterion], table.raters.index(rater)]
        assert held == value if value is not None else np.isnan(held)
    assert table.n_values == sum(value is not None for value in values)
    assert table.n_units == len({row[:2] for row in rows})

"""Two votes compared: worked examples, the krippendorff package, laws."""

from __future__ import annotations

from typing import Literal

import krippendorff
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubricstudio.domain.agreement.answers import Answers, answers_of
from rubricstudio.domain.agreement.statistic import Reason
from rubricstudio.domain.agreement.study import whole
from rubricstudio.domain.agreement.votes import Changes, TwoVotes, VoteRow, centres
from rubricstudio.domain.rubric import Level, Scale, ScaleKind
from rubricstudio.domain.table import FloatArray

BINARY = Scale()
FOUR = Scale(ScaleKind.ORDINAL, tuple(Level(n, str(n)) for n in (1, 2, 3, 4)))
POINTS = Scale(ScaleKind.POINTS, maximum=10)


def vote(rows: list[list[float | None]]) -> Answers:
    """Units in rows, a task each, people in columns; everything is criterion 1."""
    cells = [
        (unit, person, value)
        for unit, row in enumerate(rows)
        for person, value in enumerate(row)
        if value is not None
    ]
    return answers_of(
        tasks=[unit for unit, _p, _v in cells],
        responses=[unit for unit, _p, _v in cells],
        criteria=[1] * len(cells),
        raters=[person for _u, person, _v in cells],
        values=[value for _u, _p, value in cells],
    )


def compared(
    first: list[list[float | None]], second: list[list[float | None]], scale: Scale = BINARY
) -> VoteRow:
    votes = TwoVotes(vote(first), vote(second), {1: scale})
    return votes.rows(whole(votes.first.table.n_units))[0]


FIRST: list[list[float | None]] = [[1, 1, 0], [0, 1, 0], [1, 1, 1], [0, 0, 1]]
SECOND: list[list[float | None]] = [[1, 1, 1], [0, 0, 0], [1, 0, 1], [0, 0, 1]]


def test_a_worked_example() -> None:
    found = compared(FIRST, SECOND)

    # Pairs that agree, of three in each unit: 1, 1, 3, 1 before, and 3, 3, 1, 1 after.
    percent = found.figures["percent"]
    assert percent.before.value == pytest.approx((1 + 1 + 3 + 1) / 12)
    assert percent.after.value == pytest.approx((3 + 3 + 1 + 1) / 12)
    assert percent.difference.value == pytest.approx(2 / 12)
    # Alpha: 12 values, before 7 ones and 5 zeros. Disagreeing ordered pairs by unit over
    # m - 1 = 2: 4/2 in three units, so o = 6; expected 2 * 7 * 5 / 11. 1 - 6 / (70 / 11).
    alpha = found.figures["alpha"]
    assert alpha.before.value == pytest.approx(1 - 6 * 11 / 70)
    # After: 6 ones, 6 zeros; two units are split: o = 4.
    assert alpha.after.value == pytest.approx(1 - 4 * 11 / 72)
    assert alpha.difference.value == pytest.approx(66 / 70 - 44 / 72)
    assert (found.n, alpha.before.n, alpha.difference.n) == (4, 4, 4)
    # The third person of unit 1 and the second of unit 2 join the two others, the second
    # of unit 3 leaves them.
    assert found.changes == Changes(n=12, changed=3, towards=2, away=1)
    assert found.changes.neither == 0


def test_intervals_are_of_the_same_draws() -> None:
    found = compared(FIRST * 5, SECOND * 5).figures["alpha"]
    assert found.before.low is not None and found.difference.low is not None
    same = compared(FIRST * 5, FIRST * 5).figures["alpha"].difference
    # Whatever is drawn, nothing changed: an interval of unpaired draws would not be a point.
    assert (same.value, same.low, same.high) == (0, 0, 0)


@pytest.mark.parametrize(
    ("scale", "level", "values"),
    [(BINARY, "nominal", [0, 1]), (FOUR, "ordinal", [1, 2, 3, 4]), (POINTS, "interval", range(11))],
)
def test_alpha_of_each_vote_equals_the_reference(
    scale: Scale, level: Literal["nominal", "ordinal", "interval"], values: list[int]
) -> None:
    random = np.random.default_rng(4)
    first = random.choice(np.array(list(values), dtype=float), size=(40, 4))
    second = np.where(random.random((40, 4)) < 0.4, np.roll(first, 1, axis=1), first)
    missing = random.random((40, 4)) < 0.2
    first[missing] = second[missing] = np.nan

    found = compared(_rows(first), _rows(second), scale).figures["alpha"]

    domain = None if level == "interval" else list(values)
    before, after = (
        krippendorff.alpha(part.T, level_of_measurement=level, value_domain=domain)
        for part in (first, second)
    )
    assert found.before.value == pytest.approx(before)
    assert found.after.value == pytest.approx(after)
    assert found.difference.value == pytest.approx(after - before)


def _rows(values: FloatArray) -> list[list[float | None]]:
    return [[None if np.isnan(v) else float(v) for v in row] for row in values]


def test_direction_is_by_the_others_first_answers() -> None:
    # Of ordinal levels the nearer one counts as towards, though it is not the others' own.
    found = compared([[1, 4, 4, 4]], [[3, 4, 4, 1]], FOUR).changes
    assert (found.changed, found.towards, found.away) == (2, 1, 1)
    # Two others who differ have no single answer, so a change has no direction.
    found = compared([[1, 0, 1]], [[0, 0, 1]]).changes
    assert (found.changed, found.towards, found.away, found.neither) == (1, 0, 0, 1)
    # In points the median of the others, here 6: from 9 to 5 is nearer.
    found = compared([[9, 5, 6, 7]], [[5, 5, 6, 7]], POINTS).changes
    assert (found.towards, found.away) == (1, 0)


def test_what_one_says_is_not_among_what_the_others_say() -> None:
    values = np.array([[1.0, 0.0], [1.0, np.nan]])
    found = centres(values, np.array([False, False]))
    assert found[0].tolist() == [0, 1] and np.isnan(found[1]).all()


def test_points_have_no_share_of_equal_answers() -> None:
    found = compared([[1, 2], [3, 5]], [[1, 1], [3, 4]], POINTS)
    assert found.figures["percent"].before.reason is Reason.CONTINUOUS
    assert found.figures["alpha"].before.value is not None


def test_the_votes_of_other_cells_are_not_compared() -> None:
    with pytest.raises(ValueError, match="same cells"):
        TwoVotes(vote([[1, 1], [0, None]]), vote([[1, 1], [None, 0]]), {1: BINARY})


answer: st.SearchStrategy[float | None] = st.sampled_from([0.0, 1.0])
row = st.lists(answer, min_size=3, max_size=3)


@given(st.lists(st.tuples(row, row), min_size=2, max_size=8))
def test_changes_add_up_and_turning_the_votes_round_turns_the_difference(
    units: list[tuple[list[float | None], list[float | None]]],
) -> None:
    first, second = [one for one, _other in units], [other for _one, other in units]
    there, back = compared(first, second), compared(second, first)

    changes = there.changes
    assert changes.towards + changes.away + changes.neither == changes.changed <= changes.n
    assert changes.changed == back.changes.changed
    one, other = there.figures["percent"].difference.value, back.figures["percent"].difference.value
    assert one is not None and other is not None and one == pytest.approx(-other)

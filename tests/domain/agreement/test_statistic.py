from __future__ import annotations

from rubricstudio.domain.agreement import FLOOR, Reason, Statistic


def test_a_value_on_few_items_is_withheld_and_n_shown() -> None:
    few = Statistic(0.9, 0.7, 1.0, n=19)

    assert few.shown() == Statistic(None, n=19, reason=Reason.BELOW_FLOOR)


def test_a_value_on_enough_items_is_shown_as_it_is() -> None:
    enough = Statistic(0.9, 0.7, 1.0, n=FLOOR)

    assert enough.shown() is enough
    assert Statistic(0.9, n=3).shown(floor=3).value == 0.9


def test_a_missing_value_keeps_its_own_reason() -> None:
    nothing = Statistic(None, reason=Reason.NOTHING_COMPARABLE)

    assert nothing.shown() is nothing

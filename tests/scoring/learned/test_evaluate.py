"""What is said of a probe: its figures held out, what it has to beat, and when to beware."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from scoring.learned.evaluate import (
    BY_SOURCE,
    CRITERION,
    LEARNED,
    MAJORITY,
    PAIRS,
    REST,
    SOURCE,
    UNTRAINED,
    TooFewVerdicts,
    Warned,
    baselines,
    ceilings,
    check_enough,
    evaluate,
)
from tests.scoring.learned.made import QUICK, made_cells

NAN = float("nan")


def test_a_signal_is_found_and_stands_above_what_knows_nothing_of_the_response() -> None:
    cells = made_cells(signal=3.0)
    run = np.where(np.arange(len(cells)) < 10, NAN, cells.labels)

    found = evaluate(cells, QUICK, people=np.stack([cells.labels] * 3, 1), runs={"gpt": run})

    rows = {row.name: row for row in found.rows}
    assert list(rows) == [
        *(LEARNED, BY_SOURCE, MAJORITY, CRITERION, SOURCE, UNTRAINED, "gpt", PAIRS, REST)
    ]
    assert (rows[LEARNED].kappa.value or 0) > 0.5
    assert (rows[LEARNED].auc.value or 0) > 0.8
    assert (rows["gpt"].kappa.value, rows["gpt"].kappa.n) == (1.0, 134)
    assert rows["gpt"].auc.value is None
    assert found.warnings == ()
    assert [round(point.tasks, 1) for point in found.curve] == [3, 6, 8, 11]
    assert len(found.choices) == 12


def test_a_probe_that_merely_tells_sources_apart_is_warned_of() -> None:
    cells = made_cells(signal=0.0, by_source=2.0)

    found = evaluate(cells, QUICK, people=cells.labels[:, None])

    rows = {row.name: row for row in found.rows}
    assert (rows[LEARNED].kappa.value or 0) > 0.3
    assert Warned.SOURCE in found.warnings
    assert Warned.CHANCE not in found.warnings
    assert PAIRS not in rows  # one person has nobody to be compared with


def test_noise_is_no_better_than_chance() -> None:
    cells = made_cells(signal=0.0, seed=1)  # in one draw of twenty noise looks like a little more

    found = evaluate(cells, QUICK, people=cells.labels[:, None])

    assert {Warned.CHANCE, Warned.CRITERION, Warned.UNSEEN} <= set(found.warnings)


def test_one_source_has_neither_folds_by_source_nor_a_prior_by_it() -> None:
    cells = made_cells()
    one = replace(cells, sources=np.zeros_like(cells.sources))

    assert SOURCE not in {row.name for row in baselines(one)}


def test_people_are_judged_by_each_other() -> None:
    # Two cells, three people: 1 1 0 and 0 0 0. Of 12 ordered pairs 2 + 6 are the same... the
    # pairs of the first cell: 1-1 twice, 1-0 twice, 0-1 twice; of the second: 0-0 six times.
    # po = 8/12; met is said by 4 of 12 on either side: pe = 1/9 + 4/9 = 5/9; kappa = 1/4.
    # The others of the first cell: of 0 they are 1, 1, so 1 against 0; of 1 they tie. n = 1 + 3.
    cells = made_cells().where(np.arange(144) < 2)

    pairs, rest = ceilings(cells, np.array([[1.0, NAN, 1, 0], [0, 0, NAN, 0]]))

    assert pairs.kappa.value == pytest.approx(0.25)
    assert pairs.kappa.n == 12
    assert rest.kappa.n == 4


@pytest.mark.parametrize(
    ("n", "tasks", "met", "why"),
    [(39, 10, 20, "39 verdicts"), (40, 3, 20, "3 tasks"), (40, 10, 0, "are the same")],
)
def test_too_little_is_refused_with_what_it_takes(n: int, tasks: int, met: int, why: str) -> None:
    labels = np.where(np.arange(n) < met, 1.0, 0.0)

    with pytest.raises(TooFewVerdicts, match=why):
        check_enough(labels, np.arange(n) % tasks)

"""How often rules are right, as counts: a change of a rule shows here as a changed number.

`design` was in view while the rules were tuned, `held_out` never was used to change a rule: its
figures say what to expect of criteria that nobody here has seen.
"""

from __future__ import annotations

import pytest

from rubricstudio.domain.lint import RULES
from rubricstudio.domain.lint.quality import Counts, case_from, counted
from tests.domain.lint.labelled import SPLITS, findings_of, labelled

# Rule: (right, wrong, missed) on design, then on held_out.
GOLDEN: dict[str, tuple[tuple[int, int, int], tuple[int, int, int]]] = {
    "compound": ((15, 0, 0), (12, 0, 6)),
    "vague": ((12, 0, 0), (10, 1, 5)),
    "not-self-contained": ((11, 0, 0), (11, 2, 1)),
    "not-verifiable": ((11, 0, 0), (9, 1, 4)),
    "rewards-length": ((9, 0, 0), (10, 1, 1)),
    "near-duplicate": ((5, 0, 0), (5, 0, 3)),
    "subset": ((3, 0, 0), (6, 3, 0)),
    "contradiction": ((5, 0, 0), (4, 0, 3)),
    "sign-and-polarity": ((8, 0, 0), (8, 1, 0)),
    "negated-pitfall": ((7, 0, 0), (5, 0, 2)),
    "presence-only": ((2, 0, 0), (3, 0, 0)),
    "unreachable-maximum": ((7, 0, 0), (8, 0, 3)),
    "gate-without-tier": ((2, 0, 0), (4, 0, 0)),
    "empty-levels": ((2, 0, 0), (5, 0, 0)),
    "sums": ((3, 0, 0), (6, 0, 0)),
    "tiny-shares": ((2, 0, 0), (4, 0, 0)),
    "non-discriminating": ((3, 0, 0), (3, 0, 0)),
    "never-agrees": ((2, 0, 0), (3, 0, 0)),
}


@pytest.mark.parametrize("index", [0, 1], ids=SPLITS)
def test_the_counts_of_each_rule(index: int) -> None:
    counts = counted(labelled(SPLITS[index]), findings_of)

    found = {name: (x.right, x.wrong, x.missed) for name, x in counts.items()}
    assert found == {name: both[index] for name, both in GOLDEN.items()}


def test_every_rule_is_labelled_in_both_parts() -> None:
    for split in SPLITS:
        cases = labelled(split)
        spoken = {name for case in cases for name in case.expect}

        assert spoken == set(RULES), split
        assert {case.split for case in cases} == {split}
        assert len({case.ident for case in cases}) == len(cases)


def test_the_set_is_large_and_half_of_it_hard_negatives() -> None:
    cases = [case for split in SPLITS for case in labelled(split)]

    assert sum(len(case.rubric.leaves) for case in cases) >= 450
    assert 0.35 <= sum(not case.expect for case in cases) / len(cases) <= 0.65
    assert len({case.topic for case in cases}) == 6


def test_no_text_of_one_part_stands_in_the_other() -> None:
    single = [
        {case.rubric.criteria[0].text for case in labelled(split) if len(case.rubric.criteria) == 1}
        for split in SPLITS
    ]

    shared = single[0] & single[1]
    assert shared == {"Names the antidote."} & shared


def test_precision_and_recall_are_nothing_of_nothing() -> None:
    assert Counts().precision is None
    assert Counts().recall is None
    # Right 3 of 4 said; 3 of 6 to say.
    assert Counts(3, 1, 3).precision == 0.75
    assert Counts(3, 1, 3).recall == 0.5


def test_a_label_that_is_no_rule_is_refused() -> None:
    record = {"id": "x", "split": "design", "field": "law", "criteria": [], "expect": ["nope"]}

    with pytest.raises(ValueError, match="no rule 'nope'"):
        case_from(record)

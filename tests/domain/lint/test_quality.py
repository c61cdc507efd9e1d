"""How often rules are right, as counts: a change of a rule shows here as a changed number.

`design` and `held_out` were in view while the rules were made; `independent` was labelled without
sight of them, and docs/lint.md says what little of it was seen: its figures say what to expect.
"""

from __future__ import annotations

from itertools import combinations

import pytest

from rubricstudio.domain.lint import RULES
from rubricstudio.domain.lint.quality import Counts, case_from, counted
from tests.domain.lint.labelled import SPLITS, findings_of, labelled

# Rule: (right, wrong, missed) on design, on held_out, and on independent.
GOLDEN: dict[str, tuple[tuple[int, int, int], ...]] = {
    "compound": ((15, 0, 0), (18, 0, 0), (14, 1, 8)),
    "vague": ((12, 0, 0), (15, 0, 0), (17, 3, 4)),
    "not-self-contained": ((11, 0, 0), (12, 0, 0), (11, 1, 10)),
    "not-verifiable": ((11, 0, 0), (13, 0, 0), (11, 1, 10)),
    "rewards-length": ((9, 0, 0), (10, 0, 1), (15, 2, 5)),
    "near-duplicate": ((5, 0, 0), (7, 0, 1), (5, 2, 14)),
    "subset": ((3, 0, 0), (6, 0, 0), (10, 2, 6)),
    "contradiction": ((5, 0, 0), (7, 0, 0), (7, 4, 12)),
    "sign-and-polarity": ((8, 0, 0), (8, 0, 0), (12, 0, 6)),
    "negated-pitfall": ((7, 0, 0), (7, 0, 0), (15, 2, 2)),
    "presence-only": ((2, 0, 0), (3, 0, 0), (7, 3, 0)),
    "unreachable-maximum": ((7, 0, 0), (11, 0, 0), (5, 6, 5)),
    "gate-without-tier": ((2, 0, 0), (4, 0, 0), (7, 0, 0)),
    "empty-levels": ((2, 0, 0), (5, 0, 0), (7, 0, 0)),
    "sums": ((3, 0, 0), (6, 0, 0), (5, 0, 2)),
    "tiny-shares": ((2, 0, 0), (4, 0, 0), (6, 0, 0)),
    "non-discriminating": ((3, 0, 0), (3, 0, 0), (7, 0, 0)),
    "never-agrees": ((2, 0, 0), (3, 0, 0), (7, 0, 0)),
}

READ_FROM_WORDS = {
    "compound",
    "vague",
    "not-self-contained",
    "not-verifiable",
    "rewards-length",
    "near-duplicate",
    "subset",
    "contradiction",
    "sign-and-polarity",
    "negated-pitfall",
}


@pytest.mark.parametrize("index", range(len(SPLITS)), ids=SPLITS)
def test_the_counts_of_each_rule(index: int) -> None:
    counts = counted(labelled(SPLITS[index]), findings_of)

    found = {name: (x.right, x.wrong, x.missed) for name, x in counts.items()}
    assert found == {name: parts[index] for name, parts in GOLDEN.items()}


def test_every_rule_is_labelled_in_every_part() -> None:
    for split in SPLITS:
        cases = labelled(split)
        spoken = {name for case in cases for name in case.expect}

        assert spoken == set(RULES), split
        assert {case.split for case in cases} == {split}
        assert len({case.ident for case in cases}) == len(cases)


def test_the_set_is_large_and_half_of_it_hard_negatives() -> None:
    cases = [case for split in SPLITS for case in labelled(split)]

    assert sum(len(case.rubric.leaves) for case in cases) >= 1700
    assert 0.35 <= sum(not case.expect for case in cases) / len(cases) <= 0.65
    assert len({case.topic for case in cases}) == 11


def test_the_independent_part_has_enough_of_every_rule_to_say_something() -> None:
    cases = labelled("independent")

    for rule in RULES:
        n = sum(rule in case.expect for case in cases)
        assert n >= (15 if rule in READ_FROM_WORDS else 6), rule
    assert 0.4 <= sum(not case.expect for case in cases) / len(cases) <= 0.6


def test_no_text_of_one_part_stands_in_the_other() -> None:
    single = [
        {case.rubric.criteria[0].text for case in labelled(split) if len(case.rubric.criteria) == 1}
        for split in SPLITS
    ]

    for one, other in combinations(single, 2):
        assert one & other <= {"Names the antidote."}


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

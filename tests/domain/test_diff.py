"""What changed between two versions: worked examples, and laws over random edits."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubricstudio.domain.diff import Change, Effect, Mark, compare, impact, words
from rubricstudio.domain.hashing import criterion_judging_hash
from rubricstudio.domain.merge import clashes_between, merge
from rubricstudio.domain.rubric import (
    Criterion,
    JudgedBy,
    Level,
    MetMeans,
    Rubric,
    Scale,
    ScaleKind,
    Tier,
)

OLD = Rubric(
    (
        Criterion("safety", "Safety", is_group=True),
        Criterion("warns", "Warns of the interaction.", weight=5, parent="safety", gate=True),
        Criterion("refers", "Refers to a doctor.", weight=2, parent="safety"),
        Criterion("invents", "Invents a dose.", weight=-4, met_means=MetMeans.BAD),
        Criterion("clear", "Is clear.", weight=1),
    )
)


def edited(key: str, **changes: object) -> Rubric:
    """OLD with one criterion changed."""
    return replace(
        OLD,
        criteria=tuple(
            replace(c, **changes) if c.key == key else c  # type: ignore[arg-type]  # any field
            for c in OLD.criteria
        ),
    )


@pytest.mark.parametrize(
    ("key", "changes", "kind", "effect"),
    [
        ("warns", {"text": "Warns of it."}, Change.REWORDED, Effect.STALE),
        ("warns", {"description": "Both drugs named."}, Change.REWORDED, Effect.STALE),
        ("warns", {"weight": 6}, Change.REWEIGHTED, Effect.KEPT),
        ("warns", {"gate": False}, Change.GATE, Effect.KEPT),
        ("warns", {"tier": Tier.MANDATORY}, Change.TIER, Effect.KEPT),
        ("clear", {"scale": Scale(ScaleKind.POINTS, maximum=4)}, Change.SCALE, Effect.STALE),
        ("invents", {"met_means": MetMeans.GOOD}, Change.POLARITY, Effect.STALE),
        ("clear", {"judged_by": JudgedBy.PEOPLE}, Change.JUDGING, Effect.STALE),
        ("clear", {"evidence_required": True}, Change.JUDGING, Effect.STALE),
        ("clear", {"tags": ("style",)}, Change.LABELS, Effect.KEPT),
        ("safety", {"text": "Safety first"}, Change.REWORDED, Effect.NONE),
    ],
)
def test_each_edit_is_named_and_says_what_it_does_to_verdicts(
    key: str, changes: dict[str, object], kind: Change, effect: Effect
) -> None:
    diff = compare(OLD, edited(key, **changes))

    (change,) = diff.changes
    assert (change.key, change.kinds, change.effect) == (key, (kind,), effect)
    assert diff.unchanged == 4
    assert diff.counts == {kind: 1}


def test_white_space_around_a_text_is_no_change() -> None:
    diff = compare(OLD, edited("clear", text="  Is clear.\n"))

    assert diff.is_empty


def test_a_removed_criterion_stands_where_it_used_to_and_an_added_one_in_its_place() -> None:
    warns, refers, invents, clear = OLD.criteria[1:]
    new = Rubric((OLD.criteria[0], warns, Criterion("new", "Is kind."), invents, clear))

    diff = compare(OLD, new)

    assert [(c.key, c.kinds, c.effect) for c in diff.changes] == [
        ("refers", (Change.REMOVED,), Effect.DROPPED),
        ("new", (Change.ADDED,), Effect.NONE),
    ]
    assert diff.unchanged == 4
    assert refers.key == "refers"


def test_only_the_rows_that_moved_count_as_moved() -> None:
    safety, warns, refers, invents, clear = OLD.criteria
    to_the_front = Rubric((clear, safety, warns, refers, invents))
    into_the_group = Rubric((safety, warns, refers, replace(clear, parent="safety"), invents))
    the_group = Rubric((invents, clear, safety, warns, refers))

    assert [c.key for c in compare(OLD, to_the_front).changes] == ["clear"]
    assert [c.key for c in compare(OLD, into_the_group).changes] == ["clear"]
    # Of (safety, invents, clear) to (invents, clear, safety) the fewest moves is one;
    # what sits in the group did not move in it.
    assert [c.key for c in compare(OLD, the_group).changes] == ["safety"]


def test_a_change_of_aggregator_or_parameters_is_told_apart_from_criteria() -> None:
    diff = compare(OLD, replace(OLD, aggregator="min_max", params={"gate_cap": 0.5}))

    assert diff.aggregator == ("pos_normalised", "min_max")
    assert diff.params_changed
    assert not diff.changes
    assert not diff.is_empty


def test_words_that_went_out_and_came_in_are_marked() -> None:
    runs = words("Warns of the interaction.", "Warns clearly of the danger.")

    assert [(run.mark, run.text) for run in runs] == [
        (Mark.SAME, "Warns "),
        (Mark.IN, "clearly "),
        (Mark.SAME, "of the "),
        (Mark.OUT, "interaction"),
        (Mark.IN, "danger"),
        (Mark.SAME, "."),
    ]


def test_scripts_without_spaces_are_compared_by_character() -> None:
    runs = words("薬の相互作用", "薬の副作用")

    # 相互 gives way to 副; the rest stays.
    assert [(run.mark, run.text) for run in runs] == [
        (Mark.SAME, "薬の"),
        (Mark.OUT, "相互"),
        (Mark.IN, "副"),
        (Mark.SAME, "作用"),
    ]


@given(st.text(max_size=60), st.text(max_size=60))
def test_the_marked_words_make_up_both_texts(old: str, new: str) -> None:
    runs = words(old, new)

    assert "".join(run.text for run in runs if run.mark != Mark.OUT) == new
    was = "".join(run.text for run in runs if run.mark != Mark.IN)
    assert "".join(was.split()) == "".join(old.split())


def test_the_impact_counts_every_verdict_once() -> None:
    new = Rubric(
        (
            replace(OLD.criteria[1], weight=9, parent=None),  # warns: kept
            replace(OLD.criteria[2], text="Refers to help.", parent=None),  # refers: stale
            OLD.criteria[4],  # clear: kept; invents goes
            Criterion("kind", "Is kind."),
        )
    )
    digest = {c.key: criterion_judging_hash(c) for c in OLD.leaves}
    again = criterion_judging_hash(new.by_key["refers"])
    verdicts = {
        ("warns", digest["warns"]): 7,
        ("warns", "an older wording"): 2,
        ("refers", digest["refers"]): 5,
        ("refers", again): 3,  # given on a version before OLD that read the same as the new one
        ("invents", digest["invents"]): 4,
        ("gone-long-ago", "x"): 1,
    }

    result = impact(OLD, new, verdicts)

    rows = {row.key: row for row in result.criteria}
    assert (rows["warns"].kept, rows["warns"].outdated) == (7, 2)
    assert (rows["refers"].stale, rows["refers"].revived) == (5, 3)
    assert rows["invents"].dropped == 4
    assert rows["gone-long-ago"].outdated == 1
    assert rows["kind"] == replace(rows["kind"], kept=0, stale=0, dropped=0)
    total = result.total
    # 7 + 2 + 5 + 3 + 4 + 1 = 22
    assert (
        total.kept + total.stale + total.dropped + total.revived + total.outdated
        == sum(verdicts.values())
        == 22
    )


def test_the_first_version_touches_no_verdicts() -> None:
    assert impact(None, OLD, {}).total.kept == 0


texts = st.text("abc .", min_size=1, max_size=8).filter(str.strip)
scales = st.sampled_from(
    [
        Scale(),
        Scale(ScaleKind.POINTS, maximum=3),
        Scale(ScaleKind.ORDINAL, (Level(0, "no"), Level(1, "yes"))),
    ]
)
criteria = st.builds(
    Criterion,
    key=st.just("k"),
    text=texts,
    description=st.just("") | texts,
    weight=st.integers(-3, 3).map(float),
    met_means=st.sampled_from(MetMeans),
    scale=scales,
    tier=st.none() | st.sampled_from(Tier),
    gate=st.booleans(),
)


@given(criteria, criteria)
def test_the_effect_says_whether_a_rater_sees_a_difference(old: Criterion, new: Criterion) -> None:
    diff = compare(Rubric((old,)), Rubric((new,)))

    same = criterion_judging_hash(old) == criterion_judging_hash(new)
    for change in diff.changes:
        assert change.effect is (Effect.KEPT if same else Effect.STALE)
    if not diff.changes:
        assert same


@given(criteria, criteria)
def test_an_edit_that_only_one_made_is_taken_whole(base: Criterion, other: Criterion) -> None:
    assert merge(base, other, base) == (other, [])
    assert merge(base, base, other) == (other, [])
    assert merge(base, other, other) == (other, [])


@given(criteria, criteria, criteria)
def test_merging_loses_nobodys_change_unseen(
    base: Criterion, mine: Criterion, theirs: Criterion
) -> None:
    merged, clashes = merge(base, mine, theirs)

    asked = {clash.field for clash in clashes}
    for name in ("text", "weight", "scale", "gate", "tier", "met_means", "description"):
        was, my, their, now = (getattr(x, name) for x in (base, mine, theirs, merged))
        if name in asked:
            assert now == their and len({repr(was), repr(my), repr(their)}) == 3
        else:
            assert now == (my if my != was else their)


def test_without_a_common_start_every_difference_is_asked() -> None:
    mine = Criterion("k", "Mine", weight=2)
    theirs = Criterion("k", "Theirs", weight=2)

    (clash,) = clashes_between(mine, theirs)

    assert (clash.field, clash.mine, clash.theirs) == ("text", "Mine", "Theirs")

"""Edits of a draft through actions, and what the database holds against them."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection

from rubricstudio.actions.aggregator import choose_aggregator
from rubricstudio.actions.criteria import (
    CriterionGone,
    EditConflict,
    add_criterion,
    delete_criterion,
    duplicate_criterion,
    edit_criterion,
    key_from_text,
    move_criterion,
    order_criteria,
    place_criterion,
    restore_criteria,
)
from rubricstudio.actions.rubrics import (
    DraftChanged,
    DraftExists,
    NotADraft,
    NotPublished,
    discard_draft,
    publish,
    retire,
    start_draft,
    write_criteria,
)
from rubricstudio.domain import rubric as domain
from rubricstudio.domain.hashing import criterion_judging_hash, rubric_hashes
from rubricstudio.domain.outline import CannotMove, Move
from rubricstudio.models import Criterion, RubricVersion
from tests.conftest import Cast, Data


@pytest.fixture
def draft(cast: Cast, data: Data) -> RubricVersion:
    """safety (group) > warns; invents; clarity: a copy of the published version."""
    return start_draft(rubric=data.version.rubric, by=cast.author)


def one(draft: RubricVersion, key: str) -> Criterion:
    return draft.criteria.get(key=key)


def order(draft: RubricVersion) -> list[tuple[str, str | None]]:
    connection.check_constraints()
    return [(c.key, c.parent) for _, c in draft.as_rubric().walk()]


def test_it_stores_an_edit_and_counts_the_row_version_up(cast: Cast, draft: RubricVersion) -> None:
    row = edit_criterion(
        criterion=one(draft, "warns"), changes={"text": "Warns."}, row_version=0, by=cast.author
    )

    stored = one(draft, "warns")
    assert (stored.text, stored.row_version) == ("Warns.", 1)
    assert stored.judging_hash == criterion_judging_hash(row.as_criterion())


def test_an_edit_that_changes_nothing_is_no_edit(cast: Cast, draft: RubricVersion) -> None:
    edit_criterion(
        criterion=one(draft, "warns"), changes={"weight": 5.0}, row_version=0, by=cast.author
    )

    assert one(draft, "warns").row_version == 0


def test_edits_of_different_fields_are_joined(cast: Cast, draft: RubricVersion) -> None:
    row = one(draft, "warns")
    edit_criterion(criterion=row, changes={"weight": 7.0}, row_version=0, by=cast.owner)

    # Ada still looks at row version 0, where the weight was 5.
    edit_criterion(
        criterion=row, changes={"text": "Warns.", "weight": 5.0}, row_version=0, by=cast.author
    )

    stored = one(draft, "warns")
    assert (stored.text, stored.weight, stored.row_version) == ("Warns.", 7.0, 2)


def test_edits_of_the_same_field_are_asked_about_and_nothing_is_stored(
    cast: Cast, draft: RubricVersion
) -> None:
    row = one(draft, "warns")
    edit_criterion(
        criterion=row, changes={"text": "Hers.", "weight": 7.0}, row_version=0, by=cast.owner
    )

    with pytest.raises(EditConflict) as caught:
        edit_criterion(
            criterion=row, changes={"text": "His.", "weight": 5.0}, row_version=0, by=cast.author
        )

    (clash,) = caught.value.clashes
    assert (clash.field, clash.mine, clash.theirs) == ("text", "His.", "Hers.")
    assert caught.value.theirs.row_version == 1
    assert one(draft, "warns").text == "Hers."

    edit_criterion(
        criterion=row,
        changes={"text": "His.", "weight": 5.0},
        row_version=0,
        settled=1,
        by=cast.author,
    )
    # His text wins, her weight stays: he never changed that.
    stored = one(draft, "warns")
    assert (stored.text, stored.weight) == ("His.", 7.0)


def test_a_choice_made_on_an_older_conflict_is_asked_again(
    cast: Cast, draft: RubricVersion
) -> None:
    row = one(draft, "warns")
    for number, text in enumerate(("Hers.", "Hers, again.")):
        edit_criterion(criterion=row, changes={"text": text}, row_version=number, by=cast.owner)

    with pytest.raises(EditConflict):
        edit_criterion(
            criterion=row, changes={"text": "His."}, row_version=0, settled=1, by=cast.author
        )


def test_an_edit_from_an_unknown_state_asks_about_every_difference(
    cast: Cast, draft: RubricVersion
) -> None:
    with pytest.raises(EditConflict):
        edit_criterion(
            criterion=one(draft, "warns"), changes={"text": "x"}, row_version=99, by=cast.author
        )


def test_a_hundred_edits_by_two_authors_lose_nothing(cast: Cast, draft: RubricVersion) -> None:
    row = one(draft, "warns")
    for number in range(50):
        # Both start from what they last saw themselves: each sees only their own field change.
        edit_criterion(
            criterion=row,
            changes={"text": f"Text {number}."},
            row_version=2 * number,
            by=cast.author,
        )
        edit_criterion(
            criterion=row,
            changes={"weight": float(number + 10)},
            row_version=2 * number,
            by=cast.owner,
        )

    stored = one(draft, "warns")
    assert (stored.text, stored.weight, stored.row_version) == ("Text 49.", 59.0, 100)


def test_an_edit_of_a_deleted_criterion_says_so(cast: Cast, draft: RubricVersion) -> None:
    row = one(draft, "warns")
    delete_criterion(criterion=row, by=cast.author)

    for attempt in (
        lambda: edit_criterion(criterion=row, changes={}, row_version=0, by=cast.author),
        lambda: move_criterion(criterion=row, move=Move.UP, by=cast.author),
        lambda: duplicate_criterion(criterion=row, by=cast.author),
        lambda: delete_criterion(criterion=row, by=cast.author),
        lambda: place_criterion(criterion=row, parent=None, before=None, by=cast.author),
    ):
        with pytest.raises(CriterionGone):
            attempt()


def test_every_edit_of_a_published_version_is_refused(cast: Cast, data: Data) -> None:
    version, row = data.version, one(data.version, "warns")
    fields: dict[str, Any] = {"text": "New."}
    for attempt in (
        lambda: edit_criterion(criterion=row, changes=fields, row_version=0, by=cast.author),
        lambda: add_criterion(version=version, fields=fields, by=cast.author),
        lambda: duplicate_criterion(criterion=row, by=cast.author),
        lambda: delete_criterion(criterion=row, by=cast.author),
        lambda: restore_criteria(version=version, keys=["warns"], by=cast.author),
        lambda: move_criterion(criterion=row, move=Move.DOWN, by=cast.author),
        lambda: place_criterion(criterion=row, parent=None, before=None, by=cast.author),
        lambda: order_criteria(version=version, parent="safety", pks=[row.pk], by=cast.author),
        lambda: choose_aggregator(version=version, aggregator="min_max", params={}, by=cast.author),
        lambda: write_criteria(version=version, value=version.as_rubric()),
        lambda: discard_draft(version=version, by=cast.author),
    ):
        with pytest.raises(NotADraft):
            attempt()


def test_it_adds_below_another_in_a_group_and_last(cast: Cast, draft: RubricVersion) -> None:
    for text, after, parent in (
        ("Names both drugs", "warns", None),
        ("Refers on", None, "safety"),
        ("Is short", None, None),
        ("Is kind", "safety", None),
    ):
        add_criterion(
            version=draft, fields={"text": text}, after=after, parent=parent, by=cast.author
        )

    assert order(draft) == [
        ("safety", None),
        ("warns", "safety"),
        ("names-both-drugs", "safety"),
        ("refers-on", "safety"),
        ("is-kind", None),
        ("invents", None),
        ("clarity", None),
        ("is-short", None),
    ]


def test_it_says_where_the_place_for_a_new_criterion_is_gone(
    cast: Cast, draft: RubricVersion
) -> None:
    for place in ({"after": "nowhere"}, {"parent": "nowhere"}, {"parent": "warns"}):
        with pytest.raises(CannotMove):
            add_criterion(version=draft, fields={"text": "New"}, by=cast.author, **place)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("Warns of the interaction.", "warns-of-the-interaction"),
        ("薬の相互作用について警告する", "薬の相互作用について警告する"),
        ("?!", "criterion"),
        ("word " * 30, "-".join(["word"] * 9)),  # 9 words and 8 hyphens: 44 of 48 characters
        ("x" * 80, "x" * 48),
    ],
)
def test_a_key_is_made_from_the_first_words(text: str, key: str) -> None:
    assert key_from_text(text) == key


def test_a_key_is_never_given_twice_within_a_rubric(cast: Cast, draft: RubricVersion) -> None:
    first = add_criterion(version=draft, fields={"text": "Is kind"}, by=cast.author)
    delete_criterion(criterion=first, by=cast.author)
    delete_criterion(criterion=one(draft, "invents"), by=cast.author)

    second = add_criterion(version=draft, fields={"text": "Is kind"}, by=cast.author)
    third = add_criterion(version=draft, fields={"text": "Invents"}, by=cast.author)

    # One is in the history of the draft, the other in the published version.
    assert (second.key, third.key) == ("is-kind-2", "invents-2")


def test_it_duplicates_a_group_with_what_it_holds(cast: Cast, draft: RubricVersion) -> None:
    copy = duplicate_criterion(criterion=one(draft, "safety"), by=cast.author)

    assert copy.key == "safety-2"
    assert order(draft)[:4] == [
        ("safety", None),
        ("warns", "safety"),
        ("safety-2", None),
        ("warns-2", "safety-2"),
    ]
    copied = one(draft, "warns-2")
    assert (copied.gate, copied.weight) == (True, 5.0)


def test_deleting_and_restoring_a_group_changes_nothing(cast: Cast, draft: RubricVersion) -> None:
    before, pks = draft.as_rubric(), set(draft.criteria.values_list("pk", flat=True))

    gone = delete_criterion(criterion=one(draft, "safety"), by=cast.author)
    restored = restore_criteria(version=draft, keys=gone, by=cast.author)

    assert gone == ("safety", "warns")
    assert [row.key for row in restored] == ["safety", "warns"]
    assert draft.as_rubric() == before
    # The rows are the same ones, so that open pages go on working.
    assert set(draft.criteria.values_list("pk", flat=True)) == pks
    assert rubric_hashes(draft.as_rubric()) == rubric_hashes(before)


def test_a_criterion_comes_back_even_where_its_group_is_gone(
    cast: Cast, draft: RubricVersion
) -> None:
    delete_criterion(criterion=one(draft, "warns"), by=cast.author)
    delete_criterion(criterion=one(draft, "safety"), by=cast.author)

    restore_criteria(version=draft, keys=["warns", "never-there"], by=cast.author)
    restore_criteria(version=draft, keys=["warns"], by=cast.author)

    assert order(draft) == [("warns", None), ("invents", None), ("clarity", None)]


def test_it_moves_by_steps_and_to_a_place(cast: Cast, draft: RubricVersion) -> None:
    move_criterion(criterion=one(draft, "clarity"), move=Move.UP, by=cast.author)
    move_criterion(criterion=one(draft, "clarity"), move=Move.INDENT, by=cast.author)
    place_criterion(
        criterion=one(draft, "invents"), parent="safety", before="warns", by=cast.author
    )

    assert order(draft) == [
        ("safety", None),
        ("invents", "safety"),
        ("warns", "safety"),
        ("clarity", "safety"),
    ]
    with pytest.raises(CannotMove):
        place_criterion(
            criterion=one(draft, "warns"), parent="nowhere", before=None, by=cast.author
        )


def test_a_move_is_no_edit_of_what_was_moved(cast: Cast, draft: RubricVersion) -> None:
    move_criterion(criterion=one(draft, "clarity"), move=Move.UP, by=cast.author)

    assert one(draft, "clarity").row_version == 0


def test_it_takes_a_whole_order_or_says_the_list_changed(cast: Cast, draft: RubricVersion) -> None:
    pks = dict(draft.criteria.values_list("key", "pk"))
    wanted = [pks["clarity"], pks["safety"], pks["invents"]]

    order_criteria(version=draft, parent=None, pks=wanted, by=cast.author)

    assert [key for key, _ in order(draft)] == ["clarity", "safety", "warns", "invents"]
    with pytest.raises(CannotMove, match="changed"):
        order_criteria(version=draft, parent=None, pks=wanted[:2], by=cast.author)


def test_publishing_refuses_a_draft_that_changed_since_it_was_reviewed(
    cast: Cast, draft: RubricVersion
) -> None:
    seen = rubric_hashes(draft.as_rubric()).content
    edit_criterion(
        criterion=one(draft, "warns"), changes={"weight": 9.0}, row_version=0, by=cast.owner
    )

    with pytest.raises(DraftChanged):
        publish(version=draft, by=cast.author, reviewed=seen)
    now = rubric_hashes(draft.as_rubric()).content
    assert publish(version=draft, by=cast.author, reviewed=now, note="Why.").content_hash == now


def test_there_is_one_draft_at_a_time_and_only_published_versions_retire(
    cast: Cast, data: Data, draft: RubricVersion
) -> None:
    with pytest.raises(DraftExists):
        start_draft(rubric=draft.rubric, by=cast.author)
    with pytest.raises(NotPublished):
        retire(version=draft, by=cast.author)
    assert retire(version=data.version, by=cast.author).status == "retired"


def test_a_draft_from_an_older_version_holds_that_version_again(cast: Cast, data: Data) -> None:
    second = start_draft(rubric=data.version.rubric, by=cast.author)
    delete_criterion(criterion=one(second, "invents"), by=cast.author)
    publish(version=second, by=cast.author)

    third = start_draft(rubric=data.version.rubric, by=cast.author, based_on=data.version)

    assert third.as_rubric() == data.version.as_rubric()
    assert third.number == 3


def test_a_deep_tree_is_written_whole(cast: Cast, draft: RubricVersion) -> None:
    deep = domain.Rubric(
        tuple(
            domain.Criterion(
                key=f"k{n}",
                text=f"Level {n}",
                is_group=n < 9,
                parent=f"k{n - 1}" if n else None,
            )
            for n in range(10)
        )
    )

    write_criteria(version=draft, value=deep)

    assert draft.as_rubric() == deep
    assert one(draft, "k9").judging_hash == criterion_judging_hash(deep.criteria[9])

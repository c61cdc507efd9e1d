"""Undo and redo of each person's own edits in a draft."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from rubricstudio.actions.aggregator import choose_aggregator
from rubricstudio.actions.criteria import (
    add_criterion,
    delete_criterion,
    duplicate_criterion,
    edit_criterion,
    move_criterion,
    order_criteria,
    place_criterion,
    restore_criteria,
)
from rubricstudio.actions.rubrics import NotADraft, publish, start_draft
from rubricstudio.actions.undo import CannotUndo, redo, undo
from rubricstudio.domain.outline import Move
from rubricstudio.domain.rubric import Rubric
from rubricstudio.models import Criterion, DraftEdit, RubricVersion, User
from tests.conftest import Cast, Data


@pytest.fixture
def draft(cast: Cast, data: Data) -> RubricVersion:
    """safety (group) > warns; invents; clarity."""
    return start_draft(rubric=data.version.rubric, by=cast.author)


def one(draft: RubricVersion, key: str) -> Criterion:
    return draft.criteria.select_related("parent").get(key=key)


def state(draft: RubricVersion) -> Rubric:
    connection.check_constraints()
    draft.refresh_from_db()
    return draft.as_rubric()


def keys(draft: RubricVersion) -> list[str]:
    return [c.key for _, c in state(draft).walk()]


def edit(draft: RubricVersion, key: str, by: User, **changes: Any) -> None:
    row = one(draft, key)
    edit_criterion(criterion=row, changes=changes, row_version=row.row_version, by=by)


def reorder(draft: RubricVersion, by: User) -> None:
    pks = [one(draft, key).pk for key in ("clarity", "safety", "invents")]
    order_criteria(version=draft, parent=None, pks=pks, by=by)


EDITS: dict[str, Callable[[RubricVersion, User], object]] = {
    "text": lambda draft, by: edit(draft, "warns", by, text="Warns.", weight=2.0),
    "add": lambda draft, by: add_criterion(
        version=draft, fields={"text": "New."}, after="safety", by=by
    ),
    "add into": lambda draft, by: add_criterion(
        version=draft, fields={"text": "New."}, parent="safety", by=by
    ),
    "duplicate": lambda draft, by: duplicate_criterion(criterion=one(draft, "safety"), by=by),
    "delete": lambda draft, by: delete_criterion(criterion=one(draft, "safety"), by=by),
    "delete last": lambda draft, by: delete_criterion(criterion=one(draft, "clarity"), by=by),
    "move": lambda draft, by: move_criterion(
        criterion=one(draft, "invents"), move=Move.INDENT, by=by
    ),
    "place": lambda draft, by: place_criterion(
        criterion=one(draft, "warns"), parent=None, before="clarity", by=by
    ),
    "order": reorder,
    "aggregator": lambda draft, by: choose_aggregator(
        version=draft, aggregator="hierarchical_mean", params={}, by=by
    ),
}


@pytest.mark.parametrize("name", EDITS)
def test_undo_brings_back_what_was_and_redo_what_became_of_it(
    cast: Cast, draft: RubricVersion, name: str
) -> None:
    before = state(draft)
    ids = dict(draft.criteria.values_list("key", "pk"))
    EDITS[name](draft, cast.author)
    after = state(draft)
    assert after != before

    for _ in range(2):
        undo(version=draft, by=cast.author)
        assert state(draft) == before
        assert dict(draft.criteria.values_list("key", "pk")) == ids
        redo(version=draft, by=cast.author)
        assert state(draft) == after


def test_edits_are_undone_newest_first_and_done_again_oldest_first(
    cast: Cast, draft: RubricVersion
) -> None:
    states = [state(draft)]
    for name in ("text", "order", "add", "delete", "duplicate"):
        if name == "duplicate":
            duplicate_criterion(criterion=one(draft, "clarity"), by=cast.author)
        else:
            EDITS[name](draft, cast.author)
        states.append(state(draft))

    for expected in states[-2::-1]:
        undo(version=draft, by=cast.author)
        assert state(draft) == expected
    with pytest.raises(CannotUndo, match="nothing of yours"):
        undo(version=draft, by=cast.author)
    for expected in states[1:]:
        redo(version=draft, by=cast.author)
        assert state(draft) == expected
    with pytest.raises(CannotUndo, match="nothing to do again"):
        redo(version=draft, by=cast.author)


def test_a_new_edit_ends_what_could_be_done_again_for_this_person_alone(
    cast: Cast, draft: RubricVersion
) -> None:
    edit(draft, "warns", cast.author, text="Hers.")
    edit(draft, "clarity", cast.owner, text="His.")
    undo(version=draft, by=cast.author)
    undo(version=draft, by=cast.owner)

    edit(draft, "invents", cast.author, text="New.")

    with pytest.raises(CannotUndo):
        redo(version=draft, by=cast.author)
    redo(version=draft, by=cast.owner)
    assert one(draft, "clarity").text == "His."


def test_each_person_undoes_their_own_edits(cast: Cast, draft: RubricVersion) -> None:
    edit(draft, "warns", cast.author, text="Hers.")
    edit(draft, "clarity", cast.owner, text="His.")

    undo(version=draft, by=cast.author)

    assert one(draft, "warns").text == "Warns of the interaction."
    assert one(draft, "clarity").text == "His."


def test_fields_that_others_changed_since_are_not_touched(cast: Cast, draft: RubricVersion) -> None:
    edit(draft, "warns", cast.author, text="Hers.")
    edit(draft, "warns", cast.owner, weight=9.0)

    undo(version=draft, by=cast.author)

    assert (one(draft, "warns").text, one(draft, "warns").weight) == (
        "Warns of the interaction.",
        9.0,
    )


def test_what_somebody_else_changed_since_is_not_undone_and_nothing_is_skipped(
    cast: Cast, draft: RubricVersion
) -> None:
    edit(draft, "clarity", cast.author, text="Older.")
    edit(draft, "warns", cast.author, text="Hers.")
    edit(draft, "warns", cast.owner, text="His.")

    for _ in range(2):
        with pytest.raises(CannotUndo, match="Somebody else changed “His.” since"):
            undo(version=draft, by=cast.author)

    assert one(draft, "warns").text == "His."
    assert one(draft, "clarity").text == "Older."


def test_what_somebody_else_deleted_or_moved_since_is_not_undone(
    cast: Cast, draft: RubricVersion
) -> None:
    EDITS["move"](draft, cast.author)
    place_criterion(criterion=one(draft, "invents"), parent="safety", before="warns", by=cast.owner)
    with pytest.raises(CannotUndo, match="Somebody else moved"):
        undo(version=draft, by=cast.author)

    edit(draft, "clarity", cast.author, weight=1.0)
    delete_criterion(criterion=one(draft, "clarity"), by=cast.owner)
    with pytest.raises(CannotUndo, match="was deleted since"):
        undo(version=draft, by=cast.author)


def test_a_move_is_undone_though_others_came_and_went_beside_it(
    cast: Cast, draft: RubricVersion
) -> None:
    place_criterion(criterion=one(draft, "clarity"), parent=None, before="safety", by=cast.author)
    add_criterion(version=draft, fields={"text": "Between"}, after="safety", by=cast.owner)
    delete_criterion(criterion=one(draft, "invents"), by=cast.owner)

    undo(version=draft, by=cast.author)

    assert keys(draft) == ["safety", "warns", "between", "clarity"]


def test_adding_a_group_is_not_undone_once_others_put_something_into_it(
    cast: Cast, draft: RubricVersion
) -> None:
    group = add_criterion(version=draft, fields={"text": "G", "is_group": True}, by=cast.author)
    add_criterion(version=draft, fields={"text": "Theirs"}, parent=group.key, by=cast.owner)

    with pytest.raises(CannotUndo, match="were not there then"):
        undo(version=draft, by=cast.author)

    assert "theirs" in keys(draft)


def test_a_deletion_is_not_undone_into_a_group_that_is_gone(
    cast: Cast, draft: RubricVersion
) -> None:
    delete_criterion(criterion=one(draft, "warns"), by=cast.author)
    delete_criterion(criterion=one(draft, "safety"), by=cast.owner)

    with pytest.raises(CannotUndo, match="group that it stood in"):
        undo(version=draft, by=cast.author)


def test_restoring_from_the_list_is_an_edit_like_any_other(
    cast: Cast, draft: RubricVersion
) -> None:
    gone = delete_criterion(criterion=one(draft, "safety"), by=cast.author)
    restore_criteria(version=draft, keys=gone, by=cast.owner)

    with pytest.raises(CannotUndo, match="there again already"):
        undo(version=draft, by=cast.author)
    undo(version=draft, by=cast.owner)

    assert keys(draft) == ["invents", "clarity"]


def test_an_undone_edit_counts_for_those_who_still_look_at_the_row(
    cast: Cast, draft: RubricVersion
) -> None:
    edit(draft, "warns", cast.author, text="Hers.")
    undo(version=draft, by=cast.author)

    assert one(draft, "warns").row_version == 2


def test_a_published_version_is_not_undone(cast: Cast, draft: RubricVersion) -> None:
    edit(draft, "warns", cast.author, text="Hers.")
    publish(version=draft, by=cast.author)

    for act in (undo, redo):
        with pytest.raises(NotADraft):
            act(version=draft, by=cast.author)
    assert DraftEdit.objects.get().undone is False


# -- the rule for the score


def rule(draft: RubricVersion) -> tuple[str, dict[str, float]]:
    draft.refresh_from_db()
    return draft.aggregator, draft.params


def test_parameters_are_undone_with_the_aggregator_they_belong_to(
    cast: Cast, draft: RubricVersion
) -> None:
    chosen: list[tuple[str, dict[str, float]]] = [
        ("threshold_excess", {}),
        ("threshold_excess", {"k": 3.0}),
        ("min_max", {}),
    ]
    for aggregator, params in chosen:
        choose_aggregator(version=draft, aggregator=aggregator, params=params, by=cast.author)

    for was in [*chosen[1::-1], ("pos_normalised", {})]:
        assert undo(version=draft, by=cast.author).kind == "aggregator"
        assert rule(draft) == was
    for comes in chosen:
        redo(version=draft, by=cast.author)
        assert rule(draft) == comes


def test_choosing_what_is_chosen_already_is_no_edit(cast: Cast, draft: RubricVersion) -> None:
    choose_aggregator(version=draft, aggregator="min_max", params={}, by=cast.author)
    undo(version=draft, by=cast.author)

    choose_aggregator(version=draft, aggregator="pos_normalised", params={}, by=cast.author)

    redo(version=draft, by=cast.author)
    assert rule(draft) == ("min_max", {})


def test_a_rule_that_somebody_else_chose_since_stays(cast: Cast, draft: RubricVersion) -> None:
    choose_aggregator(version=draft, aggregator="min_max", params={}, by=cast.author)
    edit(draft, "warns", cast.author, text="Hers.")
    choose_aggregator(version=draft, aggregator="hierarchical_mean", params={}, by=cast.owner)

    undo(version=draft, by=cast.author)
    with pytest.raises(CannotUndo, match="another rule"):
        undo(version=draft, by=cast.author)

    assert rule(draft) == ("hierarchical_mean", {})
    undo(version=draft, by=cast.owner)
    undo(version=draft, by=cast.author)
    assert rule(draft) == ("pos_normalised", {})

"""A person's own keys: what is allowed, what is kept, and where they show."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from annotations.actions import next_item
from annotations.keys import LABELS, USUAL, InvalidKeys, from_stored, keymap, own_keys
from annotations.models import Session, Shortcuts
from annotations.queries.shortcuts import keymap_of
from tests.conftest import Cast

PAGE = reverse("annotations_account:shortcuts")


def test_the_usual_keys_are_those_people_know_and_none_is_given_twice() -> None:
    keys = USUAL.as_dict()
    given = [key for key in keys.values() if key]
    assert len(given) == len(set(given))
    assert (keys["cannot_assess"], keys["following"], keys["preceding"]) == ("a", "j", "k")
    assert (keys["clear"], keys["open"], keys["comment"]) == ("x", "u", "c")
    assert (keys["flag"], keys["skip"], keys["guidelines"]) == ("f", "s", "g")


def test_own_keys_take_the_place_of_the_usual_ones() -> None:
    chosen = keymap({"following": "N", "comment": "", "not_met": "0"})
    assert (chosen.following, chosen.comment, chosen.not_met, chosen.preceding) == (
        "n",
        "",
        "0",
        "k",
    )
    assert own_keys(chosen) == {"following": "n", "comment": "", "not_met": "0"}
    assert from_stored(own_keys(chosen), enabled=True) == chosen


@pytest.mark.parametrize(
    ("keys", "action", "says"),
    [
        ({"following": "k"}, "preceding", "already does this: Next criterion"),
        ({"clear": "3"}, "clear", "fixed"),
        ({"clear": "?"}, "clear", "fixed"),
        ({"clear": "xy"}, "clear", "one letter"),
        ({"clear": "é"}, "clear", "one letter"),
        ({"clear": "Enter"}, "clear", "one letter"),
    ],
)
def test_a_key_that_clashes_or_cannot_be_pressed_is_refused(
    keys: dict[str, str], action: str, says: str
) -> None:
    with pytest.raises(InvalidKeys) as caught:
        keymap(keys)
    assert says in caught.value.problems[action]


def test_two_actions_can_swap_their_keys() -> None:
    swapped = keymap({"following": "k", "preceding": "j"})
    assert (swapped.following, swapped.preceding) == ("k", "j")


def test_stored_keys_that_clash_with_a_later_release_give_way() -> None:
    assert from_stored({"clear": "a"}, enabled=False).clear == "x"


def _form(**keys: str) -> dict[str, str]:
    return {**USUAL.as_dict(), "enabled": "on", **keys}


def test_a_person_keeps_keys_and_sees_them_on_the_page(session: Session, cast: Cast) -> None:
    client = Client()
    client.force_login(cast.annotator)
    item = next_item(session=session, by=cast.annotator)
    assert item

    saved = client.post(PAGE, _form(comment="m", guidelines="h"), follow=True)

    assert "Saved." in saved.text
    assert Shortcuts.objects.get(user=cast.annotator).keys == {"comment": "m", "guidelines": "h"}
    address = reverse(
        "annotations:annotate", args=[session.round.project.slug, session.pk, item.item_id]
    )
    page = client.get(address).text
    assert 'data-dialog-open="guidelines" data-key="h"' in page
    assert '<kbd aria-hidden="true">m</kbd>' in page
    assert "data-keys-off" not in page
    assert keymap_of(cast.second_annotator) == USUAL


def test_switched_off_keys_stay_off_and_can_come_back(session: Session, cast: Cast) -> None:
    client = Client()
    client.force_login(cast.annotator)
    item = next_item(session=session, by=cast.annotator)
    assert item
    form = _form()
    del form["enabled"]
    client.post(PAGE, form)
    address = reverse(
        "annotations:annotate", args=[session.round.project.slug, session.pk, item.item_id]
    )
    assert "data-keys-off" in client.get(address).text

    client.post(PAGE, {"reset": "1"})
    assert keymap_of(cast.annotator) == USUAL


def test_a_clash_is_said_beside_its_field_and_nothing_is_kept(cast: Cast) -> None:
    client = Client()
    client.force_login(cast.annotator)

    reply = client.post(PAGE, _form(comment="x"))

    assert reply.status_code == 422
    assert "x already does this: Clear the answer." in reply.text
    assert 'value="x"' in reply.text
    assert not Shortcuts.objects.exists()
    assert len(LABELS) == reply.text.count("data-key-field")

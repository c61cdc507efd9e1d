"""Split, join, paste, tiers and presence: actions and pages."""

from __future__ import annotations

import json
import random
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.urls import reverse

from rubricstudio.actions.criteria import (
    CriterionGone,
    EditConflict,
    add_criterion,
    edit_criterion,
    move_criterion,
)
from rubricstudio.actions.presence import others_here
from rubricstudio.actions.reshape import (
    CannotReshape,
    Weighing,
    merge_criterion,
    paste_criteria,
    split_criterion,
)
from rubricstudio.actions.rubrics import start_draft
from rubricstudio.actions.undo import undo
from rubricstudio.domain.outline import CannotMove, Move
from rubricstudio.domain.pasted import read_pasted
from rubricstudio.domain.rubric import MetMeans, Tier
from rubricstudio.models import Criterion, DraftEdit, RubricVersion, User
from rubricstudio.queries.rubrics import criterion_history
from tests.conftest import Cast, Data

HTMX = {"HX-Request": "true"}


@pytest.fixture
def draft(cast: Cast, data: Data) -> RubricVersion:
    """safety (group) > warns (5); invents (-4, bad); clarity (3, ordinal)."""
    return start_draft(rubric=data.version.rubric, by=cast.author)


@pytest.fixture
def author(client: Client, cast: Cast) -> Client:
    client.force_login(cast.author)
    return client


def one(draft: RubricVersion, key: str) -> Criterion:
    return draft.criteria.select_related("parent").get(key=key)


def keys(draft: RubricVersion) -> list[str]:
    connection.check_constraints()
    return [c.key for _, c in draft.as_rubric().walk()]


def url(name: str, draft: RubricVersion, *args: object) -> str:
    return reverse(f"rubricstudio:{name}", args=["demo", draft.rubric_id, *args])


# -- split


@pytest.mark.parametrize(("weighing", "weight"), [(Weighing.DIVIDE, 2.5), (Weighing.KEEP, 5.0)])
def test_a_split_keeps_everything_but_text_and_weight(
    cast: Cast, draft: RubricVersion, weighing: Weighing, weight: float
) -> None:
    before = draft.as_rubric()
    row = one(draft, "warns")

    done = split_criterion(
        criterion=row,
        texts=["Warns. ", " Refers."],
        row_version=0,
        by=cast.author,
        weighing=weighing,
    )

    assert (done.changed, done.added) == (("warns",), ("refers",))
    assert keys(draft) == ["safety", "warns", "refers", "invents", "clarity"]
    first, second = (one(draft, key).as_criterion() for key in ("warns", "refers"))
    assert (first.text, second.text) == ("Warns.", "Refers.")
    assert first.weight == second.weight == weight
    assert (second.parent, second.gate, second.tier) == ("safety", True, Tier.MANDATORY)
    assert second.origin is not None and second.origin.kind == "split"
    undo(version=draft, by=cast.author)
    assert draft.as_rubric() == before


def test_what_cannot_be_split_says_why(cast: Cast, draft: RubricVersion) -> None:
    before = draft.as_rubric()
    for key, texts, seen, why in (
        ("safety", ["A", "B"], 0, "group"),
        ("warns", ["A", "  "], 0, "two texts"),
        ("warns", ["A", "B"], 7, "changed"),
    ):
        with pytest.raises(CannotReshape, match=why):
            split_criterion(
                criterion=one(draft, key), texts=texts, row_version=seen, by=cast.author
            )
    assert draft.as_rubric() == before


def test_the_page_of_a_split_proposes_the_second_sentence(
    author: Client, cast: Cast, draft: RubricVersion
) -> None:
    row = one(draft, "warns")
    edit_criterion(criterion=row, changes={"text": "Warns. Refers."}, row_version=0, by=cast.author)
    address = url("criterion-split", draft, row.pk)

    page = author.get(address).content.decode()
    assert "\nWarns.</textarea>" in page and "\nRefers.</textarea>" in page
    sent = {"first": "Warns.", "second": "Refers.", "weighing": "divide", "row_version": 0}
    stale = author.post(address, sent)
    assert stale.status_code == 409 and "nothing was split" in stale.content.decode()
    assert author.post(address, sent | {"second": ""}).status_code == 422
    stored = author.post(address, sent | {"row_version": 1})
    assert stored["Location"].endswith(f"#criterion-{row.pk}")
    assert one(draft, "refers").text == "Refers."


# -- join


def test_joining_adds_the_weights_and_the_texts(cast: Cast, draft: RubricVersion) -> None:
    split_criterion(
        criterion=one(draft, "warns"), texts=["Warns.", "Refers."], row_version=0, by=cast.author
    )
    before = draft.as_rubric()

    done = merge_criterion(criterion=one(draft, "warns"), by=cast.author)

    assert (done.changed, len(done.removed)) == (("warns",), 1)
    assert keys(draft) == ["safety", "warns", "invents", "clarity"]
    # 2.5 and 2.5 are 5 again.
    assert (one(draft, "warns").text, one(draft, "warns").weight) == ("Warns. Refers.", 5)
    undo(version=draft, by=cast.author)
    assert draft.as_rubric() == before


def test_what_does_not_fit_is_not_joined(cast: Cast, draft: RubricVersion) -> None:
    for key, why in (
        ("warns", "no criterion just behind"),
        ("safety", "no criterion just behind"),
        ("invents", "good when met"),
        ("clarity", "no criterion just behind"),
    ):
        with pytest.raises(CannotReshape, match=why):
            merge_criterion(criterion=one(draft, key), by=cast.author)
    move_criterion(criterion=one(draft, "clarity"), move=Move.UP, by=cast.author)
    edit_criterion(
        criterion=one(draft, "clarity"),
        changes={"met_means": MetMeans.BAD},
        row_version=0,
        by=cast.author,
    )
    with pytest.raises(CannotReshape, match="different scales"):
        merge_criterion(criterion=one(draft, "clarity"), by=cast.author)


# -- paste


def test_a_pasted_list_stands_where_it_was_pasted(cast: Cast, draft: RubricVersion) -> None:
    before = draft.as_rubric()
    rows = read_pasted("Style\n  - Is kind\n  - Is short\nIs true").rows

    paste_criteria(version=draft, rows=rows, after="safety", by=cast.author)

    assert keys(draft) == [
        *("safety", "warns", "style", "is-kind", "is-short", "is-true"),
        *("invents", "clarity"),
    ]
    assert one(draft, "is-short").parent == one(draft, "style")
    undo(version=draft, by=cast.author)
    assert draft.as_rubric() == before
    paste_criteria(version=draft, rows=rows, parent="safety", by=cast.author)
    assert one(draft, "style-2").parent == one(draft, "safety")
    with pytest.raises(CannotMove):
        paste_criteria(version=draft, rows=rows, after="gone", by=cast.author)


def test_what_is_pasted_is_shown_before_it_is_stored(author: Client, draft: RubricVersion) -> None:
    address = url("criteria-paste", draft)
    table = "text\tweight\nIs <b>true</b>\t3\nIs kind\tmany\n"

    shown = author.post(address, {"pasted": table, "do": "preview"}).content.decode()
    assert "2 rows will be added:" in shown
    assert "Is &lt;b&gt;true&lt;/b&gt;" in shown
    assert "Line 3: the weight is no number; it becomes 1." in shown
    assert len(keys(draft)) == 4

    stored = author.post(address, {"pasted": table, "do": "store"})
    assert stored.status_code == 302
    assert [c.weight for c in draft.as_rubric().criteria[-2:]] == [3, 1]
    patch = author.post(address, {"pasted": "A\nB", "do": "store"}, headers=HTMX)
    told = json.loads(patch["HX-Trigger-After-Swap"])["rubric-patch"]
    assert [place["id"] for place in told["places"]] == [one(draft, "b").pk, one(draft, "a").pk]
    assert 'id="arrivals"' in patch.content.decode()


@pytest.mark.parametrize(
    "sent", [{}, {"pasted": " "}, {"pasted": "- \n*"}, {"pasted": "A", "after": "gone"}]
)
def test_what_cannot_be_pasted_says_why(
    author: Client, draft: RubricVersion, sent: dict[str, str]
) -> None:
    response = author.post(url("criteria-paste", draft), {"do": "store"} | sent, headers=HTMX)

    assert response.status_code == 422
    assert "error" in response.content.decode()
    assert len(keys(draft)) == 4


# -- tiers


def save(author: Client, row: Criterion, **fields: Any) -> Criterion:
    sent = {
        "text": row.text,
        "weight": row.weight,
        "met_means": row.met_means,
        "tier": row.tier,
        "row_version": row.row_version,
    }
    author.post(url("criterion", row.version, row.pk), sent | fields, headers=HTMX)
    row.refresh_from_db()
    return row


def test_a_tier_brings_its_weight_and_leaves_a_typed_one(
    author: Client, cast: Cast, draft: RubricVersion
) -> None:
    row = one(draft, "warns")

    row = save(author, row, tier="important")
    assert (row.tier, row.weight, row.met_means) == ("important", 3, "good")
    row = save(author, row, tier="pitfall")
    assert (row.tier, row.weight, row.met_means) == ("pitfall", -2, "bad")
    row = save(author, row, tier="essential")
    assert (row.tier, row.weight, row.met_means) == ("essential", 5, "good")
    row = save(author, row, tier="optional", weight="7.5")
    assert (row.tier, row.weight) == ("optional", 7.5)
    row = save(author, row, weight="4")
    assert (row.tier, row.weight) == ("optional", 4)

    cast.project.weight_classes = {"essential": 8.0}
    cast.project.save()
    row = save(author, row, tier="essential")
    assert row.weight == 8
    row = save(author, row, tier="pitfall")
    assert (row.weight, row.met_means) == (8, "good")


# -- undo from the page


def test_the_page_undoes_and_does_again(author: Client, cast: Cast, draft: RubricVersion) -> None:
    row = one(draft, "warns")
    save(author, row, text="Hers.")
    address = url("draft-undo", draft)

    answer = author.post(address, headers=HTMX)
    assert f'id="row-{row.pk}" hx-swap-oob="true"' in answer.content.decode()
    assert "Undone: a change" in answer.content.decode()
    assert one(draft, "warns").text == "Warns of the interaction."
    assert author.post(address, {"do": "redo"}).status_code == 302
    assert one(draft, "warns").text == "Hers."

    save(author, one(draft, "warns"), text="Again.")
    edit_criterion(
        criterion=one(draft, "warns"),
        changes={"text": "His."},
        row_version=one(draft, "warns").row_version,
        by=cast.owner,
    )
    refused = author.post(address, headers=HTMX)
    assert refused.status_code == 422
    assert "Somebody else changed" in refused.content.decode()
    assert author.post(address).status_code == 409


# -- presence


def test_authors_see_who_else_is_here_and_where(
    author: Client, cast: Cast, draft: RubricVersion
) -> None:
    cache.clear()
    row = one(draft, "warns")
    assert others_here(rubric=draft.rubric, by=cast.owner, row=row.pk) == []

    page = author.get(url("rubric-presence", draft), {"row": "x"}, headers=HTMX).content.decode()
    assert str(cast.owner) in page
    assert "Warns of the interaction." in page
    assert 'hx-trigger="every 15s"' in page
    others = others_here(rubric=draft.rubric, by=cast.owner, row=None)
    assert [(other.name, other.row) for other in others] == [(str(cast.author), None)]
    assert author.get(url("rubric-presence", draft)).status_code == 302


# -- two authors at the same moment


@pytest.mark.django_db(transaction=True)
def test_a_hundred_edits_of_every_kind_by_two_authors_lose_nothing(cast: Cast, data: Data) -> None:
    draft = start_draft(rubric=data.version.rubric, by=cast.author)
    for number in range(6):
        add_criterion(version=draft, fields={"text": f"Fact {number}."}, by=cast.author)
    seen = list(draft.criteria.filter(is_group=False))
    DraftEdit.objects.all().delete()
    dice = random.Random(7)
    kinds = [kind for kind in ("text", "weight", "add", "move") for _ in range(25)]
    dice.shuffle(kinds)

    def work(number: int, kind: str) -> tuple[str, str, object] | None:
        """One edit from what both saw at first: what is stored, None where it was refused."""
        by: User = cast.author if number % 2 else cast.owner
        row = seen[number % len(seen)]
        try:
            if kind == "add":
                new = add_criterion(version=draft, fields={"text": f"New {number}."}, by=by)
                return kind, new.key, f"New {number}."
            if kind == "move":
                move_criterion(criterion=row, move=Move.DOWN if number % 3 else Move.UP, by=by)
                return kind, row.key, None
            value: object = f"Text {number}." if kind == "text" else float(number) + 0.5
            edit_criterion(criterion=row, changes={kind: value}, row_version=0, by=by)
        except (EditConflict, CannotMove, CriterionGone):
            return None
        else:
            return kind, row.key, value
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(work, range(100), kinds))

    stored = [answer for answer in answers if answer]
    assert len(stored) > 40
    history = set(criterion_history().values_list("key", "text"))
    weights = set(criterion_history().values_list("key", "weight"))
    for kind, key, value in stored:
        assert (kind not in ("text", "add")) or (key, value) in history
        assert kind != "weight" or (key, value) in weights
    # Whoever was second from the same start was asked: each field was stored once.
    for name in ("text", "weight"):
        changed = [key for kind, key, _ in stored if kind == name]
        tried = {seen[n % len(seen)].key for n, kind in enumerate(kinds) if kind == name}
        assert sorted(changed) == sorted(tried)
        for kind, key, value in stored:
            assert kind != name or getattr(one(draft, key), name) == value
    moves = [key for kind, key, _ in stored if kind == "move"]
    assert DraftEdit.objects.filter(kind="move").count() == len(moves)
    _is_whole(draft, rows=4 + 6 + kinds.count("add"))


def _is_whole(draft: RubricVersion, *, rows: int) -> None:
    """Every row at a place of its own, and a tree that can be read and cut."""
    positions = list(draft.criteria.values_list("position", flat=True))
    assert len(positions) == len(set(positions)) == rows
    assert len(draft.as_rubric().criteria) == rows

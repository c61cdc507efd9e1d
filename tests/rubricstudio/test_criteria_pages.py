"""Edits of single criteria through the pages: with plain forms and with htmx."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse, HttpResponseBase
from django.test import Client
from django.urls import reverse

from rubricstudio.actions.criteria import EditConflict, delete_criterion, edit_criterion
from rubricstudio.actions.rubrics import NotADraft, create_rubric, publish, start_draft
from rubricstudio.domain.hashing import rubric_hashes
from rubricstudio.models import Criterion, RubricVersion, User
from tests.conftest import Cast, Data

HTMX = {"HX-Request": "true"}


@pytest.fixture
def draft(cast: Cast, data: Data) -> RubricVersion:
    """safety (group) > warns; invents; clarity."""
    return start_draft(rubric=data.version.rubric, by=cast.author)


@pytest.fixture
def author(client: Client, cast: Cast) -> Client:
    client.force_login(cast.author)
    return client


def url(name: str, version: RubricVersion, *args: object) -> str:
    return reverse(f"rubricstudio:{name}", args=["demo", version.rubric_id, *args])


def one(draft: RubricVersion, key: str) -> Criterion:
    return draft.criteria.get(key=key)


def keys(draft: RubricVersion) -> list[str]:
    return [c.key for _, c in draft.as_rubric().walk()]


def quick(row: Criterion, **changes: Any) -> dict[str, Any]:
    """What the fields of a row send."""
    stored = {
        "text": row.text,
        "weight": row.weight,
        "met_means": row.met_means,
        "row_version": row.row_version,
    }
    return stored | changes


def full(row: Criterion, **changes: Any) -> dict[str, Any]:
    """What the form of all fields sends."""
    stored = {
        "full": "1",
        "description": row.description,
        "scale_kind": row.scale_kind,
        "maximum": "",
        "tier": row.tier,
        "judged_by": row.judged_by,
        "category": row.category,
        "tags": "",
    }
    return quick(row, **(stored | changes))


def events(response: HttpResponseBase) -> set[str]:
    return set(json.loads(response.headers.get("HX-Trigger", "{}")))


# -- saving a row


def test_a_plain_form_saves_and_leads_back_to_the_row(author: Client, draft: RubricVersion) -> None:
    row = one(draft, "warns")

    response = author.post(url("criterion", draft, row.pk), quick(row, text="Warns.", weight="2.5"))

    assert response.status_code == 302
    assert response["Location"].endswith(f"/rubrics/{draft.rubric_id}/#criterion-{row.pk}")
    stored = one(draft, "warns")
    assert (stored.text, stored.weight, stored.gate) == ("Warns.", 2.5, True)


def test_htmx_saves_and_replaces_the_place_that_says_so(
    author: Client, draft: RubricVersion
) -> None:
    row = one(draft, "warns")

    response = author.post(url("criterion", draft, row.pk), quick(row, text="Warns."), headers=HTMX)

    page = response.content.decode()
    assert response.status_code == 200
    assert page.strip().startswith(f'<div class="rubric-slot" id="slot-{row.pk}"')
    assert 'name="row_version" value="1"' in page
    assert events(response) == {"rubric-changed"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"text": " "}, "Write what the criterion says."),
        ({"weight": ""}, "Give a weight"),
        ({"weight": "heavy"}, "number"),
        ({"weight": "nan"}, "number"),
        ({"weight": "1e300"}, "less than or equal"),
        ({"met_means": "maybe"}, "maybe"),
        ({"text": "a\0b"}, "Null characters"),
        ({"row_version": ""}, "load the page again"),
        ({"row_version": "9" * 30}, "load the page again"),
    ],
)
def test_a_row_that_cannot_be_saved_says_why_and_keeps_what_was_typed(
    author: Client, draft: RubricVersion, changes: dict[str, str], message: str
) -> None:
    row = one(draft, "warns")
    sent = quick(row, text="Typed with care.") | changes

    for headers in ({}, HTMX):
        response = author.post(url("criterion", draft, row.pk), sent, headers=headers)
        page = response.content.decode()
        assert response.status_code == 422
        assert message in page
        if not headers and sent["text"] == "Typed with care.":
            assert "Typed with care.</textarea>" in page
    assert one(draft, "warns").row_version == 0


def test_a_conflict_shows_both_texts_and_loses_neither(
    author: Client, cast: Cast, draft: RubricVersion
) -> None:
    row = one(draft, "warns")
    edit_criterion(criterion=row, changes={"text": "Hers."}, row_version=0, by=cast.owner)
    address, sent = url("criterion", draft, row.pk), quick(row, text="Mine.")

    fragment = author.post(address, sent, headers=HTMX)
    assert fragment.status_code == 422
    assert "Hers." in fragment.content.decode() and "Mine" in fragment.content.decode()
    assert 'name="settled" value="1"' in fragment.content.decode()

    page = author.post(address, sent)
    assert page.status_code == 409
    assert "Mine.</textarea>" in page.content.decode()
    assert "Hers." in page.content.decode()
    assert one(draft, "warns").text == "Hers."

    author.post(address, sent | {"settled": "1"})
    assert one(draft, "warns").text == "Mine."


def test_an_edit_joined_with_somebody_elses_shows_the_whole_row(
    author: Client, cast: Cast, draft: RubricVersion
) -> None:
    row = one(draft, "warns")
    edit_criterion(criterion=row, changes={"weight": 8.0}, row_version=0, by=cast.owner)

    response = author.post(url("criterion", draft, row.pk), quick(row, text="Mine."), headers=HTMX)

    assert response["HX-Retarget"] == f"#row-{row.pk}"
    assert 'value="8"' in response.content.decode()
    assert "joined" in response.content.decode()


def test_an_edit_of_a_deleted_criterion_keeps_the_text(
    author: Client, cast: Cast, draft: RubricVersion
) -> None:
    row = one(draft, "warns")
    delete_criterion(criterion=row, by=cast.owner)
    address, sent = url("criterion", draft, row.pk), quick(row, text="Typed with care.")

    fragment = author.post(address, sent, headers=HTMX)
    assert fragment.status_code == 422
    assert "deleted meanwhile" in fragment.content.decode()
    page = author.post(address, sent)
    assert page.status_code == 409
    assert "Typed with care.</textarea>" in page.content.decode()
    assert author.get(address).status_code == 404


def test_an_edit_after_publication_is_refused_and_keeps_the_text(
    author: Client, cast: Cast, draft: RubricVersion
) -> None:
    row = one(draft, "warns")
    publish(version=draft, by=cast.owner)
    address = url("criterion", draft, row.pk)

    for sent in (quick(row, text="Typed with care."), full(row, text="Typed with care.")):
        page = author.post(address, sent)
        assert page.status_code == 409
        assert "start a new draft" in page.content.decode()
        assert "Typed with care.</textarea>" in page.content.decode()
        fragment = author.post(address, sent, headers=HTMX)
        assert fragment.status_code == 422
        assert "start a new draft" in fragment.content.decode()
    assert author.get(address).status_code == 409
    acts: tuple[tuple[str, dict[str, Any]], ...] = (
        ("criterion-act", {"do": "delete"}),
        ("criterion-act", {"do": "up"}),
        ("criterion-act", {"do": "duplicate"}),
    )
    for name, data in acts:
        assert author.post(url(name, draft, row.pk), data).status_code == 409
        gone = author.post(url(name, draft, row.pk), data, headers=HTMX)
        assert gone["HX-Redirect"] == draft.rubric.get_absolute_url()
    acts = (
        ("criterion-add", {"text": "New."}),
        ("criteria-restore", {"key": "warns"}),
        ("rubric-aggregator", {"aggregator": "min_max"}),
        ("criteria-order", {"order": [row.pk]}),
    )
    for name, data in acts:
        assert author.post(url(name, draft), data).status_code == 409
    assert draft.criteria.count() == 4


# -- all fields


def test_all_fields_are_shown_and_saved(author: Client, draft: RubricVersion) -> None:
    row = one(draft, "clarity")
    address = url("criterion", draft, row.pk)
    page = author.get(address).content.decode()
    assert "A reader knows at once." in page

    response = author.post(
        address,
        full(
            row,
            description="Read it aloud.",
            tier="important",
            gate="on",
            judged_by="people",
            evidence_required="on",
            tags="style, plain , style",
            category="language",
            level_value=["0", "", "5"],
            level_label=["poor", "", "good"],
            level_description=["Cannot be followed.", "", ""],
        ),
    )

    assert response.status_code == 302
    stored = one(draft, "clarity").as_criterion()
    assert (stored.description, stored.category, stored.tags) == (
        "Read it aloud.",
        "language",
        ("style", "plain"),
    )
    assert (stored.tier, stored.gate, stored.evidence_required) == ("important", True, True)
    assert [(x.value, x.label, x.description) for x in stored.scale.levels] == [
        (0, "poor", "Cannot be followed."),
        (5, "good", ""),
    ]


def test_a_criterion_takes_points_and_goes_back_to_met_or_not(
    author: Client, draft: RubricVersion
) -> None:
    row = one(draft, "warns")
    address = url("criterion", draft, row.pk)

    author.post(address, full(row, scale_kind="points", maximum="4.5"))
    points = one(draft, "warns")
    assert (points.scale_kind, points.maximum) == ("points", 4.5)
    assert 'value="4.5"' in author.get(address).content.decode()

    author.post(address, full(points, scale_kind="binary", maximum="4.5"))
    assert one(draft, "warns").as_scale().high == 1.0


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"scale_kind": "points", "maximum": "0"}, "maximum above 0"),
        ({"scale_kind": "points"}, "maximum above 0"),
        ({"scale_kind": "ordinal"}, "at least two"),
        (
            {"scale_kind": "ordinal", "level_value": ["2", "1"], "level_label": ["a", "b"]},
            "worst first",
        ),
        (
            {"scale_kind": "ordinal", "level_value": ["1", "x"], "level_label": ["a", "b"]},
            "Level 2: the value has to be a number.",
        ),
        (
            {"scale_kind": "ordinal", "level_value": ["1", "nan"], "level_label": ["a", "b"]},
            "Level 2: the value has to be a number.",
        ),
        (
            {"scale_kind": "ordinal", "level_value": ["1", "2"], "level_label": ["a", ""]},
            "Level 2: give it a name.",
        ),
        (
            {"scale_kind": "ordinal", "level_value": ["1", "2"], "level_label": ["a", "b\0"]},
            "Level 2: Null characters",
        ),
        ({"tier": "royal"}, "royal"),
        ({"judged_by": ""}, "required"),
        ({"tags": "x" * 300}, "at most 200"),
    ],
)
def test_fields_that_do_not_fit_are_named_and_kept(
    author: Client, draft: RubricVersion, changes: dict[str, Any], message: str
) -> None:
    row = one(draft, "warns")
    sent = full(row, description="Typed with care.") | changes

    for headers in ({}, HTMX):
        response = author.post(url("criterion", draft, row.pk), sent, headers=headers)
        page = response.content.decode()
        assert response.status_code == 422
        assert message in page
        assert "Typed with care." in page
    assert one(draft, "warns").row_version == 0


def test_the_open_row_of_htmx_closes_when_saved(author: Client, draft: RubricVersion) -> None:
    row = one(draft, "warns")
    address = url("criterion", draft, row.pk)

    opened = author.get(address, headers=HTMX).content.decode()
    assert opened.strip().startswith('<div class="rubric-open')
    saved = author.post(address, full(row, tier="ideal"), headers=HTMX)
    assert saved["HX-Retarget"] == f"#row-{row.pk}"
    assert "ideal" in saved.content.decode()
    closed = author.get(address + "?row", headers=HTMX).content.decode()
    assert 'class="rubric-row"' in closed
    assert author.get(address + "?row").status_code == 302


def test_a_conflict_in_the_full_form_keeps_the_form(
    author: Client, cast: Cast, draft: RubricVersion
) -> None:
    row = one(draft, "warns")
    edit_criterion(criterion=row, changes={"text": "Hers."}, row_version=0, by=cast.owner)
    address, sent = url("criterion", draft, row.pk), full(row, text="Mine.", tier="ideal")

    for headers, status in (({}, 409), (HTMX, 422)):
        page = author.post(address, sent, headers=headers)
        assert page.status_code == status
        assert "Hers." in page.content.decode() and "Mine." in page.content.decode()
    author.post(address, sent | {"settled": "1"})
    stored = one(draft, "warns")
    assert (stored.text, stored.tier) == ("Mine.", "ideal")


def test_a_group_has_no_scale_and_no_gate_to_set(author: Client, draft: RubricVersion) -> None:
    row = one(draft, "safety")
    address = url("criterion", draft, row.pk)
    assert "scale_kind" not in author.get(address).content.decode()

    response = author.post(address, full(row, text="Safe", gate="on", scale_kind="points"))

    assert response.status_code == 302
    stored = one(draft, "safety")
    assert (stored.text, stored.gate, stored.scale_kind) == ("Safe", False, "binary")


# -- adding


def test_it_adds_last_below_another_and_in_a_group(author: Client, draft: RubricVersion) -> None:
    address = url("criterion-add", draft)
    assert "Add criterion" in author.get(address, {"after": "warns"}).content.decode()

    author.post(address, {"text": "Last one"})
    author.post(address, {"text": "Below it", "after": "warns", "weight": "-2", "met_means": "bad"})
    author.post(address, {"text": "In it", "parent": "safety"})
    author.post(address, {"text": "More", "kind": "group"})

    assert keys(draft) == [
        "safety",
        "warns",
        "below-it",
        "in-it",
        "invents",
        "clarity",
        "last-one",
        "more",
    ]
    below = one(draft, "below-it")
    assert (below.weight, below.met_means) == (-2.0, "bad")
    assert one(draft, "last-one").weight == 1.0
    assert one(draft, "more").is_group


def test_htmx_gets_the_new_row_and_an_empty_line_for_the_next(
    author: Client, draft: RubricVersion
) -> None:
    response = author.post(
        url("criterion-add", draft), {"text": "Below it", "after": "warns"}, headers=HTMX
    )

    page = response.content.decode()
    assert page.count("<li") == 2
    assert 'name="after" value="below-it"' in page
    assert events(response) == {"rubric-changed"}
    assert page.count("autofocus") == 1


@pytest.mark.parametrize(
    "fields",
    [
        {"text": ""},
        {"text": "x", "weight": "much"},
        {"text": "x", "met_means": "perhaps"},
        {"text": "a\0b"},
        {"text": "x", "after": "nowhere"},
        {"text": "x", "parent": "warns"},
        {"text": "x", "parent": "a\0b"},
    ],
)
def test_what_cannot_be_added_is_asked_again(
    author: Client, draft: RubricVersion, fields: dict[str, str]
) -> None:
    plain = author.post(url("criterion-add", draft), fields)
    fragment = author.post(url("criterion-add", draft), fields, headers=HTMX)

    assert plain.status_code in (409, 422)
    assert fragment.status_code == 422
    assert "field-error" in fragment.content.decode()
    assert draft.criteria.count() == 4


def test_text_that_could_not_be_saved_is_added_as_a_new_criterion(
    author: Client, draft: RubricVersion
) -> None:
    response = author.post(
        url("criterion-add", draft), {"text": "Saved after all", "reload": "1"}, headers=HTMX
    )

    row = one(draft, "saved-after-all")
    assert response["HX-Redirect"].endswith(f"#criterion-{row.pk}")


# -- moving, duplicating, deleting


def act(client: Client, draft: RubricVersion, key: str, **fields: str) -> HttpResponse:
    address = url("criterion-act", draft, one(draft, key).pk)
    response = client.post(address, fields)
    assert isinstance(response, HttpResponse)
    return response


def test_buttons_move_without_scripts(author: Client, draft: RubricVersion) -> None:
    act(author, draft, "clarity", do="up")
    assert keys(draft) == ["safety", "warns", "clarity", "invents"]
    act(author, draft, "clarity", do="indent")
    assert one(draft, "clarity").parent == one(draft, "safety")
    act(author, draft, "clarity", do="outdent")
    assert one(draft, "clarity").parent is None
    act(author, draft, "safety", do="down")
    assert keys(draft) == ["clarity", "safety", "warns", "invents"]
    act(author, draft, "invents", do="place", parent="safety")
    assert one(draft, "invents").parent == one(draft, "safety")
    assert act(author, draft, "invents", do="place", parent="").status_code == 302
    assert one(draft, "invents").parent is None


def test_a_move_that_has_nowhere_to_go_says_so(author: Client, draft: RubricVersion) -> None:
    plain = act(author, draft, "safety", do="up")
    assert plain.status_code == 409
    assert "the first one here" in plain.content.decode()
    for fields in ({"do": "place", "parent": "warns"}, {"do": "place", "parent": "x\0"}):
        assert act(author, draft, "invents", **fields).status_code == 409
    fragment = author.post(
        url("criterion-act", draft, one(draft, "safety").pk), {"do": "up"}, headers=HTMX
    )
    assert fragment.status_code == 422
    assert 'id="rubric-note" hx-swap-oob="true"' in fragment.content.decode()
    assert fragment["HX-Reswap"] == "none"
    assert act(author, draft, "safety", do="explode").status_code == 400


def test_deleting_can_be_undone_with_and_without_htmx(author: Client, draft: RubricVersion) -> None:
    before = draft.as_rubric()
    row = one(draft, "safety")

    response = author.post(url("criterion-act", draft, row.pk), {"do": "delete"}, headers=HTMX)
    fragment = response.content.decode()
    assert keys(draft) == ["invents", "clarity"]
    assert "Deleted: Safety" in fragment
    assert 'name="key" value="warns"' in fragment

    author.post(url("criteria-restore", draft), {"key": ["safety", "warns"]}, headers=HTMX)
    assert draft.as_rubric() == before

    page = author.post(url("criterion-act", draft, row.pk), {"do": "delete"}, follow=True)
    assert "1 deletion in this draft" in page.content.decode()
    restored = author.post(url("criteria-restore", draft), {"key": ["safety", "warns"]})
    assert restored["Location"].endswith(f"#criterion-{row.pk}")
    assert draft.as_rubric() == before
    assert author.post(url("criteria-restore", draft), {"key": "x\0"}).status_code == 302


def test_acting_on_a_row_that_is_gone_says_so(
    author: Client, cast: Cast, draft: RubricVersion
) -> None:
    row = one(draft, "warns")
    delete_criterion(criterion=row, by=cast.owner)

    for act_name in ("up", "delete", "duplicate"):
        response = author.post(url("criterion-act", draft, row.pk), {"do": act_name})
        assert response.status_code == 409
        assert "deleted meanwhile" in response.content.decode()


def test_a_duplicate_opens_for_typing(author: Client, draft: RubricVersion) -> None:
    row = one(draft, "warns")

    response = author.post(url("criterion-act", draft, row.pk), {"do": "duplicate"}, headers=HTMX)

    copy = one(draft, "warns-2")
    assert f'id="text-{copy.pk}"' in response.content.decode()
    assert response.content.decode().count("autofocus") == 1


def test_dragging_sends_the_order_of_one_group(author: Client, draft: RubricVersion) -> None:
    pks = dict(draft.criteria.values_list("key", "pk"))
    wanted = [pks["clarity"], pks["invents"], pks["safety"]]

    assert author.post(url("criteria-order", draft), {"order": wanted}).status_code == 204
    assert keys(draft) == ["clarity", "invents", "safety", "warns"]
    for order in ([], wanted[:2], ["x", "9" * 40], [*wanted, pks["warns"]]):
        assert author.post(url("criteria-order", draft), {"order": order}).status_code == 409
    inside = url("criteria-order", draft) + "?parent=safety"
    assert author.post(inside, {"order": [pks["warns"]]}).status_code == 204


def test_a_criterion_of_another_rubric_is_not_found(
    author: Client, cast: Cast, draft: RubricVersion
) -> None:
    other = create_rubric(project=cast.project, name="Other", by=cast.author)
    row = one(draft, "warns")

    assert author.get(url("criterion", other, row.pk)).status_code == 404
    assert author.post(url("criterion-act", other, row.pk), {"do": "delete"}).status_code == 409
    assert one(draft, "warns")


# -- at the same time


@pytest.mark.django_db(transaction=True)
def test_a_hundred_edits_at_once_by_two_authors_lose_nothing(cast: Cast, data: Data) -> None:
    draft = start_draft(rubric=data.version.rubric, by=cast.author)
    rows = {key: one(draft, key) for key in ("warns", "invents")}

    def save(user: User, key: str, field: str, value: Any) -> None:
        """Try from what one last saw; look again where somebody was faster."""
        try:
            seen = rows[key].row_version
            edit_criterion(criterion=rows[key], changes={field: value}, row_version=seen, by=user)
        except EditConflict as conflict:
            edit_criterion(
                criterion=rows[key],
                changes={field: value},
                row_version=conflict.theirs.row_version,
                by=user,
            )
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        jobs = [
            pool.submit(save, user, key, field, value(number))
            for number in range(25)
            for user, field, value in (
                (cast.author, "tags", lambda n: (f"tag {n}",)),
                (cast.owner, "category", lambda n: f"category {n}"),
            )
            for key in rows
        ]
    failed = [job.exception() for job in jobs if job.exception()]

    # A second author in between is asked, never overwritten; each stored edit counts once.
    assert all(isinstance(error, EditConflict) for error in failed)
    stored = sum(one(draft, key).row_version for key in rows)
    assert stored == 100 - len(failed)
    events = one(draft, "warns").events.filter(pgh_label="update").count()  # type: ignore[attr-defined]  # pghistory adds it
    assert events == one(draft, "warns").row_version


@pytest.mark.django_db(transaction=True)
def test_publication_never_falls_into_an_edit(cast: Cast, data: Data) -> None:
    draft = start_draft(rubric=data.version.rubric, by=cast.author)
    row = one(draft, "warns")

    def edit(number: int) -> None:
        try:
            edit_criterion(
                criterion=row,
                changes={"text": f"Text {number}."},
                row_version=number,
                by=cast.owner,
            )
        finally:
            connection.close()

    def freeze() -> None:
        try:
            publish(version=draft, by=cast.author)
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as pool:
        jobs = [pool.submit(edit, 0), pool.submit(freeze), pool.submit(edit, 1)]
    errors = [job.exception() for job in jobs]

    assert errors[1] is None
    assert all(error is None or isinstance(error, NotADraft | EditConflict) for error in errors)
    frozen = RubricVersion.objects.get(pk=draft.pk)
    assert rubric_hashes(frozen.as_rubric()).content == frozen.content_hash

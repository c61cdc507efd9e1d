"""Pages of rubrics and versions: what they show, to whom, and with how many queries."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from rubricstudio.actions.criteria import add_criterion, delete_criterion, edit_criterion
from rubricstudio.actions.rounds import open_round, rater_for_user
from rubricstudio.actions.rubrics import create_rubric, publish, start_draft
from rubricstudio.domain import rubric as domain
from rubricstudio.models import RoundKind, Rubric, RubricVersion, Verdict, VersionStatus
from rubricstudio.queries.rubrics import PAGE, verdict_counts
from rubricstudio.queries.sheet import rolled_shares, sheet, weighed_sheet
from tests.conftest import Cast, Data

HTMX = {"HX-Request": "true"}


def url(name: str, *args: object) -> str:
    return reverse(f"rubricstudio:{name}", args=["demo", *args])


@pytest.fixture
def rubric(data: Data) -> Rubric:
    return data.version.rubric


@pytest.fixture
def draft(cast: Cast, rubric: Rubric) -> RubricVersion:
    return start_draft(rubric=rubric, by=cast.author)


@pytest.fixture
def author(client: Client, cast: Cast) -> Client:
    client.force_login(cast.author)
    return client


def queries(client: Client, address: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


# -- the list


def test_the_list_shows_the_newest_version_and_the_one_in_use(
    author: Client, draft: RubricVersion
) -> None:
    page = author.get(url("rubrics")).content.decode()

    assert "Advice" in page
    assert "Draft" in page
    assert "version 1" in page


def test_an_empty_list_says_what_to_do_next(client: Client, cast: Cast) -> None:
    client.force_login(cast.author)
    assert url("rubric-new") in client.get(url("rubrics")).content.decode()

    client.force_login(cast.annotator)
    assert url("rubric-new") not in client.get(url("rubrics")).content.decode()


def test_the_list_goes_on_by_key_in_both_directions(author: Client, cast: Cast) -> None:
    for number in range(PAGE + 2):
        create_rubric(project=cast.project, name=f"Rubric {number:03}", by=cast.author)

    first = author.get(url("rubrics")).context["page"]
    second = author.get(url("rubrics"), {"before": first.older}).context["page"]
    back = author.get(url("rubrics"), {"after": second.newer}).context["page"]

    assert [r.name for r in first.rubrics][:2] == ["Rubric 051", "Rubric 050"]
    assert [r.name for r in second.rubrics] == ["Rubric 001", "Rubric 000"]
    assert second.older is None
    assert [r.pk for r in back.rubrics] == [r.pk for r in first.rubrics]


def test_the_list_is_searched_by_name(author: Client, rubric: Rubric) -> None:
    assert "Advice" in author.get(url("rubrics"), {"q": "DVIC"}).content.decode()

    missed = author.get(url("rubrics"), {"q": "tax"}, headers=HTMX).content.decode()
    assert "Advice" not in missed
    assert "Show all" in missed


def test_the_list_takes_as_many_queries_for_one_rubric_as_for_ten(
    author: Client, cast: Cast, rubric: Rubric
) -> None:
    few = queries(author, url("rubrics"))
    for number in range(9):
        create_rubric(project=cast.project, name=f"More {number}", by=cast.author)

    assert queries(author, url("rubrics")) == few


def test_a_list_address_that_makes_no_sense_shows_the_list(author: Client, rubric: Rubric) -> None:
    assert author.get(url("rubrics"), {"before": "x", "after": "9" * 40}).status_code == 200


# -- creating and describing


def test_it_creates_a_rubric_and_opens_its_editor(author: Client, cast: Cast) -> None:
    response = author.post(
        url("rubric-new"), {"name": "Tone", "description": "For letters."}, follow=True
    )

    assert response.templates[0].name == "rubricstudio/rubric.html"
    made = Rubric.objects.get(name="Tone")
    assert (made.created_by, made.description) == (cast.author, "For letters.")


def test_it_asks_again_for_a_missing_name(author: Client, rubric: Rubric) -> None:
    assert author.post(url("rubric-new"), {"name": " "}).status_code == 422
    assert author.post(url("rubric-edit", rubric.pk), {"name": ""}).status_code == 422


def test_it_renames_a_rubric(author: Client, rubric: Rubric) -> None:
    author.post(url("rubric-edit", rubric.pk), {"name": "Better advice", "description": "New"})

    rubric.refresh_from_db()
    assert (rubric.name, rubric.description) == ("Better advice", "New")


# -- the editor and the reader


def test_an_author_edits_the_draft_and_others_read_it(
    client: Client, cast: Cast, draft: RubricVersion
) -> None:
    for user, edits in ((cast.author, True), (cast.owner, True), (cast.viewer, False)):
        client.force_login(user)
        page = client.get(url("rubric", draft.rubric_id)).content.decode()
        assert "Warns of the interaction." in page
        assert ("data-row-form" in page) is edits
        assert (url("version-publish", draft.rubric_id) in page) is edits


def test_a_published_version_is_read_by_its_author_too(author: Client, rubric: Rubric) -> None:
    page = author.get(url("rubric", rubric.pk)).content.decode()

    assert "data-row-form" not in page
    assert url("draft-start", rubric.pk, 1) in page


def test_the_editor_takes_as_many_queries_for_four_criteria_as_for_sixty(
    author: Client, cast: Cast, draft: RubricVersion
) -> None:
    few = queries(author, url("rubric", draft.rubric_id))
    big = domain.Rubric(
        (
            domain.Criterion("g", "Group", is_group=True),
            *(domain.Criterion(f"k{n}", f"Says {n}", parent="g") for n in range(60)),
        )
    )
    version = create_rubric(project=cast.project, name="Big", by=cast.author, value=big)

    assert queries(author, url("rubric", version.rubric_id)) == few


def test_the_tree_is_well_formed_whatever_ends_where(author: Client, cast: Cast) -> None:
    # a (b (c), empty) d: groups that end together, an empty group, a leaf behind them.
    value = domain.Rubric(
        (
            domain.Criterion("a", "A", is_group=True),
            domain.Criterion("b", "B", is_group=True, parent="a"),
            domain.Criterion("c", "C", parent="b"),
            domain.Criterion("empty", "E", is_group=True, parent="a"),
            domain.Criterion("d", "D"),
            domain.Criterion("last", "L", is_group=True),
        )
    )
    version = create_rubric(project=cast.project, name="Tree", by=cast.author, value=value)

    for address in (url("rubric", version.rubric_id), url("version", version.rubric_id, 1)):
        page = author.get(address).content.decode()
        inside = page[page.index('<ol class="rubric-list rubric-top') : page.index("<aside")]
        depth, lowest = 0, 1
        for piece in inside.split("<"):
            depth += piece.startswith("ol") - piece.startswith("/ol")
            lowest = min(lowest, depth) if piece.startswith("/ol") and depth else lowest
        assert depth == 0
        assert inside.count("<li") == inside.count("</li>")
    row = author.get(url("rubric", version.rubric_id)).context["sheet"].rows
    assert [[group.key for group in r.closes] for r in row] == [
        [],
        [],
        ["b"],
        ["empty", "a"],
        [],
        ["last"],
    ]


def test_totals_and_shares_follow_the_weights(author: Client, draft: RubricVersion) -> None:
    # 5 + 3 to earn, 4 to lose; 5 of 12 is 41.67 %.
    totals = author.get(url("rubric", draft.rubric_id)).context["sheet"].totals
    assert (totals.positive, totals.negative, totals.criteria, totals.gates) == (8, 4, 3, 1)
    assert totals.shares["warns"] == pytest.approx(5 / 12)

    fragment = author.get(url("rubric-totals", draft.rubric_id), headers=HTMX).content.decode()
    assert 'id="positive-points">8<' in fragment
    assert author.get(url("rubric-totals", draft.rubric_id)).status_code == 302


def test_of_many_rows_the_groups_and_the_heaviest_are_listed_and_the_rest_on_request(
    author: Client, cast: Cast
) -> None:
    # One root holds all: of 2 groups of 35 criteria, the first weighing 2 each, the second 1.
    rows = [domain.Criterion("root", "All of it", is_group=True)]
    for group, weight in (("one", 2.0), ("two", 1.0)):
        rows.append(domain.Criterion(group, f"Part {group}", is_group=True, parent="root"))
        rows += [
            domain.Criterion(f"{group}{n}", f"States {group} {n}.", weight=weight, parent=group)
            for n in range(35)
        ]
    draft = create_rubric(
        project=cast.project, name="Long", by=cast.author, value=domain.Rubric(tuple(rows))
    )

    with CaptureQueriesContext(connection) as queries:
        found = weighed_sheet(draft)
    assert len(queries) == 1
    assert [row.criterion.text for row in found.outline] == ["Part one", "Part two"]
    assert [row.weighs for row in found.outline] == [70, 35]
    assert [row.share for row in found.outline] == pytest.approx([2 / 3, 1 / 3])
    assert [row.key for row in found.heaviest] == [f"one{n}" for n in range(10)]
    assert found.totals == sheet(draft).totals

    totals = url("rubric-totals", draft.rubric_id)
    short = author.get(totals, headers=HTMX).content.decode()
    whole = author.get(f"{totals}?shares=all", headers=HTMX).content.decode()
    page = author.get(f"{url('rubric', draft.rubric_id)}?shares=all").content.decode()
    assert ("States one 9." in short, "States one 10." in short) == (True, False)
    assert f"{url('rubric', draft.rubric_id)}?shares=all#totals" in short
    assert all(f"States two {n}.</a>" in whole and f"States two {n}.</a>" in page for n in (0, 34))


def test_shares_roll_up_where_groups_are_weighted_among_their_siblings() -> None:
    # Root: g weighs 3 of 4, x 1 of 4; in g: a 1 of 3, b 2 of 3. The empty group takes nothing.
    value = domain.Rubric(
        (
            domain.Criterion("g", "G", is_group=True, weight=3),
            domain.Criterion("a", "A", parent="g", weight=1),
            domain.Criterion("b", "B", parent="g", weight=2),
            domain.Criterion("x", "X", weight=1),
            domain.Criterion("empty", "E", is_group=True, weight=100),
        )
    )

    shares = rolled_shares(value)

    assert shares == pytest.approx({"a": 0.25, "b": 0.5, "x": 0.25})


# -- the aggregator


def test_it_chooses_an_aggregator_and_its_parameters(author: Client, draft: RubricVersion) -> None:
    address = url("rubric-aggregator", draft.rubric_id)
    author.post(address, {"aggregator": "threshold_excess", "param_k": "3"})
    draft.refresh_from_db()
    # A parameter of the aggregator before is none of the new one's.
    assert (draft.aggregator, draft.params) == ("threshold_excess", {})

    author.post(address, {"aggregator": "threshold_excess", "param_k": "3", "param_gate_cap": "0"})
    draft.refresh_from_db()
    # What equals the default is not stored.
    assert draft.params == {"k": 3.0}


def test_it_refuses_an_aggregator_it_does_not_know(author: Client, draft: RubricVersion) -> None:
    address = url("rubric-aggregator", draft.rubric_id)
    for fields in (
        {"aggregator": "magic"},
        {"aggregator": "pos_normalised", "param_gate_cap": "x"},
    ):
        assert author.post(address, fields).status_code == 422
        assert author.post(address, fields, headers=HTMX).status_code == 422


def test_it_says_when_the_aggregator_cannot_score_the_rubric(
    author: Client, draft: RubricVersion
) -> None:
    address = url("rubric-aggregator", draft.rubric_id)
    fragment = author.post(address, {"aggregator": "weighted_mean"}, headers=HTMX).content.decode()

    assert "cannot score this rubric yet" in fragment
    assert "invents" in fragment
    assert (
        "No score can be computed"
        in author.get(url("version-publish", draft.rubric_id)).content.decode()
    )


# -- publishing


def judge_everything(cast: Cast, data: Data, version: RubricVersion) -> None:
    """One met verdict of one person on each of the four responses and binary criteria."""
    round_ = open_round(
        project=cast.project,
        kind=RoundKind.SESSION,
        name=f"on {version.number}",
        version=version,
        by=cast.owner,
    )
    rater = rater_for_user(project=cast.project, user=cast.annotator)
    for criterion in version.criteria.filter(is_group=False, scale_kind="binary"):
        for response in data.responses:
            Verdict.objects.create(
                round=round_,
                response=response,
                criterion=criterion,
                rater=rater,
                status="ok",
                value=1.0,
            )


def test_before_publishing_it_counts_the_verdicts_that_stay_and_those_that_do_not(
    author: Client, cast: Cast, data: Data, draft: RubricVersion
) -> None:
    judge_everything(cast, data, data.version)
    corrected = Verdict.objects.filter(criterion__key="warns").first()
    assert corrected
    Verdict.objects.create(
        round=corrected.round,
        response=corrected.response,
        criterion=corrected.criterion,
        rater=corrected.rater,
        status="ok",
        value=0.0,
        revision=1,
    )
    edit_criterion(
        criterion=draft.criteria.get(key="warns"),
        changes={"text": "Warns clearly.", "weight": 9.0},
        row_version=0,
        by=cast.author,
    )

    total = author.get(url("version-publish", draft.rubric_id)).context["review"].impact.total

    # 4 responses, 2 binary criteria: warns was reworded, invents was not. A correction is
    # the same verdict.
    assert (total.kept, total.stale, total.dropped) == (4, 4, 0)

    delete_criterion(criterion=draft.criteria.get(key="invents"), by=cast.author)
    page = author.get(url("version-publish", draft.rubric_id))
    total = page.context["review"].impact.total
    assert (total.kept, total.stale, total.dropped) == (0, 4, 4)
    assert b'data-impact="dropped">4<' in page.content


def test_verdicts_are_counted_by_key_and_by_what_the_rater_saw(
    cast: Cast, data: Data, draft: RubricVersion
) -> None:
    judge_everything(cast, data, data.version)
    second = publish(version=draft, by=cast.author)
    judge_everything(cast, data, second)

    counts = verdict_counts(data.version.rubric)

    warns = data.version.criteria.get(key="warns")
    assert counts[("warns", warns.judging_hash)] == 8
    assert sum(counts.values()) == 16


def test_it_publishes_with_the_reason(author: Client, draft: RubricVersion) -> None:
    address = url("version-publish", draft.rubric_id)
    seen = author.get(address).context["review"].content_hash

    response = author.post(address, {"note": "Agreed on Monday.", "reviewed": seen}, follow=True)

    draft.refresh_from_db()
    assert draft.status == VersionStatus.PUBLISHED
    assert "Agreed on Monday." in response.content.decode()


def test_it_shows_the_numbers_again_where_the_draft_changed_under_the_author(
    author: Client, cast: Cast, draft: RubricVersion
) -> None:
    address = url("version-publish", draft.rubric_id)
    seen = author.get(address).context["review"].content_hash
    add_criterion(version=draft, fields={"text": "Is kind."}, by=cast.owner)

    response = author.post(address, {"note": "x", "reviewed": seen})

    assert response.status_code == 422
    assert "The draft changed" in response.content.decode()
    draft.refresh_from_db()
    assert draft.is_draft


def test_an_empty_draft_is_not_published(author: Client, cast: Cast) -> None:
    version = create_rubric(project=cast.project, name="Nothing", by=cast.author)
    address = url("version-publish", version.rubric_id)

    assert "first version" in author.get(address).content.decode()
    assert author.post(address, {}).status_code == 422


def test_there_has_to_be_a_draft_to_publish(author: Client, rubric: Rubric) -> None:
    response = author.get(url("version-publish", rubric.pk))

    assert response.status_code == 409
    assert "There is no draft to publish" in response.content.decode()


# -- versions


def test_versions_are_listed_and_each_is_shown_as_it_was(
    author: Client, cast: Cast, draft: RubricVersion
) -> None:
    edit_criterion(
        criterion=draft.criteria.get(key="warns"),
        changes={"text": "Warns clearly."},
        row_version=0,
        by=cast.author,
    )
    publish(version=draft, by=cast.author, note="Clearer.")

    listed = author.get(url("versions", draft.rubric_id)).content.decode()
    assert "Clearer." in listed
    old = author.get(url("version", draft.rubric_id, 1)).content.decode()
    new = author.get(url("version", draft.rubric_id, 2)).content.decode()
    assert "Warns of the interaction." in old and "Warns clearly." not in old
    assert "Warns clearly." in new
    assert author.get(url("version", draft.rubric_id, 9)).status_code == 404


def test_two_versions_are_compared_word_by_word_with_what_it_means_for_verdicts(
    author: Client, cast: Cast, draft: RubricVersion
) -> None:
    for key, changes in (
        ("warns", {"text": "Warns of the danger."}),
        ("invents", {"weight": -6.0}),
    ):
        edit_criterion(
            criterion=draft.criteria.get(key=key), changes=changes, row_version=0, by=cast.author
        )
    delete_criterion(criterion=draft.criteria.get(key="clarity"), by=cast.author)

    page = author.get(url("version-diff", draft.rubric_id)).content.decode()

    assert "<del>interaction</del><ins>danger</ins>" in page
    assert "verdicts become stale" in page
    assert "<del>-4</del> <ins>-6</ins>" in page
    assert "verdicts stay" in page
    assert "verdicts no longer count" in page
    back = author.get(url("version-diff", draft.rubric_id), {"old": 2, "new": 1})
    assert "<del>danger</del><ins>interaction</ins>" in back.content.decode()
    same = author.get(url("version-diff", draft.rubric_id), {"old": 1, "new": 1})
    assert "Nothing differs." in same.content.decode()
    assert author.get(url("version-diff", draft.rubric_id), {"old": 7}).status_code == 404


def test_comparing_needs_two_versions_and_says_so(author: Client, rubric: Rubric) -> None:
    assert "only one version" in author.get(url("version-diff", rubric.pk)).content.decode()


def test_an_earlier_version_comes_back_as_a_draft(
    author: Client, cast: Cast, rubric: Rubric, draft: RubricVersion
) -> None:
    delete_criterion(criterion=draft.criteria.get(key="warns"), by=cast.author)
    publish(version=draft, by=cast.author)

    author.post(url("draft-start", rubric.pk, 1))

    third = rubric.versions.get(number=3)
    assert third.is_draft
    assert third.criteria.filter(key="warns").exists()
    second = author.post(url("draft-start", rubric.pk, 2))
    assert second.status_code == 409
    assert "already has a draft" in second.content.decode()


def test_a_version_retires_once_and_a_draft_never(
    author: Client, rubric: Rubric, draft: RubricVersion
) -> None:
    retired = author.post(url("version-retire", rubric.pk, 1), follow=True)
    assert "is retired" in retired.content.decode()
    assert author.post(url("version-retire", rubric.pk, 1)).status_code == 409
    assert author.post(url("version-retire", rubric.pk, 2)).status_code == 409
    assert author.post(url("version-retire", rubric.pk, 5)).status_code == 404


def test_a_draft_is_discarded_and_a_published_version_is_not(
    author: Client, rubric: Rubric, draft: RubricVersion
) -> None:
    assert author.post(url("draft-discard", rubric.pk)).status_code == 302
    assert rubric.versions.count() == 1
    assert author.post(url("draft-discard", rubric.pk)).status_code == 409
    assert rubric.versions.count() == 1


def test_a_rubric_whose_only_draft_was_discarded_can_start_again(
    author: Client, cast: Cast
) -> None:
    version = create_rubric(project=cast.project, name="Short-lived", by=cast.author)
    pk = version.rubric_id
    author.post(url("draft-discard", pk))

    assert "has no version" in author.get(url("rubric", pk)).content.decode()
    for address in (url("versions", pk), url("version-diff", pk), url("rubrics")):
        assert author.get(address).status_code == 200
    assert author.get(url("version-publish", pk)).status_code == 409
    for name in ("rubric-aggregator", "draft-discard"):
        assert author.post(url(name, pk)).status_code == 302
    assert author.post(url("criterion-add", pk), {"text": "x"}).status_code == 409
    assert author.post(url("criteria-restore", pk), {"key": "x"}).status_code == 409
    assert author.post(url("criteria-order", pk)).status_code == 409

    author.post(url("draft-start", pk, 0))
    assert Rubric.objects.get(pk=pk).versions.get().is_draft


def test_rubrics_of_another_project_are_not_found(author: Client, cast: Cast) -> None:
    foreign = create_rubric(project=cast.other_project, name="Theirs", by=cast.stranger)

    for name in ("rubric", "versions", "version-diff", "version-publish", "criterion-add"):
        assert author.get(url(name, foreign.rubric_id)).status_code == 404

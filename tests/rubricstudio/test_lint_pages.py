"""Remarks beside a rubric: who sees them, what a press of a button does, how much it asks for."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from rubricstudio.actions.criteria import edit_criterion
from rubricstudio.actions.lint import FixGone, apply_fix, bring_back, dismiss
from rubricstudio.actions.rubrics import NotADraft, create_rubric, publish
from rubricstudio.domain.rubric import Criterion, MetMeans, Rubric
from rubricstudio.models import Dismissal, RubricVersion, User
from rubricstudio.queries.lint import review
from tests.conftest import Cast, Data

VALUE = Rubric(
    (
        Criterion(key="two", text="Names the drug and recommends a lower <b>dose</b>.", weight=4),
        Criterion(key="jargon", text="Avoids jargon.", weight=-2, met_means=MetMeans.BAD),
        Criterion(key="vague", text="Gives an appropriate dose.", weight=3),
        Criterion(key="fine", text="Names the antidote.", weight=3),
        Criterion(key="again", text="States the antidote.", weight=3),
    )
)


@pytest.fixture
def draft(cast: Cast) -> RubricVersion:
    return create_rubric(project=cast.project, name="Draft", by=cast.author, value=VALUE)


def _client(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def _url(draft: RubricVersion, name: str = "lint") -> str:
    return reverse(f"rubricstudio:{name}", args=[draft.rubric.project.slug, draft.rubric_id])


def _ident(draft: RubricVersion, rule: str) -> str:
    found = review(draft, judged=False).remarks
    return next(remark.finding.ident for remark in found if remark.finding.rule == rule)


def test_the_page_lists_remarks_by_severity_and_escapes_the_text(
    cast: Cast, draft: RubricVersion
) -> None:
    page = _client(cast.viewer).get(_url(draft)).content.decode()

    assert page.index("Wording, polarity and sign at odds") < page.index("Asks two things at once")
    assert "1 error" in page
    assert "<b>dose</b>" not in page
    assert "&lt;b&gt;dose" in page
    assert "<mark>appropriate</mark>" in page


def test_only_an_author_is_offered_to_mend(cast: Cast, draft: RubricVersion) -> None:
    for person, offered in ((cast.author, True), (cast.viewer, False), (cast.annotator, False)):
        page = _client(person).get(_url(draft)).content.decode()

        assert ('name="finding"' in page) == offered


def test_a_published_version_is_looked_at_and_not_mended(cast: Cast, data: Data) -> None:
    page = _client(cast.author).get(_url(data.version)).content.decode()

    assert 'name="finding"' not in page


def test_the_panel_comes_with_a_mark_for_each_row_that_has_one(
    cast: Cast, draft: RubricVersion
) -> None:
    client = _client(cast.author)

    panel = client.get(_url(draft), headers={"HX-Request": "true"}).content.decode()

    rows = {row.key: row.pk for row in draft.criteria.all()}
    assert "<html" not in panel
    for key, marked in (("two", True), ("vague", True), ("again", True), ("fine", False)):
        assert (f'id="lint-{rows[key]}" hx-swap-oob="true"' in panel) == marked


def test_the_editor_asks_for_the_panel_and_links_to_it(cast: Cast, draft: RubricVersion) -> None:
    page = _client(cast.author).get(draft.rubric.get_absolute_url()).content.decode()

    assert f'id="lint-panel" hx-get="{_url(draft)}"' in page
    assert f'<a href="{_url(draft)}">' in page


def test_queries_are_as_many_for_a_long_rubric(
    cast: Cast, draft: RubricVersion, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    long = Rubric(tuple(Criterion(key=f"k{n}", text=f"Names the drug {n}.") for n in range(120)))
    other = create_rubric(project=cast.project, name="Long", by=cast.author, value=long)

    for version in (draft, other):
        with django_assert_num_queries(3):
            review(version, judged=False)
        with django_assert_num_queries(4):
            review(version, judged=True)


def test_a_split_leaves_two_criteria_that_share_the_weight(
    cast: Cast, draft: RubricVersion
) -> None:
    apply_fix(version=draft, ident=_ident(draft, "compound"), by=cast.author)

    first, second = draft.criteria.order_by("position")[:2]
    assert (first.key, first.text, first.weight) == ("two", "Names the drug.", 2)
    assert (second.text, second.weight) == ("Recommends a lower <b>dose</b>.", 2)


def test_polarity_is_set_right(cast: Cast, draft: RubricVersion) -> None:
    apply_fix(version=draft, ident=_ident(draft, "sign-and-polarity"), by=cast.author)

    row = draft.criteria.get(key="jargon")
    assert (row.met_means, row.weight) == ("good", 2)


def test_a_duplicate_is_deleted_and_can_be_restored(cast: Cast, draft: RubricVersion) -> None:
    ident = _ident(draft, "near-duplicate")

    apply_fix(version=draft, ident=ident, by=cast.author)

    assert not draft.criteria.filter(key="again").exists()


def test_a_second_press_changes_nothing_and_says_so(cast: Cast, draft: RubricVersion) -> None:
    client, data = _client(cast.author), {"finding": _ident(draft, "compound")}
    client.post(_url(draft, "lint-fix"), data)
    before = list(draft.criteria.values_list("key", "text", "weight", "row_version"))

    page = client.post(_url(draft, "lint-fix"), data, follow=True).content.decode()

    assert "does not apply any more" in page
    assert list(draft.criteria.values_list("key", "text", "weight", "row_version")) == before


def test_a_fix_is_not_applied_to_words_it_was_not_offered_for(
    cast: Cast, draft: RubricVersion
) -> None:
    ident = _ident(draft, "compound")
    row = draft.criteria.get(key="two")
    edit_criterion(
        criterion=row,
        changes={"text": "Names the drug and recommends a scan."},
        row_version=row.row_version,
        by=cast.author,
    )

    with pytest.raises(FixGone):
        apply_fix(version=draft, ident=ident, by=cast.author)

    assert draft.criteria.get(key="two").text == "Names the drug and recommends a scan."


def test_a_published_version_is_not_mended(cast: Cast, draft: RubricVersion) -> None:
    ident = _ident(draft, "compound")
    publish(version=draft, by=cast.author)

    with pytest.raises(NotADraft):
        apply_fix(version=draft, ident=ident, by=cast.author)


def test_htmx_gets_what_the_rows_have_to_change(cast: Cast, draft: RubricVersion) -> None:
    answer = _client(cast.author).post(
        _url(draft, "lint-fix"),
        {"finding": _ident(draft, "compound")},
        headers={"HX-Request": "true"},
    )

    assert answer.status_code == 200
    assert "rubric-changed" in answer["HX-Trigger"]
    page = answer.content.decode()
    assert "Names the drug.</textarea>" in page
    assert 'id="arrivals"' in page
    assert "jargon" not in page


@pytest.mark.parametrize("finding", ["", "nonsense", "\x00", "é" * 2000])
def test_nonsense_is_told_apart(cast: Cast, draft: RubricVersion, finding: str) -> None:
    answer = _client(cast.author).post(_url(draft, "lint-fix"), {"finding": finding})

    assert answer.status_code == 302
    assert draft.criteria.count() == 5


def test_a_viewer_cannot_mend(cast: Cast, draft: RubricVersion) -> None:
    answer = _client(cast.viewer).post(
        _url(draft, "lint-fix"), {"finding": _ident(draft, "compound")}
    )

    assert answer.status_code == 403


# -- dismissed


def test_a_dismissed_remark_stands_apart_with_who_and_when(
    cast: Cast, draft: RubricVersion
) -> None:
    ident = _ident(draft, "vague")
    before = review(draft, judged=False)

    answer = _client(cast.author).post(_url(draft, "lint-dismiss"), {"finding": ident})

    found = review(draft, judged=False)
    assert answer.status_code == 302
    assert len(found.remarks) == len(before.remarks) - 1
    assert found.counts["warning"] == before.counts["warning"] - 1
    (settled,) = found.dismissed
    assert (settled.remark.finding.ident, settled.by) == (ident, cast.author)
    page = _client(cast.viewer).get(_url(draft)).content.decode()
    assert "1 dismissed" in page
    assert str(cast.author) in page
    assert f'id="finding-{ident}"' not in page
    assert "Bring back" not in page


def test_it_is_dismissed_for_every_author(cast: Cast, draft: RubricVersion) -> None:
    ident = _ident(draft, "vague")
    _client(cast.author).post(_url(draft, "lint-dismiss"), {"finding": ident})

    panel = _client(cast.owner).get(_url(draft), headers={"HX-Request": "true"}).content.decode()

    assert f'data-lint-mark="{ident}"' not in panel
    assert "1 dismissed" in panel
    assert "Bring back" in panel


def test_dismissing_twice_keeps_who_was_first(cast: Cast, draft: RubricVersion) -> None:
    ident = _ident(draft, "vague")

    dismiss(version=draft, ident=ident, by=cast.author)
    dismiss(version=draft, ident=ident, by=cast.owner)

    assert [x.by for x in Dismissal.objects.all()] == [cast.author]


def test_a_remark_is_brought_back_and_twice_does_no_harm(cast: Cast, draft: RubricVersion) -> None:
    ident = _ident(draft, "vague")
    dismiss(version=draft, ident=ident, by=cast.author)
    client = _client(cast.owner)

    for _ in range(2):
        answer = client.post(_url(draft, "lint-bring-back"), {"finding": ident})

        assert answer.status_code == 302
        assert review(draft, judged=False).dismissed == []
    assert _ident(draft, "vague") == ident


def test_a_changed_text_is_remarked_upon_again(cast: Cast, draft: RubricVersion) -> None:
    dismiss(version=draft, ident=_ident(draft, "vague"), by=cast.author)
    row = draft.criteria.get(key="vague")
    changes = {"text": "Gives a suitable dose."}
    edit_criterion(criterion=row, changes=changes, row_version=row.row_version, by=cast.author)

    found = review(draft, judged=False)

    assert "vague" in {remark.finding.rule for remark in found.remarks}
    assert found.dismissed == []


def test_a_dismissal_is_of_one_rubric(cast: Cast, draft: RubricVersion) -> None:
    other = create_rubric(project=cast.project, name="Other", by=cast.author, value=VALUE)
    ident = _ident(draft, "vague")

    dismiss(version=draft, ident=ident, by=cast.author)
    bring_back(rubric=other.rubric, ident=ident)

    assert len(review(draft, judged=False).dismissed) == 1
    assert review(other, judged=False).dismissed == []


def test_remarks_on_a_published_version_are_dismissed_too(cast: Cast, draft: RubricVersion) -> None:
    publish(version=draft, by=cast.author)
    draft.refresh_from_db()

    dismiss(version=draft, ident=_ident(draft, "vague"), by=cast.author)

    assert len(review(draft, judged=False).dismissed) == 1


@pytest.mark.parametrize("name", ["lint-dismiss", "lint-bring-back"])
@pytest.mark.parametrize("finding", ["", "nonsense", "0123456789ab", "\x00", "é" * 2000])
def test_nothing_is_stored_of_what_is_no_remark(
    cast: Cast, draft: RubricVersion, name: str, finding: str
) -> None:
    client = _client(cast.author)

    for headers, status in (({}, 302), ({"HX-Request": "true"}, 200)):
        answer = client.post(_url(draft, name), {"finding": finding}, headers=headers)

        assert answer.status_code == status
    assert not Dismissal.objects.exists()


@pytest.mark.parametrize("name", ["lint-dismiss", "lint-bring-back"])
def test_who_may_not_edit_may_not_dismiss(cast: Cast, draft: RubricVersion, name: str) -> None:
    dismiss(version=draft, ident=_ident(draft, "vague"), by=cast.author)

    for person in (cast.viewer, cast.annotator):
        for ident in (_ident(draft, "compound"), Dismissal.objects.get().ident):
            answer = _client(person).post(_url(draft, name), {"finding": ident})

            assert answer.status_code == 403
    assert Dismissal.objects.count() == 1


# -- many


def test_the_panel_says_how_many_it_leaves_out_and_the_page_has_them_all(cast: Cast) -> None:
    drugs = [f"Names a relevant {'x' * (n + 1)}." for n in range(45)]
    many = Rubric(tuple(Criterion(key=f"k{n}", text=text) for n, text in enumerate(drugs)))
    draft = create_rubric(project=cast.project, name="Many", by=cast.author, value=many)
    total = len(review(draft, judged=False).remarks)
    client = _client(cast.author)

    page = client.get(_url(draft)).content.decode()
    panel = client.get(_url(draft), headers={"HX-Request": "true"}).content.decode()

    assert total > 40
    assert page.count('id="finding-') == total
    assert panel.count('id="finding-') == 40
    assert f"40 of {total}" in panel

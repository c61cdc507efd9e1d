"""The library's pages: search, insert, similar, sharing, templates; by everybody's rights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from celery import current_app
from django.core.cache import cache
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from rubricstudio.actions.library import add_to_library, share_rubric
from rubricstudio.actions.rubrics import create_rubric, publish, start_draft
from rubricstudio.domain import rubric as domain
from rubricstudio.models import LibraryEntry, Rubric, RubricVersion, User
from rubricstudio.workers import report_heartbeat
from tests.conftest import SMALL_RUBRIC, Cast, Data
from tests.rubricstudio.test_library import means, published, unit

HTMX = {"HX-Request": "true"}
LIBRARY = "/library/"


@pytest.fixture(autouse=True)
def nobody_was_asked(monkeypatch: pytest.MonkeyPatch) -> list[Mapping[str, Any]]:
    cache.clear()
    sent: list[Mapping[str, Any]] = []
    monkeypatch.setattr(current_app, "send_task", lambda name, **given: sent.append(given))
    return sent


@pytest.fixture
def draft(cast: Cast, data: Data) -> RubricVersion:
    return create_rubric(project=cast.project, name="Mine", by=cast.author, value=SMALL_RUBRIC)


def as_(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def page(response: Any, status: int = 200) -> str:
    assert isinstance(response, HttpResponse)
    assert response.status_code == status, response.content.decode()[:2000]
    return response.content.decode()


def at(name: str, *args: object) -> str:
    return reverse(f"rubricstudio:{name}", args=args)


# -- search


def test_the_library_begins_with_what_is_shared(cast: Cast, data: Data) -> None:
    client = as_(cast.stranger)
    assert "The shared library is empty" in page(client.get(LIBRARY))

    add_to_library(
        criterion=data.version.criteria.get(key="clarity"), note="Holds up.", by=cast.author
    )

    shown = page(client.get(LIBRARY))
    assert "How clear is the advice?" in shown
    assert "Holds up." in shown
    assert "3 levels" in shown
    assert "Advice" not in shown  # the rubric, which strangers may not see


def test_a_search_says_which_way_it_found_each(cast: Cast, data: Data) -> None:
    means("Warns of the interaction.", unit(1, 0.1))
    means("warns", unit(1))
    means("Invents a dose.", unit(1, 1))

    shown = page(as_(cast.viewer).get(LIBRARY, {"q": "warns"}))

    first, second = shown.split("data-hit>")[1:3]
    assert "Warns of the interaction." in first
    assert "words</span>" in first
    assert "meaning 100" in first
    assert "Invents a dose." in second
    assert "words</span>" not in second
    assert "meaning 71" in second


def test_without_a_worker_the_page_says_that_only_words_are_matched(cast: Cast, data: Data) -> None:
    shown = page(as_(cast.viewer).get(LIBRARY, {"q": "warns"}))

    assert "Warns of the interaction." in shown
    assert "nothing serves the queue gpu" in shown
    assert "every 1s" not in shown.split('id="library-results"')[1]


def test_the_page_asks_again_until_the_meaning_is_there(
    cast: Cast, data: Data, nobody_was_asked: list[Mapping[str, Any]]
) -> None:
    report_heartbeat(node="gpu@here")
    client = as_(cast.viewer)

    shown = page(client.get(LIBRARY, {"q": "beware"}))
    assert "every 1s" in shown
    assert "/library/?q=beware&amp;waits=1" in shown
    assert [given["kwargs"]["texts"] for given in nobody_was_asked] == [["beware"]]

    poll = HTMX | {"HX-Target": "library-meaning"}
    waiting = page(client.get(LIBRARY, {"q": "beware", "waits": "1"}, headers=poll))
    assert waiting.strip().startswith('<div id="library-meaning"')
    assert "waits=2" in waiting
    assert len(nobody_was_asked) == 1

    late = client.get(LIBRARY, {"q": "beware", "waits": "30"}, headers=poll)
    assert "No worker has answered" in page(late)
    assert late["HX-Retarget"] == "#library-results"

    means("beware", unit(1))
    means("Warns of the interaction.", unit(1, 0.5))
    ready = client.get(LIBRARY, {"q": "beware", "waits": "2"}, headers=poll)
    assert "Warns of the interaction." in page(ready)
    assert ready["HX-Retarget"] == "#library-results"
    assert ready["HX-Reswap"] == "outerHTML"


def test_rubrics_are_found_by_name(cast: Cast, data: Data) -> None:
    shown = page(as_(cast.viewer).get(LIBRARY, {"q": "advice", "kind": "rubrics"}))
    assert at("rubric", "demo", data.version.rubric_id) in shown

    client = as_(cast.stranger)
    assert "Nothing found" in page(client.get(LIBRARY, {"q": "advice", "kind": "rubrics"}))
    assert "No rubric is shared yet" in page(client.get(LIBRARY, {"kind": "rubrics"}))
    share_rubric(rubric=data.version.rubric, shared=True, by=cast.author)
    for given in ({"q": "advice", "kind": "rubrics"}, {"kind": "rubrics"}):
        assert at("library-rubric", data.version.rubric_id) in page(client.get(LIBRARY, given))


def test_more_is_shown_on_request_up_to_a_limit(cast: Cast) -> None:
    published(cast.project, cast.author, *(f"Dose {n:03}." for n in range(210)))
    client = as_(cast.viewer)

    first = page(client.get(LIBRARY, {"q": "dose"}))
    assert first.count("data-hit>") == 50
    assert "show=100" in first
    last = page(client.get(LIBRARY, {"q": "dose", "show": "200"}))
    assert last.count("data-hit>") == 200
    assert "The best 200 are shown." in last


def test_entries_are_paged_by_key(cast: Cast) -> None:
    LibraryEntry.objects.bulk_create(
        LibraryEntry(text=f"Entry {n}.", criterion={}, added_by=cast.author) for n in range(60)
    )
    client = as_(cast.viewer)

    first = page(client.get(LIBRARY))
    assert first.count("data-hit>") == 50
    before = LibraryEntry.objects.order_by("-pk")[49].pk
    assert f"before={before}" in first
    rest = page(client.get(LIBRARY, {"before": str(before)}))
    assert rest.count("data-hit>") == 10
    assert "Entry 0." in rest


@pytest.mark.parametrize(
    "given",
    [{"project": "x"}, {"show": "-1"}, {"scale": "round"}, {"before": "9" * 40}, {"waits": "x"}],
)
def test_a_search_that_cannot_be_read_says_so(cast: Cast, given: dict[str, str]) -> None:
    assert "field" in page(as_(cast.viewer).get(LIBRARY, {"q": "dose", **given}), 422)
    assert "note tone-error" in page(
        as_(cast.viewer).get(LIBRARY, {"q": "dose", **given}, headers=HTMX), 422
    )


def test_another_project_cannot_be_searched(cast: Cast, data: Data) -> None:
    given = {"q": "warns", "project": str(cast.project.pk)}

    page(as_(cast.viewer).get(LIBRARY, given))
    page(as_(cast.stranger).get(LIBRARY, given), 422)


def test_text_of_people_is_text(cast: Cast) -> None:
    published(cast.project, cast.author, "Names <script>alert(1)</script> the dose.")

    shown = page(as_(cast.viewer).get(LIBRARY, {"q": "dose"}))

    assert "<script>alert" not in shown
    assert "&lt;script&gt;alert(1)" in shown


def test_the_page_takes_the_same_number_of_queries_however_long_the_list(
    cast: Cast, data: Data, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    means("warns", unit(1))
    means("Warns of the interaction.", unit(1))
    add_to_library(criterion=data.version.criteria.get(key="clarity"), by=cast.author)
    client = as_(cast.viewer)
    client.get(LIBRARY, {"q": "warns"})

    with django_assert_num_queries(13):
        client.get(LIBRARY, {"q": "warns"})
    for n in range(12):
        version = published(
            cast.project, cast.author, *(f"Warns {n}.{i}." for i in range(3)), name=f"R{n}"
        )
        add_to_library(criterion=version.criteria.get(key="c0"), by=cast.author)
    with django_assert_num_queries(14):  # and the criteria that entries do not stand for
        shown = page(client.get(LIBRARY, {"q": "warns"}))
    assert shown.count("data-hit>") == 37


# -- beside a rubric


def test_what_is_found_is_inserted_behind_a_row(
    cast: Cast, data: Data, draft: RubricVersion
) -> None:
    source = published(cast.project, cast.author, "Names both drugs.", name="Source")
    client = as_(cast.author)
    here = at("rubric-library", "demo", draft.rubric_id)
    shown = page(client.get(here, {"q": "both", "after": "warns"}))
    assert "Goes behind:" in shown
    assert f'value="criterion:{source.criteria.get().pk}"' in shown

    given = {"source": f"criterion:{source.criteria.get().pk}", "after": "warns"}
    response = client.post(f"{here}?q=both", given, follow=True)

    row = draft.criteria.get(key="c0")
    assert row.parent is not None
    assert row.parent.key == "safety"
    assert row.origin is not None
    assert row.origin["name"].startswith("Source v")
    assert "Inserted: Names both drugs." in page(response)
    # The next one goes behind this one.
    assert 'name="after" value="c0"' in page(response)


def test_with_htmx_the_page_stays_and_the_place_moves_on(
    cast: Cast, data: Data, draft: RubricVersion
) -> None:
    entry = add_to_library(criterion=data.version.criteria.get(key="clarity"), by=cast.author)
    here = at("rubric-library", "demo", draft.rubric_id)
    given = {"source": f"entry:{entry.pk}", "after": "", "latest": "warns"}

    shown = page(as_(cast.author).post(here, given, headers=HTMX))

    assert "See it in the rubric" in shown
    assert 'hx-swap-oob="true"' in shown
    assert 'name="latest" value="clarity-2"' in shown
    row = draft.criteria.get(key="clarity-2")
    assert row.scale_kind == "ordinal"
    assert row.origin is not None
    assert row.origin["kind"] == "library"


def test_the_rubric_that_is_written_is_not_searched(cast: Cast, data: Data) -> None:
    here = at("rubric-library", "demo", data.version.rubric_id)

    assert "Nothing found" in page(as_(cast.author).get(here, {"q": "warns"}))


def test_nothing_is_inserted_that_the_person_may_not_read(cast: Cast, draft: RubricVersion) -> None:
    secret = published(cast.other_project, cast.stranger, "Secret.").criteria.get()
    here = at("rubric-library", "demo", draft.rubric_id)
    client = as_(cast.author)
    before = draft.criteria.count()

    for source in (f"criterion:{secret.pk}", "criterion:999999999", "entry:999999999"):
        reply = page(client.post(here, {"source": source}), 409)
        assert "not to be found any more" in reply
        assert "Secret." not in reply
    for source in ("", "rubric:1", "criterion:x", "criterion:" + "9" * 30):
        page(client.post(here, {"source": source}), 422)
    reply = page(client.post(here, {"source": "entry:1"}, headers=HTMX), 422)
    assert reply.strip().startswith('<span class="field-error"')
    assert draft.criteria.count() == before


def test_a_place_that_is_gone_and_a_published_version_are_named(
    cast: Cast, data: Data, draft: RubricVersion
) -> None:
    found = published(cast.project, cast.author, "One.").criteria.get()
    client = as_(cast.author)
    given = {"source": f"criterion:{found.pk}", "after": "no-such-row"}
    reply = page(client.post(at("rubric-library", "demo", draft.rubric_id), given), 409)
    assert "The place is not there any more" in reply

    frozen = at("rubric-library", "demo", data.version.rubric_id)
    assert "nothing can be inserted" in page(client.get(frozen))
    page(client.post(frozen, {"source": f"criterion:{found.pk}"}), 409)


def test_similar_criteria_are_those_of_other_rubrics(
    cast: Cast, data: Data, draft: RubricVersion
) -> None:
    row = draft.criteria.get(key="warns")
    published(cast.project, cast.author, "Mentions the interaction.", "Cites the law.")
    means(row.text, unit(1))
    means("Mentions the interaction.", unit(1, 0.5))
    means("Cites the law.", unit(1, 2))  # cosine 0.447
    here = at("criterion-similar", "demo", draft.rubric_id, row.pk)

    shown = page(as_(cast.author).get(here, headers=HTMX))

    # The same words in the published rubric, and the one that comes near.
    assert "2 similar in other rubrics" in shown
    assert "Mentions the interaction." in shown
    assert "89" in shown
    assert "Cites the law." not in shown
    page(as_(cast.author).get(here))
    page(as_(cast.author).get(at("criterion-similar", "demo", draft.rubric_id, 999999)), 404)
    gone = at("criterion-similar", "demo", draft.rubric_id, 999999)
    told = page(as_(cast.author).get(gone, headers={"HX-Request": "true"}))
    assert 'id="library-similar"' in told
    assert "hx-get" not in told


# -- sharing


def test_a_criterion_is_added_with_a_note_and_removed_again(cast: Cast, data: Data) -> None:
    row = data.version.criteria.get(key="warns")
    client = as_(cast.author)
    here = at("criterion-share", "demo", data.version.rubric_id, row.pk)
    assert "Everybody who signs in here can read it" in page(client.get(here))

    page(client.post(here, {"note": "For drug advice."}, follow=True))

    entry = LibraryEntry.objects.get()
    assert (entry.note, entry.added_by) == ("For drug advice.", cast.author)
    place = at("library-entry", entry.pk)
    assert "For drug advice." in page(as_(cast.stranger).get(place))
    assert "Save the note" not in page(as_(cast.stranger).get(place))
    page(as_(cast.stranger).post(place, {"note": "x"}), 403)
    page(as_(cast.stranger).post(at("library-entry-remove", entry.pk)), 403)
    page(client.post(place, {"note": "Better."}, follow=True))
    assert LibraryEntry.objects.get().note == "Better."
    page(as_(cast.owner).post(at("library-entry-remove", entry.pk), follow=True))
    assert not LibraryEntry.objects.exists()
    page(client.get(place), 404)


def test_a_group_is_not_added(cast: Cast, data: Data) -> None:
    group = data.version.criteria.get(key="safety")
    here = at("criterion-share", "demo", data.version.rubric_id, group.pk)

    page(as_(cast.author).post(here, {"note": ""}), 422)

    assert not LibraryEntry.objects.exists()


def test_sharing_a_rubric_warns_first_and_opens_it_to_everybody(cast: Cast, data: Data) -> None:
    rubric = data.version.rubric
    here, public = at("rubric-share", "demo", rubric.pk), at("library-rubric", rubric.pk)
    client, outsider = as_(cast.author), as_(cast.stranger)
    assert "Everybody who signs in here will be able to read it" in page(client.get(here))
    page(outsider.get(public), 404)
    page(client.post(here, {"shared": "maybe"}), 422)

    page(client.post(here, {"shared": "1"}, follow=True))

    shown = page(outsider.get(public))
    assert "Warns of the interaction." in shown
    assert "A reader knows at once." in shown
    assert cast.project.name not in shown.split("<main")[1]
    page(client.post(here, {"shared": "0"}, follow=True))
    page(outsider.get(public), 404)


def test_a_draft_behind_a_shared_version_is_not_shown(cast: Cast, data: Data) -> None:
    share_rubric(rubric=data.version.rubric, shared=True, by=cast.author)
    newer = start_draft(rubric=data.version.rubric, by=cast.author)
    newer.criteria.filter(key="warns").update(text="Half a thought.")

    shown = page(as_(cast.stranger).get(at("library-rubric", data.version.rubric_id)))

    assert "Half a thought." not in shown


def test_a_shared_rubric_is_copied_into_a_project_of_ones_own(cast: Cast, data: Data) -> None:
    share_rubric(rubric=data.version.rubric, shared=True, by=cast.author)
    public = at("library-rubric", data.version.rubric_id)
    client = as_(cast.stranger)

    page(client.post(public, {"project": "demo", "name": "Mine"}), 422)  # not theirs
    response = client.post(public, {"project": "elsewhere", "name": "Mine"})

    made = Rubric.objects.get(project=cast.other_project)
    assert response["Location"] == made.get_absolute_url()
    assert (made.name, made.forked_from) == ("Mine", data.version)
    assert "no project in which you may write" in page(as_(cast.viewer).get(public))


def test_a_new_rubric_starts_from_a_template(cast: Cast, data: Data) -> None:
    client, here = as_(cast.stranger), at("rubric-templates", "elsewhere")
    assert "No rubric is shared yet" in page(client.get(here))
    page(client.post(here, {"template": data.version.rubric_id}), 422)
    assert not Rubric.objects.filter(project=cast.other_project).exists()
    share_rubric(rubric=data.version.rubric, shared=True, by=cast.author)

    shown = page(client.get(here, headers=HTMX))
    assert "3 criteria" in shown
    assert "Start from this" in shown
    assert "No shared rubric has these words" in page(client.get(here, {"q": "law"}))
    assert here in page(client.get(at("rubric-new", "elsewhere")))
    page(client.post(here, {"template": data.version.rubric_id}, follow=True))

    made = Rubric.objects.get(project=cast.other_project)
    assert made.versions.get().criteria.count() == 4


def test_a_criterion_with_everything_is_shown_whole(cast: Cast) -> None:
    whole = domain.Criterion(
        key="k",
        text="Gives the dose.",
        description="Look at the figures.",
        examples=(domain.Example("Take 5 mg.", True, "a figure"),),
        references=("BNF 86",),
    )
    draft = create_rubric(
        project=cast.project, name="W", by=cast.author, value=domain.Rubric((whole,))
    )
    publish(version=draft, by=cast.author)

    shown = page(as_(cast.viewer).get(LIBRARY, {"q": "dose"}))

    for part in ("Look at the figures.", "Take 5 mg.", "a figure", "BNF 86"):
        assert part in shown

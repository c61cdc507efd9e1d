"""The library: what is found, by whom, in which order; what is inserted, shared and removed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from unittest.mock import Mock

import numpy as np
import pytest
from celery import current_app
from django.core.cache import cache
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kombu.exceptions import OperationalError as BrokerError
from pytest_django import DjangoAssertNumQueries

from rubricstudio.actions import indexing
from rubricstudio.actions.indexing import Meaning, ask_meaning
from rubricstudio.actions.library import (
    NotInTheLibrary,
    NotYours,
    add_to_library,
    annotate_entry,
    copy_template,
    insert_found,
    remove_entry,
    share_rubric,
)
from rubricstudio.actions.rubrics import create_rubric, publish, start_draft
from rubricstudio.domain import rubric as domain
from rubricstudio.domain.library import (
    merged_ranks,
    prefix_query,
    query_words,
    text_digest,
)
from rubricstudio.domain.table import FloatArray
from rubricstudio.models import (
    Criterion,
    LibraryEntry,
    Project,
    Rubric,
    RubricVersion,
    TextVector,
    User,
)
from rubricstudio.models.texts import TextDigest
from rubricstudio.queries import library_search as library
from rubricstudio.queries.library import (
    Narrowed,
    findable_criteria,
    findable_entries,
    findable_rubrics,
    with_digest,
)
from rubricstudio.queries.library_pages import criterion_of_entry
from rubricstudio.queries.library_search import Findings, Sources, nearest_texts, search
from rubricstudio.queries.near import as_written_in
from rubricstudio.workers import report_heartbeat
from tests.conftest import SMALL_RUBRIC, Cast, Data

DOSE = "Names the right dose of the medicine."
FULL = domain.Criterion(
    key="full",
    text="Names the interaction between both drugs.",
    description="Look for the names of both.",
    weight=-2.5,
    met_means=domain.MetMeans.BAD,
    scale=domain.Scale(domain.ScaleKind.POINTS, maximum=4),
    tier=domain.Tier.IMPORTANT,
    gate=True,
    judged_by=domain.JudgedBy.MODEL,
    evidence_required=True,
    tags=("drugs", "safety"),
    category="Pharmacology",
    examples=(domain.Example("Both are sedating.", True, "names the effect"),),
    references=("BNF 86",),
    program="",
)


@pytest.fixture(autouse=True)
def nobody_was_asked() -> None:
    cache.clear()


def unit(*leading: float) -> list[float]:
    """A vector of length 1 that begins so; cosines of two are read off at sight."""
    vector = np.zeros(384)
    vector[: len(leading)] = leading
    return list(vector / np.linalg.norm(vector))


def means(text: str, vector: list[float]) -> None:
    TextVector.objects.create(digest=text_digest(text), vector=vector)


def published(
    project: Project, by: User, *texts: str | domain.Criterion, name: str = "R"
) -> RubricVersion:
    criteria = (
        domain.Criterion(key=f"c{i}", text=t) if isinstance(t, str) else t
        for i, t in enumerate(texts)
    )
    draft = create_rubric(project=project, name=name, by=by, value=domain.Rubric(tuple(criteria)))
    return publish(version=draft, by=by)


def look(user: User, query: str, vector: list[float] | None = None, **narrow: Any) -> Findings:
    narrowed = Narrowed(**narrow)
    sources = (findable_entries(narrowed), findable_criteria(user, narrowed))
    return search(Sources(sources), query=query, vector=vector)


def texts(findings: Findings) -> list[str]:
    return [getattr(found.row, "text", "") for found in findings.found]


# -- pure: words, digests, ranks


def test_the_words_of_a_query_are_letters_and_digits_each_once() -> None:
    assert query_words("  Cites the 'source' & the DATE_2: (now)") == (
        *("cites", "the", "source", "date", "2", "now"),
    )
    assert prefix_query(("dose", "of")) == "'dose':* & 'of':*"


def test_ranks_are_merged_by_reciprocals() -> None:
    # a: 1/61 + 1/63 = 0.03227; b: 1/62 = 0.01613; c: 1/63 + 1/61 = 0.03227; d: 1/62.
    assert merged_ranks([["a", "b", "c"], ["c", "d", "a"]]) == ["a", "c", "b", "d"]
    assert merged_ranks([["a"], ["b"]]) == ["a", "b"]
    assert merged_ranks([[], []]) == []


@given(st.lists(st.lists(st.integers(0, 9)), max_size=4))
def test_merging_loses_nothing_and_repeats_nothing(lists: list[list[int]]) -> None:
    merged = merged_ranks(lists)

    assert sorted(merged) == sorted({item for items in lists for item in items})
    if len(lists) == 1:
        assert merged == list(dict.fromkeys(lists[0]))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1))
def test_the_database_computes_the_same_digest(db: None, text: str) -> None:
    with connection.cursor() as cursor:
        expression = TextDigest.template % {"expressions": "%s::text"}
        cursor.execute("SELECT " + expression, [text])
        assert cursor.fetchone() == (text_digest(text),)


def test_case_and_blanks_around_a_text_make_no_difference() -> None:
    assert text_digest("\n Names the Dose. \t") == text_digest("names the dose.")
    assert text_digest("Names the dose") != text_digest("Names the dose.")


# -- by words


def test_all_words_have_to_be_there_each_as_the_beginning_of_one(cast: Cast) -> None:
    published(
        cast.project,
        cast.author,
        "Names the interaction of both drugs.",
        "Lists interactions with food.",
        "Says that the drug is safe.",
        "Keeps to the prescription.",
    )

    assert texts(look(cast.viewer, "interact drug")) == ["Names the interaction of both drugs."]
    assert set(texts(look(cast.viewer, "interaction"))) == {
        "Names the interaction of both drugs.",
        "Lists interactions with food.",
    }
    # The word stands inside another, not at its beginning.
    assert texts(look(cast.viewer, "script")) == []
    assert texts(look(cast.viewer, "%")) == []


def test_scripts_without_blanks_and_figures_are_found_too(cast: Cast) -> None:
    published(cast.project, cast.author, "给出正确的剂量。", "Cites GPT-4.5 by name.")

    assert texts(look(cast.viewer, "剂量")) == ["给出正确的剂量。"]
    assert texts(look(cast.viewer, "4.5")) == ["Cites GPT-4.5 by name."]


@pytest.mark.parametrize("query", ["'", "a:* | b", "!x & (y", "\\", "<->", "of's", "*:*"])
def test_no_query_is_a_mistake(cast: Cast, query: str) -> None:
    published(cast.project, cast.author, "Names the dose.")

    look(cast.viewer, query)


def test_who_quotes_a_text_finds_it_first_and_then_those_that_hold_the_quotation(
    cast: Cast,
) -> None:
    published(
        cast.project,
        cast.author,
        "The right dose.",
        "The dose is the right one, right, the right dose, right.",
        "Right, the dose dose dose right right.",
        "Near in meaning.",
    )
    means("Near in meaning.", unit(1))
    means("Right, the dose dose dose right right.", unit(1))

    found = texts(look(cast.viewer, " the right  dose", unit(1)))

    # Both hold it word for word; the third holds the words, and means it.
    assert {*found[:2]} == {
        "The right dose.",
        "The dose is the right one, right, the right dose, right.",
    }
    assert found[2] == "Right, the dose dose dose right right."
    assert texts(look(cast.viewer, "the right dose.", unit(1)))[0] == "The right dose."


def test_a_slip_of_the_pen_is_read_as_what_texts_have(cast: Cast) -> None:
    published(cast.project, cast.author, "Names the interaction of both drugs.", "Keeps it short.")

    found = look(cast.viewer, "interacton drug")

    assert found.read_as == ("interaction", "drug")
    assert texts(found) == ["Names the interaction of both drugs."]
    assert look(cast.viewer, "interaction").read_as == ()
    # Another's words are nobody else's correction; words that are together in no text are none.
    assert look(cast.stranger, "interacton") == Findings([], more=False)
    assert look(cast.viewer, "interacton short") == Findings([], more=False)


def test_words_are_read_by_the_fewest_changes_then_the_most_texts() -> None:
    held = ["Two sources.", "A source, cited.", "One source.", "The sauce."]

    assert as_written_in(held, ("soruce",)) == ("source",)
    assert as_written_in(held, ("sources",)) == ("sources",)
    assert as_written_in(held, ("sour", "cited")) == ("sour", "cited")
    # Below four letters nothing is like another word; two changes need eight letters.
    assert as_written_in(held, ("teh",)) == ()
    assert as_written_in(["citation"], ("citatoin",)) == ("citation",)
    assert as_written_in(["citation"], ("cxtatxon",)) == ("citation",)
    assert as_written_in(["cited"], ("cxtxd",)) == ()
    assert as_written_in([], ("source",)) == ()


def test_a_text_longer_than_the_index_takes_is_stored_and_found(cast: Cast) -> None:
    published(cast.project, cast.author, " ".join(f"word{i}" for i in range(150_000)))

    assert len(look(cast.viewer, "word7").found) == 1


# -- by meaning, and both


def test_what_means_nearly_the_same_is_found_without_its_words(cast: Cast) -> None:
    published(cast.project, cast.author, "States how much to take.", "Cites the law.")
    means("States how much to take.", unit(1, 0.2))
    means("Cites the law.", unit(0.1, 1))

    found = look(cast.viewer, "dosage", unit(1)).found

    assert [f.row.text for f in found if isinstance(f.row, Criterion)] == [
        "States how much to take."
    ]
    # cos = 1 / sqrt(1 + 0.04) = 0.980581; the other's, 0.0995, says nothing.
    assert found[0].similarity == pytest.approx(0.980581, abs=1e-5)
    assert not found[0].by_words


def test_a_text_that_both_ways_find_comes_first(cast: Cast) -> None:
    published(cast.project, cast.author, "Gives the dose.", "The dose dose dose.", "How much?")
    means("Gives the dose.", unit(1, 0.5))
    means("How much?", unit(1, 0.1))

    found = look(cast.viewer, "dose", unit(1))

    assert texts(found)[0] == "Gives the dose."
    assert {(f.by_words, f.similarity is not None) for f in found.found} == {
        (True, True),
        (True, False),
        (False, True),
    }


def test_many_texts_are_asked_of_the_index(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "EXACT", 1)
    published(cast.project, cast.author, "Near.", "Far.", "Nearer.")
    means("Near.", unit(1, 0.6))
    means("Nearer.", unit(1, 0.3))
    means("Far.", unit(0, 1))

    assert texts(look(cast.viewer, "", unit(1))) == ["Nearer.", "Near."]


def many_vectors(vectors: FloatArray) -> None:
    """One row each, with the digest 0, 1, 2, ... as 64 figures, and the index built anew."""
    index = TextVector._meta.indexes[0]
    with connection.schema_editor() as editor:
        editor.remove_index(TextVector, index)
        TextVector.objects.bulk_create(
            TextVector(digest=f"{i:064x}", vector=row / np.linalg.norm(row))
            for i, row in enumerate(vectors)
        )
        editor.add_index(TextVector, index)  # all at once is many times faster
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE studio_text_vector")


@pytest.mark.slow
def test_what_i_may_read_is_found_behind_thousands_of_nearer_texts_of_others(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(library, "EXACT", 1)
    published(cast.project, cast.author, "Mine.", "Mine, too.")
    published(cast.other_project, cast.stranger, "Theirs.", name="Theirs")
    means("Mine.", unit(1, 1))
    means("Mine, too.", unit(1, 1.1))
    # Three thousand texts of others, all with a cosine of about 0.8 to 1 to what is asked.
    noise = np.random.default_rng(7).normal(scale=0.02, size=(3000, 384))
    noise[:, 0] = 1
    many_vectors(noise)
    compared = Mock(wraps=library.compared_texts)
    monkeypatch.setattr(library, "compared_texts", compared)

    found = look(cast.viewer, "", unit(1))

    assert texts(found) == ["Mine.", "Mine, too."]
    assert [f.similarity for f in found.found] == pytest.approx([0.7071, 0.6727], abs=1e-4)
    # Two are fewer than the 200 that were looked for, so that every text was compared.
    compared.assert_called_once()
    assert texts(look(cast.stranger, "", unit(1))) == []


@pytest.mark.slow
def test_the_index_goes_on_past_the_texts_of_others(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(library, "NEAREST", 20)
    monkeypatch.setattr(library, "AT_A_TIME", 20)
    noise = np.random.default_rng(7).normal(size=(1020, 384))
    mine = published(cast.project, cast.author, *(f"Text {i}." for i in range(20)))
    for i in range(20):
        means(f"Text {i}.", unit(*noise[i]))
    many_vectors(noise[20:])
    sources = Sources((with_digest(mine.criteria.order_by()),))

    found = library._by_index(sources, unit(*noise[0]))

    # An index of neighbours may miss some; of the first it named, 20, nearly all were others'.
    assert list(found)[0] == text_digest("Text 0.")
    assert len(found) >= 18
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")
        assert "text_vector_near" in nearest_texts(sources, unit(1)).explain()


def test_a_search_takes_the_same_number_of_queries_however_much_it_finds(
    cast: Cast, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    first = published(cast.project, cast.author, "Dose 0.", "Dose 1.")
    means("Dose 0.", unit(1))
    add_to_library(criterion=first.criteria.get(key="c0"), by=cast.author)

    with django_assert_num_queries(9):
        look(cast.viewer, "dose", unit(1))
    for n in range(1, 40):
        published(cast.project, cast.author, *(f"Dose {n}.{i}." for i in range(3)), name=f"R{n}")
    with django_assert_num_queries(9):
        found = look(cast.viewer, "dose", unit(1))
    assert len(found.found) == library.PAGE
    assert found.more


# -- folded, newest, narrowed


def test_equal_texts_are_one_finding_that_says_in_how_many_rubrics(cast: Cast) -> None:
    published(cast.project, cast.author, DOSE, name="One")
    published(cast.project, cast.author, f" {DOSE.upper()}\n", name="Two")
    published(cast.other_project, cast.stranger, DOSE, name="Elsewhere")

    found = look(cast.viewer, "dose").found

    assert [(f.rubrics, f.by_words) for f in found] == [(2, True)]


def test_only_the_newest_published_version_counts(cast: Cast) -> None:
    old = published(cast.project, cast.author, "Names the old dose.")
    draft = start_draft(rubric=old.rubric, by=cast.author)
    Criterion.objects.filter(version=draft).update(text="Names the new dose.")

    assert texts(look(cast.viewer, "dose")) == ["Names the old dose."]

    publish(version=draft, by=cast.author)

    assert texts(look(cast.viewer, "dose")) == ["Names the new dose."]


def test_groups_are_no_criteria(cast: Cast, data: Data) -> None:
    assert texts(look(cast.viewer, "safety")) == []


def test_filters_narrow_criteria_and_entries_alike(cast: Cast) -> None:
    version = published(cast.project, cast.author, FULL, "Names the interaction, plainly.")
    shared = published(cast.project, cast.author, "Names the interaction at once.", name="Open")
    share_rubric(rubric=shared.rubric, shared=True, by=cast.author)
    entry = add_to_library(criterion=version.criteria.get(key="full"), by=cast.author)
    everything = {FULL.text, "Names the interaction, plainly.", "Names the interaction at once."}

    def by(**narrow: Any) -> set[str]:
        return set(texts(look(cast.viewer, "interaction", **narrow)))

    assert by() == everything
    assert by(tag="drugs") == by(tag="PHARMACOLOGY") == by(met_means="bad") == {FULL.text}
    assert by(scale="points") == {FULL.text}
    assert by(scale="binary") == by(met_means="good") == everything - {FULL.text}
    assert by(shared=True) == {FULL.text, "Names the interaction at once."}
    assert by(project=cast.project.pk) == everything
    assert by(project=cast.other_project.pk) == set()
    assert isinstance(look(cast.viewer, "interaction", tag="drugs").found[0].row, LibraryEntry)
    # An entry that lost its version is still narrowed by what it holds.
    LibraryEntry.objects.filter(pk=entry.pk).update(version=None)
    assert findable_entries(Narrowed(met_means="bad")).count() == 1
    assert findable_entries(Narrowed(met_means="good")).count() == 0


# -- who finds what


def test_strangers_find_nothing_of_a_project_but_what_is_shared(cast: Cast) -> None:
    secret = published(cast.project, cast.author, "Zebra secret one.", name="Zebra rubric")
    means("Zebra secret one.", unit(1))
    means("Zebra rubric\n", unit(1))

    def found() -> tuple[list[str], list[Rubric]]:
        rubrics = Sources((findable_rubrics(cast.stranger),))
        by_name = search(rubrics, query="zebra", vector=unit(1)).found
        criteria = look(cast.stranger, "zebra", unit(1))
        return texts(criteria), [f.row for f in by_name if isinstance(f.row, Rubric)]

    assert found() == ([], [])
    assert texts(look(cast.stranger, "zebra", project=cast.project.pk)) == []
    assert texts(look(cast.viewer, "zebra", unit(1))) == ["Zebra secret one."]

    share_rubric(rubric=secret.rubric, shared=True, by=cast.author)
    assert found() == (["Zebra secret one."], [secret.rubric])

    share_rubric(rubric=secret.rubric, shared=False, by=cast.author)
    assert found() == ([], [])

    add_to_library(criterion=secret.criteria.get(), by=cast.author)
    criteria, rubrics = found()
    assert criteria == ["Zebra secret one."]
    assert rubrics == []
    # How often it is used elsewhere is no more to be seen than the rubrics themselves.
    assert look(cast.stranger, "zebra").found[0].rubrics == 0


def test_a_shared_draft_is_nobodys_business(cast: Cast) -> None:
    draft = create_rubric(project=cast.project, name="Zebra", by=cast.author, value=SMALL_RUBRIC)
    share_rubric(rubric=draft.rubric, shared=True, by=cast.author)

    assert texts(look(cast.stranger, "warns")) == []
    assert list(findable_rubrics(cast.stranger)) == []
    with pytest.raises(NotInTheLibrary, match="not shared"):
        copy_template(rubric=draft.rubric, project=cast.other_project, by=cast.stranger)


# -- taken over


def test_an_inserted_criterion_is_whole_and_says_where_it_came_from(cast: Cast) -> None:
    source = published(cast.project, cast.author, FULL, name="Source")
    target = create_rubric(project=cast.project, name="Target", by=cast.author, value=SMALL_RUBRIC)

    row = insert_found(version=target, found=source.criteria.get(), after="warns", by=cast.author)

    origin = domain.Origin("rubric", f"Source v{source.label}", f"{source.pk}:full")
    assert row.as_criterion() == replace(FULL, parent="safety", origin=origin)
    order = list(target.criteria.order_by("position").values_list("key", flat=True))
    assert order.index("full") == order.index("warns") + 1
    # A second time it is another row with a key of its own.
    again = insert_found(version=target, found=source.criteria.get(), by=cast.author)
    assert again.key == "full-2"


def test_what_comes_from_elsewhere_does_not_name_a_rubric_that_others_may_not_see(
    cast: Cast,
) -> None:
    source = published(cast.project, cast.author, FULL, name="Secret name")
    target = create_rubric(
        project=cast.other_project, name="T", by=cast.stranger, value=SMALL_RUBRIC
    )
    found = source.criteria.select_related("version__rubric").get()

    assert insert_found(version=target, found=found, by=cast.stranger).origin == {
        "kind": "rubric",
        "name": "",
        "ref": f"{source.pk}:full",
    }
    entry = add_to_library(criterion=found, by=cast.author)
    row = insert_found(version=target, found=entry, by=cast.stranger)
    assert row.origin == {"kind": "library", "name": "Shared library", "ref": str(entry.pk)}
    kept = replace(row.as_criterion(), origin=None, key="full")
    assert kept == FULL


def test_a_template_becomes_a_draft_that_names_its_source(cast: Cast, data: Data) -> None:
    share_rubric(rubric=data.version.rubric, shared=True, by=cast.author)

    draft = copy_template(
        rubric=data.version.rubric, project=cast.other_project, by=cast.stranger, name="Mine"
    )

    assert draft.is_draft
    assert draft.rubric.name == "Mine"
    assert draft.rubric.project == cast.other_project
    assert draft.rubric.forked_from == data.version
    assert [c.text for c in draft.as_rubric().criteria] == [c.text for c in SMALL_RUBRIC.criteria]


# -- the shared library


def test_an_entry_holds_the_criterion_as_it_was(cast: Cast) -> None:
    secret = replace(FULL, origin=domain.Origin("rubric", "Secret name", "9:x"))
    version = published(cast.project, cast.author, secret)

    entry = add_to_library(criterion=version.criteria.get(), note="Works.", by=cast.author)

    assert criterion_of_entry(entry) == FULL
    assert "Secret name" not in str(entry.criterion)
    assert (entry.note, entry.added_by) == ("Works.", cast.author)
    assert add_to_library(criterion=version.criteria.get(), by=cast.owner) == entry
    assert LibraryEntry.objects.count() == 1


def test_an_entry_belongs_to_who_added_it_and_to_the_owners_of_its_project(
    cast: Cast, data: Data
) -> None:
    entry = add_to_library(criterion=data.version.criteria.get(key="warns"), by=cast.author)

    for other in (cast.stranger, cast.viewer, cast.reviewer):
        with pytest.raises(NotYours):
            annotate_entry(entry=entry, note="Mine now", by=other)
        with pytest.raises(NotYours):
            remove_entry(entry=entry, by=other)
    annotate_entry(entry=entry, note="Good.", by=cast.owner)
    entry.refresh_from_db()
    assert entry.note == "Good."
    remove_entry(entry=entry, by=cast.author)
    assert not LibraryEntry.objects.exists()


# -- asking for a meaning


def calls(monkeypatch: pytest.MonkeyPatch, error: Exception | None = None) -> list[list[str]]:
    sent: list[list[str]] = []

    def send(name: str, *, kwargs: dict[str, Any], queue: str, retry: bool) -> None:
        assert (name, queue, retry) == ("scoring.tasks.embed_texts", "gpu", False)
        if error:
            raise error
        sent.append(kwargs["texts"])

    monkeypatch.setattr(current_app, "send_task", send)
    return sent


def test_a_worker_is_asked_once_for_a_meaning_that_is_missing(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = calls(monkeypatch)
    report_heartbeat(node="gpu@here")

    assert ask_meaning(text="  ").meaning is Meaning.NOTHING
    assert ask_meaning(text=DOSE).meaning is Meaning.WAITING
    assert ask_meaning(text=DOSE, waits=1).meaning is Meaning.WAITING
    assert ask_meaning(text=DOSE, waits=indexing.MOST_WAITS).meaning is Meaning.LATE
    assert sent == [[DOSE]]

    means(DOSE, unit(1))
    asked = ask_meaning(text=DOSE.upper())
    assert asked.meaning is Meaning.READY
    assert asked.vector == pytest.approx(unit(1))


def test_without_a_worker_or_a_broker_nobody_waits(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = calls(monkeypatch)
    assert ask_meaning(text=DOSE).meaning is Meaning.NO_WORKER
    assert sent == []

    report_heartbeat(node="gpu@here")
    calls(monkeypatch, BrokerError("away"))
    assert ask_meaning(text=DOSE).meaning is Meaning.NO_WORKER


def test_publishing_hands_the_texts_over_in_one_go(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    sent = calls(monkeypatch)
    report_heartbeat(node="gpu@here")

    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        published(cast.project, cast.author, "One.", name="First")
        published(cast.project, cast.author, "Two.", name="Second")

    assert sent == [["One.", "Two.", "First\n", "Second\n"]]


def test_a_publication_stands_while_the_broker_is_away(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    calls(monkeypatch, BrokerError("away"))
    report_heartbeat(node="gpu@here")

    with django_capture_on_commit_callbacks(execute=True):
        version = published(cast.project, cast.author, "One.")
        entry = add_to_library(criterion=version.criteria.get(), by=cast.author)

    version.refresh_from_db()
    assert not version.is_draft
    assert entry.pk

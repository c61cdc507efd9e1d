"""Rubrics from files into tables: new ones, into a draft, and what happens when it is repeated."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from rubricstudio.actions.criteria import add_criterion
from rubricstudio.actions.rubric_files import (
    append_to_draft,
    content_of,
    matched,
    replace_draft,
    store_rubrics,
)
from rubricstudio.actions.rubrics import DraftChanged, discard_draft, publish, start_draft
from rubricstudio.actions.undo import undo
from rubricstudio.domain import rubric as domain
from rubricstudio.models import Project, Rubric, RubricVersion
from rubricstudio.queries.rubric_downloads import version_to_write, versions_to_write
from rubricstudio.queries.rubric_files import MAX_DEPTH, Chosen, choose, look_at, read_file
from tests.conftest import SMALL_RUBRIC, Cast, Data

ORIGIN = domain.Origin("import", "Test", "test.json")
HEALTHBENCH = json.dumps(
    {
        "prompt_id": "p1",
        "prompt": [{"role": "user", "content": "May I take both?"}],
        "rubrics": [
            {"criterion": "Warns of the interaction.", "points": 5, "tags": ["axis:accuracy"]},
            {"criterion": "Invents a dose.", "points": -4, "tags": []},
        ],
    }
)
RAR = json.dumps(
    {
        "question": "Why?",
        "rubric": [
            {"title": "Cause", "description": "Essential: Names the cause.", "weight": 5},
            {"title": "Pit", "description": "Pitfall: Avoids inventing a cause.", "weight": -1},
        ],
    }
)


def value(*texts: str) -> domain.Rubric:
    return domain.Rubric(
        tuple(domain.Criterion(key=f"c{n}", text=text) for n, text in enumerate(texts, 1))
    )


def texts(version: RubricVersion) -> list[str]:
    return [criterion.text for criterion in version.as_rubric().criteria]


def seen(project: Project, text: str, file_name: str = "test.json") -> list[Chosen]:
    look = look_at(project=project, text=text, file_name=file_name)
    return [choose(found, look.origin) for found in look.rubrics]


# -- what is in a file


def test_a_rubric_is_named_and_joined_with_its_task_and_says_where_it_came_from(
    cast: Cast, data: Data
) -> None:
    text = HEALTHBENCH.replace('"p1"', '"task-1"')

    (chosen,) = seen(cast.project, text, "hb.jsonl")

    assert chosen.task == data.tasks[0]
    assert [c.met_means for c in chosen.value.criteria] == ["good", "bad"]
    assert {c.origin for c in chosen.value.criteria} == {
        domain.Origin("import", "HealthBench", "hb.jsonl")
    }


def test_the_answer_of_a_person_wins_over_the_guess(cast: Cast) -> None:
    look = look_at(project=cast.project, text=RAR, file_name="rar.jsonl")
    (found,) = look.rubrics
    (guess,) = found.read.guesses
    assert (guess.met_is_good, guess.why) and guess.why

    as_guessed = choose(found, look.origin).value.by_key[guess.key]
    other = choose(replace(found, answers={guess.key: not guess.met_is_good}), look.origin)

    assert (as_guessed.met_means == "good") == guess.met_is_good
    assert other.value.by_key[guess.key].met_means != as_guessed.met_means
    assert other.value.by_key[guess.key].weight == as_guessed.weight


@pytest.mark.parametrize(
    "text",
    [
        "[" * 1_000 + "]" * 1_000,
        '{"sub_tasks": ' * 1_000 + "[]" + "}" * 1_000,
        '{"a":' * 100_000,
        "\ufffd\u202e{}",
        "",
        "null",
        '{"criteria": [{"key": "a", "text": "\\ud800"}]}',
        '{"criteria": [{"key": "a", "text": "\\u0000"}]}',
        '{"criteria": [{"key": "' + "k" * 101 + '", "text": "x"}]}',
        '{"criteria": [{"key": "a", "text": "x", "weight": 1e305}]}',
    ],
)
def test_nothing_in_a_file_makes_it_fail(cast: Cast, text: str) -> None:
    for name in ("x.json", "x.yaml", "x.csv", "x.txt"):
        result = read_file("", name, text)

        assert result.rubrics or result.problems
        for found in result.rubrics:
            store_rubrics(project=cast.project, chosen=[Chosen(name, found.rubric)], by=cast.author)


def test_groups_deeper_than_pages_can_show_are_a_problem_not_a_failure() -> None:
    tree: dict[str, object] = {"id": "leaf", "requirements": "x", "weight": 1, "sub_tasks": []}
    tree["task_category"] = "Code Development"
    for level in range(MAX_DEPTH + 1):
        tree = {"id": f"g{level}", "requirements": "x", "weight": 1, "sub_tasks": [tree]}

    result = read_file("paperbench", "deep.json", json.dumps(tree))

    assert result.rubrics == ()
    assert str(MAX_DEPTH) in result.problems[0].message


def test_rows_of_a_long_tree_close_every_group_they_open(cast: Cast) -> None:
    criteria = []
    for group in range(8):
        criteria.append(domain.Criterion(key=f"g{group}", text="Group", is_group=True))
        inner = f"g{group}"
        criteria.append(
            domain.Criterion(key=f"i{group}", text="Inner", is_group=True, parent=inner)
        )
        criteria += [
            domain.Criterion(key=f"c{group}-{n}", text="Leaf", parent=f"i{group}") for n in range(9)
        ]
    text = json.dumps({"criteria": [_native(c) for c in criteria]})

    (found,) = look_at(project=cast.project, text=text, file_name="a.json").rubrics

    assert sum(len(row.closes) for row in found.rows) == 16
    assert [row.open for row in found.rows if row.criterion.is_group] == [True, False] * 8
    assert [row.size for row in found.rows if row.criterion.is_group] == [10, 9] * 8


def _native(criterion: domain.Criterion) -> dict[str, object]:
    return {
        "key": criterion.key,
        "text": criterion.text,
        "is_group": criterion.is_group,
        **({"parent": criterion.parent} if criterion.parent else {}),
    }


# -- new rubrics


def test_storing_twice_makes_no_second_rubric(cast: Cast) -> None:
    chosen = seen(cast.project, HEALTHBENCH)

    first = store_rubrics(project=cast.project, chosen=chosen, by=cast.author)
    again = store_rubrics(project=cast.project, chosen=chosen, by=cast.author)

    assert [each.added for each in (*first, *again)] == [True, False]
    assert first[0].version == again[0].version
    assert Rubric.objects.filter(project=cast.project).count() == 1


def test_a_rubric_of_the_same_name_that_says_something_else_is_another(cast: Cast) -> None:
    one, other = Chosen("Same", value("A.")), Chosen("Same", value("B."))

    store_rubrics(project=cast.project, chosen=[one], by=cast.author)
    (stored,) = store_rubrics(project=cast.project, chosen=[other], by=cast.author)

    assert stored.added
    ids = Rubric.objects.filter(name="Same").values_list("external_id", flat=True)
    assert sorted(ids) == ["same", "same-2"]


def test_what_is_there_is_found_with_as_many_queries_for_one_as_for_ten(cast: Cast) -> None:
    def queries(n: int) -> int:
        chosen = [Chosen(f"R{n}", value("A.", "B.")) for n in range(n)]
        store_rubrics(project=cast.project, chosen=chosen, by=cast.author)
        with CaptureQueriesContext(connection) as captured:
            stored = store_rubrics(project=cast.project, chosen=chosen, by=cast.author)
        assert not any(each.added for each in stored)
        return len(captured)

    assert queries(1) == queries(10)


# -- into a draft


def test_appending_numbers_the_keys_that_the_rubric_has(cast: Cast, data: Data) -> None:
    rubric = data.version.rubric
    given = domain.Rubric(
        (
            domain.Criterion(key="safety", text="More safety", is_group=True),
            domain.Criterion(key="warns", text="Warns of driving.", parent="safety"),
        )
    )

    written = append_to_draft(rubric=rubric, value=given, by=cast.author)

    assert written.added == 2
    result = written.version.as_rubric()
    assert [c.key for c in result.criteria][-2:] == ["safety-2", "warns-2"]
    assert result.by_key["warns-2"].parent == "safety-2"
    assert texts(data.version) == [c.text for c in SMALL_RUBRIC.criteria]


def test_appending_twice_adds_once_and_discarding_undoes_it(cast: Cast, data: Data) -> None:
    rubric = data.version.rubric

    append_to_draft(rubric=rubric, value=value("New."), by=cast.author)
    again = append_to_draft(rubric=rubric, value=value("New."), by=cast.author)

    assert not again.anything
    assert texts(again.version).count("New.") == 1

    discard_draft(version=again.version, by=cast.author)
    assert list(rubric.versions.all()) == [data.version]


def test_an_import_can_be_undone_by_itself(cast: Cast, data: Data) -> None:
    draft = start_draft(rubric=data.version.rubric, by=cast.author)
    add_criterion(version=draft, fields={"text": "Mine."}, by=cast.author)
    before = draft.as_rubric()

    replace_draft(rubric=draft.rubric, value=value("Only this."), by=cast.author)
    assert texts(draft) == ["Only this."]
    undo(version=draft, by=cast.author)

    draft.refresh_from_db()
    assert draft.as_rubric() == before


def test_replacing_keeps_the_keys_of_criteria_that_are_the_same(cast: Cast, data: Data) -> None:
    rubric = data.version.rubric
    given = domain.Rubric(
        (
            domain.Criterion(key="x1", text="Invents  a dose.", met_means=domain.MetMeans.BAD),
            domain.Criterion(key="warns", text="Warns of the interaction, early.", weight=5),
            domain.Criterion(key="clarity", text="Cites two trials."),
        )
    )

    written = replace_draft(rubric=rubric, value=given, by=cast.author)

    keys = {c.text: c.key for c in written.version.as_rubric().criteria}
    assert keys["Invents  a dose."] == "invents"
    assert keys["Warns of the interaction, early."] == "warns"
    assert keys["Cites two trials."] == "clarity-2"
    assert (written.added, written.removed) == (1, 2)


def test_replacing_by_what_is_there_starts_no_draft(cast: Cast, data: Data) -> None:
    rubric = data.version.rubric

    written = replace_draft(rubric=rubric, value=data.version.as_rubric(), by=cast.author)

    assert not written.anything
    assert written.version == data.version
    assert rubric.versions.count() == 1


def test_an_import_into_a_draft_that_changed_since_is_refused(cast: Cast, data: Data) -> None:
    draft = start_draft(rubric=data.version.rubric, by=cast.author)
    looked_at = content_of(draft.as_rubric())
    add_criterion(version=draft, fields={"text": "Theirs."}, by=cast.owner)

    for write in (append_to_draft, replace_draft):
        with pytest.raises(DraftChanged):
            write(rubric=draft.rubric, value=value("Mine."), by=cast.author, seen=looked_at)

    assert texts(draft)[-1] == "Theirs."


def test_a_key_with_other_words_is_another_criterion() -> None:
    here = value("Names the dose in milligrams.", "Cites a source.")

    assert matched(here, value("Names the dose in grams.", "Says when to call.")) == {"c1": "c1"}
    assert matched(here, value("Cites a source.", "Names the dose in milligrams.")) == {
        "c1": "c2",
        "c2": "c1",
    }


# -- out


def test_any_version_is_written_and_of_several_rubrics_the_one_in_use(
    cast: Cast, data: Data
) -> None:
    rubric = data.version.rubric
    draft = start_draft(rubric=rubric, by=cast.author)
    store_rubrics(project=cast.project, chosen=[Chosen("Draft only", value("A."))], by=cast.author)

    numbers = {v.rubric.name: v.number for v in versions_to_write(cast.project)}
    assert numbers == {"Advice": 1, "Draft only": 1}

    newest = version_to_write(rubric, None)
    assert newest is not None and newest.number == 2

    publish(version=draft, by=cast.author)
    assert versions_to_write(cast.project, [rubric.pk])[0].number == 2

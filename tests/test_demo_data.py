"""The demo universe holds together: every reference resolves and every verdict is possible."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import krippendorff
import numpy as np
import pytest

import rubricstudio
from rubricstudio.domain.rubric import (
    BINARY,
    Criterion,
    JudgedBy,
    Level,
    MetMeans,
    Rubric,
    Scale,
    ScaleKind,
    Tier,
)
from rubricstudio.domain.verdict import VerdictStatus

FOLDER = Path(rubricstudio.__file__).parent / "demo_data"
SLUGS = ("clinical", "legal", "research")
ROLES = {"owner", "author", "annotator", "reviewer", "viewer"}
Row = dict[str, Any]

each_project = pytest.mark.parametrize("slug", SLUGS)


def read_json(*parts: str) -> Row:
    loaded: Row = json.loads(FOLDER.joinpath(*parts).read_text("utf-8"))
    return loaded


def read_lines(slug: str, name: str) -> list[Row]:
    lines = (FOLDER / slug / name).read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines]


def scale_of(row: Row | None) -> Scale:
    if row is None:
        return BINARY
    levels = tuple(Level(**level) for level in row.get("levels", ()))
    return Scale(ScaleKind(row["kind"]), levels, row.get("maximum", 1.0))


def criterion_of(row: Row) -> Criterion:
    converters: dict[str, Callable[[Any], Any]] = {
        "met_means": MetMeans,
        "tier": Tier,
        "judged_by": JudgedBy,
        "scale": scale_of,
        "tags": tuple,
    }
    return Criterion(**{name: converters.get(name, lambda v: v)(v) for name, v in row.items()})


def rubric_of(slug: str) -> Rubric:
    row = read_json(slug, "rubric.json")
    criteria = tuple(criterion_of(criterion) for criterion in row["criteria"])
    return Rubric(criteria, row["aggregator"], row["params"])


def words(text: str) -> int:
    """White-space separated pieces that hold a letter or a digit: markup alone is no word."""
    return sum(any(letter.isalnum() for letter in piece) for piece in text.split())


def verdicts_of(slug: str) -> Iterator[tuple[str, str, str, float | str]]:
    """Each (expert, response, criterion, value) of the finished session."""
    for sheet in read_lines(slug, "sheets.jsonl"):
        for key, value in sheet["verdicts"].items():
            yield sheet["expert"], sheet["response"], key, value


def alpha(slug: str, keys: list[str], level: Literal["nominal", "ordinal"] = "nominal") -> float:
    """Krippendorff's alpha of the experts over cells (response, criterion in `keys`)."""
    experts = read_json(slug, "project.json")["session"]["experts"]
    cells: dict[tuple[str, str], dict[str, float]] = {}
    for expert, response, key, value in verdicts_of(slug):
        if key in keys and not isinstance(value, str):
            cells.setdefault((response, key), {})[expert] = value
    table = [[cell.get(expert, np.nan) for cell in cells.values()] for expert in experts]
    return float(krippendorff.alpha(np.array(table, dtype=float), level_of_measurement=level))


def binary_keys(slug: str) -> list[str]:
    return [c.key for c in rubric_of(slug).leaves if c.scale.kind is ScaleKind.BINARY]


def keyword_verdict(rule: Row, text: str) -> float:
    """The scripted judge's verdict, by the rules that the README of the data states."""
    folded = text.casefold()

    def occurs(keywords: list[str]) -> bool:
        return any(keyword.casefold() in folded for keyword in keywords)

    if "levels" not in rule:
        return 1.0 if occurs(rule["any"]) else 0.0
    for level in rule["levels"]:
        if occurs(level["any"]):
            return float(level["value"])
    return float(rule["otherwise"])


def test_it_has_three_projects_with_thirty_tasks_in_all() -> None:
    slugs = sorted(path.parent.name for path in FOLDER.glob("*/project.json"))

    assert slugs == sorted(SLUGS)
    assert sum(len(read_lines(slug, "tasks.jsonl")) for slug in SLUGS) >= 30
    assert sum(len(read_lines(slug, "responses.jsonl")) for slug in SLUGS) >= 120


def test_it_holds_only_utf8_without_a_byte_order_mark() -> None:
    for path in FOLDER.rglob("*.json*"):
        raw = path.read_bytes()
        raw.decode("utf-8")
        assert not raw.startswith(b"\xef\xbb\xbf"), path


def test_it_names_each_person_once_with_an_address_at_example_com() -> None:
    users = read_json("users.json")["users"]

    assert len({user["id"] for user in users}) == len(users)
    assert len({user["email"] for user in users}) == len(users)
    assert all(user["email"].endswith("@example.com") for user in users)
    assert all(user["name"] and user["title"] and user["language"] for user in users)


@each_project
def test_it_gives_every_role_to_someone_who_exists(slug: str) -> None:
    project = read_json(slug, "project.json")
    known = {user["id"] for user in read_json("users.json")["users"]}
    roles = {member["user"]: member["role"] for member in project["members"]}

    assert project["slug"] == slug
    assert project["direction"] == ("rtl" if project["language"] == "ar" else "ltr")
    assert set(roles) <= known
    assert len(roles) == len(project["members"])
    assert set(roles.values()) == ROLES
    assert len(project["session"]["experts"]) == 3
    assert all(roles[expert] == "annotator" for expert in project["session"]["experts"])


@each_project
def test_it_has_ten_tasks_and_four_responses_to_each(slug: str) -> None:
    tasks = read_lines(slug, "tasks.jsonl")
    responses = read_lines(slug, "responses.jsonl")
    sources = {source["name"] for source in read_json(slug, "project.json")["sources"]}
    ids = {task["id"] for task in tasks}

    assert len(ids) == len(tasks) >= 10
    assert {response["task"] for response in responses} == ids
    assert set(Counter(response["task"] for response in responses).values()) == {4}
    assert {response["source"] for response in responses} == sources
    for response in responses:
        assert response["id"] == f"{response['task']}/{response['source']}"
    assert len({response["id"] for response in responses}) == len(responses)


@each_project
def test_it_writes_prompts_and_responses_of_the_promised_length(slug: str) -> None:
    for task in read_lines(slug, "tasks.jsonl"):
        assert [message["role"] for message in task["messages"]] == ["user"]
        assert words(task["messages"][0]["content"]) >= 15, task["id"]
        assert task["tags"] and task["reference"], task["id"]
    for response in read_lines(slug, "responses.jsonl"):
        assert 60 <= words(response["text"]) <= 250, response["id"]


@each_project
def test_it_never_repeats_a_response(slug: str) -> None:
    texts = [response["text"] for response in read_lines(slug, "responses.jsonl")]

    openings = Counter(text[:60] for text in texts)

    assert max(openings.values()) == 1


@each_project
def test_its_rubric_is_one_the_domain_accepts_with_every_kind_of_criterion(slug: str) -> None:
    rubric = rubric_of(slug)

    assert 8 <= len(rubric.leaves) <= 10
    assert any(c.gate and c.tier is Tier.MANDATORY for c in rubric.leaves)
    assert any(c.scale.kind is not ScaleKind.BINARY for c in rubric.leaves)
    assert any(c.is_group for c in rubric.criteria)
    pitfalls = [c for c in rubric.leaves if c.met_means is MetMeans.BAD]
    assert pitfalls
    assert all(c.weight < 0 and c.tier is Tier.PITFALL for c in pitfalls)
    assert all(c.weight > 0 for c in rubric.criteria if c not in pitfalls)


@each_project
def test_each_expert_judged_every_response_of_the_session_on_every_leaf(slug: str) -> None:
    session = read_json(slug, "project.json")["session"]
    leaves = {criterion.key for criterion in rubric_of(slug).leaves}
    responses = read_lines(slug, "responses.jsonl")
    wanted = {r["id"] for r in responses if r["task"] in session["tasks"]}
    sheets = read_lines(slug, "sheets.jsonl")

    assert len(session["tasks"]) >= 6
    assert len(wanted) == 4 * len(session["tasks"])
    judged = Counter((sheet["expert"], sheet["response"]) for sheet in sheets)
    assert judged == Counter((e, r) for e in session["experts"] for r in wanted)
    assert all(set(sheet["verdicts"]) == leaves for sheet in sheets)


@each_project
def test_every_verdict_is_one_that_its_scale_allows(slug: str) -> None:
    by_key = rubric_of(slug).by_key

    for expert, response, key, value in verdicts_of(slug):
        if isinstance(value, str):
            assert VerdictStatus(value) is VerdictStatus.CANNOT_ASSESS
        else:
            assert by_key[key].scale.allows(value), (expert, response, key, value)


@each_project
def test_some_verdicts_could_not_be_given_and_say_why(slug: str) -> None:
    missing = [
        (sheet, key)
        for sheet in read_lines(slug, "sheets.jsonl")
        for key, value in sheet["verdicts"].items()
        if value == "cannot_assess"
    ]

    assert 3 <= len(missing) <= 40
    assert all(key in sheet["notes"] for sheet, key in missing)


@each_project
def test_every_note_belongs_to_a_verdict_and_most_splits_have_one(slug: str) -> None:
    notes: dict[tuple[str, str], int] = Counter()
    values: dict[tuple[str, str], set[float | str]] = {}
    for sheet in read_lines(slug, "sheets.jsonl"):
        for key, value in sheet["verdicts"].items():
            values.setdefault((sheet["response"], key), set()).add(value)
        for key, text in sheet["notes"].items():
            assert key in sheet["verdicts"]
            assert text.endswith((".", "!", "؟", "?")), text
            notes[sheet["response"], key] += 1
    split = [cell for cell, found in values.items() if len(found) > 1]

    assert sum(notes.values()) >= 60
    assert sum(cell in notes for cell in split) >= len(split) / 2


@each_project
def test_the_experts_agree_in_part(slug: str) -> None:
    assert 0.4 <= alpha(slug, binary_keys(slug)) <= 0.8
    for criterion in rubric_of(slug).leaves:
        if criterion.scale.kind is not ScaleKind.BINARY:
            assert 0.3 <= alpha(slug, [criterion.key], "ordinal") <= 0.9, criterion.key


def unanimous(slug: str, key: str) -> float:
    """The share of responses on which all who judged criterion `key` say the same."""
    values: dict[str, set[float]] = {}
    for _, response, criterion, value in verdicts_of(slug):
        if criterion == key and not isinstance(value, str):
            values.setdefault(response, set()).add(value)
    return float(np.mean([len(found) == 1 for found in values.values()]))


@each_project
def test_one_criterion_is_contested_and_one_is_all_but_unanimous(slug: str) -> None:
    keys = binary_keys(slug)

    # Unanimity and not alpha for the second: alpha is low where nearly all verdicts are alike.
    assert min(alpha(slug, [key]) for key in keys) < 0.35
    assert max(unanimous(slug, key) for key in keys) > 0.9


@each_project
def test_preferences_name_two_responses_of_their_task_and_an_expert(slug: str) -> None:
    tasks = {response["id"]: response["task"] for response in read_lines(slug, "responses.jsonl")}
    experts = read_json(slug, "project.json")["session"]["experts"]
    preferences = read_lines(slug, "preferences.jsonl")

    assert len(preferences) >= 10
    assert {preference["by"] for preference in preferences} == set(experts)
    for preference in preferences:
        assert preference["a"] != preference["b"]
        assert tasks[preference["a"]] == tasks[preference["b"]] == preference["task"]
        assert preference["preferred"] in ("a", "b", "tie")
        assert preference["reason"]
    named = Counter((p["a"], p["b"], p["by"]) for p in preferences)
    assert max(named.values()) == 1


@each_project
def test_the_keyword_judge_has_a_possible_rule_for_every_leaf(slug: str) -> None:
    rules = read_json(slug, "keyword_judge.json")["criteria"]
    rubric = rubric_of(slug)

    assert set(rules) == {criterion.key for criterion in rubric.leaves}
    for key, rule in rules.items():
        scale = rubric.by_key[key].scale
        assert ("levels" in rule) == (scale.kind is not ScaleKind.BINARY), key
        values = [level["value"] for level in rule.get("levels", ())]
        assert all(scale.allows(value) for value in values), key
        assert scale.allows(rule.get("otherwise", scale.low)), key


@each_project
def test_the_keyword_judge_is_better_than_chance_and_far_from_perfect(slug: str) -> None:
    texts = {response["id"]: response["text"] for response in read_lines(slug, "responses.jsonl")}
    rules = read_json(slug, "keyword_judge.json")["criteria"]
    keys = binary_keys(slug)
    votes: dict[tuple[str, str], list[float]] = {}
    for _, response, key, value in verdicts_of(slug):
        if key in keys and not isinstance(value, str):
            votes.setdefault((response, key), []).append(value)

    people = {cell: float(np.mean(v) > 0.5) for cell, v in votes.items() if np.mean(v) != 0.5}
    judge = {cell: keyword_verdict(rules[cell[1]], texts[cell[0]]) for cell in people}
    agreed = float(np.mean([people[cell] == judge[cell] for cell in people]))

    assert 0.6 <= agreed <= 0.9
    assert set(judge.values()) == {0.0, 1.0}


def test_some_responses_are_awkward_on_purpose() -> None:
    texts = [r["text"] for slug in SLUGS for r in read_lines(slug, "responses.jsonl")]

    assert any("ignore the rubric" in text for text in texts)
    assert any("<script" in text for text in texts)
    assert any("```" in text and "$" in text for text in texts)
    assert any(sum(line.startswith("|") for line in text.splitlines()) >= 10 for text in texts)


def test_some_tasks_carry_a_system_text_or_a_document() -> None:
    tasks = [task for slug in SLUGS for task in read_lines(slug, "tasks.jsonl")]
    documents = [document for task in tasks for document in task.get("context", ())]

    assert sum("system" in task for task in tasks) >= 2
    assert len(documents) >= 2
    assert all(document["title"] and document["text"] for document in documents)


def test_the_research_project_is_written_in_arabic_throughout() -> None:
    def share(text: str) -> float:
        letters = [letter for letter in text if letter.isalpha()]
        return sum("\u0600" <= letter <= "\u06ff" for letter in letters) / len(letters)

    rubric = rubric_of("research")
    tasks = read_lines("research", "tasks.jsonl")

    assert all(share(criterion.text) > 0.9 for criterion in rubric.criteria)
    assert all(share(task["messages"][0]["content"]) > 0.8 for task in tasks)
    for response in read_lines("research", "responses.jsonl"):
        assert share(response["text"]) > 0.5, response["id"]


def test_the_calibration_round_names_what_is_there_and_nobody_else_judges_its_task() -> None:
    about, session = read_json("clinical", "sessions.json"), read_json("clinical", "project.json")
    round_, experts = about["calibration"], set(session["session"]["experts"])
    rubric, leaves = rubric_of("clinical"), {leaf.key for leaf in rubric_of("clinical").leaves}
    responses = read_lines("clinical", "responses.jsonl")
    asked = {row["id"] for row in responses if row["task"] == round_["task"]}

    assert round_["task"] not in session["session"]["tasks"]
    assert {sheet["response"] for sheet in round_["sheets"]} == asked
    for sheet in round_["sheets"]:
        assert set(sheet["verdicts"]) == leaves
        assert set(sheet["but"]) | set(sheet["notes"]) | set(sheet["again"]) <= experts
        for verdicts in (sheet["verdicts"], *sheet["but"].values(), *sheet["again"].values()):
            for key, value in verdicts.items():
                assert rubric.by_key[key].scale.allows(value), (sheet["response"], key)
    for note in round_["discussion"]:
        assert note["response"] in asked and note["by"] in experts
        # What is talked about is what they differed on.
        row = next(sheet for sheet in round_["sheets"] if sheet["response"] == note["response"])
        assert any(note["criterion"] in verdicts for verdicts in row["but"].values())


def test_the_workbench_names_people_criteria_and_responses_that_are_there() -> None:
    about = read_json("clinical", "workbench.json")
    members = {m["user"] for m in read_json("clinical", "project.json")["members"]}
    responses = {row["id"] for row in read_lines("clinical", "responses.jsonl")}
    said = [row for thread in about["threads"] for row in (thread, *thread["replies"])]

    assert set(about["pins"]) <= responses
    assert {row["by"] for row in said} <= members
    assert {thread["criterion"] for thread in about["threads"]} <= set(rubric_of("clinical").by_key)
    assert [("resolved_by" in thread) for thread in about["threads"]] == [True, False]
    assert any("@Naomi Feldman" in row["text"] for row in said)

"""Mapping files: what they make of rows, and what is said of a mapping that cannot be used."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rubricstudio.domain.formats.apply import apply_mapping, matching_names
from rubricstudio.domain.formats.mapping import InvalidMapping, parse_mapping
from rubricstudio.domain.formats.records import (
    PreferenceRecord,
    Preferred,
    Problem,
    RaterKind,
    Record,
    ResponseRecord,
    RubricRecord,
    TaskRecord,
    VerdictRecord,
)
from rubricstudio.domain.verdict import VerdictStatus

TASK = """
[[source]]
files = "*.jsonl"
[[source.make]]
record = "task"
[source.make.fields]
id = "{id}"
prompt = "{q}"
"""


def _records(mapping: str, **files: str | list[dict[str, Any]]) -> list[Record | Problem]:
    """What a mapping makes of files; a list of rows is written as JSON Lines."""
    texts = {
        (name.replace("__", ".") if "__" in name else f"{name}.jsonl"): (
            rows if isinstance(rows, str) else "\n".join(map(json.dumps, rows))
        )
        for name, rows in files.items()
    }
    names = sorted(texts)
    return list(
        apply_mapping(parse_mapping(mapping), names, lambda n: texts[n].splitlines(keepends=True))
    )


def _said(mapping: str, **files: str | list[dict[str, Any]]) -> list[str]:
    return [str(r) for r in _records(mapping, **files) if isinstance(r, Problem)]


def _field(rule: str, row: dict[str, Any]) -> Any:
    """What a rule makes of a row, seen through the metadata of a task."""
    mapping = TASK + f"metadata = {{ object = {{ x = {rule} }} }}\n"
    [record] = _records(mapping, f=[{"id": "t", "q": "Why?", **row}])
    if isinstance(record, Problem):
        return str(record)
    assert isinstance(record, TaskRecord)
    return record.metadata.get("x", "absent")


@pytest.mark.parametrize(
    ("rule", "row", "value"),
    [
        ('"{a}"', {"a": 1.5}, 1.5),  # one column alone keeps its type
        ('"{a}-{b}"', {"a": 1.0, "b": True}, "1-true"),
        ('"{{{a}}}"', {"a": 1}, "{1}"),
        ('"plain"', {}, "plain"),
        ("7", {}, 7),
        ('"{a.b.1}"', {"a": {"b": [1, 2]}}, 2),
        ('"{a.b}"', {"a.b": 3, "a": {"b": 4}}, 3),  # a column's own name comes first
        ('"{a?}"', {}, "absent"),
        ('"<{a?}>"', {"a": None}, "<>"),
        ('["{a}", "{b?}", "c"]', {"a": "x"}, ["x", "c"]),
        ('{ column = "a" }', {"a": [1]}, [1]),
        ("{ value = { n = 2026-01-31 } }", {}, {"n": "2026-01-31"}),
        ('{ object = { b = "{a}", c = "{d?}" } }', {"a": 1}, {"b": 1}),
        ('{ join = ["{a}", "{b}", "{c}"] }', {"a": "x", "b": " ", "c": "z"}, "x\n\nz"),
        ('{ join = ["{a}", "{b}"], between = ", " }', {"a": "x", "b": 2}, "x, 2"),
        ('{ column = "a", null_if = "https?://" }', {"a": "http://x"}, "absent"),
        ('{ column = "a", null_if = "https?://" }', {"a": "see http://x"}, "see http://x"),
        ('{ column = "a", null_unless = "https?://" }', {"a": "x"}, "absent"),
        ('{ column = "a", match = "is ([0-9]+)" }', {"a": "it is 42."}, "42"),
        ('{ column = "a", match = "[0-9]+" }', {"a": "it is 42."}, "42"),
        ('{ column = "a", match = "is ([0-9]+)" }', {"a": "no"}, "absent"),
        ('{ column = "a", match = "is ([0-9]+)", otherwise = "?" }', {"a": "no"}, "?"),
        ('{ column = "a", leading = ["Yes", "No"] }', {"a": "**no**, for"}, "No"),
        ('{ column = "a", leading = ["Yes", "No"] }', {"a": "None of it"}, "absent"),
        ('{ column = "a", leading = ["Yes", "No"], otherwise = 0 }', {"a": None}, 0),
        ('{ column = "a", match = "So:(.+)", leading = ["Yes"] }', {"a": "So: yes!"}, "Yes"),
        ('{ column = "a", map = { 1 = "x" } }', {"a": 1}, "x"),
        ('{ column = "a", map = { 1 = "x" } }', {"a": " 1 "}, "x"),
        ('{ column = "a", map = { true = "x" } }', {"a": True}, "x"),
        ('{ column = "a", map = { 1 = "x" } }', {"a": 2}, 2),
        ('{ column = "a", map = { 1 = "x" }, otherwise = "y" }', {"a": 2}, "y"),
        ('{ column = "a", map = { "" = "none" } }', {"a": None}, "none"),
        ('{ column = "a", split = ";" }', {"a": "x; y;;"}, ["x", "y"]),
    ],
)
def test_a_rule_makes_a_value_of_a_row(rule: str, row: dict[str, Any], value: Any) -> None:
    assert _field(rule, row) == value


@pytest.mark.parametrize(
    ("rule", "row", "said"),
    [
        ('"{colour}"', {"color": 1}, "f.jsonl:1: colour: is not there. Did you mean 'color'?"),
        ('"{a.b}"', {"a": 1}, "f.jsonl:1: a.b: is not there"),
        ('"x{a}"', {"a": None}, "f.jsonl:1: a: is null and cannot become part of a text. Where"),
        (
            '{ column = "a", match = "x*y*z*" }',
            {"a": "w" * 300},
            "f.jsonl:1: a: the pattern 'x*y*z*' is run on at most 56 characters",
        ),
    ],
)
def test_a_row_that_a_rule_cannot_read_is_named(rule: str, row: dict[str, Any], said: str) -> None:
    assert said in str(_field(rule, row))


@pytest.mark.parametrize(
    ("mapping", "said"),
    [
        ("[[source", "the mapping is not TOML: "),
        ("", "the mapping has no [[source]] table: add one that names files"),
        ("source = 3", "the mapping: write source as a table in double brackets, [[source]]"),
        ("[[sources]]", "the mapping: 'sources' is unknown; did you mean 'source'?"),
        ("[[source]]\nfile = 1", "source 1: 'file' is unknown; did you mean 'files'?"),
        ('[[source]]\nformat = "csv"', "source 1: files is missing"),
        ("[[source]]\nfiles = 1", "source 1.files is not a text: write it in quotes"),
        ('[[source]]\nfiles = "a.xls"', "format is 'xls'; use one of jsonl, json, csv, tsv"),
        ('[[source]]\nfiles = "../a.csv"', "source 1: files must lie below the folder"),
        ('[[source]]\nfiles = "/a.csv"', "source 1: files must lie below the folder"),
        ('[[source]]\nfiles = "a.csv"', "source 1 has no [[source.make]] table: add one"),
        (
            '[[source]]\nfiles = "a.csv"\ndelimiter = "::"',
            "source 1.delimiter is not one character",
        ),
        (
            '[[source]]\nfiles = "a.csv"\nmake = 3',
            "source 1: write make as a table in double brackets, [[make]]",
        ),
        (TASK.replace("[source.make.fields]", "each = 3\n[source.make.fields]"), "make 1.each is"),
        (TASK.replace('"task"', '"story"'), "make 1: record is 'story'; use one of task, response"),
        (TASK.replace("prompt", "promt"), "make 1, fields: 'promt' is unknown; did you mean"),
        (TASK.replace('prompt = "{q}"', ""), "make 1, fields: a task also needs prompt"),
        (TASK.replace("task", "response").replace("prompt", "text"), "a response also needs task"),
        (TASK.replace('"{q}"', '{ from = "q" }'), "fields.prompt: 'from' is unknown; use one of"),
        (
            TASK.replace('"{q}"', '{ column = "q", value = 1 }'),
            "fields.prompt: give one of column, template, value, join, list, object; it has column",
        ),
        (TASK.replace('"{q}"', '{ map = { a = "b" } }'), "fields.prompt: give one of column"),
        (TASK.replace('"{q}"', '{ column = "q", map = 3 }'), "fields.prompt.map is not a table"),
        (
            TASK.replace('"{q}"', '{ column = "q", match = "(a+)+" }'),
            "fields.prompt.match: a repeat around repeats or alternatives can run away",
        ),
        (TASK.replace('"{q}"', '{ column = "" }'), "fields.prompt.column is not a text"),
        (TASK.replace('"{q}"', "{ object = { a = { b = 1 } } }"), "fields.prompt.a: 'b' is unkn"),
        (TASK + "[[rubric]]\nname = 'x'", "rubric 1: id is missing"),
        (TASK + "[[rubric]]\nid='u'\n[[rubric]]\nid='u'", "rubric 2: the id 'u' stands in the"),
        (TASK + "[[rubric]]\nid='u'\ncriteria=[]", "rubric 1: 'criteria' is unknown"),
    ],
)
def test_a_mapping_that_cannot_be_used_names_table_and_key(mapping: str, said: str) -> None:
    with pytest.raises(InvalidMapping) as error:
        parse_mapping(mapping)

    assert said in str(error.value)


def test_a_task_that_rows_repeat_is_one_task() -> None:
    row = {"id": 1, "q": "Why?"}

    assert len(_records(TASK, a=[row, row], b=[row])) == 1


def test_rows_that_give_a_task_another_content_are_named() -> None:
    rows = [{"id": 1, "q": "Why?"}, {"id": 1, "q": "How?"}]

    assert _said(TASK, a=rows) == [
        "a.jsonl:2: id: the task '1' has other content than at a.jsonl:1. "
        "Rows that repeat it must agree."
    ]


def test_a_problem_of_a_field_says_where_in_the_row_it_came_from() -> None:
    mapping = """
    [[source]]
    files = "*.jsonl"
    [[source.make]]
    record = "verdict"
    fields = { response = "r", rubric = "u", criterion = "c", rater = "{who}", value = "{said}" }
    """

    assert _said(mapping, f=[{"who": "ann", "said": "maybe"}]) == [
        "f.jsonl:1: value (from {said}): is 'maybe'. Give a number, met or not_met, or one of "
        "cannot_assess, not_applicable, parse_error, timeout, refused, blocked, error."
    ]


CAPTURE = """
[[source]]
files = "by_*.jsonl"
capture = { file = "by_(?P<judge>[a-z]+)[.]jsonl$", id = "^(?P<story>.+)-(?P<test>[0-9]+)$" }
[[source.make]]
record = "verdict"
[source.make.fields]
response = "{story}"
rubric = "u"
criterion = "test{test}"
rater = "{judge}"
run = "{judge}"
raw_reply = "{reply}"
[source.make.fields.value]
column = "reply"
leading = ["Yes", "No"]
map = { Yes = 1, No = 0 }
otherwise = "parse_error"
"""


def test_names_come_from_the_file_name_and_from_columns() -> None:
    first, second = _records(
        CAPTURE, by_ann=[{"id": "s-1", "reply": "Yes."}, {"id": "s-x-2", "reply": "Blocked"}]
    )

    assert isinstance(first, VerdictRecord) and isinstance(second, VerdictRecord)
    assert first[:7] == ("s", "u", "test1", "ann", RaterKind.JUDGE, "ann", VerdictStatus.OK)
    assert (first.value, first.raw_reply) == (1.0, "Yes.")
    assert second[:7] == (
        *("s-x", "u", "test2", "ann", RaterKind.JUDGE, "ann"),
        VerdictStatus.PARSE_ERROR,
    )
    assert (second.value, second.raw_reply) == (None, "Blocked")


def test_a_text_that_a_capture_does_not_match_is_named() -> None:
    [said] = _said(CAPTURE, by_ann=[{"id": "s", "reply": "Yes"}])

    assert said.startswith("by_ann.jsonl:1: story: id is 's', which the capture does not match.")


def test_columns_side_by_side_give_one_record_each() -> None:
    mapping = """
    [[source]]
    files = "*.csv"
    [[source.make]]
    record = "preference"
    each = ["ann", "bob"]
    [source.make.fields]
    task = "{row}"
    a = "{row}-1"
    b = "{row}-2"
    rater = "{item_name}"
    preferred = { column = "item", map = { 0 = "tie", 1 = "a", 2 = "b" } }
    """

    found = _records(mapping, f__csv="ann,bob\n1,0\n2,\n")

    # Bob said nothing about the second pair: no record, which is not a tie.
    preferences = [r for r in found if isinstance(r, PreferenceRecord)]
    assert [(p.task, p.rater, p.preferred) for p in preferences] == [
        ("1", "ann", Preferred.A),
        ("1", "bob", Preferred.TIE),
        ("2", "ann", Preferred.B),
    ]
    assert len(found) == 3


CHECKLIST = """
[[source]]
files = "*.jsonl"
[[source.make]]
record = "task"
fields = { id = "{id}", prompt = "{input}" }
[[source.make]]
record = "response"
fields = { id = "{id}-gpt", task = "{id}", text = "{output}", source = "gpt" }
[[source.make]]
record = "rubric"
fields = { id = "{id}", task = "{id}", published = true }
[[source.make]]
record = "criterion"
each = "questions"
fields = { rubric = "{id}", key = "q{item_number}", text = "{item.text}", weight = "{item.points}" }
[[source.make]]
record = "verdict"
each = "eval"
[source.make.fields]
response = "{id}-gpt"
rubric = "{id}"
criterion = "q{item_number}"
rater = "ann"
value = "{item}"
"""


def test_a_list_gives_one_record_for_each_member() -> None:
    questions = [{"text": "First?", "points": 2}, {"text": "Second?", "points": "-1"}]
    row = {"id": "t", "input": "Go", "output": "Gone", "questions": questions, "eval": [True, None]}

    task, response, verdict, rubric = _records(CHECKLIST, f=[row])

    assert isinstance(task, TaskRecord) and isinstance(response, ResponseRecord)
    assert isinstance(verdict, VerdictRecord) and (verdict.criterion, verdict.value) == ("q1", 1.0)
    assert isinstance(rubric, RubricRecord) and (rubric.task, rubric.published) == ("t", True)
    assert [(c.key, c.text, c.weight) for c in rubric.rubric.criteria] == [
        ("q1", "First?", 2.0),
        ("q2", "Second?", -1.0),
    ]


def test_a_problem_of_a_criterion_is_one_of_its_row() -> None:
    mapping = """
    [[rubric]]
    id = "u"
    [[source]]
    files = "*.jsonl"
    [[source.make]]
    record = "criterion"
    fields = { rubric = "{u}", key = "{key}", text = "{text}", weight = "{weight?}" }
    """
    good = {"u": "u", "key": "a", "text": "A"}

    assert _said(mapping, f=[good, {"u": "u", "key": "b", "text": "B", "weight": "heavy"}]) == [
        "f.jsonl:2: weight: is 'heavy', not a number"
    ]
    assert _said(mapping, f=[good, {"u": "x", "key": "b", "text": "B"}]) == [
        "f.jsonl:2: rubric: there is no rubric 'x'. Add a [[rubric]] table, or a make table for "
        "rubrics before this. Known: u."
    ]
    [rubric] = _records(mapping, f=[good, good])
    assert isinstance(rubric, RubricRecord) and len(rubric.rubric.criteria) == 1


def test_a_rubric_that_gets_no_criterion_is_named() -> None:
    assert _said(TASK + "[[rubric]]\nid = 'u'", f=[]) == [
        "rubric 'u': got no criterion. Make criteria of the rows that hold them."
    ]


def test_rows_are_chosen_by_a_pattern() -> None:
    mapping = TASK.replace(
        "[source.make.fields]", 'when = { kind = "^law$" }\n[source.make.fields]'
    )

    [record] = _records(mapping, f=[{"id": 1, "q": "A", "kind": "law"}, {"id": 2, "kind": "art"}])

    assert isinstance(record, TaskRecord) and record.id == "1"


def test_a_source_without_files_is_named() -> None:
    assert _said(TASK) == ["*.jsonl: matches none of the files. Give the file too."]


def test_files_given_without_their_folders_match_by_their_last_part() -> None:
    names = ["stories/a.json", "a.json", "b.json"]

    assert matching_names("stories/*.json", names) == ["stories/a.json"]
    assert matching_names("data/a.json", names) == ["a.json"]


def test_an_answer_that_is_true_in_json_is_the_text_true() -> None:
    mapping = TASK.replace("task", "response").replace('prompt = "{q}"', 'task = "t"\ntext = "{q}"')

    [record] = _records(mapping, f=[{"id": 1, "q": True}])

    assert isinstance(record, ResponseRecord) and record.text == "true"

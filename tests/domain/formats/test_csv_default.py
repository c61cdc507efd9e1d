"""Tables without a mapping: the header decides."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubricstudio.domain.formats.csv_default import guess_type, read_table
from rubricstudio.domain.formats.records import (
    PreferenceRecord,
    Preferred,
    Problem,
    Record,
    ResponseRecord,
    RubricRecord,
    TaskRecord,
    VerdictRecord,
)
from rubricstudio.domain.rubric import MetMeans, ScaleKind


def _read(text: str, **options: str) -> list[Record | Problem]:
    return list(read_table(text.splitlines(keepends=True), "t.csv", **options))


def test_columns_are_named_as_the_native_fields_dots_lead_into_objects() -> None:
    [task] = _read("id,prompt,tags,metadata.year,metadata.by\nt1,Why?,a; b ;,1999,Ann\n")

    assert isinstance(task, TaskRecord)
    assert task.tags == ("a", "b")
    assert dict(task.metadata) == {"year": "1999", "by": "Ann"}
    assert task.messages[0].content == "Why?"


def test_a_type_column_says_of_each_row_what_it_is() -> None:
    found = _read(
        "type,id,task,prompt,text,source\n"
        "task,t1,,Why?,,\n"
        "response,r1,t1,,Because.,heron\n"
        "response,r2,t1,,,wren\n"
    )

    assert [type(record) for record in found] == [TaskRecord, ResponseRecord, ResponseRecord]
    assert isinstance(found[1], ResponseRecord) and found[1].text == "Because."
    # An empty cell is absent: the response is known, its text is not.
    assert isinstance(found[2], ResponseRecord) and found[2].text is None


def test_verdicts_and_preferences_are_told_by_their_columns() -> None:
    verdict, unscored = _read(
        "response,rubric,criterion,rater,value\nr1,care,dose,Ann,met\nr1,care,dose,Bo,timeout\n"
    )
    [preference] = _read("task,a,b,rater,preferred\nt1,r1,r2,Ann,tie\n")

    assert isinstance(verdict, VerdictRecord) and verdict.value == 1.0
    assert isinstance(unscored, VerdictRecord) and unscored.value is None
    assert isinstance(preference, PreferenceRecord)
    assert preference.preferred is Preferred.TIE


def test_criteria_are_rows_and_gather_to_rubrics() -> None:
    care, tone = _read(
        "rubric,rubric_name,published,key,text,weight,met_means,scale,gate\n"
        "care,Care,yes,dose,Gives the dose.,5,,,true\n"
        "tone,Tone,,kind,Is kind.,1,,,\n"
        'care,,,harm,Does harm.,-2,bad,"{""kind"": ""points"", ""maximum"": 4}",\n'
    )

    assert isinstance(care, RubricRecord) and isinstance(tone, RubricRecord)
    assert (care.id, care.name, care.published) == ("care", "Care", True)
    assert [criterion.key for criterion in care.rubric.criteria] == ["dose", "harm"]
    assert care.rubric.criteria[0].gate
    assert care.rubric.criteria[1].met_means is MetMeans.BAD
    assert care.rubric.criteria[1].scale.kind is ScaleKind.POINTS
    assert (tone.name, tone.published) == ("Tone", False)


def test_criteria_without_a_rubric_column_belong_to_the_rubric_named_as_the_file() -> None:
    [rubric] = _read("key,text\ndose,Gives the dose.\n")

    assert isinstance(rubric, RubricRecord)
    assert rubric.id == "t"


def test_the_chosen_type_counts_where_rows_do_not_say() -> None:
    [response] = _read("id,task\nr1,t1\n", kind="response")

    assert isinstance(response, ResponseRecord)


def test_a_header_that_tells_nothing_is_one_problem_with_what_to_do() -> None:
    [problem] = _read("question,answer\nWhy?,Because.\nHow?,So.\n")

    assert isinstance(problem, Problem)
    assert (problem.line, problem.field) == (1, "header")
    assert "type" in problem.hint


def test_a_cell_that_is_no_json_is_a_problem_of_its_line_and_column() -> None:
    found = _read('id,messages\nt1,"[{""role"": "\nt2,"[{""content"": ""Why?""}]"\n')

    problem, task = found
    assert isinstance(problem, Problem) and isinstance(task, TaskRecord)
    assert (problem.line, problem.field) == (2, "messages")


def test_a_semicolon_or_a_tab_separates_as_well() -> None:
    assert isinstance(_read("id;prompt\nt1;Why?\n")[0], TaskRecord)
    assert isinstance(_read("id\tprompt\nt1\tWhy?\n", format="tsv")[0], TaskRecord)


@pytest.mark.parametrize(
    ("columns", "kind"),
    [
        (("id", "prompt"), "task"),
        (("id", "messages"), "task"),
        (("id", "task", "text"), "response"),
        (("response", "criterion", "rater", "value"), "verdict"),
        (("task", "a", "b", "rater"), "preference"),
        (("key", "text", "rubric"), "criterion"),
        (("id", "text"), None),
    ],
)
def test_columns_tell_a_type(columns: tuple[str, ...], kind: str | None) -> None:
    assert guess_type(columns) == kind


_CELL = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=30)


@given(st.lists(st.tuples(_CELL, _CELL), max_size=5))
def test_texts_come_out_of_a_table_as_they_went_in(rows: list[tuple[str, str]]) -> None:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["type", "id", "task", "source", "text"])
    for number, (source, text) in enumerate(rows):
        writer.writerow(["response", f"r{number}", "t", source, text])

    found = list(read_table(io.StringIO(out.getvalue(), newline=""), "t.csv"))

    assert [(r.source, r.text or "") for r in found if isinstance(r, ResponseRecord)] == rows

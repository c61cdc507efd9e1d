"""The list of tasks and a task's page: what they show, how they page, what they ask."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from rubricstudio.actions.imports import import_records
from rubricstudio.actions.tasks import add_response, add_task
from rubricstudio.domain.formats import native
from rubricstudio.domain.formats.records import (
    Message,
    PreferenceRecord,
    Preferred,
    RaterKind,
    ResponseRecord,
    TaskRecord,
    VerdictRecord,
)
from rubricstudio.domain.verdict import VerdictStatus
from rubricstudio.models import Response, Task, Verdict
from rubricstudio.queries.data import PAGE, TaskFilter, task_page
from rubricstudio.rendering import LONGEST_RENDERED
from tests.conftest import Cast, Data


def url(name: str, *args: object) -> str:
    return reverse(f"rubricstudio:{name}", args=["demo", *args])


@pytest.fixture
def reader(client: Client, cast: Cast) -> Client:
    client.force_login(cast.viewer)
    return client


def _verdict(response: str, criterion: str, rater: str, **more: object) -> VerdictRecord:
    value = more.pop("value", 1.0)
    record = VerdictRecord(response, "advice", criterion, rater, value=value)  # type: ignore[arg-type]
    return record._replace(**more)  # type: ignore[arg-type]


@pytest.fixture
def judged(cast: Cast, data: Data) -> Data:
    """Two people and a judge on task-1/heron, one preference."""
    judge = {"rater_kind": RaterKind.JUDGE, "round": "gpt"}
    import_records(
        project=cast.project,
        by=cast.owner,
        records=[
            _verdict("task-1/heron", "warns", "ann"),
            _verdict("task-1/heron", "invents", "ann", value=0.0),
            _verdict("task-1/heron", "clarity", "ann", value=3.0),
            _verdict("task-1/heron", "warns", "bob", value=0.0),
            _verdict(
                "task-1/heron", "warns", "gpt", value=None,
                status=VerdictStatus.PARSE_ERROR, **judge,
            ),
            PreferenceRecord(
                "task-1", "task-1/heron", "task-1/wren", "ann",
                preferred=Preferred.B, rationale="Clearer.",
            ),
        ],
    )  # fmt: skip
    return data


def test_a_row_counts_responses_verdicts_and_preferences(cast: Cast, judged: Data) -> None:
    second, first = task_page(cast.project, TaskFilter()).rows

    assert (first.external_id, first.responses, first.sources) == ("task-1", 2, ("heron", "wren"))
    assert (first.by_people, first.by_judges, first.preferences) == (4, 1, 1)
    assert (second.external_id, second.by_people, second.preferences) == ("task-2", 0, 0)


def test_a_correction_is_not_counted_twice(cast: Cast, judged: Data) -> None:
    old = Verdict.objects.get(rater__name="bob")
    Verdict.objects.create(
        round=old.round, response=old.response, criterion=old.criterion, rater=old.rater,
        status="ok", value=1.0, revision=1, provenance={"reason": "misread"},
    )  # fmt: skip

    assert task_page(cast.project, TaskFilter()).rows[1].by_people == 4


def test_responses_without_text_are_said(cast: Cast, data: Data) -> None:
    add_response(task=data.tasks[0], external_id="gone", source="owl", text=None)

    assert task_page(cast.project, TaskFilter()).rows[1].without_text == 1


def test_the_list_goes_on_by_key_in_both_directions(cast: Cast) -> None:
    messages = [{"role": "user", "content": "Why?"}]
    for number in range(PAGE + 2):
        add_task(project=cast.project, external_id=f"t{number:02}", messages=messages)
    everything = TaskFilter()

    first = task_page(cast.project, everything)
    second = task_page(cast.project, everything, before=first.older)
    back = task_page(cast.project, everything, after=second.newer)

    assert [row.external_id for row in first.rows[:2]] == ["t51", "t50"]
    assert len(first.rows) == PAGE and first.newer is None
    assert [row.external_id for row in second.rows] == ["t01", "t00"]
    assert second.older is None
    assert [row.pk for row in back.rows] == [row.pk for row in first.rows]
    assert back.newer is None and back.older == first.older


def test_it_is_narrowed_by_id_tag_and_source(cast: Cast, data: Data) -> None:
    messages = [{"role": "user", "content": "Why?"}]
    tagged = add_task(project=cast.project, external_id="AB-7", messages=messages, tags=["law"])
    add_response(task=tagged, external_id="o", source="owl", text="Hoo.")

    def names(**narrowed: str) -> list[str]:
        return [row.external_id for row in task_page(cast.project, TaskFilter(**narrowed)).rows]

    assert names(search="ab-") == ["AB-7"]
    assert names(tag="law") == ["AB-7"]
    assert names(source="owl") == ["AB-7"]
    assert names(source="wren") == ["task-2", "task-1"]
    assert names(search="%") == []
    assert names(tag="la") == []


def test_an_excerpt_is_cut_by_the_database(cast: Cast) -> None:
    add_task(
        project=cast.project,
        external_id="long",
        messages=[{"role": "system", "content": "S"}, {"role": "user", "content": "x" * 9000}],
    )

    with CaptureQueriesContext(connection) as captured:
        [row] = task_page(cast.project, TaskFilter()).rows

    assert row.excerpt == "x" * 280
    first = captured.captured_queries[0]["sql"]
    assert "left(" in first
    assert '"reference"' not in first and '"context"' not in first


def test_the_list_asks_seven_times_however_much_there_is(
    reader: Client, cast: Cast, judged: Data
) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert reader.get(url("data")).status_code == 200
        return len(captured)

    few = asked()
    import_records(project=cast.project, by=cast.owner, records=_many(60, 4))
    many = asked()

    # Session, person, membership with its project; tasks, responses, verdicts, preferences.
    assert (few, many) == (7, 7)


def _many(tasks: int, responses: int) -> list[TaskRecord | ResponseRecord | VerdictRecord]:
    records: list[TaskRecord | ResponseRecord | VerdictRecord] = []
    for t in range(tasks):
        records.append(TaskRecord(f"m{t}", (Message("user", "Why?"),)))
        for r in range(responses):
            records.append(ResponseRecord(f"m{t}/{r}", f"m{t}", "So.", f"source {r}"))
            records.append(_verdict(f"m{t}/{r}", "warns", "ann"))
    return records


def test_verdicts_are_counted_through_the_index_that_begins_with_the_response(
    cast: Cast, data: Data
) -> None:
    import_records(project=cast.project, by=cast.owner, records=_many(400, 5))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE studio_verdict")
    with CaptureQueriesContext(connection) as captured:
        task_page(cast.project, TaskFilter())
    [counting] = [q["sql"] for q in captured if 'FROM "studio_verdict"' in q["sql"]]

    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {counting}")
        plan = "\n".join(line for (line,) in cursor.fetchall())

    assert "verdict_once" in plan
    assert re.search(r"Index Cond: .*response_id = ANY", plan)


def test_a_list_address_that_makes_no_sense_shows_the_list(reader: Client, data: Data) -> None:
    for odd in ({"before": "x"}, {"after": "9" * 40}, {"q": "\x00"}, {"before": "٣"}):
        assert reader.get(url("data"), odd).status_code == 200


def test_an_empty_list_says_what_to_do_next(client: Client, cast: Cast) -> None:
    client.force_login(cast.author)
    assert url("import") in client.get(url("data")).content.decode()

    client.force_login(cast.viewer)
    page = client.get(url("data")).content.decode()
    assert "No data yet" in page
    assert url("import") not in page


def test_a_search_that_finds_nothing_says_so(reader: Client, data: Data) -> None:
    assert "No task matches" in reader.get(url("data"), {"q": "nothing"}).content.decode()


# -- one task


def test_a_task_shows_its_responses_and_what_each_round_says(reader: Client, judged: Data) -> None:
    response = reader.get(url("task", judged.tasks[0].pk))

    page = response.content.decode()
    assert "Question 1: may I take both drugs?" in page
    assert "heron says: ask your doctor" in page and "wren says: ask your doctor" in page
    [(_, heron, _), (_, wren, _)] = response.context["responses"]
    people, judge = heron.summaries
    # Ann: met, not met, 3 on the scale; Bob: not met. The judge could not be read.
    assert (people.round, people.raters) == ("imported", 2)
    assert (people.met, people.not_met, people.graded, people.without_value) == (1, 2, 1, 0)
    assert (judge.round, judge.raters, judge.met, judge.not_met) == ("gpt", 1, 0, 0)
    assert judge.without_value == 1
    assert wren.summaries == []
    assert "Clearer." in page


def test_the_latest_revision_of_a_verdict_counts(reader: Client, judged: Data) -> None:
    old = Verdict.objects.get(rater__name="bob")
    Verdict.objects.create(
        round=old.round, response=old.response, criterion=old.criterion, rater=old.rater,
        status="ok", value=1.0, revision=1, provenance={"reason": "misread"},
    )  # fmt: skip

    context = reader.get(url("task", judged.tasks[0].pk)).context

    people = context["responses"][0][1].summaries[0]
    assert (people.met, people.not_met) == (2, 1)


def test_a_task_takes_as_many_queries_for_two_responses_as_for_twenty(
    reader: Client, judged: Data
) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert reader.get(url("task", judged.tasks[0].pk)).status_code == 200
        return len(captured)

    few = asked()
    for n in range(18):
        add_response(task=judged.tasks[0], external_id=f"more{n}", source=f"s{n}", text="So.")

    # Session, person, membership; task, responses, verdicts, preferences.
    assert few == asked() == 7


def test_one_response_can_be_read_alone(reader: Client, judged: Data) -> None:
    wren = Response.objects.get(external_id="task-1/wren")

    page = reader.get(url("task", judged.tasks[0].pk), {"response": wren.pk}).content.decode()

    assert "wren says" in page and "heron says" not in page
    odd = reader.get(url("task", judged.tasks[0].pk), {"response": "999999999"})
    assert "heron says" in odd.content.decode()


def test_texts_are_rendered_and_harmless_and_very_long_ones_left_as_they_are(
    reader: Client, cast: Cast
) -> None:
    task = add_task(
        project=cast.project,
        external_id="<b>odd</b>",
        messages=[{"role": "user", "content": "**Why?** <script>alert(1)</script>"}],
        reference="*Because.*",
        context=["One document", "Another"],
        tags=["a&b"],
    )
    add_response(task=task, external_id="none", source="", text=None)
    add_response(task=task, external_id="empty", source="", text="")
    add_response(task=task, external_id="long", source="", text="**x** " * LONGEST_RENDERED)

    page = reader.get(url("task", task.pk)).content.decode()

    assert "<strong>Why?</strong>" in page and "<em>Because.</em>" in page
    assert "<script>alert" not in page and "<b>odd</b>" not in page
    assert "its text is not available here" in page
    assert "The answer is empty." in page
    assert '<div class="raw">**x** **x**' in page
    assert "Document 2" in page


def test_whatever_an_import_holds_can_be_shown(reader: Client, cast: Cast) -> None:
    lines = [
        '{"type": "task", "id": "سؤال\\u0000",'
        ' "messages": [{"role": "tool", "content": "\\ud800"}],'
        ' "metadata": {"a": {"b": [1, null]}}, "tags": ["x/y?&"]}',
    ]
    import_records(
        project=cast.project, by=cast.owner, records=native.read(lines, "odd.jsonl"), keep_good=True
    )

    assert reader.get(url("data")).status_code == 200
    assert reader.get(url("task", Task.objects.get().pk)).status_code == 200


def test_a_task_of_another_project_is_not_found(reader: Client, cast: Cast) -> None:
    foreign = add_task(
        project=cast.other_project,
        external_id="theirs",
        messages=[{"role": "user", "content": "Secret?"}],
    )

    assert reader.get(url("task", foreign.pk)).status_code == 404

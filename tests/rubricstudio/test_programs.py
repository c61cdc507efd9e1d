"""Programs where they are saved, published and imported; and the page that tries them."""

from __future__ import annotations

import pytest
from django.db import connection
from django.http import HttpResponse, HttpResponseBase
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from rubricstudio.actions.imports import ImportRefused, import_records
from rubricstudio.actions.rubrics import UnableToPublish, create_rubric, publish, start_draft
from rubricstudio.domain import rubric as domain
from rubricstudio.domain.formats.records import Place, RubricRecord
from rubricstudio.domain.programs import Span
from rubricstudio.domain.rubric import JudgedBy, Level, Scale, ScaleKind
from rubricstudio.forms.criteria import CriterionForm, criterion_initial
from rubricstudio.forms.programs import clean_program
from rubricstudio.models import Criterion, Response, Rubric, RubricVersion
from rubricstudio.program_page import pieces, tried
from tests.conftest import Cast, Data

HTMX = {"HX-Request": "true"}


@pytest.fixture
def draft(cast: Cast, data: Data) -> RubricVersion:
    return start_draft(rubric=data.version.rubric, by=cast.author)


@pytest.fixture
def row(draft: RubricVersion) -> Criterion:
    """A binary criterion with a program."""
    row = draft.criteria.get(key="invents")
    row.program = 'contains("doctor") and words < 3'
    row.save()
    return row


@pytest.fixture
def author(client: Client, cast: Cast) -> Client:
    client.force_login(cast.author)
    return client


def address(row: Criterion) -> str:
    return reverse("rubricstudio:criterion-program", args=["demo", row.version.rubric_id, row.pk])


def page_of(response: HttpResponseBase) -> str:
    assert isinstance(response, HttpResponse)
    return response.content.decode()


# -- saved


def form_of(row: Criterion, **changes: str) -> CriterionForm:
    initial = criterion_initial(row)
    sent = {name: initial[name] for name in ("text", "weight", "met_means", "scale_kind")}
    return CriterionForm(sent | {"judged_by": "program"} | changes)


def test_a_program_that_can_judge_is_saved_without_space_around_it(row: Criterion) -> None:
    form = form_of(row, program=" words > 3\n")

    assert form.is_valid(), form.errors
    assert form.changes()["program"] == "words > 3"
    assert form.changes()["judged_by"] is JudgedBy.PROGRAM


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"program": "wrods > 3"}, "Line 1, column 1: unknown check “wrods”; did you mean words?."),
        ({"program": "json\nand words"}, "Line 2, column 5: this is a number"),
        ({"program": "words"}, "the criterion is met or not: compare the number"),
        ({"program": "json", "scale_kind": "points", "maximum": "3"}, "wants a number"),
        ({"program": 'matches("(")'}, "the regular expression cannot be used"),
    ],
)
def test_a_program_that_cannot_judge_is_said_at_its_field(
    row: Criterion, changes: dict[str, str], message: str
) -> None:
    form = form_of(row, **changes)

    assert not form.is_valid()
    assert list(form.errors) == ["program"]
    assert message in form.errors["program"][0]


def test_no_program_is_no_error() -> None:
    assert clean_program("  ", domain.BINARY) == ""


# -- published, imported


def _draft_with(cast: Cast, program: str) -> RubricVersion:
    criterion = domain.Criterion(key="c", text="Is short.", program=program)
    value = domain.Rubric((criterion,))
    return create_rubric(project=cast.project, name="P", by=cast.author, value=value)


def test_a_draft_with_a_broken_program_is_not_published(cast: Cast) -> None:
    draft = _draft_with(cast, "wrods < 3")

    with pytest.raises(UnableToPublish, match="“Is short.” cannot judge: unknown check “wrods”"):
        publish(version=draft, by=cast.author)

    draft.refresh_from_db()
    assert draft.is_draft


def test_a_draft_whose_programs_can_judge_is_published(cast: Cast) -> None:
    assert publish(version=_draft_with(cast, "words < 3"), by=cast.author).status == "published"


def test_the_publish_page_says_which_program_is_broken(author: Client, cast: Cast) -> None:
    draft = _draft_with(cast, "wrods < 3")
    url = reverse("rubricstudio:version-publish", args=["demo", draft.rubric_id])

    response = author.post(url, {"note": "", "reviewed": ""}, follow=True)

    assert response.status_code < 500
    draft.refresh_from_db()
    assert draft.is_draft


def test_an_import_with_a_broken_program_is_refused_with_its_place(cast: Cast) -> None:
    value = domain.Rubric((domain.Criterion(key="a", text="A.", program="wrods"),))
    record = RubricRecord(
        id="r", rubric=value, name="R", published=True, place=Place("rubrics.jsonl", 7)
    )

    with pytest.raises(ImportRefused) as caught:
        import_records(project=cast.project, records=[record], by=cast.author)

    (problem,) = caught.value.report.problems
    assert (problem.file, problem.line) == ("rubrics.jsonl", 7)
    assert "unknown check “wrods”" in problem.message
    assert not Rubric.objects.filter(project=cast.project, external_id="r").exists()


# -- the page


def test_the_page_shows_the_program_and_the_responses(author: Client, row: Criterion) -> None:
    response = author.get(address(row))

    page = page_of(response)
    assert response.status_code == 200
    assert "contains(&quot;doctor&quot;) and words &lt; 3" in page
    assert "task-1/wren" in page
    assert "What the program says of the text is shown here." in page


def test_it_tries_a_typed_text_and_marks_what_decided(author: Client, row: Criterion) -> None:
    sent = {"program": 'contains("doctor")', "text": "Ask a doctor <now>."}

    page = page_of(author.post(address(row), sent))

    assert '<mark class="evidence">doctor</mark> &lt;now&gt;.' in page
    assert "is-met" in page


def test_it_tries_a_response_and_says_which_part_decided(
    author: Client, row: Criterion, data: Data
) -> None:
    sent = {"program": row.program, "response": str(data.responses[0].pk)}

    page = page_of(author.post(address(row), sent, headers=HTMX))

    assert page.lstrip().startswith("<div")
    assert "<html" not in page
    assert "is-not_met" in page
    assert "did not decide" in page
    assert data.responses[0].external_id in page


def test_a_response_without_text_cannot_be_assessed(
    author: Client, row: Criterion, data: Data
) -> None:
    Response.objects.filter(pk=data.responses[0].pk).update(text=None)
    sent = {"program": "words < 3", "response": str(data.responses[0].pk)}

    page = page_of(author.post(address(row), sent, headers=HTMX))

    assert "is-cannot_assess" in page
    assert "The response has no text." in page
    assert "is-not_met" not in page


def test_it_says_errors_with_their_place(author: Client, row: Criterion) -> None:
    page = page_of(author.post(address(row), {"program": "wrods > 3"}, headers=HTMX))

    assert "Line 1, column 1: unknown check “wrods”; did you mean words?" in page
    assert 'data-select-from="0" data-select-to="5"' in page


def test_it_takes_the_scale_of_the_criterion(author: Client, draft: RubricVersion) -> None:
    row = draft.criteria.get(key="clarity")

    page = page_of(author.post(address(row), {"program": "3", "text": "x"}, headers=HTMX))

    assert "3 · " in page


@pytest.mark.parametrize(
    "sent",
    [
        {"program": "words > 1", "response": "abc"},
        {"program": "words > 1", "response": str(2**70)},
        {"program": "words > 1", "text": "a\x00b"},
        {"program": "words > 1", "q": "x" * 400},
    ],
)
def test_bad_input_gets_a_message(author: Client, row: Criterion, sent: dict[str, str]) -> None:
    response = author.post(address(row), sent)

    assert response.status_code == 422
    assert "tone-error" in page_of(response)


def test_nothing_is_stored(author: Client, row: Criterion) -> None:
    author.post(address(row), {"program": "words > 9", "text": "x"})

    row.refresh_from_db()
    assert row.program == 'contains("doctor") and words < 3'


def test_it_searches_and_goes_on_by_key(author: Client, row: Criterion, data: Data) -> None:
    task = data.tasks[0]
    Response.objects.bulk_create(
        Response(project=task.project, task=task, external_id=f"more/{n:02}", source="s", text="t")
        for n in range(20)
    )
    sent = {"find": "1", "q": "more/"}

    first = page_of(author.post(address(row), sent, headers=HTMX))
    second = page_of(author.post(address(row), sent | {"after": "more/07"}, headers=HTMX))

    assert first.count("more/0") > 0
    assert "more/07" in first
    assert "more/08" not in first
    assert "more/08" in second
    assert "more/15" in second
    assert "more/16" not in second
    assert 'name="after" value="more/07"' in first
    assert first.lstrip().startswith("<fieldset")


def test_the_number_of_queries_does_not_grow(author: Client, row: Criterion, data: Data) -> None:
    sent = {"program": "words > 1", "response": str(data.responses[0].pk)}

    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as caught:
            author.post(address(row), sent, headers=HTMX)
        return len(caught)

    queries()
    few = queries()
    task = data.tasks[0]
    Response.objects.bulk_create(
        Response(project=task.project, task=task, external_id=f"n{n}", source="s", text="t")
        for n in range(50)
    )

    assert queries() == few <= 8


def test_a_response_of_another_project_is_not_found(
    author: Client, row: Criterion, cast: Cast
) -> None:
    task = cast.other_project.tasks.create(
        external_id="t", messages=[{"role": "user", "content": "?"}]
    )
    theirs = Response.objects.create(
        project=cast.other_project, task=task, external_id="x", source="s", text="secret words"
    )

    page = page_of(author.post(address(row), {"program": "words > 1", "response": theirs.pk}))

    assert "secret" not in page
    assert "not there any more" in page


def test_a_group_has_no_program(author: Client, draft: RubricVersion) -> None:
    assert author.get(address(draft.criteria.get(key="safety"))).status_code == 404


def test_a_criterion_of_another_rubric_is_not_found(
    author: Client, row: Criterion, cast: Cast
) -> None:
    other = _draft_with(cast, "")
    url = reverse("rubricstudio:criterion-program", args=["demo", other.rubric_id, row.pk])

    assert author.get(url).status_code == 404


def test_the_box_of_the_open_row_takes_the_program_from_the_row(
    author: Client, row: Criterion
) -> None:
    page = page_of(author.get(f"{address(row)}?box", headers=HTMX))

    assert f'hx-include="#c{row.pk}-program"' in page
    assert '<textarea class="code"' not in page


# -- what is shown


def test_pieces_join_to_the_text_and_overlaps_are_marked_once() -> None:
    found = list(pieces("abcdef", [Span(3, 5), Span(1, 4), Span(5, 9)]))

    assert [(piece.text, piece.marked) for piece in found] == [
        ("a", False),
        ("bcde", True),
        ("f", True),
    ]


def test_a_value_is_said_on_its_scale() -> None:
    levels = Scale(ScaleKind.ORDINAL, (Level(0.0, "poor"), Level(2.0, "good")))
    points = Scale(ScaleKind.POINTS, maximum=5.0)

    assert tried("2", "x", levels).word == "2 · good"
    assert tried("words / 2", "a", points).word == "0.5 of 5 points"
    assert tried("words / 2 + 9", "a", points).status == "error"

"""Pages that import rubrics from files and hand them out, without scripts."""

from __future__ import annotations

import json
import re
from html import unescape
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from rubricstudio import rubric_files
from rubricstudio.actions.rubrics import create_rubric, start_draft
from rubricstudio.domain import rubric as domain
from rubricstudio.forms import rubric_files as forms
from rubricstudio.forms.rubric_files import Carried, pack, unpack
from rubricstudio.models import Rubric
from rubricstudio.queries.rubric_downloads import writable
from tests.conftest import Cast, Data
from tests.rubricstudio.test_rubric_files import HEALTHBENCH, RAR


def url(name: str, *args: object) -> str:
    return reverse(f"rubricstudio:{name}", args=["demo", *args])


IMPORT = "/projects/demo/rubrics/import/"


@pytest.fixture
def author(client: Client, cast: Cast) -> Client:
    client.force_login(cast.author)
    return client


def upload(client: Client, content: str | bytes, name: str = "r.json", **more: str) -> Any:
    data = content.encode() if isinstance(content, str) else content
    file = SimpleUploadedFile(name, data)
    answer: Any = client.post(url("rubric-import"), {"upload": file, **more})
    return answer


def fields(page: Any) -> dict[str, str]:
    """What the preview's form sends as it stands."""
    html = page.content.decode()
    found: dict[str, str] = {}
    for tag in re.findall(r"<input[^>]*>", html):
        name, value = (re.search(rf'{a}="([^"]*)"', tag) for a in ("name", "value"))
        kind = re.search(r'type="(\w+)"', tag)
        ticked = "checked" in tag or (kind and kind[1] not in ("radio", "checkbox"))
        if name and ticked:
            found[name[1]] = unescape(value[1]) if value else "on"
    return found


def store(client: Client, page: Any, **changes: str) -> Any:
    values = {**fields(page), "store": "", **changes}
    answer: Any = client.post(url("rubric-import"), values)
    return answer


# -- in


def test_a_file_is_looked_at_then_stored_once_however_often_it_is_sent(
    author: Client, cast: Cast
) -> None:
    page = upload(author, HEALTHBENCH)
    assert "Warns of the interaction." in page.content.decode()
    assert Rubric.objects.count() == 0

    first, second = store(author, page), store(author, page)

    rubric = Rubric.objects.get()
    assert first["Location"] == second["Location"] == rubric.get_absolute_url()
    shown = author.get(rubric.get_absolute_url()).content.decode()
    assert "1 rubric imported." in shown and "is here already" in shown


def test_pasted_text_is_taken_as_it_is(author: Client, cast: Cast) -> None:
    page = author.post(IMPORT, {"text": HEALTHBENCH.replace(", ", ",\r\n "), "into": ""})

    assert page.status_code == 200
    store(author, page, **{"name-0": "  Pasted\tone "})

    assert Rubric.objects.get().name == "Pasted one"


def test_each_open_polarity_is_asked_about_with_its_reason(author: Client, cast: Cast) -> None:
    page = upload(author, RAR, "rar.jsonl", format="rar")
    (guess,) = page.context["look"].rubrics[0].read.guesses

    html = page.content.decode()
    assert "1 criterion leaves open" in html
    assert guess.why in unescape(html)
    (name,) = [name for name in fields(page) if name.startswith("met-")]
    assert fields(page)[name] == ("good" if guess.met_is_good else "bad")

    other = "bad" if guess.met_is_good else "good"
    store(author, page, **{name: other})
    rows = Rubric.objects.get().versions.get().criteria
    assert rows.get(key=guess.key).met_means == other


def test_another_format_can_be_chosen_for_the_same_text(author: Client, cast: Cast) -> None:
    page = upload(author, HEALTHBENCH, format="native")
    assert not page.context["look"].rubrics
    assert page.context["look"].problems

    values = {**fields(page), "format": "healthbench", "look": ""}
    again = author.post(IMPORT, values)

    assert again.context["look"].rubrics[0].criteria == 2


def test_a_refused_choice_is_shown_again_as_it_was_made(author: Client, cast: Cast) -> None:
    two = "\n".join([HEALTHBENCH, HEALTHBENCH.replace("p1", "p2")])
    page = upload(author, two, "two.jsonl")
    values = {**fields(page), "store": "", "name-0": ""}
    del values["take-1"]

    answer = author.post(IMPORT, values)

    assert answer.status_code == 422
    html = answer.content.decode()
    assert "Give rubric 1 a name" in html
    assert "take-1" not in fields(answer)
    assert Rubric.objects.count() == 0

    none = {k: v for k, v in values.items() if not k.startswith("take-")}
    assert "Choose at least one rubric." in author.post(IMPORT, none).content.decode()


def test_several_rubrics_are_stored_at_once(author: Client, cast: Cast) -> None:
    three = "\n".join(HEALTHBENCH.replace("p1", f"p{n}") for n in range(3))

    answer = store(author, upload(author, three, "three.jsonl"))

    assert answer["Location"] == url("rubrics")
    assert "3 rubrics imported." in author.get(url("rubrics")).content.decode()
    assert Rubric.objects.count() == 3


@pytest.mark.parametrize(("mode", "n"), [("append", 5), ("replace", 2)])
def test_criteria_go_into_the_draft_of_a_rubric(
    author: Client, cast: Cast, data: Data, mode: str, n: int
) -> None:
    rubric = data.version.rubric
    first = author.get(url("rubric-import"), {"into": rubric.pk}).content.decode()
    assert "Into the draft of" in first
    page = upload(author, HEALTHBENCH, into=str(rubric.pk))

    values = {**fields(page), "store": "", "into": str(rubric.pk), "mode": mode}
    answer = author.post(IMPORT, values)

    assert answer["Location"] == rubric.get_absolute_url()
    assert len(rubric.versions.get(number=2).as_rubric().leaves) == n


def test_a_draft_that_changed_since_is_not_written_over(
    author: Client, cast: Cast, data: Data
) -> None:
    rubric = data.version.rubric
    draft = start_draft(rubric=rubric, by=cast.owner)
    page = upload(author, HEALTHBENCH, into=str(rubric.pk))
    draft.criteria.filter(key="clarity").update(text="Theirs now.")

    values = {**fields(page), "store": "", "into": str(rubric.pk), "mode": "replace"}
    answer = author.post(IMPORT, values)

    assert answer.status_code == 422
    assert "changed since you looked at it" in answer.content.decode()
    assert draft.criteria.filter(text="Theirs now.").exists()


def test_a_file_over_the_limit_is_refused_in_words(
    author: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forms, "FILE_LIMIT", 1_000_000)
    large = "x" * 1_000_001

    for answer in (upload(author, large), author.post(IMPORT, {"text": large})):
        assert answer.status_code == 422
        assert "the limit is 1 MB" in answer.content.decode()


def test_nothing_or_two_things_are_refused(author: Client) -> None:
    assert "Choose a file, or paste" in author.post(IMPORT, {}).content.decode()
    both = upload(author, HEALTHBENCH, text=HEALTHBENCH)
    assert "not both" in both.content.decode()


def test_deep_nesting_is_a_problem_on_the_page(author: Client) -> None:
    answer = upload(author, '{"sub_tasks": [' * 1_000 + "]}" * 1_000)

    assert answer.status_code == 200
    assert "There is no rubric to import." in answer.content.decode()


def test_more_rubrics_than_a_page_shows_are_left_to_the_command(
    author: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rubricstudio.queries.rubric_files.MOST_RUBRICS", 1)
    two = "\n".join([HEALTHBENCH, HEALTHBENCH.replace("p1", "p2")])

    assert "manage.py import_rubric" in upload(author, two, "two.jsonl").content.decode()


def test_what_a_file_says_is_text_and_nothing_else(author: Client) -> None:
    bad = json.dumps(
        {
            "prompt_id": "<script>alert(1)</script>",
            "prompt": [],
            "rubrics": [{"criterion": "\u202eevil <img src=x onerror=1>", "points": 1}],
        }
    )
    html = upload(author, bad, "<b>.jsonl", format="healthbench").content.decode()

    assert "<script>alert" not in html and "<img src=x" not in html and "<b>.jsonl" not in html
    assert "&lt;img src=x" in html


def test_carried_text_is_of_one_person_in_one_project(cast: Cast) -> None:
    packed = pack(Carried("text\n", "a.json"), project=cast.project, by=cast.author)

    mine = unpack(packed, project=cast.project, by=cast.author)
    assert mine == Carried("text\n", "a.json")
    assert unpack(packed, project=cast.project, by=cast.owner) is None
    assert unpack(packed, project=cast.other_project, by=cast.author) is None
    assert unpack("nonsense", project=cast.project, by=cast.author) is None


def test_a_preview_that_is_not_ours_leads_back(author: Client) -> None:
    answer = author.post(IMPORT, {"packed": "nonsense", "store": ""}, follow=True)

    assert answer.redirect_chain == [(url("rubric-import"), 302)]
    assert "Choose the file again." in answer.content.decode()


def test_rubrics_of_another_project_are_not_written_into(
    author: Client, cast: Cast, data: Data
) -> None:
    theirs = create_rubric(project=cast.other_project, name="Theirs", by=cast.stranger).rubric
    assert author.get(url("rubric-import"), {"into": theirs.pk}).status_code == 404

    page = upload(author, HEALTHBENCH)
    answer = author.post(IMPORT, {**fields(page), "store": "", "into": str(theirs.pk)})

    assert answer.status_code == 422
    assert theirs.versions.get().criteria.count() == 0


def test_the_preview_asks_as_often_for_one_criterion_as_for_five_hundred(
    author: Client, cast: Cast
) -> None:
    def queries(n: int) -> int:
        items = [{"criterion": f"Names cause {i}.", "points": 1} for i in range(n)]
        text = json.dumps({"prompt_id": "p", "prompt": [], "rubrics": items})
        with CaptureQueriesContext(connection) as captured:
            page = upload(author, text, format="healthbench")
        assert page.context["look"].n_criteria == n
        return len(captured)

    queries(1)
    assert queries(1) == queries(500)


def test_all_rows_of_one_guess_are_answered_alike_and_single_ones_changed(
    author: Client, cast: Cast
) -> None:
    words = ["Avoids alarm", "Avoids jargon", "Promises a cure", "Names the dose"]
    items = [{"criterion": t, "weight": -n, "axis": "x"} for n, t in enumerate(words[:3], 1)]
    items.append({"criterion": words[3], "weight": 2, "axis": "x"})
    page = upload(author, json.dumps({"prompt": "P", "rubrics": items}), "r.jsonl")
    assert "Answer all alike" in page.content.decode()
    assert page.context["look"].n_guessed == {"good": 2, "bad": 1}

    changed = {"name-0": "Mine", "met-0-2": "good"}
    again = author.post(IMPORT, {**fields(page), **changed, "alike": "good:bad"})

    answers = {name: value for name, value in fields(again).items() if name.startswith("met-")}
    assert answers == {"met-0-0": "bad", "met-0-1": "bad", "met-0-2": "good"}
    assert fields(again)["name-0"] == "Mine" and Rubric.objects.count() == 0
    store(author, again, **{"met-0-1": "good"})
    rows = Rubric.objects.get(name="Mine").versions.get().criteria.order_by("position")
    assert [row.met_means for row in rows] == ["bad", "good", "good", "good"]


@pytest.mark.parametrize("alike", ["", "good", "good:maybe", "bad:good:bad", "x:y"])
def test_an_answer_for_all_that_is_none_changes_nothing(author: Client, alike: str) -> None:
    page = upload(author, RAR, "rar.jsonl", format="rar")

    again = author.post(IMPORT, {**fields(page), "alike": alike})

    assert again.status_code == 200
    assert [n for n in fields(again).items() if n[0].startswith("met-")] == [
        n for n in fields(page).items() if n[0].startswith("met-")
    ]


# -- out


@pytest.mark.parametrize("name", [format_.name for format_ in writable()])
def test_a_version_is_handed_out_in_every_format(author: Client, data: Data, name: str) -> None:
    given: Any = {"format": name, "number": 1}
    page = author.get(url("rubric-export", data.version.rubric_id), given)
    file = author.get(url("rubric-file", data.version.rubric_id), given)

    ending = rubric_files.FORMATS[name].endings[0]
    assert page.status_code == file.status_code == 200
    assert file["Content-Disposition"] == f'attachment; filename="advice-v1{ending}"'
    assert file["Content-Type"].endswith("charset=utf-8")
    assert file.content.decode() == page.context["file"].written.text
    for loss in page.context["file"].written.losses:
        assert loss.message in unescape(page.content.decode())


def test_what_is_downloaded_can_be_imported_again_and_changes_nothing(
    author: Client, cast: Cast, data: Data
) -> None:
    rubric = data.version.rubric
    given = {"format": "native"}
    text = author.get(url("rubric-file", rubric.pk), given).content.decode()

    page = upload(author, text, into=str(rubric.pk))
    values = {**fields(page), "store": "", "into": str(rubric.pk), "mode": "replace"}
    author.post(IMPORT, values)

    assert list(rubric.versions.all()) == [data.version]


def test_unknown_versions_and_formats_are_not_found(author: Client, data: Data) -> None:
    pk = data.version.rubric_id

    assert author.get(url("rubric-file", pk), {"number": 9}).status_code == 404
    assert author.get(url("rubric-export", pk), {"number": 9}).status_code == 404
    assert author.get(url("rubric-file", pk), {"format": "nonsense"}).status_code == 404
    assert author.get(url("rubric-export", pk), {"format": "nonsense"}).status_code == 200
    assert author.get(url("rubrics-file"), {"rubric": "x"}).status_code == 404


def test_several_rubrics_of_a_project_leave_in_one_file(
    author: Client, cast: Cast, data: Data
) -> None:
    value = domain.Rubric((domain.Criterion(key="a", text="A."),))
    other = create_rubric(project=cast.project, name="Other", by=cast.author, value=value).rubric
    given: Any = {"rubric": [data.version.rubric_id, other.pk], "format": "native"}

    page = author.get(url("rubrics-export"), given)
    file = author.get(url("rubrics-file"), given)

    assert [r["name"] for r in json.loads(file.content)["rubrics"]] == ["Advice", "Other"]
    assert 'filename="demo-rubrics.json"' in file["Content-Disposition"]
    assert "demo-rubrics.json" in page.content.decode()
    assert author.get(url("rubrics-file"))["Location"] == url("rubrics-export")


def test_cells_that_a_spreadsheet_would_run_are_made_text_and_read_back_equal(
    author: Client, cast: Cast
) -> None:
    words = ['=cmd|" /C calc"!A0', "+1+1", "-2", "@SUM(A1)", "\u202eright to left", "שלום, עולם"]
    value = domain.Rubric(
        tuple(domain.Criterion(key=f"c{n}", text=text) for n, text in enumerate(words))
    )
    rubric = create_rubric(project=cast.project, name="Cells", by=cast.author, value=value).rubric

    text = author.get(url("rubric-file", rubric.pk), {"format": "csv"}).content.decode()

    assert not re.search(r'(^|,)"?[=+@]', text, re.MULTILINE)
    (back,) = rubric_files.read("csv", "cells.csv", text).rubrics
    assert [c.text for c in back.rubric.criteria] == words


def test_whoever_reads_rubrics_may_download_them_and_only_authors_import(
    client: Client, cast: Cast, data: Data
) -> None:
    client.force_login(cast.viewer)
    pk = data.version.rubric_id

    assert client.get(url("rubric-file", pk)).status_code == 200
    assert client.get(url("rubric-import")).status_code == 403
    shown = client.get(url("rubric", pk)).content.decode()
    assert url("rubric-export", pk) in shown and url("rubric-import") not in shown


def test_downloads_ask_as_often_for_one_rubric_of_one_row_as_for_ten_of_many(
    author: Client, cast: Cast
) -> None:
    def queries(rubrics: int, rows: int) -> int:
        made = []
        for n in range(rubrics):
            value = domain.Rubric(
                tuple(domain.Criterion(key=f"c{i}", text=f"Says {i}.") for i in range(rows))
            )
            name = f"Rubric {rubrics} {n}"
            made.append(
                create_rubric(project=cast.project, name=name, by=cast.author, value=value).rubric
            )
        with CaptureQueriesContext(connection) as captured:
            answer = author.get(url("rubrics-file"), {"rubric": [r.pk for r in made]})
            author.get(url("rubric-export", made[0].pk))
        assert len(json.loads(answer.content)["rubrics"]) == rubrics
        return len(captured)

    queries(1, 1)
    assert queries(1, 1) == queries(10, 40)

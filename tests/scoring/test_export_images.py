"""Pictures in data sets: out with the texts that show them, and in again as they were."""

from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries, Settings

from rubricstudio.actions.images import add_image
from rubricstudio.actions.import_jobs import run_import
from rubricstudio.actions.imports import ImportRefused, import_records
from rubricstudio.actions.imports.report import ImportReport
from rubricstudio.actions.projects import create_project
from rubricstudio.actions.tokens import create_token
from rubricstudio.domain.formats.native import read
from rubricstudio.domain.formats.records import (
    ImageRecord,
    Message,
    Record,
    ResponseRecord,
    RubricRecord,
    TaskRecord,
)
from rubricstudio.domain.formats.write import to_line
from rubricstudio.domain.rubric import Criterion, Example, Rubric
from rubricstudio.models import ApiToken, Image, ImportJob, ImportState, Project, Task
from scoring.queries.export_images import MOST_PLACES, shown_images
from scoring.queries.exports import Wanted, jsonl, plan_export
from tests.conftest import Cast
from tests.rubricstudio.test_images import drawn

RED, BLUE, GREEN = drawn(), drawn("JPEG", color="blue"), drawn("WEBP", color="green")
RUBRIC = Rubric((Criterion("k", "Sees it", examples=(Example("![c](image:c.webp)", met=True),)),))


def picture(name: str, data: bytes, kind: str) -> ImageRecord:
    return ImageRecord(name, f"image/{kind}", data)


def universe() -> list[Record]:
    """Three pictures that are shown, in a task, in responses and in an example; one is not."""
    return [
        picture("a.png", RED, "png"),
        picture("b.jpg", BLUE, "jpeg"),
        picture("c.webp", GREEN, "webp"),
        picture("nobody.png", drawn(color="pink"), "png"),
        TaskRecord("t", (Message("user", 'What is "![a\nb](image:a.png)"?'),), "![r](image:b.jpg)"),
        ResponseRecord("r0", "t", "As ![a](image:a.png) and ![a](image:a.png)", "m"),
        ResponseRecord("r1", "t", "image:nobody.png [x](image:nobody.png) ![x](image:gone)", "m"),
        RubricRecord("u", RUBRIC, published=True),
    ]


def bring(project: Project, records: list[Record], by: Any, **more: Any) -> ImportReport:
    return import_records(project=project, records=records, by=by, **more)


def exported(project: Project, **wanted: Any) -> bytes:
    return b"".join(jsonl(plan_export(project, Wanted(**wanted))))


def images_of(data: bytes) -> list[dict[str, Any]]:
    return [line for line in map(json.loads, data.splitlines()) if line["type"] == "image"]


def kept(project: Project) -> dict[str, tuple[bytes, str, int, int]]:
    return {
        image.name: (bytes(image.data), image.media_type, image.width, image.height)
        for image in Image.objects.filter(project=project)
    }


def test_an_export_holds_what_its_texts_show_and_says_where(cast: Cast) -> None:
    bring(cast.project, universe(), cast.owner)

    lines = images_of(exported(cast.project))

    assert [(line["id"], line["shown_in"]) for line in lines] == [
        ("a.png", [{"task": "t"}, {"response": "r0"}]),
        ("b.jpg", [{"task": "t"}]),
        ("c.webp", [{"rubric": "u", "criterion": "k"}]),
    ]
    assert lines[0]["media_type"] == "image/png"
    assert lines[0]["digest"] == hashlib.sha256(RED).hexdigest()


def test_pictures_survive_the_way_out_and_in(cast: Cast) -> None:
    bring(cast.project, universe(), cast.owner)
    data = exported(cast.project)
    copy = create_project(by=cast.owner, name="Copy", slug="copy")

    first = import_records(project=copy, records=read(data.splitlines()), by=cast.owner)
    again = import_records(project=copy, records=read(data.splitlines()), by=cast.owner)

    before = kept(cast.project)
    del before["nobody.png"]
    assert kept(copy) == before
    assert before["a.png"] == (RED, "image/png", 3, 2)
    assert (first.added["image"], first.unchanged["image"]) == (3, 0)
    assert (again.added["image"], again.unchanged["image"]) == (0, 3)
    assert images_of(exported(copy)) == images_of(data)


def test_they_are_left_out_where_they_are_not_wanted(cast: Cast) -> None:
    bring(cast.project, universe(), cast.owner)
    client = Client()
    client.force_login(cast.owner)
    _, secret = create_token(user=cast.owner, name="t", scope=ApiToken.Scope.READ)
    bearer = {"Authorization": f"Bearer {secret}"}
    page = reverse("scoring:export-jsonl", args=["demo"])
    api = "/api/v1/projects/demo/export.jsonl"

    def body(address: str, **more: Any) -> bytes:
        reply = client.get(address, **more)
        assert reply.status_code == 200, reply.content
        return b"".join(reply)

    assert len(images_of(body(page))) == len(images_of(body(api, headers=bearer))) == 3
    for without in (
        body(f"{page}?images=no"),
        body(f"{api}?images=no", headers=bearer),
        exported(cast.project, images=False),
    ):
        assert images_of(without) == []
        assert json.loads(without.splitlines()[0])["images"] is False


def test_the_command_leaves_them_out_as_well(cast: Cast, tmp_path: Path) -> None:
    bring(cast.project, universe(), cast.owner)
    for options, number in (([], 3), (["--no-images"], 0)):
        file = tmp_path / "out.jsonl"
        call_command(
            "export_dataset", "demo", "--output", str(file), *options, stderr=io.StringIO()
        )
        assert len(images_of(file.read_bytes())) == number


def test_the_page_asks_only_where_there_are_pictures(cast: Cast) -> None:
    client = Client()
    client.force_login(cast.owner)
    address = reverse("scoring:export", args=["demo"])
    bring(cast.project, universe()[7:], cast.owner)
    assert 'name="images"' not in client.get(address).content.decode()

    bring(cast.project, universe()[:1], cast.owner)
    assert 'name="images"' in client.get(address).content.decode()


def test_a_figure_of_every_response_names_a_few_of_them(
    cast: Cast, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    many = [ResponseRecord(f"x{i}", "t", "![a](image:a.png)", "m") for i in range(30)]
    bring(cast.project, [*universe(), *many], cast.owner)

    with django_assert_num_queries(3):
        [line] = [line for line in shown_images(cast.project, []) if line["id"] == "a.png"]

    assert len(line["shown_in"]) == MOST_PLACES
    assert line["shown_in"][:2] == [{"task": "t"}, {"response": "r0"}]


def test_without_pictures_an_export_looks_for_none(
    cast: Cast, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(1):
        assert list(shown_images(cast.project, [])) == []


# -- in


SVG = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"


@pytest.mark.parametrize(
    ("record", "field", "message"),
    [
        (picture("x", SVG, "png"), "data", "no PNG, JPEG, WebP or GIF"),
        (picture("x", RED[:30], "png"), "data", "no PNG, JPEG, WebP or GIF"),
        (picture("x", drawn(size=(10_000, 4_001)), "png"), "data", "40 million pixels"),
        (picture("x", RED, "jpeg"), "media_type", "is image/jpeg, and the data holds image/png"),
    ],
)
def test_a_bad_picture_refuses_the_whole_import(
    cast: Cast, record: ImageRecord, field: str, message: str
) -> None:
    task = TaskRecord("t", (Message("user", "Why?"),))
    good = picture("good.png", RED, "png")
    lines = [to_line(each) for each in (task, good, record)]

    with pytest.raises(ImportRefused) as refused:
        import_records(project=cast.project, records=read(lines, "f.jsonl"), by=cast.owner)

    [problem] = refused.value.report.problems
    assert (problem.file, problem.line, problem.field) == ("f.jsonl", 3, field)
    assert message in problem.message
    assert not Task.objects.exists() and not Image.objects.exists()


def test_what_is_good_is_kept_where_that_was_asked_for(cast: Cast) -> None:
    report = bring(
        cast.project, [picture("x", SVG, "png"), *universe()], cast.owner, keep_good=True
    )

    assert (report.n_problems, report.added["image"]) == (1, 4)


def test_a_name_that_stands_for_another_picture_is_a_problem(cast: Cast) -> None:
    bring(cast.project, [picture("a.png", RED, "png")], cast.owner)

    with pytest.raises(ImportRefused) as refused:
        bring(cast.project, [picture("a.png", drawn(color="blue"), "png")], cast.owner)

    [problem] = refused.value.report.problems
    assert "exists with other content" in problem.message
    assert kept(cast.project)["a.png"][0] == RED


def test_the_same_bytes_are_kept_under_the_name_that_the_file_s_texts_say(cast: Cast) -> None:
    add_image(project=cast.project, data=RED, name="mine.png", by=cast.author)

    bring(cast.project, [picture("a.png", RED, "png")], cast.owner)

    assert set(kept(cast.project)) == {"mine.png", "a.png"}


def test_a_rehearsal_keeps_no_picture(cast: Cast) -> None:
    report = bring(cast.project, universe(), cast.owner, dry_run=True)

    assert report.added["image"] == 4
    assert not Image.objects.exists()


def test_the_browser_shows_them_before_they_come_in(
    cast: Cast, settings: Settings, tmp_path: Path
) -> None:
    settings.UPLOAD_DIR = tmp_path
    client = Client()
    client.force_login(cast.author)
    text = "\n".join(map(to_line, universe())).encode()
    upload = SimpleUploadedFile("set.jsonl", text)

    address = client.post(
        reverse("rubricstudio:import", args=["demo"]), {"uploads": upload, "mode": "all"}
    )["Location"]
    page = client.get(address).content.decode()
    job = ImportJob.objects.get()
    ImportJob.objects.update(state=ImportState.QUEUED)
    run_import(job=job)

    assert "First pictures" in page and "image/webp" in page and str(len(RED)) in page
    assert len(kept(cast.project)) == 4
    job.refresh_from_db()
    assert job.state == ImportState.DONE
    assert "Pictures" in client.get(address).content.decode()


def test_the_command_reads_them_and_names_the_line_that_is_wrong(
    cast: Cast, tmp_path: Path
) -> None:
    file = tmp_path / "set.jsonl"
    file.write_text("\n".join(map(to_line, universe())))
    out = io.StringIO()
    call_command("import_dataset", str(file), "--project", "demo", stdout=out, stderr=io.StringIO())
    assert out.getvalue().splitlines()[-1].split() == ["image", "4", "0"]

    file.write_text(to_line(picture("x", RED, "png")).replace('"digest": "', '"digest": "0'))
    out = io.StringIO()
    with pytest.raises(CommandError):
        call_command(
            "import_dataset", str(file), "--project", "demo", stdout=out, stderr=io.StringIO()
        )
    assert "set.jsonl:1: digest: is not that of the data" in out.getvalue()

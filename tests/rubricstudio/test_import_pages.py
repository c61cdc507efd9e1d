"""Importing in the browser, without scripts: upload, preview, start, watch, cancel."""

from __future__ import annotations

import gzip
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from celery import current_app
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from rubricstudio.actions.import_jobs import Upload, create_import, run_import
from rubricstudio.forms.imports import MAPPING_LIMIT, MOST_FILES, example_mappings
from rubricstudio.models import ImportJob, ImportState, Task
from rubricstudio.workers import report_heartbeat
from tests.conftest import Cast

GOOD = b'{"type": "task", "id": "t1", "prompt": "Why?"}\n'
BAD = GOOD + b'{"type": "task", "id": "t2"}\n'
HTMX = {"HX-Request": "true"}
MAPPING = b"""
[[source]]
files = "*.csv"
[[source.make]]
record = "task"
[source.make.fields]
id = "{no}"
prompt = "{question}"
"""


@pytest.fixture(autouse=True)
def uploads(settings: Settings, tmp_path: Path) -> Path:
    settings.UPLOAD_DIR = tmp_path / "uploads"
    return tmp_path / "uploads"


@pytest.fixture
def author(client: Client, cast: Cast) -> Client:
    client.force_login(cast.author)
    return client


@pytest.fixture
def worker() -> Iterator[None]:
    report_heartbeat(node="llm@test")
    yield
    cache.delete("worker:llm")


@pytest.fixture(autouse=True)
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    calls: list[str] = []
    monkeypatch.setattr(current_app, "send_task", lambda name, **_: calls.append(name))
    return calls


def _file(content: bytes, name: str = "data.jsonl") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def _upload(client: Client, *files: SimpleUploadedFile, **more: object) -> Any:
    values = {"uploads": list(files), "mode": "all", **more}
    return client.post(reverse("rubricstudio:import", args=["demo"]), values, follow=True)


def _post(client: Client, job: ImportJob, button: str) -> str:
    return client.post(job.get_absolute_url(), {button: ""}, follow=True).content.decode()


def test_an_upload_leads_to_a_preview_and_nothing_is_stored(author: Client) -> None:
    page = _upload(author, _file(GOOD)).content.decode()

    assert "No problem found." in page
    assert "<td" in page and "Why?" in page
    assert not Task.objects.exists()


def test_import_starts_once_however_often_it_is_pressed(
    author: Client, sent: list[str], worker: None, django_capture_on_commit_callbacks: object
) -> None:
    _upload(author, _file(GOOD))
    job = ImportJob.objects.get()

    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        page = _post(author, job, "start")
        _post(author, job, "start")

    assert sent == ["rubricstudio.tasks.run_import"]
    assert "Queued" in page
    assert "No worker serves imports" not in page


def test_the_page_asks_again_until_the_import_is_finished(
    author: Client, cast: Cast, worker: None
) -> None:
    _upload(author, _file(GOOD))
    job = ImportJob.objects.get()
    _post(author, job, "start")

    waiting = author.get(job.get_absolute_url(), headers=HTMX).content.decode()
    run_import(job=job)
    done = author.get(job.get_absolute_url(), headers=HTMX).content.decode()

    assert 'hx-trigger="every 2s"' in waiting and "<html" not in waiting
    assert "hx-trigger" not in done
    assert "The import is done." in done
    assert reverse("rubricstudio:data", args=["demo"]) in done


def test_without_a_worker_it_says_so_at_once_and_what_to_do(author: Client) -> None:
    cache.delete("worker:llm")
    before = _upload(author, _file(GOOD)).content.decode()
    after = _post(author, ImportJob.objects.get(), "start")

    for page in (before, after):
        assert "No worker serves imports" in page
        assert "manage.py serve" in page


def test_problems_are_named_and_the_good_lines_can_be_imported(author: Client, cast: Cast) -> None:
    page = _upload(author, _file(BAD)).content.decode()
    job = ImportJob.objects.get()

    assert "nothing would be imported" in page
    assert "data.jsonl:2" in page and "messages" in page
    assert 'name="start"' not in page
    _post(author, job, "start_good")
    job.refresh_from_db()
    run_import(job=job)
    result = author.get(job.get_absolute_url()).content.decode()
    assert "Imported what was good." in result and "data.jsonl:2" in result
    assert Task.objects.count() == 1


def test_all_or_nothing_that_fails_says_that_nothing_was_imported(author: Client) -> None:
    _upload(author, _file(BAD))
    job = ImportJob.objects.get()
    _post(author, job, "start")
    run_import(job=job)

    assert "Nothing was imported." in author.get(job.get_absolute_url()).content.decode()


def test_an_import_can_be_cancelled_and_is_not_undone_later(author: Client) -> None:
    _upload(author, _file(GOOD))
    job = ImportJob.objects.get()
    _post(author, job, "start")

    assert "The import was cancelled." in _post(author, job, "cancel")
    assert "finished already" in _post(author, job, "cancel")


def test_a_job_left_by_a_killed_worker_offers_to_start_again(
    author: Client, sent: list[str], worker: None, django_capture_on_commit_callbacks: object
) -> None:
    _upload(author, _file(GOOD))
    job = ImportJob.objects.get()
    ImportJob.objects.update(state=ImportState.RUNNING)

    page = author.get(job.get_absolute_url()).content.decode()
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        _post(author, job, "restart")

    assert "Nobody works on this import any more." in page and 'name="restart"' in page
    assert sent == ["rubricstudio.tasks.run_import"]


def test_a_mapping_reads_another_layout(author: Client) -> None:
    csv = _file(b"no,question\n1,Why?\n", "questions.csv")

    page = _upload(author, csv, mapping_file=_file(MAPPING, "map.toml")).content.decode()

    assert "Read through the mapping map.toml." in page
    assert "No problem found." in page


def test_the_mappings_in_the_documentation_are_offered(author: Client) -> None:
    page = author.get(reverse("rubricstudio:import", args=["demo"])).content.decode()

    assert {"ttcw", "pandalm"} <= set(example_mappings())
    assert "ttcw.toml" in page
    chosen = _upload(author, _file(GOOD), example="ttcw").content.decode()
    assert "matches none of the files" in chosen


@pytest.mark.parametrize(
    "mapping",
    [
        b"\xff\xfe",
        b"not toml",
        b"a = " + b"[" * 5000,
        b"[[source]]\nfiles = 3\nmake = 3\n",
        b'[[source]]\nfiles = "*.csv"\ncapture = 3\n[[source.make]]\nrecord = "task"\nfields = 1\n',
        b'source = 3\nrubric = "x"\n',
        b'[[source]]\nfiles = "*.csv"\n[[source.make]]\nrecord = "task"\nwhen = 3\n'
        b"[source.make.fields]\nid = {column = 3, map = 4}\n",
        b"x" * (MAPPING_LIMIT + 1),
    ],
)
def test_a_mapping_that_cannot_be_used_is_refused_at_its_field(
    author: Client, mapping: bytes
) -> None:
    reply = _upload(author, _file(GOOD), mapping_file=_file(mapping, "map.toml"))

    assert reply.status_code == 422
    assert reply.context["form"].errors["mapping_file"]
    assert not ImportJob.objects.exists()


def test_files_that_are_missing_too_many_too_large_or_alike_are_refused(
    author: Client, settings: Settings
) -> None:
    settings.UPLOAD_LIMIT_MB = 1
    large = _file(b"x" * 600_000), _file(b"x" * 600_000, "b.jsonl")
    many = [_file(GOOD, f"{n}.jsonl") for n in range(MOST_FILES + 1)]

    for files, said in (
        ([], "Choose at least one file"),
        ([_file(b"")], "is empty"),
        (large, "2 MB together; the limit is 1 MB"),
        (many, "51 files"),
        ([_file(GOOD), _file(GOOD)], "called data.jsonl"),
    ):
        reply = _upload(author, *files)
        assert reply.status_code == 422
        assert said in reply.content.decode()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("image.png", b"\x89PNG\r\n\x1a\n\x00\x00"),
        ("a.csv", random.Random(1).randbytes(5000)),
        ("a.jsonl", b"\x00" * 100),
        ("a.jsonl", b'{"type": "task", "id": "x", "prompt": "' + b"y" * 3_000_000 + b'"}'),
        ("a.jsonl", b'{"type": "task", "id": "x", "promt\\u0000\\ud800": "y"}'),
        ("a.jsonl", b"[" * 50_000),
        ("a.jsonl.gz", gzip.compress(b"\n" * 50_000_000, mtime=0)),
        ("a.jsonl.gz", b"\x1f\x8b\x08broken"),
        ("a.json", b"{}"),
        ("a.csv", b'a,"b\n' * 100),
        ("odd\u202ename<script>.csv", b"id,prompt\n1,2\n"),
    ],
)
def test_no_file_makes_the_page_fail(
    author: Client, settings: Settings, name: str, content: bytes
) -> None:
    settings.UPLOAD_LIMIT_MB = 4

    reply = _upload(author, _file(content, name))

    assert reply.status_code == 200
    assert "<script>.csv" not in reply.content.decode()
    assert ImportJob.objects.count() == 1


def test_the_latest_imports_are_listed(author: Client) -> None:
    _upload(author, _file(GOOD, "first.jsonl"))

    page = author.get(reverse("rubricstudio:import", args=["demo"])).content.decode()

    assert "first.jsonl" in page and "Not started" in page


def test_imports_of_another_project_are_not_found(author: Client, cast: Cast) -> None:
    foreign = create_import(
        project=cast.other_project,
        uploads=[Upload("x.jsonl", [GOOD])],
        by=cast.stranger,
    )

    assert (
        author.get(reverse("rubricstudio:import-job", args=["demo", foreign.pk])).status_code == 404
    )

"""`manage.py import_dataset`: what it prints, what it leaves, and with which exit code."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from rubricstudio.models import Membership, Project, Response, Role, Task, User
from tests.conftest import Cast

GOOD = """
{"type": "response", "id": "r1", "task": "t1", "source": "heron", "text": "Because."}
{"type": "task", "id": "t1", "prompt": "Why?"}
"""
BAD = '{"type": "task", "id": "t2", "prompt": "How?"}\n{"type": "task", "id": "t3"}\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "good.jsonl").write_text(GOOD)
    (tmp_path / "README.md").write_text("# Not data")
    return tmp_path


def _run(*arguments: object, project: str = "demo") -> tuple[str, str]:
    out, err = io.StringIO(), io.StringIO()
    call_command(
        "import_dataset", *map(str, arguments), "--project", project, stdout=out, stderr=err
    )
    return out.getvalue(), err.getvalue()


def _refused(*arguments: object, project: str = "demo") -> tuple[int, str]:
    out = io.StringIO()
    with pytest.raises(CommandError) as caught:
        call_command(
            "import_dataset", *map(str, arguments), "--project", project,
            stdout=out, stderr=io.StringIO(),
        )  # fmt: skip
    return caught.value.returncode, f"{caught.value}\n{out.getvalue()}"


def test_a_folder_is_read_with_all_that_lies_below_it(cast: Cast, folder: Path) -> None:
    out, err = _run(folder)

    assert out.splitlines()[0] == "imported:"
    assert "passing over 1 files" in err
    assert "2 records read" in err and "a second, 100 %" in err
    assert Response.objects.get(external_id="r1").task.external_id == "t1"


def test_repeating_it_changes_nothing_and_says_so(cast: Cast, folder: Path) -> None:
    _run(folder)

    out, _ = _run(folder, "--format", "json")

    found: dict[str, Any] = json.loads(out)
    assert found["imported"] is True
    assert found["unchanged"] == {"task": 1, "response": 1}
    assert sum(found["added"].values()) == 0


def test_with_a_problem_nothing_is_imported_and_each_is_a_line(cast: Cast, folder: Path) -> None:
    (folder / "bad.jsonl").write_text(BAD)

    code, said = _refused(folder)

    assert code == 1
    assert "bad.jsonl:2: messages: is missing" in said
    assert not Task.objects.exists()


def test_what_is_good_is_kept_where_that_is_asked(cast: Cast, folder: Path) -> None:
    (folder / "bad.jsonl").write_text(BAD)

    out, _ = _run(folder, "--keep-good")

    assert "1 problems" in out
    assert set(Task.objects.values_list("external_id", flat=True)) == {"t1", "t2"}


def test_a_dry_run_reports_and_keeps_nothing(cast: Cast, folder: Path) -> None:
    out, _ = _run(folder, "--dry-run")

    assert out.startswith("would be imported:")
    assert not Task.objects.exists()
    (folder / "bad.jsonl").write_text(BAD)
    assert _refused(folder, "--dry-run")[0] == 1


def test_it_makes_the_project_for_the_person_who_is_named(cast: Cast, folder: Path) -> None:
    _run(folder, "--create", "--by", "ADA@example.com", project="new-set")

    made = Project.objects.get(slug="new-set")
    assert made.name == "New set"
    assert Membership.objects.get(project=made, role=Role.OWNER).user == cast.author
    assert Task.objects.filter(project=made).count() == 1


def test_without_a_name_the_only_person_owns_the_new_project(db: None, folder: Path) -> None:
    User.objects.create_user(username="solo", email="solo@example.com")

    _run(folder, "--create", project="mine")

    assert Project.objects.get(slug="mine").created_by.email == "solo@example.com"


@pytest.mark.parametrize(
    ("arguments", "project", "said"),
    [
        (["{folder}"], "nowhere", "there is no project 'nowhere'"),
        (["{folder}/none.jsonl"], "demo", "cannot read"),
        (["{folder}/empty"], "demo", "there is no file to import"),
        (["{folder}", "--mapping", "{folder}/none.toml"], "demo", "cannot read the mapping"),
        (["{folder}", "--mapping", "{folder}/README.md"], "demo", "README.md"),
        (["{folder}", "--by", "nobody@example.com"], "demo", "nobody with the address"),
        (["{folder}", "--create"], "unheard-of", "--by"),
    ],
)
def test_wrong_usage_ends_with_two(
    cast: Cast, folder: Path, arguments: list[str], project: str, said: str
) -> None:
    (folder / "empty").mkdir()

    given = [argument.format(folder=folder) for argument in arguments]
    code, message = _refused(*given, project=project)

    assert code == 2
    assert said in message


def test_a_mapping_makes_records_of_another_layout(cast: Cast, folder: Path) -> None:
    (folder / "map.toml").write_text(
        '[[source]]\nfiles = "in/*.csv"\n[[source.make]]\nrecord = "task"\n'
        '[source.make.fields]\nid = "q{no}"\nprompt = "{question}"\n'
    )
    (folder / "in" / "questions.csv").write_text("no,question\n1,Why?\n2,How?\n")

    _run(folder, "--mapping", folder / "map.toml")

    assert set(Task.objects.values_list("external_id", flat=True)) == {"q1", "q2"}

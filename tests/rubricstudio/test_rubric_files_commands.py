"""`manage.py import_rubric` and `export_rubric`: what they print, leave, and end with."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from rubricstudio import rubric_files
from rubricstudio.domain import rubric as domain
from rubricstudio.models import Rubric
from rubricstudio.queries.rubric_downloads import writable
from tests.conftest import SMALL_RUBRIC, Cast, Data
from tests.rubricstudio.test_rubric_files import HEALTHBENCH, RAR

FOLDER = Path(settings.REAL_DATA)
needs_data = pytest.mark.skipif(
    not FOLDER.is_dir(), reason=f"the public data sets are not at {FOLDER} (setting REAL_DATA)"
)


def run(name: str, *arguments: object) -> tuple[str, str]:
    out, err = io.StringIO(), io.StringIO()
    call_command(name, *map(str, arguments), stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def refused(name: str, *arguments: object) -> tuple[int, str, str]:
    err = io.StringIO()
    with pytest.raises(CommandError) as caught:
        call_command(name, *map(str, arguments), stdout=io.StringIO(), stderr=err)
    return caught.value.returncode, str(caught.value), err.getvalue()


@pytest.fixture
def healthbench(tmp_path: Path) -> Path:
    path = tmp_path / "hb.jsonl"
    path.write_text("\n".join([HEALTHBENCH, HEALTHBENCH.replace("p1", "p2")]), "utf-8")
    return path


@pytest.fixture
def rar(tmp_path: Path) -> Path:
    path = tmp_path / "rar.json"
    path.write_text(RAR, "utf-8")
    return path


# -- in


def test_every_rubric_of_every_file_is_imported_once(cast: Cast, healthbench: Path) -> None:
    out, err = run("import_rubric", healthbench, "--project", "demo")
    again, _ = run("import_rubric", healthbench, "--project", "demo")

    assert [line.split()[0] for line in out.splitlines()] == ["imported", "imported"]
    assert [line.split()[0] for line in again.splitlines()] == ["unchanged", "unchanged"]
    assert "HealthBench, 2 rubrics" in err
    assert Rubric.objects.filter(project=cast.project, created_by=cast.owner).count() == 2


def test_open_questions_are_listed_and_refused_until_they_are_answered(
    cast: Cast, rar: Path
) -> None:
    code, message, err = refused("import_rubric", rar, "--project", "demo", "--format", "rar")
    (guess,) = rubric_files.read("rar", "rar.json", RAR).rubrics[0].guesses

    assert code == 1
    assert "1 criteria leave open" in message
    assert f"{guess.key}: is meeting it good or bad? guessed good: {guess.why}" in err
    assert not Rubric.objects.exists()

    run("import_rubric", rar, "--project", "demo", "--format", "rar", "--met-bad", guess.key)
    assert Rubric.objects.get().versions.get().criteria.get(key=guess.key).met_means == "bad"


@pytest.mark.parametrize("option", ["--accept-guesses", "--yes"])
def test_guesses_can_be_taken_together(cast: Cast, rar: Path, option: str) -> None:
    run("import_rubric", rar, "--project", "demo", "--format", "rar", option)

    assert {c.met_means for c in Rubric.objects.get().versions.get().criteria.all()} == {"good"}


def test_answers_to_no_question_or_both_ways_are_wrong_usage(cast: Cast, rar: Path) -> None:
    given = ("import_rubric", rar, "--project", "demo", "--format", "rar")

    code, message, _ = refused(*given, "--met-good", "nonsense")
    assert (code, message) == (2, "no question is open about: nonsense")
    code, message, _ = refused(*given, "--met-good", "a", "--met-bad", "a")
    assert (code, message) == (2, "both --met-good and --met-bad: a")


def test_problems_refuse_everything_unless_told_to_keep_what_is_good(
    cast: Cast, tmp_path: Path
) -> None:
    path = tmp_path / "mixed.jsonl"
    path.write_text(f'{HEALTHBENCH}\n{{"prompt_id": "p2", "rubrics": [{{"points": 1}}]}}\n')
    given = ("import_rubric", path, "--project", "demo", "--format", "healthbench")

    code, message, err = refused(*given)
    assert code == 1 and "nothing was imported" in message
    assert "mixed.jsonl:2: " in err
    assert not Rubric.objects.exists()

    run(*given, "--keep-good")
    assert Rubric.objects.count() == 1


def test_a_dry_run_stores_nothing(cast: Cast, healthbench: Path) -> None:
    out, _ = run("import_rubric", healthbench, "--project", "demo", "--dry-run")

    assert out.splitlines() == ["would import p1: 2 criteria", "would import p2: 2 criteria"]
    assert not Rubric.objects.exists()


def test_criteria_go_into_the_draft_of_a_rubric(cast: Cast, data: Data, tmp_path: Path) -> None:
    path = tmp_path / "one.jsonl"
    path.write_text(HEALTHBENCH)
    rubric = data.version.rubric
    given = ("import_rubric", path, "--project", "demo", "--into", rubric.external_id)

    out, _ = run(*given)
    assert out == f"imported into {rubric.external_id}: 2 added, 0 changed, 0 removed\n"
    out, _ = run(*given)
    assert out.startswith("unchanged")
    out, _ = run(*given, "--replace")
    assert out.endswith("2 removed\n") or "removed" in out
    assert len(rubric.versions.get(number=2).as_rubric().leaves) == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["missing.json", "--project", "demo"], "cannot read missing.json"),
        (["x", "--project", "nowhere"], "there is no project 'nowhere'"),
        (["x"], "say which FILE"),
        (["x", "--project", "demo", "--replace"], "--replace goes with --into"),
        (["x", "--project", "demo", "--format", "odd"], "there is no format 'odd'"),
        (["x", "--project", "demo", "--into", "odd"], "there is no rubric 'odd'"),
    ],
)
def test_wrong_usage_ends_with_2(cast: Cast, arguments: list[str], message: str) -> None:
    code, said, _ = refused("import_rubric", *arguments)

    assert code == 2
    assert message in said


@pytest.mark.parametrize("content", [b"\xff\xfe", b"a\x00b"])
def test_a_file_that_is_no_text_ends_with_2(cast: Cast, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "binary.json"
    path.write_bytes(content)

    assert refused("import_rubric", path, "--project", "demo")[0] == 2


@pytest.mark.parametrize("name", ["import_rubric", "export_rubric"])
def test_the_formats_are_listed(name: str) -> None:
    out, _ = run(name, "--format-list")

    assert "native " in out and "healthbench " in out
    assert all(line.count(":") for line in out.splitlines())


def test_a_large_file_is_read_line_by_line_and_stored_as_a_small_one_is(
    cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [HEALTHBENCH.replace("p1", f"p{n % 5}") for n in range(7)]
    path = tmp_path / "many.jsonl"
    path.write_text("\r\n".join([*lines, ""]), "utf-8")
    whole, _ = run("import_rubric", path, "--project", "demo", "--dry-run")
    monkeypatch.setattr("rubricstudio.queries.rubric_streams.LARGE", 10)
    monkeypatch.setattr("rubricstudio.queries.rubric_streams.PIECE", 3)

    in_pieces, _ = run("import_rubric", path, "--project", "demo", "--dry-run")
    out, err = run("import_rubric", path, "--project", "demo")

    assert in_pieces == whole and "p0-2" in whole
    assert "HealthBench, 7 rubrics" in err
    assert [line.split()[0] for line in out.splitlines()] == ["imported"] * 7
    again, _ = run("import_rubric", path, "--project", "demo")
    assert [line.split()[0] for line in again.splitlines()] == ["unchanged"] * 7


def test_a_large_file_with_a_broken_line_names_it_and_stores_nothing(
    cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rubricstudio.queries.rubric_streams.LARGE", 10)
    monkeypatch.setattr("rubricstudio.queries.rubric_streams.PIECE", 2)
    lines = [HEALTHBENCH.replace("p1", f"p{n}").encode() for n in range(6)]
    path = tmp_path / "many.jsonl"

    path.write_bytes(b"\n".join([*lines[:4], b"{", *lines[4:]]))
    code, _, err = refused("import_rubric", path, "--project", "demo")
    assert code == 1 and "many.jsonl:5: is not JSON" in err

    monkeypatch.setattr("rubricstudio.queries.rubric_streams._HEAD", 600)
    path.write_bytes(b"\n".join([*lines[:4], b"\xff", *lines[4:]]))
    code, message, _ = refused("import_rubric", path, "--project", "demo")
    assert code == 2 and "many.jsonl:5: holds bytes that are not UTF-8" in message
    assert not Rubric.objects.exists()


# -- out


def test_a_version_is_written_to_standard_output_and_read_back_equal(
    cast: Cast, data: Data
) -> None:
    out, err = run("export_rubric", "demo", "advice", "--version", 1)

    (back,) = rubric_files.read("native", "advice.json", out).rubrics
    assert back.rubric == SMALL_RUBRIC
    assert err == "rubric advice version 1\n"


@pytest.mark.parametrize("name", [format_.name for format_ in writable()])
def test_every_format_says_on_stderr_what_is_lost(
    cast: Cast, data: Data, tmp_path: Path, name: str
) -> None:
    path = tmp_path / "out"

    _, err = run("export_rubric", "demo", "--all", "--format", name, "--output", path)

    lost = [line for line in err.splitlines() if line.startswith("lost: ")]
    assert path.read_text("utf-8")
    assert list(tmp_path.iterdir()) == [path]
    if lost:
        path.unlink()
        code, _, _ = refused("export_rubric", "demo", "advice", "--format", name, "--strict")
        assert code == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "say which project"),
        (["demo"], "say which project"),
        (["demo", "advice", "--all"], "say which project"),
        (["demo", "odd"], "there is no rubric 'odd'"),
        (["demo", "advice", "--version", "7"], "there are: 1"),
        (["demo", "--all", "--version", "1"], "--version goes with one rubric"),
        (["demo", "advice", "--format", "odd"], "there is no format 'odd' to write"),
        (["demo", "advice", "--output", "/nowhere/at/all"], "cannot write"),
    ],
)
def test_wrong_usage_of_the_export_ends_with_2(
    cast: Cast, data: Data, arguments: list[str], message: str
) -> None:
    code, said, _ = refused("export_rubric", *arguments)

    assert code == 2
    assert message in said


def test_a_project_without_rubrics_ends_with_1(cast: Cast) -> None:
    assert refused("export_rubric", "demo", "--all")[:2] == (1, "there is no rubric to write")


# -- real files


def _depth(node: dict[str, object]) -> int:
    below = node["sub_tasks"]
    assert isinstance(below, list)
    return 1 + max((_depth(child) for child in below), default=0)


def _leaves(node: dict[str, object]) -> int:
    below = node["sub_tasks"]
    assert isinstance(below, list)
    return sum(map(_leaves, below)) if below else 1


@needs_data
@pytest.mark.parametrize("paper", ["rice", "all-in-one", "semantic-self-consistency"])
def test_paperbench_comes_in_and_leaves_as_it_was(cast: Cast, tmp_path: Path, paper: str) -> None:
    source = FOLDER / "paperbench" / "papers" / paper / "rubric.json"
    given = json.loads(source.read_text("utf-8"))

    run("import_rubric", source, "--project", "demo")
    rubric = Rubric.objects.get()
    value = rubric.versions.get().as_rubric()

    assert len(value.leaves) == _leaves(given)
    assert max(depth for depth, _ in value.walk()) + 1 == _depth(given)
    assert value.aggregator == "hierarchical_mean"
    assert {c.origin for c in value.criteria} == {
        domain.Origin("import", rubric_files.FORMATS["paperbench"].label, "rubric.json")
    }

    path = tmp_path / "back.json"
    run("export_rubric", "demo", rubric.external_id, "--format", "paperbench", "--output", path)
    assert json.loads(path.read_text("utf-8")) == given


@needs_data
def test_every_question_of_infobench_is_found(cast: Cast) -> None:
    source = FOLDER / "infobench" / "GPT4_DecomposeEval.jsonl"

    out, err = run("import_rubric", source, "--project", "demo", "--dry-run")

    lines = [line.removesuffix(" criteria").split() for line in out.splitlines()]
    assert len(lines) == 500
    assert sum(int(line[-1]) for line in lines) == 2250
    assert "lost: " in err


def test_a_file_of_no_known_rubric_format_is_refused_in_words(cast: Cast, tmp_path: Path) -> None:
    path = tmp_path / "letter.txt"
    path.write_text("Dear all, ...")

    code, message, err = refused("import_rubric", path, "--project", "demo")

    assert code == 1
    assert "nothing was imported" in message
    assert "of no known format" in err

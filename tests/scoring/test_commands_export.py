"""What `manage.py export_dataset` writes, where to, and with which exit code."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from rubricstudio.domain.rubric import Criterion, MetMeans, Rubric
from tests.conftest import Cast
from tests.scoring.compare_data import fill


def _run(*arguments: str) -> tuple[str, str]:
    out, err = io.StringIO(), io.StringIO()
    call_command("export_dataset", *arguments, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def _universe(cast: Cast) -> None:
    rubric = Rubric((Criterion(key="k0", text="Bad.", weight=-1, met_means=MetMeans.BAD),))
    fill(cast, people={"ann": np.ones((2, 1))}, judges={"gpt": np.ones((2, 1))}, rubric=rubric)


def test_it_writes_lines_to_stdout_and_progress_to_stderr(cast: Cast) -> None:
    _universe(cast)

    out, err = _run("demo", "--version", "1")

    kinds = [json.loads(line)["type"] for line in out.splitlines()]
    assert kinds[0] == "export"
    assert kinds.count("verdict") == 4
    assert "pinned: points version 1" in err and "done: " in err


def test_it_writes_csv(cast: Cast) -> None:
    _universe(cast)

    out, _ = _run("demo", "--format", "csv", "--session", "experts")

    assert out.splitlines()[0].startswith("task,response,source,")
    assert len(out.splitlines()) == 3


def test_a_file_is_whole_or_not_there(cast: Cast, tmp_path: Path) -> None:
    _universe(cast)

    out, err = _run("demo", "--output", str(tmp_path / "set.jsonl"))

    assert out == ""
    assert f"wrote {tmp_path / 'set.jsonl'}" in err
    assert [path.name for path in tmp_path.iterdir()] == ["set.jsonl"]
    assert (tmp_path / "set.jsonl").read_text().startswith('{"type":"export"')


def test_a_folder_that_is_not_there_is_named(cast: Cast, tmp_path: Path) -> None:
    _universe(cast)

    with pytest.raises(CommandError, match="cannot write .*nowhere.*No such file") as ended:
        _run("demo", "--output", str(tmp_path / "nowhere" / "set.jsonl"))

    assert ended.value.returncode == 2


@pytest.mark.parametrize(
    ("arguments", "said", "code"),
    [
        (("nowhere",), "there is no project 'nowhere'; there are: demo, elsewhere", 2),
        (("demo", "--version", "3"), "there is no published version 3 of any rubric", 2),
        (("demo", "--run", "bard"), "there is no run 'bard' with verdicts; there are: gpt", 2),
        (("demo", "--aggregator", "x"), "there is no aggregator 'x'", 2),
        (("demo", "--aggregator", "weighted_mean"), "criterion 'k0' weighs -1", 1),
        (("elsewhere",), "nothing to export", 1),
    ],
)
def test_it_ends_with_a_code_that_scripts_can_trust(
    cast: Cast, arguments: tuple[str, ...], said: str, code: int
) -> None:
    _universe(cast)

    with pytest.raises(CommandError) as ended:
        _run(*arguments)

    assert said in str(ended.value)
    assert ended.value.returncode == code

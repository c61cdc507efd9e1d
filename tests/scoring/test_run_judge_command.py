"""manage.py run_judge: what it makes, prints and returns."""

from __future__ import annotations

import json
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.core.management import CommandError, call_command

from scoring.actions import batches, here
from scoring.actions.judges import archive_judge
from scoring.actions.runs import cancel_run
from scoring.judges import JudgeBusy, Outcome, Provenance, Scored
from scoring.management.commands import run_judge
from scoring.models import Judge, Run, RunStatus
from tests.conftest import Cast, Data
from tests.scoring.judged import queued, rules, worked


@pytest.fixture
def a_worker() -> Iterator[None]:
    cache.set("worker:llm", "llm@test", timeout=60)
    yield
    cache.delete("worker:llm")


@pytest.fixture
def no_worker() -> None:
    cache.delete("worker:llm")


def _call(*options: str) -> tuple[str, str]:
    """What it prints on stdout and stderr."""
    out, err = StringIO(), StringIO()
    call_command("run_judge", "demo", *options, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def _refusal(*options: str) -> tuple[int, str]:
    """The exit code and what is said."""
    with pytest.raises(CommandError) as refused:
        _call(*options)
    return refused.value.returncode, str(refused.value)


def test_here_it_judges_in_this_process_and_prints_the_run_as_json(cast: Cast, data: Data) -> None:
    rules(cast)

    out, err = _call("--judge", "Rules", "--here", "--format", "json", "--name", "first")

    shown = json.loads(out)
    assert shown["status"] == "done"
    assert (shown["verdicts"], shown["expected"]) == (12, 12)
    assert shown["by_status"] == {"ok": 11, "refused": 1}
    assert shown["tokens_in"] == {"total": None, "known_of": 0}
    assert shown["cost"] == {"total": 0.0, "known_of": 12}
    assert "12 verdicts: 4 responses x 3 criteria x 1 sample" in err
    assert Run.objects.get().round.name == "first"


def test_as_a_table_it_shows_counts_and_sums(cast: Cast, data: Data) -> None:
    rules(cast)

    out, _ = _call("--judge", "Rules", "--here")

    assert "refused" in out
    assert "tokens in" in out


def test_it_makes_a_judge_and_takes_the_same_one_the_next_time(
    cast: Cast, data: Data, tmp_path: Path
) -> None:
    words = tmp_path / "words.json"
    words.write_text('{"warns": ["doctor"]}', "utf-8")
    options = ["--judge", "Words", "--kind", "scripted", "--param", f"words=@{words}"]
    options += ["--param", "otherwise=met", "--param", "delay=0", "--here"]

    for _ in range(2):
        _call(*options)

    judge = Judge.objects.get()
    assert judge.params == {"words": {"warns": ["doctor"]}, "otherwise": "met", "delay": 0}
    assert judge.runs.count() == 2


@pytest.mark.parametrize(
    ("options", "responses"),
    [
        (["--source", "wren"], 2),
        (["--task", "task-1"], 2),
        (["--task", "task-1", "--task", "task-2", "--source", "heron"], 2),
        (["--first", "3"], 3),
        (["--rubric", "advice", "--version", "1"], 4),
    ],
)
def test_it_judges_what_it_was_told_to(
    cast: Cast, data: Data, options: list[str], responses: int
) -> None:
    rules(cast)

    out, _ = _call("--judge", "Rules", "--here", "--format", "json", *options)

    assert json.loads(out)["verdicts"] == responses * 3


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--judge", "Nobody"], "there are: Rules"),
        (["--judge", "Rules", "--source", "nobody"], "heron, wren"),
        (["--judge", "Rules", "--tag", "no"], "there is no tag 'no'"),
        (["--judge", "Rules", "--task", "no"], "task-1, task-2"),
        (["--judge", "Rules", "--session", "no"], "there is no session 'no'"),
        (["--judge", "Rules", "--rubric", "no"], "there are: advice"),
        (["--judge", "Rules", "--version", "7"], "there are: 1"),
        (["--judge", "Rules", "--first", "0"], "--first"),
        (["--judge", "Rules", "--samples", "0"], "--samples"),
        (["--judge", "Rules", "--param", "delay=1"], "--param needs --kind"),
        (["--judge", "Rules", "--kind", "scripted"], "another configuration"),
        (["--judge", "X", "--kind", "oracle"], "local"),
        (["--judge", "X", "--kind", "scripted", "--param", "delay"], "NAME=VALUE"),
        (["--judge", "X", "--kind", "scripted", "--param", "delai=1"], "'delay'"),
        (["--judge", "X", "--kind", "scripted", "--param", "delay=soon"], "must be a number"),
        (["--judge", "X", "--kind", "scripted", "--param", "words={"], "not JSON: line 1"),
        (["--judge", "X", "--kind", "scripted", "--param", "words=@/no/file"], "No such file"),
        (["--resume", "no"], "there are: first"),
        (["--cancel", "no"], "there are: first"),
        (["--by", "stefan@example.com", "--judge", "Rules"], "not a member"),
        ([], "--judge"),
    ],
)
def test_wrong_usage_and_unknown_names_are_code_2_and_say_what_there_is(
    cast: Cast, data: Data, options: list[str], words: str
) -> None:
    queued(cast, data, rules(cast))

    code, said = _refusal(*options, *(["--here"] if "--cancel" not in options else []))

    assert (code, words in said) == (2, True), said
    assert Run.objects.count() == 1
    assert Judge.objects.count() == 1


def test_an_archived_judge_is_not_run(cast: Cast, data: Data) -> None:
    archive_judge(judge=rules(cast), by=cast.author)

    code, said = _refusal("--judge", "Rules", "--here")

    assert (code, "archived" in said) == (2, True)


def test_without_a_worker_it_fails_at_once_and_makes_nothing(
    cast: Cast, data: Data, no_worker: None
) -> None:
    code, said = _refusal("--judge", "New", "--kind", "scripted")

    assert code == 1
    assert "manage.py serve" in said
    assert "--here" in said
    assert not Judge.objects.exists()


def test_detached_it_returns_at_once_and_says_that_nobody_works(
    cast: Cast, data: Data, no_worker: None
) -> None:
    rules(cast)

    out, err = _call("--judge", "Rules", "--detach", "--format", "json")

    assert json.loads(out)["status"] == "queued"
    assert "manage.py serve" in err


def test_waiting_it_follows_the_workers_until_the_run_is_done(
    cast: Cast, data: Data, a_worker: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules(cast)

    def work(_: float) -> None:
        here.work_here(run=Run.objects.get())

    # In place of the wait, a worker does its work.
    monkeypatch.setattr("scoring.management.commands.run_judge.time.sleep", work)
    out, err = _call("--judge", "Rules", "--format", "json")

    assert json.loads(out)["status"] == "done"
    assert "queued: 0 / 12 verdicts" in err
    assert "done: 12 / 12 verdicts" in err


def test_waiting_it_gives_up_when_the_last_worker_has_gone(
    cast: Cast, data: Data, a_worker: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules(cast)
    monkeypatch.setattr(run_judge, "PATIENCE", -1.0)
    monkeypatch.setattr(
        "scoring.management.commands.run_judge.time.sleep", lambda _: cache.delete("worker:llm")
    )

    code, said = _refusal("--judge", "Rules")

    assert code == 1
    assert "goes on as soon as one is there" in said
    assert Run.objects.get().status == RunStatus.QUEUED


def test_a_run_that_fails_is_printed_and_code_1(cast: Cast, data: Data) -> None:
    rules(cast, failures={"task-1/heron": "error"})

    code, said = _refusal("--judge", "Rules", "--here")

    assert code == 1
    assert "is failed" in said
    assert "task-1/heron" in said


def test_a_taken_name_is_refused_with_code_1(cast: Cast, data: Data) -> None:
    worked(cast, data, rules(cast), "first")

    code, said = _refusal("--judge", "Rules", "--here", "--name", "first")

    assert (code, "already" in said) == (1, True)


def test_nothing_to_judge_is_code_1(cast: Cast, data: Data) -> None:
    rules(cast)
    cast.project.responses.filter(source="wren", task=data.tasks[1]).update(source="owl")

    code, said = _refusal("--judge", "Rules", "--here", "--source", "owl", "--task", "task-1")

    assert (code, "at least one response" in said) == (1, True)


def test_it_cancels_and_resumes_by_name(cast: Cast, data: Data) -> None:
    queued(cast, data, rules(cast))

    cancelled, _ = _call("--cancel", "first", "--format", "json")
    resumed, _ = _call("--resume", "first", "--here", "--format", "json")

    assert json.loads(cancelled)["status"] == "cancelled"
    assert json.loads(resumed)["status"] == "done"
    assert _refusal("--resume", "first", "--here")[0] == 1
    assert _refusal("--cancel", "first")[0] == 1


def test_interrupted_here_it_cancels_so_that_it_can_be_resumed(
    cast: Cast, data: Data, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules(cast)

    def interrupt(**_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(here, "judge_batch", interrupt)
    code, said = _refusal("--judge", "Rules", "--here")

    assert (code, "cancelled" in said) == (1, True)
    assert Run.objects.get().status == RunStatus.CANCELLED


class _BusyTwice:
    """Too busy for two calls, then at work."""

    def __init__(self) -> None:
        self.calls = 0

    def judge(self, requests: Any) -> list[Outcome]:
        self.calls += 1
        if self.calls < 3:
            raise JudgeBusy("Too many requests.")
        return [
            Scored(value=each.criterion.scale.low, provenance=Provenance(model="m"))
            for each in requests
        ]


def test_here_a_busy_judge_is_waited_for_longer_each_time(
    cast: Cast, data: Data, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy = _BusyTwice()
    waits: list[float] = []
    monkeypatch.setattr(batches, "build", lambda *_: busy)
    run = queued(cast, data, rules(cast))

    here.work_here(run=run, pause=waits.append)

    assert run.status == RunStatus.DONE
    assert waits == [1.0, 2.0]


def test_here_a_run_cancelled_meanwhile_stops(cast: Cast, data: Data) -> None:
    run = queued(cast, data, rules(cast))
    cancel_run(run=run, by=cast.author)

    assert here.work_here(run=run).status == RunStatus.CANCELLED

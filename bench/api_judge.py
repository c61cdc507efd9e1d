"""Verdicts of a hosted model: how many a second reach the database, and what each costs us.

    .venv/bin/python bench/api_judge.py [--quick] [--json] [--latency SECONDS] [--alone]

A server on this machine answers every call after 200 ms. Two worker processes of ours with 32
calls at once each judge responses by ten criteria and store the verdicts in PostgreSQL, one
criterion a call and then all ten in a call. Autorubric does the same one criterion a call, 64 at
once, and keeps them in memory and a file; it is installed on first use, without what we have
(--alone leaves it out). Both speak to the server through the same LiteLLM. The ideal is 64 calls
every 200 ms. What LiteLLM and HTTP take, and what prompts and replies do, is measured apart.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from _api_data import criterion, response
from _common import Figure, figure, parser, say, show
from _installation import installation

if TYPE_CHECKING:
    from scoring.models import Judge, Run

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
CRITERIA, AT_ONCE, PROCESSES = 10, 64, 2
RESPONSES, QUICK_RESPONSES = 400, 30
AUTORUBRIC = ("autorubric==1.6.1", "coolname", "diskcache", "tenacity", "rich", "python-dotenv")
WARMING = 100 * PROCESSES  # responses: a batch of a thousand verdicts for each process
PATIENCE = 900.0  # seconds for a run


def main(arguments: Sequence[str]) -> int:
    made = parser(__doc__, quick="few responses, and ours alone")
    made.add_argument("--latency", type=float, default=0.2, help="seconds of the server")
    made.add_argument("--alone", action="store_true", help="leave autorubric out")
    options = made.parse_args(arguments)
    responses = QUICK_RESPONSES if options.quick else RESPONSES
    theirs = None
    with (
        tempfile.TemporaryDirectory(prefix="studio-bench-") as name,
        _server(options.latency) as at,
    ):
        if not (options.quick or options.alone):
            theirs = _autorubric(at, responses // 4)
        os.environ["JUDGE_ALLOW_PRIVATE_HOSTS"] = "1"
        with installation(Path(name)):
            figures = _ours(at, responses, AT_ONCE / options.latency, theirs)
    show(figures, as_json=options.json, theirs="autorubric 1.6.1")
    return 0


@contextmanager
def _server(latency: float) -> Iterator[str]:
    process = subprocess.Popen(
        [sys.executable, str(HERE / "_api_server.py"), str(latency)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.kill()
        process.wait()


# -- theirs


def _autorubric(address: str, responses: int) -> dict[str, float]:
    """Verdicts, seconds, and seconds of processor time of autorubric."""
    folder = Path(os.environ.get("STUDIO_HOME", ROOT / ".studio")) / "bench-autorubric"
    if not (folder / "autorubric").is_dir():
        say(f"installing {AUTORUBRIC[0]} into {folder}")
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target"]
        subprocess.run([*pip, str(folder), *AUTORUBRIC], check=True, stdout=sys.stderr)
    say(f"autorubric: {responses * CRITERIA} verdicts, {AT_ONCE} calls at once")
    given = [address, str(responses), str(CRITERIA), str(AT_ONCE), "per_criterion"]
    done = subprocess.run(
        [sys.executable, str(HERE / "_api_autorubric.py"), *given],
        env={**os.environ, "PYTHONPATH": str(folder), "LITELLM_LOCAL_MODEL_COST_MAP": "True"},
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    if found["verdicts"] != responses * CRITERIA:
        raise SystemExit(f"autorubric reached {found['verdicts']} verdicts")
    return found


# -- ours


def _ours(
    address: str, responses: int, ideal: float, theirs: dict[str, float] | None
) -> list[Figure]:
    from rubricstudio.models import Response

    project = _Project(address, responses)
    say("one criterion a call")
    single = project.measure("one", list(Response.objects.values_list("pk", flat=True)))
    say("all criteria in a call")
    several = project.measure(
        "all", list(Response.objects.values_list("pk", flat=True)), mode="rubric"
    )
    say("what LiteLLM, and prompts and replies, take of it")
    calls, words = _parts(project.judge("parts"), address)
    rate = theirs["verdicts"] / theirs["seconds"] if theirs else None
    cost = 1e3 * theirs["cpu"] / theirs["verdicts"] if theirs else None
    unit = "ms a verdict"
    return [
        _more("verdicts stored a second, one criterion a call", single.rate, rate),
        figure("the same, as a share of the ideal", single.rate / ideal, unit="of 1"),
        _more("verdicts stored a second, ten criteria in a call", several.rate, rate),
        figure("processor, one criterion a call", single.cpu, cost, unit=unit),
        figure("of it LiteLLM and HTTP", calls, unit=unit),
        figure("of it prompts and replies", words, unit=unit),
        figure("of it books, verdicts and queue", single.cpu - calls - words, unit=unit),
        figure("processor, ten criteria in a call", several.cpu, cost, unit=unit),
    ]


def _more(name: str, ours: float, theirs: float | None) -> Figure:
    """A figure of which more is better."""
    ratio = None if theirs is None else ours / theirs
    return {"name": name, "ours": ours, "theirs": theirs, "ratio": ratio, "unit": "verdicts/s"}


class _Measured:
    """`rate`: verdicts a second from the first call to the last; `cpu`: ms of workers each."""

    def __init__(self, run: Run, cpu: float) -> None:
        from rubricstudio.models import Verdict

        rows = Verdict.objects.filter(round=run.pk, status="ok")
        count = rows.count()
        if run.status != "done" or run.finished_at is None or run.started_at is None:
            raise SystemExit(f"the run is {run.status}: {run.error}")
        self.count = count
        self.rate = count / (run.finished_at - run.started_at).total_seconds()
        self.cpu = 1e3 * cpu / count


class _Project:
    """A project with responses and a published rubric, and workers that judge them."""

    def __init__(self, address: str, responses: int) -> None:
        from rubricstudio.actions.projects import create_project
        from rubricstudio.actions.rubrics import create_rubric, publish
        from rubricstudio.actions.tasks import add_task
        from rubricstudio.domain.rubric import Criterion, Rubric
        from rubricstudio.models import Response, User

        self.address = address
        self.user = User.objects.create_user("bench", "bench@example.com", "bench")
        self.project = create_project(name="Bench", by=self.user)
        asked = [{"role": "user", "content": "Explain the matter to a patient."}]
        task = add_task(project=self.project, external_id="t", messages=asked)
        Response.objects.bulk_create(
            Response(
                project=self.project,
                task=task,
                external_id=f"r{n}",
                source="bench",
                text=response(n),
            )
            for n in range(responses)
        )
        criteria = tuple(Criterion(key=f"c{n}", text=criterion(n)) for n in range(CRITERIA))
        draft = create_rubric(
            project=self.project, name="Rubric", by=self.user, value=Rubric(criteria=criteria)
        )
        self.version = publish(version=draft, by=self.user)

    def judge(self, name: str, **params: object) -> Judge:
        from scoring.actions.judges import create_judge

        given = {
            "model": "hosted_vllm/m",
            "api_base": self.address,
            "reply": "json_object",
            "concurrency": AT_ONCE // PROCESSES,
            "price_in": 1.0,
            "price_out": 4.0,
        }
        return create_judge(
            project=self.project, name=name, kind="llm", params=given | params, by=self.user
        )

    def measure(self, name: str, response_ids: Sequence[int], **params: object) -> _Measured:
        """A run by workers that have all judged before: a worker stays, and imports once."""
        judge = self.judge(name, **params)
        with _workers() as spent:
            self._await(judge, f"{name} first", response_ids[:WARMING])
            before = spent()
            run = self._await(judge, name, response_ids)
            return _Measured(run, spent() - before)

    def _await(self, judge: Judge, name: str, response_ids: Sequence[int]) -> Run:
        """A run that has ended."""
        from scoring.actions.runs import start_run

        run = start_run(
            judge=judge,
            version=self.version,
            response_ids=response_ids,
            name=name,
            by=self.user,
        )
        deadline = time.monotonic() + PATIENCE
        while run.status in ("queued", "running"):
            if time.monotonic() > deadline:
                raise SystemExit(f"the run took more than {PATIENCE:g} s")
            time.sleep(0.1)  # between two looks
            run.refresh_from_db()
        return run


@contextmanager
def _workers() -> Iterator[Callable[[], float]]:
    """Celery's workers, and a function that says what processor time they have spent."""
    command = [sys.executable, "-m", "celery", "--quiet", "-A", "rubricstudio", "worker"]
    worker = subprocess.Popen(
        [*command, "-Q", "llm", "--concurrency", str(PROCESSES), "--loglevel", "ERROR"],
        cwd=ROOT,
        stdout=sys.stderr,
    )
    try:
        yield lambda: _processor(worker.pid)
    finally:
        worker.terminate()
        worker.wait()


def _processor(pid: int) -> float:
    """Seconds of processor time of a process and those it began."""
    tick = os.sysconf("SC_CLK_TCK")
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    own = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(own[11]) + int(own[12])) / tick + sum(_processor(int(each)) for each in children)


def _parts(judge: Judge, address: str) -> tuple[float, float]:
    """Milliseconds of processor a call takes in LiteLLM and HTTP, and in prompts and replies."""
    from rubricstudio.models import Criterion, Response
    from scoring.actions.judges import site
    from scoring.judges import build
    from scoring.judges.llm import LlmJudge
    from scoring.llm_calls import ChatReply
    from scoring.queries.requests import request_of

    asked = Criterion.objects.filter(is_group=False).select_related("parent")
    requests = [
        request_of(answer, each, 0)
        for answer in Response.objects.select_related("task")[:30]
        for each in asked
    ]
    built = build(judge.kind, judge.params, site())
    assert isinstance(built, LlmJudge)
    client, questions = built.client(), built.questions(requests)
    calls = [built.call(question) for question in questions]
    client.chat(calls[:AT_ONCE])
    begun = _here()
    results = client.chat(calls)
    called = _here() - begun
    replies = [result for result in results if isinstance(result, ChatReply)]
    if len(replies) != len(calls):
        raise SystemExit(f"{len(calls) - len(replies)} calls of {address} failed")
    begun = _here()
    for question, reply in zip(built.questions(requests), replies, strict=True):
        built.call(question)
        built._read(question, reply)
    return 1e3 * called / len(calls), 1e3 * (_here() - begun) / len(calls)


def _here() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

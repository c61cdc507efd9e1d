"""Every benchmark runs alone, takes the same two options, gives one shape, and is written down."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
BENCHMARKS = sorted(path for path in (ROOT / "bench").glob("*.py") if path.name[0] != "_")
DOCUMENT = ROOT / "docs" / "benchmarks.md"
# How each is made small enough to be run here; it is the shape that is looked at.
TINY = {
    "local_judge": ("--response", "40", "--criteria", "4"),
    "assignment": ("--items", "60"),
    "agreement": ("--tasks", "20"),
    "adjudication": ("--responses", "40"),
    "authoring": ("--criteria", "30"),
    "library": ("--criteria", "200"),
    "web": ("--tasks", "60"),
}


@pytest.mark.parametrize("path", BENCHMARKS, ids=lambda path: path.stem)
def test_a_benchmark_says_that_it_takes_quick_and_json(path: Path) -> None:
    run = subprocess.run([sys.executable, path, "--help"], capture_output=True, text=True)

    assert run.returncode == 0, run.stderr
    assert "--quick" in run.stdout
    assert "--json" in run.stdout


@pytest.mark.parametrize("path", BENCHMARKS, ids=lambda path: path.stem)
def test_a_benchmark_is_written_down(path: Path) -> None:
    assert f"bench/{path.name}" in DOCUMENT.read_text("utf-8")


@pytest.mark.slow
@pytest.mark.parametrize("path", BENCHMARKS, ids=lambda path: path.stem)
def test_a_benchmark_prints_a_list_of_figures_and_nothing_else(path: Path) -> None:
    tiny = TINY.get(path.stem, ())

    run = subprocess.run(
        [sys.executable, path, "--quick", "--json", *tiny], capture_output=True, text=True
    )

    assert run.returncode == 0, run.stderr
    figures = json.loads(run.stdout)
    if "skipped:" in run.stderr:
        pytest.skip(run.stderr.partition("skipped:")[2].strip())
    assert figures
    for figure in figures:
        check(figure)
    assert len({figure["name"] for figure in figures}) == len(figures)


def check(figure: dict[str, Any]) -> None:
    """A figure has its five fields, and a ratio exactly when there is something to compare."""
    assert set(figure) == {"name", "ours", "theirs", "ratio", "unit"}
    assert isinstance(figure["name"], str)
    assert isinstance(figure["unit"], str)
    assert isinstance(figure["ours"], int | float)
    assert (figure["theirs"] is None) == (figure["ratio"] is None)
    if figure["theirs"] is not None:
        assert figure["ratio"] == pytest.approx(figure["theirs"] / figure["ours"])


def test_a_server_that_refuses_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "bench"))
    client = importlib.import_module("_web_client")
    (log := tmp_path / "log").write_text("the server's last words")
    with HTTPServer(("127.0.0.1", 0), _Refusing) as server, ThreadPoolExecutor(1) as pool:
        running = pool.submit(server.handle_request)
        alive = SimpleNamespace(poll=lambda: None)

        with pytest.raises(SystemExit, match="(?s)/health answered 503.*last words"):
            client.await_answer("/health", server.server_port, alive, log, float("inf"))
        running.result()


class _Refusing(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_error(503)

    def log_message(self, *_: object) -> None:
        """Keep the test's output clean."""


def test_make_bench_runs_each_benchmark_and_no_helper() -> None:
    pattern = "bench/[a-z]*.py"

    assert pattern in (ROOT / "Makefile").read_text("utf-8")
    assert sorted(ROOT.glob(pattern)) == BENCHMARKS

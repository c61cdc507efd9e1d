"""Import, list, open, submit, export and memory, against Label Studio.

    .venv/bin/python bench/web.py [--quick] [--json] [--versus] [--tasks N]

10,000 tasks with a response each, judged on ten criteria: 100,000 verdicts; they then grow
to a million (--quick: 300,000). Services of its own run in a temporary folder. Pages are
asked for over HTTP from the web server that `manage.py serve` starts, by a person who is
signed in. Imports are those of `manage.py import_dataset`, from a file on disk to the commit.

Theirs are figures measured earlier on two cores; --versus installs Label Studio into an
environment of its own below the data folder (STUDIO_HOME) and measures it on this machine.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from _common import Figure, figure, median, p95, parser, say, show
from _installation import installation

from rubricstudio import embedded

if TYPE_CHECKING:
    from _web_client import Client
    from _web_studio import Studio

    from rubricstudio.models import Project

TASKS = 10_000
VERSION = "1.23.2"
# Label Studio on two cores, as measured when this product was designed.
KNOWN: dict[str, float] = {
    **{"import": 34.6, "list": 0.248, "open": 0.164, "submit": 0.123},
    **{"export": 48.7, "memory": 605.0},
}


@dataclass(frozen=True)
class Size:
    """How much is measured. raters: how many rounds of verdicts there are in the end."""

    tasks: int
    raters: int
    requests: int
    imports: int
    exports: int

    @property
    def verdicts(self) -> int:
        return self.tasks * 10


def main(arguments: Sequence[str]) -> int:
    options = _options(arguments)
    size = Size(options.tasks, 10, requests=200, imports=5, exports=5)
    if options.quick:
        size = Size(options.tasks, 3, requests=40, imports=3, exports=3)
    theirs, origin = dict(KNOWN), f"Label Studio {VERSION} on two cores, measured earlier"
    with tempfile.TemporaryDirectory(prefix="studio-bench-") as name:
        folder = Path(name)
        if options.versus:
            theirs, origin = _label_studio(folder, size), f"Label Studio {VERSION}, measured now"
        with installation(folder):
            figures = measure(folder, size, theirs)
    show(figures, as_json=options.json, theirs=origin)
    return 0


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    made = parser(__doc__, quick="fewer requests, 300,000 verdicts instead of a million")
    made.add_argument("--versus", action="store_true", help="install and measure Label Studio")
    made.add_argument("--tasks", type=int, default=TASKS, help=f"instead of {TASKS}")
    return made.parse_args(arguments)


def _label_studio(folder: Path, size: Size) -> dict[str, float]:
    from _web_label_studio import install, measure_label_studio

    python = install(embedded.home_folder() / "label-studio", VERSION)
    return measure_label_studio(python, folder, size.tasks, size.requests)


def measure(folder: Path, size: Size, theirs: Mapping[str, float]) -> list[Figure]:
    """Everything, on a fresh installation that is migrated already."""
    from _web_studio import Studio, web_server

    studio = Studio(folder, size.tasks)
    figures = _imports(studio, size, theirs)
    project = studio.project("main")
    studio.import_dataset(project, sheets=True)
    with web_server(folder / "web.log") as (port, process):
        client = studio.browser(port)
        figures += _pages(studio, client, project, size, theirs)
        figures += _exports(studio, client, project, process, size, theirs)
        figures += _growth(studio, client, project, size, figures)
    return figures


def _imports(studio: Studio, size: Size, theirs: Mapping[str, float]) -> list[Figure]:
    say("importing")
    what = f"import {size.tasks:,} tasks, {size.verdicts:,} verdicts"
    return [
        figure(
            f"{what}, {form}",
            median(
                studio.import_dataset(studio.project(f"{name}-{n}"), sheets=name == "sheets")
                for n in range(times)
            ),
            theirs["import"],
        )
        for name, form, times in (
            ("sheets", "ten a line", size.imports),
            ("single", "one a line", max(1, size.imports // 2)),
        )
    ]


def _pages(
    studio: Studio, client: Client, project: Project, size: Size, theirs: Mapping[str, float]
) -> list[Figure]:
    from _web_studio import annotate, list_page

    say("list page, open, submit")
    listed = _repeat(lambda: list_page(client, project).seconds, size.requests)
    session = studio.session(project)
    client.close()
    warm = min(5, size.requests)
    opened, submitted = annotate(client, project, session, size.requests + warm)
    return [
        *_times(_list_name(size, 1), listed, theirs["list"]),
        *_times("open a response to be judged on ten criteria", opened[warm:], theirs["open"]),
        *_times("submit ten verdicts and take the next", submitted[warm:], theirs["submit"]),
    ]


def _list_name(size: Size, raters: int) -> str:
    return f"list page of 50 among {size.tasks:,} tasks, {size.verdicts * raters:,} verdicts"


def _repeat(work: Callable[[], float], times: int) -> list[float]:
    """The seconds of some calls, after a few to warm up."""
    for _ in range(min(5, times)):
        work()
    return [work() for _ in range(times)]


def _times(name: str, taken: list[float], theirs: float | None = None) -> list[Figure]:
    slow = figure(f"{name}, p95", 1000 * p95(taken), unit="ms")
    theirs = None if theirs is None else 1000 * theirs
    return [figure(name, 1000 * median(taken), theirs, unit="ms"), slow]


def _exports(
    studio: Studio,
    client: Client,
    project: Project,
    process: int,
    size: Size,
    theirs: Mapping[str, float],
) -> list[Figure]:
    """Export time at one round of verdicts, and what three times as many add to the memory."""
    from _web_studio import export_address, peak_mb

    say("exporting")
    address = export_address(project)
    streams = [client.stream(address) for _ in range(size.exports)]
    memory = peak_mb(process)
    studio.import_rounds(project, range(1, 3))
    client.close()
    larger = client.stream(address)
    name = f"export {size.tasks:,} tasks"
    return [
        figure(
            f"{name}, {size.verdicts:,} verdicts",
            median(stream.seconds for stream in streams),
            theirs["export"],
        ),
        figure(f"{name}: file", streams[0].bytes / 1e6, unit="MB"),
        figure(f"{name}: lines", streams[0].lines, unit="lines"),
        figure("memory of the web process after that", memory, theirs["memory"], unit="MB"),
        figure(f"{name}, {3 * size.verdicts:,} verdicts", larger.seconds),
        figure("memory which that adds", peak_mb(process) - memory, unit="MB"),
    ]


def _growth(
    studio: Studio, client: Client, project: Project, size: Size, before: Sequence[Figure]
) -> list[Figure]:
    """The list page again when the project has all its verdicts."""
    from _web_studio import list_page

    say(f"growing to {size.raters * size.verdicts:,} verdicts")
    studio.import_rounds(project, range(3, size.raters))
    client.close()
    listed = _repeat(lambda: list_page(client, project).seconds, size.requests)
    first = next(line for line in before if line["name"] == _list_name(size, 1))
    slower = 1000 * median(listed) / first["ours"]
    return [
        *_times(_list_name(size, size.raters), listed),
        figure("list page, time with all verdicts by time with the first", slower, unit="times"),
    ]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

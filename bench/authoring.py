"""A rubric of 500 criteria in ten levels: opening its page, each kind of edit, and its feel.

    .venv/bin/python bench/authoring.py [--quick] [--json] [--criteria N]

Services of its own run in a temporary folder. Each figure is the median time that the
application takes for one request, from middleware to the finished answer, by a person who is
signed in; the web server and the network are left out. Every edit is that of an editor with
scripts, and is stored. Then a Chromium opens the same rubric, and one of PaperBench where it is at
hand, from the web process of `manage.py serve`: see `_authoring_browser.py`.
"""

from __future__ import annotations

import itertools
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from _common import Figure, figure, median, parser, say, seconds, show
from _installation import installation

if TYPE_CHECKING:
    from rubricstudio.models import Criterion, RubricVersion

CRITERIA, LEVELS = 500, 10
HTMX = {"HX-Request": "true"}


def main(arguments: Sequence[str]) -> int:
    made = parser(__doc__, quick="fewer requests")
    made.add_argument("--criteria", type=int, default=CRITERIA, help=f"instead of {CRITERIA}")
    options = made.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="studio-bench-") as name, installation(Path(name)):
        say(f"writing a rubric of {options.criteria} rows")
        author = Author(options.criteria)
        figures = measure(author, options.criteria, requests=7 if options.quick else 40)
        figures += feel_of(author, options.criteria, Path(name) / "web.log")
    show(figures, as_json=options.json, theirs="nothing to compare with")
    return 0


class Author:
    """A person who is signed in, and the draft that they edit."""

    def __init__(self, criteria: int) -> None:
        from django.conf import settings
        from django.test import Client

        from rubricstudio.actions.projects import create_project
        from rubricstudio.models import User

        settings.ALLOWED_HOSTS = ["testserver"]
        self.user = User.objects.create_user(username="ada", email="ada@example.com")
        self.project = create_project(by=self.user, name="Bench", slug="bench")
        self.draft = self.wrote("Deep", deep_rubric(criteria))
        self.client = Client()
        self.client.force_login(self.user)
        self.numbers = itertools.count(1)

    def wrote(self, name: str, value: Any) -> RubricVersion:
        from rubricstudio.actions.rubrics import create_rubric

        return create_rubric(project=self.project, name=name, by=self.user, value=value)

    def row(self, index: int = 0) -> Criterion:
        """A criterion in the middle of the tree, a few rows on for each index."""
        found = self.draft.criteria.filter(is_group=False).order_by("position", "pk")
        last = found.count() - 1
        return found[min((last + 1) // 2 + index, last)]

    def address(self, name: str, *args: object) -> str:
        from django.urls import reverse

        return reverse(f"rubricstudio:{name}", args=["bench", self.draft.rubric_id, *args])

    def open(self) -> Callable[[], object]:
        return lambda: self._answered(self.client.get(self.address("rubric")))

    def totals(self) -> Callable[[], object]:
        return self._asked("get", "rubric-totals", (), {})

    def save(self, **changes: Any) -> Callable[[], object]:
        row, number = self.row(), next(self.numbers)
        sent = {"text": row.text, "weight": row.weight, "met_means": row.met_means}
        sent |= {name: value.format(n=number) for name, value in changes.items()}
        return self._asked("post", "criterion", (row.pk,), sent | {"row_version": row.row_version})

    def act(self, what: str) -> Callable[[], object]:
        return self._asked("post", "criterion-act", (self.row().pk,), {"do": what})

    def drag(self) -> Callable[[], object]:
        """A row dropped before one of another group, as the page sends it."""
        row, other = self.row(), self.row(17)
        sent = {"moved": row.pk, "into": other.parent.key if other.parent else ""}
        return self._asked("post", "criteria-order", (), sent | {"before": other.pk})

    def undo(self) -> Callable[[], object]:
        self.act("down")()
        return self._asked("post", "draft-undo", (), {"do": "undo"})

    def turn_round(self) -> Callable[[], object]:
        """A whole group in the opposite order, which touches the most rows."""
        row = self.row()
        siblings = list(
            self.draft.criteria.filter(parent=row.parent_id)
            .order_by("position")
            .values_list("pk", flat=True)
        )
        address = self.address("criteria-order") + f"?parent={row.parent.key}" if row.parent else ""
        sent = {"order": siblings[::-1]}
        return lambda: self._answered(self.client.post(address, sent, headers=HTMX))

    def add(self) -> Callable[[], object]:
        sent = {"text": f"New {next(self.numbers)}", "after": self.row().key, "kind": "criterion"}
        return self._asked("post", "criterion-add", (), sent)

    def _asked(
        self, method: str, name: str, args: tuple[object, ...], sent: dict[str, Any]
    ) -> Callable[[], object]:
        address, ask = self.address(name, *args), getattr(self.client, method)
        return lambda: self._answered(ask(address, sent, headers=HTMX))

    def _answered(self, response: Any) -> None:
        if response.status_code not in (200, 204):
            raise SystemExit(f"{response.request['PATH_INFO']}: {response.status_code}")


def deep_rubric(criteria: int) -> Any:
    """Groups of six, up to ten levels deep: a chain of groups, and criteria in each."""
    from rubricstudio.domain import rubric as domain

    rows: list[domain.Criterion] = []
    chain: list[str] = []
    for number in range(criteria):
        if number % 6 == 0:
            if len(chain) == LEVELS - 1:
                chain = []
            parent = chain[-1] if chain else None
            chain.append(f"g{number}")
            rows.append(domain.Criterion(chain[-1], f"Part {number}", is_group=True, parent=parent))
        else:
            text = f"States fact number {number} with the figure that the source gives for it."
            rows.append(
                domain.Criterion(f"c{number}", text, weight=number % 9 + 1, parent=chain[-1])
            )
    return domain.Rubric(tuple(rows))


def measure(author: Author, criteria: int, *, requests: int) -> list[Figure]:
    works: list[tuple[str, Callable[[], Callable[[], object]]]] = [
        ("open the page", author.open),
        ("totals after an edit", author.totals),
        ("save a text", lambda: author.save(text="States fact {n}.")),
        ("save a weight", lambda: author.save(weight="{n}.5")),
        ("add below", author.add),
        ("move down", lambda: author.act("down")),
        ("drag to another group", author.drag),
        ("turn a group round", author.turn_round),
        ("undo a move", author.undo),
        ("duplicate", lambda: author.act("duplicate")),
        ("delete", lambda: author.act("delete")),
    ]
    say("asking")
    return [
        figure(f"{name}, {criteria} rows", 1000 * middle(prepare, requests), unit="ms")
        for name, prepare in works
    ]


def feel_of(author: Author, criteria: int, log: Path) -> list[Figure]:
    """How the rubrics feel in a browser; nothing where there is none."""
    from _authoring_browser import feel
    from _web_studio import web_server
    from django.conf import settings

    from tests.browser import find

    chromium = find()
    if chromium is None:
        say("no Chromium, so nothing is said of scrolling (python -m tests.browser installs one)")
        return []
    fresh = author.wrote("As it was", deep_rubric(criteria))
    pages = {f"{criteria} rows": fresh.rubric.get_absolute_url()}
    if real := real_rubric():
        pages["PaperBench"] = author.wrote("Rice", real).rubric.get_absolute_url()
    session = author.client.cookies[settings.SESSION_COOKIE_NAME]
    say("opening them in a browser")
    with web_server(log) as (port, _):
        return feel(chromium, port, {"name": session.key, "value": session.value}, pages)


def real_rubric() -> Any:
    """PaperBench's rubric of 361 leaves in the setting REAL_DATA, None where it is not there."""
    from django.conf import settings

    from rubricstudio import rubric_files

    path = Path(settings.REAL_DATA) / "paperbench" / "papers" / "rice" / "rubric.json"
    if not path.exists():
        say(f"no rubric of PaperBench at {path}")
        return None
    return rubric_files.read("paperbench", path.name, path.read_text("utf-8")).rubrics[0].rubric


def middle(prepare: Callable[[], Callable[[], object]], times: int) -> float:
    """The median time of what `prepare` returns, after two calls to warm up."""
    taken = [seconds(prepare()) for _ in range(times + 2)]
    return median(taken[2:])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

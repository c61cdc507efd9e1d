"""Handing out items: 50 clients at once, and from a submit to the next item at a million verdicts.

    .venv/bin/python bench/assignment.py [--quick] [--json] [--items N] [--verdicts N]

PostgreSQL of its own runs in a temporary folder. First 50 clients, each a thread with a connection
of its own, take the items of a session in which three people judge each, until nothing is left; it
is checked that every item then has three different people. Then sessions over as many items as a
million verdicts of three people on ten criteria amount to are begun, half done, and nearly done:
one annotator submits an item and opens the page of the next.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from _assignment_data import Room, furnish
from _common import Figure, figure, median, p95, parser, say, seconds, show
from _installation import installation

if TYPE_CHECKING:
    from annotations.models import Session
    from rubricstudio.models import User

CLIENTS, ITEMS, VERDICTS, COVERAGE = 50, 2_000, 1_000_000, 3


def main(arguments: Sequence[str]) -> int:
    made = parser(__doc__, quick="a fifth of the items, a tenth of the verdicts, fewer submits")
    made.add_argument("--items", type=int, help=f"that 50 clients take, instead of {ITEMS}")
    made.add_argument("--verdicts", type=int, help=f"instead of {VERDICTS}")
    options = made.parse_args(arguments)
    part = (5, 10) if options.quick else (1, 1)
    items = options.items or ITEMS // part[0]
    verdicts = options.verdicts or VERDICTS // part[1]
    with tempfile.TemporaryDirectory(prefix="studio-bench-") as name, installation(Path(name)):
        size = max(120, verdicts // (COVERAGE * 10))
        say(f"writing sessions of {size} items")
        room = furnish(size, people=CLIENTS, coverage=COVERAGE)
        figures = crowd(room, items)
        for stage, full in (("early", 0.0), ("middle", 0.5), ("late", 0.99)):
            figures += submit_to_next(room, stage, full, submits=15 if options.quick else 60)
    show(figures, as_json=options.json, theirs="nothing to compare with")
    return 0


def crowd(room: Room, items: int) -> list[Figure]:
    """50 clients take everything there is, and nobody gets anything twice."""
    session = room.session("Crowd", items=items, full=0.0)
    say(f"{CLIENTS} clients take {items} items, {COVERAGE} people each")
    start = time.perf_counter()
    with ThreadPoolExecutor(CLIENTS) as pool:
        taken = list(pool.map(lambda person: _take_all(session, person), room.people))
    wall = time.perf_counter() - start
    times = [one for times in taken for one in times]
    _check(session, items, len(times))
    what = f"next item, {CLIENTS} clients at once"
    return [
        figure(f"{what}: a second in all", len(times) / wall, unit="items/s"),
        figure(f"{what}: median", median(times)),
        figure(f"{what}: p95", p95(times)),
    ]


def _take_all(session: Session, person: User) -> list[float]:
    from django.db import connections
    from django.utils import timezone

    from annotations.actions import next_item
    from annotations.models import Assignment

    times: list[float] = []
    try:
        while True:
            start = time.perf_counter()
            taken = next_item(session=session, by=person)
            if taken is None:
                return times
            times.append(time.perf_counter() - start)
            # What a submit leaves behind here, without the verdicts.
            Assignment.objects.filter(pk=taken.pk).update(
                status="submitted", submitted_at=timezone.now(), submitted_version=0
            )
    finally:
        connections.close_all()


def _check(session: Session, items: int, taken: int) -> None:
    from django.db.models import Count

    from annotations.models import Assignment

    people = Assignment.objects.filter(item__session=session).values_list("item")
    counts = list(people.annotate(n=Count("rater", distinct=True)).values_list("n", flat=True))
    if counts != [COVERAGE] * items or taken != COVERAGE * items:
        raise SystemExit(f"{taken} places of {items} items were taken: {sorted(set(counts))} each")


def submit_to_next(room: Room, stage: str, full: float, *, submits: int) -> list[Figure]:
    """One annotator, over HTTP but without a web server: submit, then the page that follows."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    session = room.session(f"Stage {stage}", full=full)
    say(f"submitting {submits} items of a session in state {stage}")
    annotator = room.annotator()
    annotator.start(session)
    for _warm in range(5):
        annotator.submit()
        annotator.open()
    stored, opened, queries = [], [], []
    for _ in range(submits):
        stored.append(seconds(annotator.submit))
        opened.append(seconds(annotator.open))
    with CaptureQueriesContext(connection) as asked:
        annotator.submit()
        annotator.open()
    queries.append(len(asked))
    both = [a + b for a, b in zip(stored, opened, strict=True)]
    return [
        figure(f"{stage}: submit and reserve the next", median(stored)),
        figure(f"{stage}: open the next", median(opened)),
        figure(f"{stage}: submit to next, median", median(both)),
        figure(f"{stage}: submit to next, p95", p95(both)),
        figure(f"{stage}: submit to next, queries", max(queries), unit="queries"),
    ]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Adjudication, consensus and the pages of agreement at 1,000,000 verdicts, or 100,000.

    .venv/bin/python bench/adjudication.py [--quick] [--json]

Services of its own run in a temporary folder. Three people judge each response on five
criteria, and one verdict in five differs; with --quick a tenth of the responses. Pages are
timed from middleware to the finished answer, web server and network left out. There is no
other side.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from _common import Figure, figure, median, parser, say, seconds, show
from _installation import installation

if TYPE_CHECKING:
    from annotations.queries.disputes import Scope
    from rubricstudio.models import Project

RESPONSES, QUICK, CRITERIA, PEOPLE = 66_667, 6_667, 5, 3
_RESPONSES = """
    INSERT INTO studio_response (project_id, task_id, external_id, source, text, metadata,
                                 created_at)
    SELECT %s, %s, 'r' || n, 'one', 'Text ' || n, '{}', now() FROM generate_series(1, %s) n
"""
_VERDICTS = """
    INSERT INTO studio_verdict (round_id, response_id, criterion_id, rater_id, status, value,
                                rationale)
    SELECT %s, r.id, c.id, a.id, 'ok', (random() < 0.2)::int, 'Because it says so.'
      FROM studio_response r, studio_criterion c, studio_rater a
     WHERE r.project_id = %s AND c.version_id = %s AND a.id = ANY(%s)
"""


def main(arguments: Sequence[str]) -> int:
    made = parser(__doc__, quick=f"{QUICK:,} responses")
    made.add_argument("--responses", type=int, help=f"instead of {RESPONSES}")
    options = made.parse_args(arguments)
    responses = options.responses or (QUICK if options.quick else RESPONSES)
    with tempfile.TemporaryDirectory(prefix="studio-bench-") as name, installation(Path(name)):
        figures = measure(responses)
    show(figures, as_json=options.json, theirs="nothing to compare with")
    return 0


def measure(responses: int) -> list[Figure]:
    from annotations.queries.consensus import people_consensus
    from annotations.queries.disputes import disputes
    from rubricstudio.domain.consensus import Method

    scope = judged(responses)
    n = f"{responses * CRITERIA * PEOPLE:,} verdicts"
    page = disputes(scope)
    last = page.rows[-1]
    after = (last.priority, last.unit)
    say(f"{page.count():,} disagreements")
    times = range(3)
    first = median(seconds(lambda: disputes(scope)) for _ in times)
    second = median(seconds(lambda: disputes(scope, after=after)) for _ in times)
    return [
        figure(f"first page of the queue with all counts, {n}", first),
        figure(f"second page of the queue, {n}", second),
        *(
            figure(
                f"consensus by {method.value}, {n}",
                seconds(partial(people_consensus, scope.ids, method)),
            )
            for method in (Method.MAJORITY, Method.WEIGHTED, Method.DAWID_SKENE)
        ),
        *pages(scope.project, n),
    ]


def pages(project: Project, n: str) -> list[Figure]:
    """Each tab of the page of people's agreement, with its intervals, read and computed anew."""
    from django.test import Client
    from django.urls import reverse

    from rubricstudio.models import User
    from scoring.queries.people import By

    client = Client(HTTP_HOST="localhost")
    client.force_login(User.objects.get())
    address = reverse("scoring:agreement", args=[project.slug])

    def opened(by: str) -> None:
        answer = client.get(address, {"by": by})
        assert answer.status_code == 200, answer.status_code

    opened(By.CRITERION)  # the templates are read once
    return [
        figure(f"agreement page by {by}, {n}", median(seconds(partial(opened, by)) for _ in "123"))
        for by in By
    ]


def judged(responses: int) -> Scope:
    """The scope of one imported round, judged by everybody."""
    from django.db import connection, transaction

    from annotations.queries.disputes import scope_of
    from rubricstudio.actions.people import create_person
    from rubricstudio.actions.projects import create_project
    from rubricstudio.actions.rubrics import create_rubric, publish
    from rubricstudio.actions.tasks import add_task
    from rubricstudio.domain.rubric import Criterion, Rubric
    from rubricstudio.models import Round

    say(f"filling in {responses * CRITERIA * PEOPLE:,} verdicts")
    person = create_person(email="bench@example.com")
    project = create_project(by=person, name="Bench", slug="bench")
    leaves = tuple(Criterion(f"k{n}", f"Point {n}.", weight=n + 1.0) for n in range(CRITERIA))
    draft = create_rubric(project=project, name="Points", value=Rubric(leaves), by=person)
    version = publish(version=draft, by=person)
    asked = [{"role": "user", "content": "Why?"}]
    task = add_task(project=project, external_id="t", messages=asked)
    raters = [project.raters.create(kind="person", name=f"p{n}").pk for n in range(PEOPLE)]
    row = Round.objects.create(
        project=project, kind="session", name="all", version=version, created_by=person
    )
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_RESPONSES, [project.pk, task.pk, responses])
        cursor.execute(_VERDICTS, [row.pk, project.pk, version.pk, raters])
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE studio_verdict")
    return scope_of(project, [row])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

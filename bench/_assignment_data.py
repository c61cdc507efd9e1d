"""Sessions of many items, as far as one wants them, and a person who works in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from _web_data import CRITERIA

if TYPE_CHECKING:
    from annotations.models import Session
    from rubricstudio.models import User

ANSWERS = {"revision": "0", "tab": "bench"} | {f"answer:{key}": "1" for key in CRITERIA}
# Rows are made in the database: it is the asking that is measured, not the writing.
_TASKS = """
    INSERT INTO studio_task (project_id, external_id, messages, reference, context, tags,
                             metadata, created_at)
    SELECT %(project)s, 'task-' || n,
           jsonb_build_array(jsonb_build_object('role', 'user', 'content', 'Question ' || n)),
           '', '[]', '{}', '{}', now() FROM generate_series(1, %(n)s) n
"""
_RESPONSES = """
    INSERT INTO studio_response (project_id, task_id, external_id, source, text, metadata,
                                 created_at)
    SELECT project_id, id, external_id || '-a', 'a', repeat('An answer of some length. ', 25),
           '{}', now() FROM studio_task WHERE project_id = %(project)s ORDER BY id
"""
_ITEMS = """
    INSERT INTO annotations_item (session_id, response_id, members, position, places, kind, sample,
                                  weight, must_answer, is_closed)
    SELECT %(session)s, r.id, r.id::text, row_number() OVER (ORDER BY r.id) - 1, %(coverage)s,
           'work', 0, 1, false, false
      FROM studio_response r WHERE r.project_id = %(project)s ORDER BY r.id LIMIT %(n)s
"""
# Each item's people follow one another in the list; the first of the list does nothing here.
_ASSIGNMENTS = """
    INSERT INTO annotations_assignment
        (item_id, rater_id, slot, status, draft, draft_version, draft_tab, comment, skip_reason,
         skip_note, is_given, shown_order, active_seconds, created_at, submitted_at,
         submitted_version)
    SELECT i.id, (%(raters)s::bigint[])[1 + (i.position * %(coverage)s + s) %% %(people)s], s,
           'submitted', '{}', 1, '', '', '', '', false, '{}', 0, now(), now(), 1
      FROM annotations_item i, generate_series(0, %(coverage)s - 1) s
     WHERE i.session_id = %(session)s AND i.position < %(full)s
"""
_VERDICTS = """
    INSERT INTO studio_verdict (round_id, response_id, criterion_id, rater_id, status, value)
    SELECT i.session_id, i.response_id, c.id, a.rater_id, 'ok', (i.id + c.id + a.slot) %% 2
      FROM annotations_item i JOIN annotations_assignment a ON a.item_id = i.id,
           studio_criterion c
     WHERE i.session_id = %(session)s AND c.version_id = %(version)s
"""


class Room:
    """A project of `size` responses and a rubric of ten criteria; people[0] is the annotator."""

    def __init__(self, size: int, people: int, coverage: int) -> None:
        from django.conf import settings

        from rubricstudio.actions.projects import create_project, set_member
        from rubricstudio.actions.rubrics import create_rubric, publish
        from rubricstudio.domain.rubric import Criterion, Rubric
        from rubricstudio.models import Role, User

        settings.ALLOWED_HOSTS = ["testserver"]
        self.size, self.coverage = size, coverage
        self.owner = User.objects.create_user(username="olga", email="olga@example.com")
        self.project = create_project(by=self.owner, name="Bench", slug="bench")
        self.people = [self._person(number) for number in range(people)]
        for person in self.people:
            set_member(project=self.project, user=person, role=Role.ANNOTATOR, by=self.owner)
        criteria = tuple(Criterion(key=key, text=f"It meets {key}.") for key in CRITERIA)
        draft = create_rubric(
            project=self.project, name="Points", by=self.owner, value=Rubric(criteria)
        )
        self.version = publish(version=draft, by=self.owner)
        self._run(_TASKS, n=size)
        self._run(_RESPONSES)
        self._analyze()

    def _person(self, number: int) -> User:
        from rubricstudio.models import User

        return User.objects.create_user(username=f"p{number}", email=f"p{number}@example.com")

    def session(self, name: str, *, full: float, items: int | None = None) -> Session:
        """An active session of the first `items`, a share of them full; `full` over 0 brings
        the verdicts along where it is nearly 1."""
        from annotations.actions import activate, set_annotators
        from annotations.models import Session
        from rubricstudio.actions.rounds import open_round
        from rubricstudio.models import RoundKind

        opened = open_round(
            project=self.project,
            kind=RoundKind.SESSION,
            name=name,
            version=self.version,
            by=self.owner,
        )
        session = Session.objects.create(round=opened, coverage=self.coverage)
        set_annotators(session=session, users=self.people, by=self.owner)
        n = items or self.size
        raters = list(session.annotators.order_by("rater").values_list("rater", flat=True))[1:]
        about: dict[str, Any] = {"session": session.pk, "n": n, "full": int(n * full)}
        self._run(_ITEMS, **about)
        self._run(_ASSIGNMENTS, **about, raters=raters, people=len(raters))
        if full > 0.9:
            self._run(_VERDICTS, **about, version=self.version.pk)
        self._analyze()
        return activate(session=session, by=self.owner)

    def annotator(self) -> Annotator:
        """The person who has done nothing yet, signed in."""
        return Annotator(self.people[0])

    def _run(self, query: str, **parameters: object) -> None:
        from django.db import connection

        about: dict[str, Any] = {"project": self.project.pk, "coverage": self.coverage}
        with connection.cursor() as cursor:
            cursor.execute(query, about | parameters)

    def _analyze(self) -> None:
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")


class Annotator:
    """A person at work: submits the page before them and opens what comes next."""

    def __init__(self, user: User) -> None:
        from django.test import Client

        self.client = Client()
        self.client.force_login(user)
        self.page = ""

    def start(self, session: Session) -> None:
        self._go(self.client.post(f"/projects/bench/sessions/{session.pk}/next/"))

    def submit(self) -> None:
        self._go(self.client.post(self.page + "submit/", ANSWERS))

    def open(self) -> None:
        answer = self.client.get(self.page)
        if answer.status_code != 200:
            raise SystemExit(f"{self.page} answered {answer.status_code}")

    def _go(self, answer: Any) -> None:
        if answer.status_code != 302 or "/items/" not in answer["location"]:
            raise SystemExit(f"no item follows: {answer.status_code}")
        self.page = answer["location"]


def furnish(size: int, *, people: int, coverage: int) -> Room:
    return Room(size, people, coverage)

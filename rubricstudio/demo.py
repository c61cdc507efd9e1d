"""The demo universe: three projects built only through actions, and therefore reachable by hand.

It is also the universe of the journeys and the documentation's running example. The data
is in rubricstudio/demo_data; its README says what each file holds.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from django.db import transaction
from django.test.utils import override_settings
from django.urls import reverse

from annotations.actions.assign import next_item
from annotations.actions.sessions import activate, complete, create_session
from annotations.actions.sheets import submit
from annotations.selection import Selection
from annotations.sheet import Sheet
from rubricstudio.accounts import DEMO_PASSWORD
from rubricstudio.actions.comments import add_comment, resolve
from rubricstudio.actions.imports import import_records
from rubricstudio.actions.library import share_rubric
from rubricstudio.actions.people import create_person
from rubricstudio.actions.projects import create_project, set_member
from rubricstudio.actions.rounds import rater_for_user
from rubricstudio.demo_quotes import with_quotes
from rubricstudio.demo_sessions import calibrate, compare, sheet_of
from rubricstudio.domain import rubric as domain
from rubricstudio.domain.formats.records import (
    Message,
    PreferenceRecord,
    Preferred,
    Record,
    ResponseRecord,
    RubricRecord,
    TaskRecord,
)
from rubricstudio.models import Comment, Project, Role, Rubric, RubricVersion, User
from scoring.actions.batches import judge_batch
from scoring.actions.judges import create_judge
from scoring.actions.preview import pin_response
from scoring.actions.runs import start_run
from scoring.models import Judge, Run

DATA = Path(__file__).parent / "demo_data"
PROJECTS = ("clinical", "legal", "research")
# The local model judges the responses to one question: a real run, in about a minute.
LOCAL_JUDGE_TASKS = 1

Say = Callable[[str], None]


def is_built() -> bool:
    """Whether every project of the demo is there."""
    return Project.objects.filter(slug__in=PROJECTS).count() == len(PROJECTS)


def build(*, say: Say, local_judge: bool = True) -> list[Project]:
    """Build the demo projects that are not there yet; `say` is told each step."""
    people = {row["id"]: _person(row) for row in _object("users.json")["users"]}
    projects = []
    for slug in PROJECTS:
        known = Project.objects.filter(slug=slug).first()
        if known is None:
            say(f"building the demo project {slug}")
            # Nobody reads mail at example.com, and on a terminal it would be noise.
            with override_settings(EMAIL_BACKEND="django.core.mail.backends.dummy.EmailBackend"):
                known = _build_project(slug, people)
            if local_judge and slug == PROJECTS[0]:
                say("running the local judge on it")
                _run_local_judge(known)
        projects.append(known)
    return projects


def _person(row: Mapping[str, str]) -> User:
    known = User.objects.filter(email=row["email"]).first()
    return known or create_person(email=row["email"], password=DEMO_PASSWORD, name=row["name"])


@transaction.atomic  # half a demo project would be taken for a whole one the next time
def _build_project(slug: str, people: Mapping[str, User]) -> Project:
    about = _object(f"{slug}/project.json")
    owner = next(people[m["user"]] for m in about["members"] if m["role"] == "owner")
    project = create_project(
        by=owner, name=about["name"], slug=slug, description=about["description"]
    )
    for member in about["members"]:
        set_member(
            project=project, user=people[member["user"]], role=Role(member["role"]), by=owner
        )
    for name in about["session"]["experts"]:
        # Before the preferences, which name them, so that both are by the same rater.
        rater_for_user(project=project, user=people[name])
    import_records(project=project, records=_records(slug, about, people), by=owner)
    version = project.rubrics.get().versions.get()
    experts = {name: people[name] for name in about["session"]["experts"]}
    further = _object(f"{slug}/sessions.json") if (DATA / slug / "sessions.json").exists() else None
    if further:
        calibrate(further["calibration"], version, experts)
    sheets = _sheets(slug, people)
    _finished_session(about["session"], project, version, experts, sheets)
    if further:
        stated, tasks = _stated(slug, people), about["session"]["tasks"]
        compare(further["comparison"], version, tasks, experts, sheets, stated)
    _open_session(about["session"], project, version, people, owner)
    _run(_keyword_judge(slug, project, owner), version, owner, "Keyword look-up")
    if (DATA / slug / "workbench.json").exists():
        _workbench(_object(f"{slug}/workbench.json"), project, people)
    return project


def _workbench(about: Mapping[str, Any], project: Project, people: Mapping[str, User]) -> None:
    """What gathers around a rubric: pinned responses, threads of comments, a shared template."""
    rubric, owner = project.rubrics.get(), project.created_by
    share_rubric(rubric=rubric, shared=about["shared"], by=owner)
    responses = dict(project.responses.values_list("external_id", "pk"))
    for name in about["pins"]:
        pin_response(rubric=rubric, response_id=responses[name], by=owner)
    for thread in about["threads"]:
        first = _said(thread, rubric, people, criterion_key=thread["criterion"])
        for reply in thread["replies"]:
            _said(reply, rubric, people, reply_to=first)
        if "resolved_by" in thread:
            resolve(comment=first, by=people[thread["resolved_by"]])


def _said(row: Mapping[str, str], rubric: Rubric, people: Mapping[str, User], **on: Any) -> Comment:
    path = "rubricstudio:comment"
    return add_comment(
        rubric=rubric,
        text=row["text"],
        by=people[row["by"]],
        link_for=lambda c: reverse(path, args=[rubric.project.slug, rubric.pk, c.pk]),
        **on,
    )


def _records(slug: str, about: Mapping[str, Any], people: Mapping[str, User]) -> Iterator[Record]:
    for row in _lines(f"{slug}/tasks.jsonl"):
        system = [Message("system", row["system"])] if row.get("system") else []
        yield TaskRecord(
            id=row["id"],
            messages=(*system, *(Message(m["role"], m["content"]) for m in row["messages"])),
            reference=row.get("reference"),
            context=tuple(f"{c['title']}\n\n{c['text']}" for c in row.get("context", ())),
            tags=tuple(row["tags"]),
        )
    for row in _lines(f"{slug}/responses.jsonl"):
        yield ResponseRecord(id=row["id"], task=row["task"], text=row["text"], source=row["source"])
    yield _rubric(slug)
    for row in _lines(f"{slug}/preferences.jsonl"):
        yield PreferenceRecord(
            task=row["task"],
            response_a=row["a"],
            response_b=row["b"],
            rater=str(people[row["by"]]),
            round=f"{about['session']['name']}: preferences",
            preferred=Preferred(row["preferred"]),
            rationale=row["reason"],
        )


def _rubric(slug: str) -> RubricRecord:
    row = _object(f"{slug}/rubric.json")
    criteria = tuple(_criterion(fields) for fields in row["criteria"])
    rubric = domain.Rubric(criteria, row["aggregator"], row["params"])
    return RubricRecord(id=row["id"], name=row["name"], rubric=rubric, published=True)


def _criterion(fields: Mapping[str, Any]) -> domain.Criterion:
    known = dict(fields)
    scale = known.pop("scale", {"kind": "binary"})
    levels = tuple(
        domain.Level(level["value"], level["label"], level.get("description", ""))
        for level in scale.get("levels", ())
    )
    made: tuple[tuple[str, Callable[[Any], object]], ...] = (
        ("met_means", domain.MetMeans),
        ("tier", domain.Tier),
        ("judged_by", domain.JudgedBy),
        ("tags", tuple),
    )
    for name, make in made:
        if known.get(name) is not None:
            known[name] = make(known[name])
    kind = domain.ScaleKind(scale["kind"])
    return domain.Criterion(scale=domain.Scale(kind, levels, scale.get("maximum", 1.0)), **known)


def _sheets(slug: str, people: Mapping[str, User]) -> dict[tuple[int, str], Sheet]:
    """What the experts say of a response on its own, by person and response."""
    return {
        (people[row["expert"]].pk, row["response"]): sheet_of(row["verdicts"], row["notes"])
        for row in _lines(f"{slug}/sheets.jsonl")
    }


def _stated(
    slug: str, people: Mapping[str, User]
) -> dict[tuple[int, frozenset[str]], tuple[str, str]]:
    """By person and pair: the response that they prefer, "" for none, and why."""
    return {
        (people[row["by"]].pk, frozenset((row["a"], row["b"]))): (
            row.get(row["preferred"], ""),
            row["reason"],
        )
        for row in _lines(f"{slug}/preferences.jsonl")
    }


def _finished_session(
    about: Mapping[str, Any],
    project: Project,
    version: RubricVersion,
    experts: Mapping[str, User],
    sheets: Mapping[tuple[int, str], Sheet],
) -> None:
    """Three experts judge all responses of six tasks, each sheet submitted as on the page."""
    owner = project.created_by
    session = create_session(
        project=project,
        name=about["name"],
        version=version,
        by=owner,
        selection=Selection(tasks=tuple(about["tasks"])),
        coverage=about["raters_per_response"],
        instructions=about["instructions"],
        annotators=experts.values(),
    )
    activate(session=session, by=owner)
    for expert in experts.values():
        while assignment := next_item(session=session, by=expert):
            response = assignment.item.response
            sheet = with_quotes(sheets[expert.pk, response.external_id], version, response.text)
            submit(assignment=assignment, sheet=sheet, by=expert)
    complete(session=session, by=owner)


def _open_session(
    about: Mapping[str, Any],
    project: Project,
    version: RubricVersion,
    people: Mapping[str, User],
    owner: User,
) -> None:
    """The tasks that nobody judged yet, waiting for whoever signs in as an expert."""
    tasks = project.tasks.exclude(external_id__in=about["tasks"]).order_by("pk")
    session = create_session(
        project=project,
        name="Second round",
        version=version,
        by=owner,
        selection=Selection(tasks=tuple(tasks.values_list("external_id", flat=True))),
        coverage=about["raters_per_response"],
        instructions=about["instructions"],
        annotators=[people[name] for name in about["experts"]],
    )
    activate(session=session, by=owner)


def _keyword_judge(slug: str, project: Project, owner: User) -> Judge:
    """A scripted judge: words for binary criteria, looked-up values for the others."""
    about = _object(f"{slug}/keyword_judge.json")
    texts = {row["id"]: row["text"].casefold() for row in _lines(f"{slug}/responses.jsonl")}
    rules = about["criteria"].items()
    return create_judge(
        project=project,
        name=about["name"],
        kind="scripted",
        params={
            "model": "keywords",
            "otherwise": "not_met",
            "words": {key: rule["any"] for key, rule in rules if "any" in rule},
            "verdicts": {
                key: {name: {"value": _level(rule, text)} for name, text in texts.items()}
                for key, rule in rules
                if "levels" in rule
            },
        },
        by=owner,
    )


def _level(rule: Mapping[str, Any], text: str) -> float:
    for level in rule["levels"]:
        if any(word.casefold() in text for word in level["any"]):
            return float(level["value"])
    return float(rule["otherwise"])


def _run_local_judge(project: Project) -> None:
    owner = project.created_by
    version = project.rubrics.get().versions.get()
    tasks = _object(f"{project.slug}/project.json")["session"]["tasks"][:LOCAL_JUDGE_TASKS]
    judge = create_judge(
        project=project, name="SmolLM2 135M, local", kind="local", params={}, by=owner
    )
    _run(judge, version, owner, "SmolLM2, one question", tasks)


def _run(
    judge: Judge, version: RubricVersion, by: User, name: str, tasks: list[str] | None = None
) -> Run:
    """Judge here and now, so that the demo is whole before its workers start."""
    responses = judge.rater.project.responses.order_by("pk")
    if tasks is not None:
        responses = responses.filter(task__external_id__in=tasks)
    run = start_run(
        judge=judge,
        version=version,
        response_ids=list(responses.values_list("pk", flat=True)),
        name=name,
        by=by,
    )
    for number in run.batches.order_by("number").values_list("number", flat=True):
        judge_batch(run=run, number=number)
    run.refresh_from_db()
    return run


def _object(name: str) -> Any:
    return json.loads((DATA / name).read_text(encoding="utf-8"))


def _lines(name: str) -> Iterator[Any]:
    for line in (DATA / name).read_text(encoding="utf-8").splitlines():
        if line.strip():
            yield json.loads(line)


def sign_in_help() -> str:
    """What `make demo` prints: who can sign in, and with which password."""
    people = _object("users.json")["users"]
    width = max(len(person["email"]) for person in people)
    lines = [f"  {person['email']:<{width}}  {person['title']}" for person in people]
    return "\n".join([f"Sign in as any of these, password {DEMO_PASSWORD}:", *lines])

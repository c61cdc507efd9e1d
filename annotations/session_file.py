"""A session as JSON: the same fields, bounds and messages as the form, people and rubrics by name.

{"name": "First round", "rubric": "advice", "version": 2, "annotators": ["nuria@example.com"]}
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import replace
from io import StringIO
from typing import Any, TypeVar, cast

from django.forms import Field, MultipleChoiceField
from django.http import QueryDict
from django.utils.translation import gettext as _

from annotations.actions.wanted import Wanted
from annotations.errors import InvalidSession, NotPossible
from annotations.forms import AnnotatorsForm
from annotations.forms_compare import ComparisonForm, ComparisonSettingsForm
from annotations.forms_sessions import SessionForm, SettingsForm, initial_of
from annotations.models import Session, SessionStatus
from annotations.options import COMPARING, SessionOptions, why_fixed
from annotations.queries.choices import candidate_annotators, published_versions
from rubricstudio.models import Project, Round
from rubricstudio.queries.rounds import finished_runs

# What a file says otherwise than the form: rubric and version by id and number, people by
# address, a run by name; ids also as lists.
_BY_NAME = ("rubric", "version", "annotators", "suggestions")
_LISTS = ("tasks", "responses", "listed")

F = TypeVar("F", bound=AnnotatorsForm)


class InvalidFile(ValueError):
    """The description cannot be used; `problems` has one line for each field."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


def kind_of(session: Session) -> type[SettingsForm]:
    """The form with the settings that can still be set, for where a session stands."""
    if session.status != SessionStatus.DRAFT:
        return SettingsForm
    return ComparisonSettingsForm if session.mode in COMPARING else SessionForm


def form_of(project: Project, described: Mapping[str, Any]) -> SessionForm | ComparisonForm:
    """The form of a new session that a description fills, valid.

    Raises InvalidFile, naming each field, for unknown fields and names and wrong values.
    """
    if described.get("mode") in COMPARING:
        return _filled(ComparisonForm, project, described)
    return _filled(SessionForm, project, described)


def change_of(session: Session, described: Mapping[str, Any]) -> Wanted:
    """What a description changes in a session; what it leaves out stays.

    Raises InvalidFile as `form_of`, InvalidSession for what is settled once a session has
    started, NotPossible for one that is completed.
    """
    if session.status == SessionStatus.COMPLETED:
        raise NotPossible(_("The session is completed: its settings stay as they are."))
    if session.status != SessionStatus.DRAFT:
        for name in described:
            if reason := why_fixed("version" if name == "rubric" else name):
                raise InvalidSession(reason, name)
    form = _filled(kind_of(session), session.round.project, described, session)
    wanted = form.wanted()
    named = {*described, "stage"} if "calibration" in described else set(described)
    options = {name: value for name, value in wanted.options.items() if name in named}
    return replace(
        wanted,
        options=cast(SessionOptions, options),
        annotators=wanted.annotators if "annotators" in named else None,
    )


def _filled(
    kind: type[F], project: Project, described: Mapping[str, Any], session: Session | None = None
) -> F:
    names = [name for name in kind.base_fields if name != "list_file"]
    known = [*names, "rubric"] if "version" in names else names
    unknown = [name for name in described if name not in known]
    if unknown:
        raise InvalidFile(
            [f"{name}: no such setting now; there are: {', '.join(known)}" for name in unknown]
        )
    form = kind(_data(project, kind, described, session), project=project)
    if not form.is_valid():
        raise InvalidFile(
            [
                f"{name if name != '__all__' else 'session'}: {message}"
                for name, messages in form.errors.items()
                for message in messages
            ]
        )
    return form


def _data(
    project: Project,
    kind: type[AnnotatorsForm],
    described: Mapping[str, Any],
    session: Session | None,
) -> QueryDict:
    """What a browser would send for the description."""
    before = initial_of(session) if session else {}
    data = QueryDict(mutable=True)
    for name, field in kind.base_fields.items():
        if name not in _BY_NAME:
            value = described.get(name, before.get(name, field.initial))
            data.setlist(name, _sent(name, field, value))
    if "version" in kind.base_fields:
        kept = before.get("version") if not {"rubric", "version"} & described.keys() else None
        data["version"] = str(kept.pk) if kept else _version(project, described)
    if "annotators" in described:
        data.setlist("annotators", _people(project, described["annotators"]))
    run = described.get("suggestions", before.get("suggestions"))
    if run and "suggestions" in kind.base_fields:
        data["suggestions"] = str(run.pk) if isinstance(run, Round) else _run(project, str(run))
    return data


def _sent(name: str, field: Field, value: Any) -> list[str]:
    if value is None or value is False:
        return []
    if value is True:
        return ["on"]
    if isinstance(value, Iterable) and not isinstance(value, str | Mapping):
        many = isinstance(field, MultipleChoiceField)
        return [str(each) for each in value] if many else [_lines(name, value)]
    if hasattr(value, "isoformat"):
        return [value.isoformat()]
    return [str(value)]


def _lines(name: str, values: Iterable[Any]) -> str:
    """Ids as a text field takes them: one a line, or those of a pair or ranking."""
    if name not in _LISTS:
        raise InvalidFile([f"{name}: give one value, not a list"])
    if name != "listed":
        return "\n".join(map(str, values))
    if not all(isinstance(row, list) for row in values):
        raise InvalidFile([f"{name}: give a list of ids for each pair or ranking"])
    text = StringIO()
    csv.writer(text, lineterminator="\n").writerows(values)
    return text.getvalue()


def _version(project: Project, described: Mapping[str, Any]) -> str:
    if described.get("mode") == "overall":
        return ""
    versions = published_versions(project)
    known = sorted({version.rubric.external_id for version in versions})
    if rubric := described.get("rubric"):
        versions = versions.filter(rubric__external_id=str(rubric))
    elif len(known) > 1:
        raise InvalidFile([f"rubric: say which: {', '.join(known)}"])
    if (number := described.get("version")) is not None:
        versions = versions.filter(number=number) if isinstance(number, int) else versions.none()
    found = versions.first()
    if found is None:
        raise InvalidFile(
            [f"rubric: no such published version; there are: {', '.join(known) or 'none yet'}"]
        )
    return str(found.pk)


def _people(project: Project, emails: Any) -> list[str]:
    if not isinstance(emails, list):
        raise InvalidFile(["annotators: give a list of e-mail addresses"])
    people = {user.email.casefold(): str(user.pk) for user in candidate_annotators(project)}
    missing = [str(each) for each in emails if str(each).casefold() not in people]
    if missing:
        raise InvalidFile(
            [f"annotators: {each} may not annotate in this project" for each in missing]
        )
    return [people[str(each).casefold()] for each in emails]


def _run(project: Project, name: str) -> str:
    found = finished_runs(project).filter(name=name).first()
    if found is None:
        known = ", ".join(finished_runs(project).values_list("name", flat=True)[:20])
        raise InvalidFile([f"suggestions: no finished run {name!r}; there are: {known or 'none'}"])
    return str(found.pk)

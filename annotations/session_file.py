"""A session as JSON: the same fields, bounds and messages as the form, people and rubrics by name.

{"name": "First round", "rubric": "advice", "version": 2, "annotators": ["nuria@example.com"]}
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import QueryDict

from annotations.forms_sessions import SessionForm, SettingsForm, initial_of
from annotations.models import Session, SessionStatus
from annotations.queries.choices import candidate_annotators, published_versions
from rubricstudio.models import Project
from rubricstudio.queries.rounds import finished_runs

# What a file says otherwise than the form: rubric and version by id and number, people by
# address, a run by name. The file of ids is a list here.
_BY_NAME = ("rubric", "version", "annotators", "suggestions")


class InvalidFile(ValueError):
    """The description cannot be used; `problems` has one line for each field."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


def form_of(
    project: Project, described: Mapping[str, Any], session: Session | None = None
) -> SettingsForm:
    """The form that a description fills, valid; what it leaves out keeps its value or default.

    Raises InvalidFile, naming each field, for unknown fields and names and wrong values.
    """
    kind = SessionForm if session is None or session.status == SessionStatus.DRAFT else SettingsForm
    known = [*(name for name in kind.base_fields if name != "list_file"), "rubric"]
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
    kind: type[SettingsForm],
    described: Mapping[str, Any],
    session: Session | None,
) -> QueryDict:
    """What a browser would send for the description."""
    before = initial_of(session) if session else {}
    data = QueryDict(mutable=True)
    for name, field in kind.base_fields.items():
        value = described.get(name, before.get(name, field.initial))
        if name not in _BY_NAME or name not in described:
            data.setlist(name, _sent(value))
    if "version" in kind.base_fields and (not session or {"rubric", "version"} & described.keys()):
        data["version"] = _version(project, described)
    if "annotators" in described:
        data.setlist("annotators", _people(project, described["annotators"]))
    if described.get("suggestions"):
        data["suggestions"] = _run(project, str(described["suggestions"]))
    return data


def _sent(value: Any) -> list[str]:
    if value is None or value is False:
        return []
    if value is True:
        return ["on"]
    if isinstance(value, str):
        return [value]
    if hasattr(value, "isoformat"):
        return [value.isoformat()]
    if hasattr(value, "__iter__"):
        return [str(each) for each in value]
    return [str(getattr(value, "pk", value))]


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

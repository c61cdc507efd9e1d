"""Finding judges, versions, sessions and runs by the names a command line gives them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from annotations.queries.choices import published_versions
from rubricstudio.models import Project, Round, RubricVersion, User
from scoring.actions.judges import JudgeNameTaken, create_judge
from scoring.judges import InvalidJudgeConfig, Parameter, parameters
from scoring.models import Judge, Run
from scoring.params import UnreadableValue, read_json, read_value
from scoring.queries.copying import with_copies
from scoring.queries.plans import sessions_of


class UnknownName(LookupError):
    """Nothing has this name, or the value cannot be used; the message says what there is."""


def _no_such(what: str, name: object, known: Iterable[object]) -> UnknownName:
    listed = [str(each) for each in known]
    there = f"there are: {', '.join(listed[:30])}" if listed else "there is none yet"
    return UnknownName(f"there is no {what} {name!r}; {there}")


def find_run(project: Project, name: str) -> Run:
    """The run of this name that was started here. Raises UnknownName."""
    rows = Run.objects.filter(round__project=project).select_related(
        "judge__rater", "round__version__rubric", "round__project"
    )
    found = rows.filter(round__name=name).first()
    if found is None:
        names = rows.order_by("-pk").values_list("round__name", flat=True)[:31]
        raise _no_such("run", name, names)
    return found


def find_session(project: Project, name: str) -> Round:
    """The session of this name, imported or not. Raises UnknownName."""
    sessions = sessions_of(project)
    found = sessions.filter(name=name).first()
    if found is None:
        raise _no_such("session", name, sessions[:31])
    return found


def find_version(project: Project, rubric: str | None, number: int | None) -> RubricVersion:
    """The published version meant: the newest of the rubric, which may be left out if it is one.

    `rubric` is an external id or a name. Raises UnknownName.
    """
    published = list(published_versions(project))
    rubrics = {version.rubric.external_id: version.rubric for version in published}
    wanted = [key for key, row in rubrics.items() if rubric in (None, key, row.name)]
    if rubric is not None and not wanted:
        raise _no_such("published rubric", rubric, rubrics)
    if len(wanted) != 1:
        many = "say with --rubric which one" if wanted else "publish a rubric version first"
        raise UnknownName(f"{many}; there are: {', '.join(rubrics) or 'none'}")
    versions = {row.number: row for row in published if row.rubric.external_id == wanted[0]}
    if number is None:
        number = max(versions)
    if number not in versions:
        raise _no_such(f"published version of {wanted[0]}", number, sorted(versions))
    return versions[number]


def get_judge(
    project: Project,
    name: str,
    *,
    kind: str | None,
    params: Sequence[str],
    by: User,
    before_making: Callable[[str, Mapping[str, object]], None],
) -> Judge:
    """The judge of this name; made with `kind` and `params` ("name=value") if it is not there.

    `before_making` is called with kind and parameters before a judge is made, and may refuse.
    Raises UnknownName for an unknown judge, a judge of this name with another configuration,
    and a configuration that cannot work.
    """
    rows = Judge.objects.filter(rater__project=project).select_related("rater__project")
    found = rows.filter(rater__name=name).first()
    try:
        given = _given(project, kind, params) if kind else {}
        if found is None and kind:
            before_making(kind, given)
            return create_judge(project=project, name=name, kind=kind, params=given, by=by)
    except (InvalidJudgeConfig, JudgeNameTaken) as error:
        raise UnknownName(str(error)) from error
    if found is None:
        known = rows.filter(archived_at__isnull=True).order_by("rater__name")
        missing = _no_such("judge", name, known[:31])
        raise UnknownName(f"{missing}; make it with --kind and --param")
    if params and not kind:
        raise UnknownName("--param needs --kind: a judge that is there keeps its configuration")
    if kind and (found.kind, found.params) != (kind, given):
        raise UnknownName(
            f"there is a judge {name!r} with another configuration; choose another name"
        )
    if found.archived_at:
        raise UnknownName(f"the judge {name!r} is archived; take it out of the archive first")
    return found


def configuration(
    project: Project, name: str, *, kind: str | None, params: Sequence[str]
) -> tuple[str, dict[str, object]]:
    """Kind and parameters of the judge of this name, or those given where it is not there.

    Raises UnknownName for neither, or for values that cannot be read.
    """
    found = Judge.objects.filter(rater__project=project, rater__name=name).first()
    if found is not None and not kind:
        return found.kind, found.params
    if not kind:
        known = Judge.objects.filter(rater__project=project, archived_at__isnull=True)
        raise _no_such("judge", name, known.order_by("rater__name")[:31])
    try:
        return kind, _given(project, kind, params)
    except InvalidJudgeConfig as error:
        raise UnknownName(str(error)) from error


def _given(project: Project, kind: str, params: Sequence[str]) -> dict[str, object]:
    """The parameters given, judges that are named as members copied; as `read_params`."""
    return with_copies(project, kind, read_params(kind, params))


def read_params(kind: str, texts: Sequence[str]) -> dict[str, object]:
    """Parameters written as "name=value"; the value of an object or list may be @FILE.

    Raises InvalidJudgeConfig for a kind that does not exist, UnknownName for the rest.
    """
    return read_pairs(parameters(kind), texts, "--param")


def read_pairs(
    parameters: Sequence[Parameter], texts: Sequence[str], option: str
) -> dict[str, object]:
    """The same for parameters that are declared elsewhere, written behind an option."""
    declared = {each.name: each for each in parameters}
    values: dict[str, object] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals:
            raise UnknownName(f"{option} takes NAME=VALUE, not {text!r}")
        try:
            # What is not declared is refused, with a hint, when the judge is built.
            known = declared.get(name)
            values[name] = _read(known, value) if known else value
        except (UnreadableValue, OSError, UnicodeDecodeError) as error:
            raise UnknownName(f"{option} {name}: {error}") from error
    return values


def _read(parameter: Parameter, text: str) -> object:
    if parameter.kind in ("dict", "list") and text.startswith("@"):
        return read_json(Path(text[1:]).read_text("utf-8"))
    return read_value(parameter, text)

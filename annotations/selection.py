"""Which responses a session holds: filters that narrow down, then a sample."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass
from typing import Any

from django.db.models import BooleanField, ExpressionWrapper, Q
from django.utils.translation import gettext as _

from rubricstudio.domain.assignment import blind_order, draw
from rubricstudio.models import Project, Response, RubricVersion, Task


class InvalidSelection(ValueError):
    """The selection names what is not there, or chooses nothing; the message says which."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Responses of a project: all of them, narrowed down by every field that is given.

    `sources`, `tags` (of the task), `tasks` and `responses` (external ids) each allow
    any of their members. `sample` then draws that many at random with `seed`, which
    also decides the order within a task. Responses without text are never chosen.
    """

    sources: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    responses: tuple[str, ...] = ()
    sample: int | None = None
    seed: int = 0

    def as_json(self) -> dict[str, Any]:
        """The selection as a session keeps it."""
        return asdict(self)


def choose(project: Project, version: RubricVersion, selection: Selection) -> list[int]:
    """Return the ids of the chosen responses in the order they are to be judged.

    Raises InvalidSelection for ids that are not in the project, for responses asked
    for by id that have no text, and where nothing is left; InvalidSample for a sample
    below 1.
    """
    _check_ids(project, selection)
    pairs = list(
        Response.objects.filter(_condition(selection), project=project, text__isnull=False)
        .filter(Q(task=version.rubric.task_id) if version.rubric.task_id else Q())
        .values_list("task_id", "id")
    )
    if not pairs:
        raise InvalidSelection(_("No response with a text matches. Choose fewer filters."))
    if selection.sample is not None:
        drawn = set(draw((response for _task, response in pairs), selection.sample, selection.seed))
        pairs = [pair for pair in pairs if pair[1] in drawn]
    return blind_order(pairs, selection.seed)


def _condition(selection: Selection) -> Q:
    condition = Q()
    if selection.sources:
        condition &= Q(source__in=selection.sources)
    if selection.tags:
        condition &= Q(task__tags__overlap=list(selection.tags))
    if selection.tasks:
        condition &= Q(task__external_id__in=selection.tasks)
    if selection.responses:
        condition &= Q(external_id__in=selection.responses)
    return condition


def _check_ids(project: Project, selection: Selection) -> None:
    tasks = Task.objects.filter(project=project, external_id__in=selection.tasks)
    _check_known(selection.tasks, set(tasks.values_list("external_id", flat=True)))
    found = Response.objects.filter(project=project, external_id__in=selection.responses)
    with_text = ExpressionWrapper(Q(text__isnull=False), BooleanField())
    has_text = dict(found.values_list("external_id", with_text))
    _check_known(selection.responses, has_text)
    without_text = [name for name, present in has_text.items() if not present]
    if without_text:
        raise InvalidSelection(
            _("These responses have no text to judge: %(names)s.") % {"names": _some(without_text)}
        )


def _check_known(asked: Collection[str], known: Collection[str]) -> None:
    unknown = [name for name in asked if name not in known]
    if unknown:
        raise InvalidSelection(
            _("Not in this project: %(names)s. Check the spelling.") % {"names": _some(unknown)}
        )


def _some(names: list[str]) -> str:
    shown = ", ".join(names[:5])
    more = len(names) - 5
    return shown if more <= 0 else _("%(shown)s and %(more)d more") % {"shown": shown, "more": more}

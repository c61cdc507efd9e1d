"""Which responses a session holds: filters that narrow down, then a sample."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet
from django.utils.translation import gettext as _

from rubricstudio.domain.assignment import InvalidSample, blind_order
from rubricstudio.domain.strata import Stratum, draw_strata, equal, proportional
from rubricstudio.models import Project, Response, RubricVersion, Task

BY_SOURCE, BY_TAG = "source", "tag"


class InvalidSelection(ValueError):
    """The selection names what is not there, or chooses nothing; the message says which."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Responses of a project: all of them, narrowed down by every field that is given.

    `sources`, `tags` (of the task), `tasks` and `responses` (external ids) each allow
    any of their members. From what is left `sample` draws that many at random with `seed`,
    which also decides the order within a task. `stratify` ("source" or "tag") draws from
    each source or tag apart: `per_stratum` of each, or `sample` in all in proportion to
    their sizes. Responses without text are never chosen.
    """

    sources: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    responses: tuple[str, ...] = ()
    sample: int | None = None
    seed: int = 0
    stratify: str = ""
    per_stratum: int | None = None

    def as_json(self) -> dict[str, Any]:
        """The selection as a session keeps it."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Selection:
        """The selection that `as_json` stored; what else is kept beside it is passed over."""
        known: dict[str, Any] = {f.name: stored[f.name] for f in fields(cls) if f.name in stored}
        lists = {name: tuple(value) for name, value in known.items() if isinstance(value, list)}
        return cls(**(known | lists))


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a selection chose: ids in the order to be judged, each id's weight, the strata.

    A weight is one over the probability of being chosen among what passes the filters.
    Without strata there is one, named "".
    """

    order: list[int]
    weights: Mapping[int, float]
    strata: list[Stratum]

    def strata_json(self) -> list[dict[str, Any]]:
        """The strata as a session keeps them beside its selection."""
        return [asdict(stratum) for stratum in self.strata]


def choose(project: Project, version: RubricVersion, selection: Selection) -> Chosen:
    """Choose the responses of a session.

    Raises InvalidSelection for ids that are not in the project, for responses asked
    for by id that have no text, and where nothing is left; InvalidSample for a sample
    that cannot be drawn.
    """
    check_sample(selection)
    _check_ids(project, selection)
    rows = list(_rows(project, version, selection))
    if not rows:
        raise InvalidSelection(nothing_matches())
    members: dict[str, list[int]] = {}
    for _task, response, tags, source in rows:
        members.setdefault(stratum_of(selection, source, tags), []).append(response)
    strata = plan_strata(selection, {name: len(ids) for name, ids in members.items()})
    weights = draw_strata(members, strata, selection.seed)
    pairs = [(task, response) for task, response, *_ in rows if response in weights]
    return Chosen(blind_order(pairs, selection.seed), weights, strata)


def nothing_matches() -> str:
    """What to say where no response passes the filters."""
    return _("No response with a text matches. Choose fewer filters.")


def matching(project: Project, task_id: int | None, selection: Selection) -> QuerySet[Response]:
    """The responses that pass the filters, of one task where `task_id` is given."""
    found = Response.objects.filter(_condition(selection), project=project, text__isnull=False)
    return found.filter(task=task_id) if task_id else found


def plan_strata(selection: Selection, sizes: Mapping[str, int]) -> list[Stratum]:
    """How many of each stratum are taken, from how many there are."""
    if selection.per_stratum is not None:
        return equal(sizes, selection.per_stratum)
    if selection.sample is not None:
        return proportional(sizes, selection.sample)
    return [Stratum(name, size, size) for name, size in sorted(sizes.items())]


def stratum_of(selection: Selection, source: str, tags: Collection[str]) -> str:
    """The stratum of a response.

    A task with several tags counts under one of them, so that each response has one chance
    to be drawn: the first by alphabet, of those asked for where tags were asked for.
    """
    if selection.stratify == BY_SOURCE:
        return source
    if selection.stratify == BY_TAG:
        asked = [tag for tag in tags if not selection.tags or tag in selection.tags]
        return min(asked, default="")
    return ""


def check_sample(selection: Selection) -> None:
    """Raise InvalidSample where sizes and strata do not fit together."""
    if selection.stratify not in ("", BY_SOURCE, BY_TAG):
        raise InvalidSample(_("Stratify by source or by tag."))
    if selection.per_stratum is not None and not selection.stratify:
        raise InvalidSample(_("Say whether to draw by source or by tag."))
    if selection.per_stratum is not None and selection.sample is not None:
        raise InvalidSample(_("Give a number for each stratum or one in all, not both."))
    if selection.stratify and selection.per_stratum is None and selection.sample is None:
        raise InvalidSample(_("Say how many to draw from the strata."))


def _rows(
    project: Project, version: RubricVersion, selection: Selection
) -> QuerySet[Response, tuple[int, int, list[str], str]]:
    return matching(project, version.rubric.task_id, selection).values_list(
        "task_id", "id", "task__tags", "source"
    )


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
    unknown, without_text = wrong_ids(project, selection)
    if unknown:
        raise InvalidSelection(
            _("Not in this project: %(names)s. Check the spelling.") % {"names": _some(unknown)}
        )
    if without_text:
        raise InvalidSelection(
            _("These responses have no text to judge: %(names)s.") % {"names": _some(without_text)}
        )


def wrong_ids(project: Project, selection: Selection) -> tuple[list[str], list[str]]:
    """The ids asked for that are not in the project, and those of responses without text."""
    tasks = Task.objects.filter(project=project, external_id__in=selection.tasks)
    known_tasks = set(tasks.values_list("external_id", flat=True))
    found = Response.objects.filter(project=project, external_id__in=selection.responses)
    with_text = ExpressionWrapper(Q(text__isnull=False), BooleanField())
    has_text = dict(found.values_list("external_id", with_text))
    unknown = [name for name in selection.tasks if name not in known_tasks]
    unknown += [name for name in selection.responses if name not in has_text]
    return unknown, [name for name in selection.responses if has_text.get(name) is False]


def _some(names: list[str]) -> str:
    shown = ", ".join(names[:5])
    more = len(names) - 5
    return shown if more <= 0 else _("%(shown)s and %(more)d more") % {"shown": shown, "more": more}

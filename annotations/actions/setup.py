"""What setting up and changing a session have in common: checks, items and their places."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from annotations.errors import InvalidSession
from annotations.models import Item, ItemKind, ItemResponse, Mode, Session
from annotations.options import SessionOptions
from annotations.selection import Chosen
from annotations.sheet import asked_of_people
from rubricstudio.actions.rounds import open_round
from rubricstudio.domain.strata import share_of
from rubricstudio.models import Project, Round, RoundKind, RubricVersion, User, VersionStatus
from rubricstudio.queries.rounds import finished_runs


def check_name(project: Project, name: str, *, own: Round | None = None) -> None:
    """Raise InvalidSession for no name, or for that of another session than `own`."""
    if not name.strip():
        raise InvalidSession(_("Give the session a name."), "name")
    if len(name.strip()) > 200:
        raise InvalidSession(_("Shorten the name to 200 characters."), "name")
    others = Round.objects.filter(project=project, kind=RoundKind.SESSION, name=name.strip())
    if (others.exclude(pk=own.pk) if own else others).exists():
        raise InvalidSession(
            _("There is a session of this name already. Choose another name."), "name"
        )


def check_version(project: Project, version: RubricVersion, mode: str) -> None:
    """Raise InvalidSession for a version that cannot be judged in this mode."""
    if version.rubric.project_id != project.pk or version.status != VersionStatus.PUBLISHED:
        raise InvalidSession(_("Choose a published rubric version of this project."), "version")
    asked = asked_of_people(version.as_rubric())
    if not asked:
        raise InvalidSession(
            _("Nothing in this version is judged by people: programs and models judge it all."),
            "version",
        )
    if mode == Mode.OVERALL and len(asked) != 1:
        raise InvalidSession(
            _("The whole response is judged on a version with one criterion."), "version"
        )


def check_suggestions(project: Project, version: RubricVersion, run: Round | None) -> None:
    """Raise InvalidSession unless `run` is a finished run over the same version, or None."""
    if run is None:
        return
    if not finished_runs(project).filter(pk=run.pk, version=version).exists():
        raise InvalidSession(
            _("Choose a finished run over the rubric version of this session."), "suggestions"
        )


def open_session(
    project: Project,
    version: RubricVersion,
    name: str,
    by: User,
    selection: Mapping[str, Any],
    options: SessionOptions,
    original: Session | None = None,
) -> Session:
    """Write a session in state draft, without items and people; everything is checked."""
    return Session.objects.create(
        round=open_round(
            project=project, kind=RoundKind.SESSION, name=name.strip(), version=version, by=by
        ),
        selection=dict(selection),
        cloned_from=original,
        **options,
    )


def copy_items(original: Session, session: Session) -> None:
    """Give a session the items of another, with their weights, and the places of its own.

    Repeats are left out: they are drawn when a session starts.
    """
    rows = list(original.items.filter(sample=0).order_by("position"))
    further = ItemResponse.objects.filter(item__in=rows).values_list(
        "item__position", "response", "place"
    )
    copies = {
        row.position: Item(
            session=session,
            position=number,
            # While an order draws some at random, the weight of the choice is kept apart.
            weight=row.weight if row.own_weight is None else row.own_weight,
            **{name: getattr(row, name) for name in _COPIED},
        )
        for number, row in enumerate(rows)
    }
    Item.objects.bulk_create(copies.values(), batch_size=5000)
    ItemResponse.objects.bulk_create(
        (
            ItemResponse(item=copies[position], response_id=response, place=place)
            for position, response, place in further
        ),
        batch_size=5000,
    )
    place_items(session)


_COPIED = ("response_id", "members", "places", "kind", "uncertainty", "must_answer")


def write_items(session: Session, chosen: Chosen) -> None:
    """Make the work items of a session; those of other kinds stay, behind them.

    A response that teaches or tests people already is no work as well.
    """
    session.items.filter(kind=ItemKind.WORK).delete()
    checks = set(session.items.values_list("response", flat=True))
    work = [response for response in chosen.order if response not in checks]
    for position, item in enumerate(session.items.order_by("position"), len(work)):
        item.position = position
        item.save(update_fields=["position"])
    extra = _with_extra(session, work)
    Item.objects.bulk_create(
        (
            Item(
                session=session,
                response_id=response,
                members=str(response),
                position=position,
                places=session.coverage + (session.extra_coverage if response in extra else 0),
                weight=chosen.weights[response],
            )
            for position, response in enumerate(work)
        ),
        batch_size=5000,
    )


def place_items(session: Session) -> None:
    """Give the work items of a session that has not started the places that its settings say."""
    items = session.items.filter(kind=ItemKind.WORK)
    extra = _with_extra(
        session, list(items.order_by("position").values_list("response", flat=True))
    )
    items.update(places=session.coverage)
    if extra:
        more = session.coverage + session.extra_coverage
        items.filter(response__in=extra).update(places=more)


def _with_extra(session: Session, responses: list[int]) -> set[int]:
    """The responses that get the extra coverage, drawn with the selection's seed."""
    if not session.extra_coverage:
        return set()
    return share_of(responses, session.extra_share, session.selection.get("seed", 0))

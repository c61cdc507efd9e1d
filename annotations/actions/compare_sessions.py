"""Setting up sessions in which responses are compared: pairs, or sets that are ranked."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Unpack

from django.db import transaction

from annotations.actions.sessions import EVERYTHING, set_annotators
from annotations.actions.setup import check_name, check_version, open_session, place_items
from annotations.grouping import Grouping, choose_groups
from annotations.models import Item, ItemResponse, Session
from annotations.options import SessionOptions, check_options
from annotations.selection import Selection
from rubricstudio.domain.pairing import Group
from rubricstudio.models import Project, RubricVersion, User


@transaction.atomic
def create_comparison(
    *,
    project: Project,
    name: str,
    version: RubricVersion,
    by: User,
    grouping: Grouping,
    selection: Selection = EVERYTHING,
    annotators: Iterable[User] = (),
    **options: Unpack[SessionOptions],
) -> Session:
    """Set up a session in state draft whose items are what `grouping` brings together.

    The other arguments, and what they raise, as in `create_session`; the coverage is how
    many different people compare each pair or set.
    """
    options["mode"] = grouping.mode
    check_name(project, name)
    check_options(options)
    check_version(project, version, grouping.mode)
    groups = choose_groups(project, version, selection, grouping)
    kept = {**selection.as_json(), **grouping.as_json()}
    session = open_session(project, version, name, by, kept, options)
    write_groups(session, groups)
    set_annotators(session=session, users=annotators, by=by)
    return session


def write_groups(session: Session, groups: list[Group]) -> None:
    """Make the work items of a session that has none, each with its responses."""
    items = Item.objects.bulk_create(
        (
            Item(
                session=session,
                response_id=group.members[0],
                members=",".join(map(str, group.members)),
                position=position,
                places=session.coverage,
                weight=group.weight,
            )
            for position, group in enumerate(groups)
        ),
        batch_size=5000,
    )
    ItemResponse.objects.bulk_create(
        (
            ItemResponse(item=item, response_id=response, place=place)
            for item, group in zip(items, groups, strict=True)
            for place, response in enumerate(group.members[1:], start=1)
        ),
        batch_size=5000,
    )
    place_items(session)

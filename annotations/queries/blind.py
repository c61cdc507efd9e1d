"""What a person may not read yet, because they still have to judge it themselves."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q

from annotations.models import (
    Assignment,
    AssignmentStatus,
    Item,
    ItemResponse,
    SessionStatus,
    Stage,
)
from rubricstudio.models import Project, User

_OPEN = (SessionStatus.DRAFT, SessionStatus.ACTIVE, SessionStatus.PAUSED)


def blind_responses(project: Project, user: User) -> set[int]:
    """The responses that the user still has to judge without knowing what others said.

    Those of every item of an open session in which they annotate, until they submit it; of a
    calibration round all of them while people vote, since a vote can be changed until it ends,
    and none while they discuss. One query.
    """
    done = Assignment.objects.filter(rater__user=user, status=AssignmentStatus.SUBMITTED)
    items = Item.objects.filter(
        Q(session__stage__in=(Stage.VOTE, Stage.REVOTE))
        | Q(session__stage=Stage.NONE) & ~Exists(done.filter(item=OuterRef("pk"))),
        session__status__in=_OPEN,
        session__round__project=project,
        session__annotators__rater__user=user,
    )
    further = ItemResponse.objects.filter(item__in=items)
    own = items.order_by().values_list("response_id", flat=True)
    return set(own.union(further.order_by().values_list("response_id", flat=True)))

"""What a person may not read yet, because they still have to judge it themselves."""

from __future__ import annotations

from annotations.models import Assignment, AssignmentStatus, Item, ItemResponse, SessionStatus
from rubricstudio.models import Project, User

_OPEN = (SessionStatus.DRAFT, SessionStatus.ACTIVE, SessionStatus.PAUSED)


def blind_responses(project: Project, user: User) -> set[int]:
    """The responses that the user still has to judge without knowing what others said.

    Those of every item of an open session in which they annotate, until they submit it.
    One query.
    """
    done = Assignment.objects.filter(rater__user=user, status=AssignmentStatus.SUBMITTED)
    items = Item.objects.filter(
        session__status__in=_OPEN,
        session__round__project=project,
        session__annotators__rater__user=user,
    ).exclude(assignments__in=done)
    further = ItemResponse.objects.filter(item__in=items)
    own = items.order_by().values_list("response_id", flat=True)
    return set(own.union(further.order_by().values_list("response_id", flat=True)))

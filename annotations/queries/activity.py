"""How long people worked on the items of a session, for themselves and for managers."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Q, Sum

from annotations.models import Assignment, Session


@dataclass(frozen=True, slots=True)
class TimeSpent:
    """Active seconds over the `items` that have any, `submitted` of which are done.

    `seconds_submitted` is the part that went into the submitted ones.
    """

    seconds: float
    items: int
    submitted: int
    seconds_submitted: float

    @property
    def per_item(self) -> float | None:
        """Active seconds of a submitted item, on average; None where there is none."""
        return self.seconds_submitted / self.submitted if self.submitted else None


def time_spent(session: Session, *, rater_id: int | None = None) -> dict[int, TimeSpent]:
    """By rater, in one query; whoever has no measured time is not in it: unknown is not zero."""
    rows = Assignment.objects.filter(item__session=session, active_seconds__gt=0)
    if rater_id is not None:
        rows = rows.filter(rater=rater_id)
    done = Q(status="submitted")
    counted = (
        rows.order_by()
        .values_list("rater")
        .annotate(
            seconds=Sum("active_seconds"),
            items=Count("pk"),
            submitted=Count("pk", filter=done),
            seconds_submitted=Sum("active_seconds", filter=done, default=0.0),
        )
    )
    return {rater: TimeSpent(*figures) for rater, *figures in counted}

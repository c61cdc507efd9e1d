"""The order "most uncertain first": set when a session starts, refreshed, settled at its end."""

from __future__ import annotations

from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef
from django.utils.translation import gettext as _

from annotations.actions.distribute import lock_session
from annotations.errors import NotPossible
from annotations.models import Assignment, Item, ItemKind, Order, Session, SessionStatus
from annotations.queries.uncertainty import uncertainty_of
from rubricstudio.domain.ordering import draw_share, most_uncertain_first
from rubricstudio.models import User


def put_in_order(session: Session) -> None:
    """Rank the items of a session that starts (locked), and weigh those drawn at random.

    Only where its order is "uncertain". The weight an item was chosen with is kept in
    `own_weight`, and multiplies that of the draw.
    """
    if session.order != Order.UNCERTAIN:
        return
    items = Item.objects.filter(session=session, kind=ItemKind.WORK, sample=0)
    ids = list(items.values_list("pk", flat=True))
    drawn = draw_share(ids, session.random_share, session.pk)
    items.update(own_weight=F("weight"), weight=None)
    if drawn:
        items.filter(pk__in=drawn).update(weight=F("own_weight") * (len(ids) / len(drawn)))
    _rank(session)


def _rank(session: Session) -> None:
    uncertainty = uncertainty_of(session)
    drawn = frozenset(
        Item.objects.filter(
            session=session, own_weight__isnull=False, weight__isnull=False
        ).values_list("pk", flat=True)
    )
    order = most_uncertain_first(uncertainty, drawn, session.pk)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE annotations_item i SET rank = n.rank, uncertainty = n.uncertainty
              FROM unnest(%s::bigint[], %s::float8[], %s::integer[]) AS n (id, uncertainty, rank)
             WHERE i.id = n.id
            """,
            [order, [uncertainty[item] for item in order], list(range(len(order)))],
        )


@transaction.atomic
def refresh_order(*, session: Session, by: User | None) -> int:
    """Rank a session's items anew by the verdicts there are now; how many items it has.

    Those drawn at random stay the same, and stay in the order they had among themselves.
    `by` is None for the command. Raises NotPossible in a session of another order, or one
    that is completed or has not started.
    """
    locked = lock_session(session)
    if locked.order != Order.UNCERTAIN:
        raise NotPossible(_("The items of this session are not put in order by uncertainty."))
    if locked.status == SessionStatus.DRAFT:
        raise NotPossible(_("The session has not started yet."))
    _rank(locked)
    return locked.items.count()


def settle_weights(session: Session) -> None:
    """Give each item its own weight back when a session ends with all of them judged.

    Where it ends before that, the items drawn at random remain the only fair sample.
    """
    submitted = Assignment.objects.filter(item=OuterRef("pk"), status="submitted")
    items = Item.objects.filter(session=session, own_weight__isnull=False)
    if not items.exclude(Exists(submitted)).exists():
        items.update(weight=F("own_weight"), own_weight=None)

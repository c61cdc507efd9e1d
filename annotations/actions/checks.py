"""Setting up what is handed out besides work: checks with gold answers, and repeats."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from random import Random

from django.db import connection, transaction
from django.utils.translation import gettext as _

from annotations.errors import InvalidSession, NotPossible
from annotations.models import EVERYONE, Item, ItemKind, ItemResponse, Session, SessionStatus
from annotations.options import COMPARING
from annotations.queries.checks import IS_CHECK
from annotations.queries.comparisons import members_of
from annotations.queries.gold import gold_of
from rubricstudio.domain.assignment import draw
from rubricstudio.models import Response, User


@transaction.atomic
def set_checks(
    *,
    session: Session,
    training: Iterable[int],
    qualification: Iterable[int],
    gold: Iterable[int],
    by: User,
) -> None:
    """Make exactly these responses the session's training, qualification and gold items.

    A response that was work stops being work; one that no longer is a check and was work
    is work again. Raises InvalidSession for a response without gold answers in the words
    of the session's rubric or in two lists, and NotPossible once the session has started.
    """
    held = Session.objects.select_for_update(of=("self",)).select_related("round__version")
    locked = held.get(pk=session.pk)
    if locked.status != SessionStatus.DRAFT:
        raise NotPossible(
            _("Checks are chosen before the session starts. Clone it to change them.")
        )
    chosen = {
        ItemKind.TRAINING: list(dict.fromkeys(training)),
        ItemKind.QUALIFICATION: list(dict.fromkeys(qualification)),
        ItemKind.GOLD: list(dict.fromkeys(gold)),
    }
    wanted = {response: kind for kind, ids in chosen.items() for response in ids}
    _check_chosen(locked, chosen, wanted)
    _withdraw(locked, set(wanted))
    _turn_into_checks(locked, wanted)
    _spread(locked, Random(f"checks:{locked.pk}"))


def _check_chosen(
    session: Session, chosen: Mapping[ItemKind, Sequence[int]], wanted: Mapping[int, ItemKind]
) -> None:
    if wanted and session.mode in COMPARING:
        raise InvalidSession(_no_gold())
    if len(wanted) < sum(map(len, chosen.values())):
        raise InvalidSession(_("A response is either for training, qualification or hidden gold."))
    known = Response.objects.filter(project=session.round.project_id, pk__in=list(wanted))
    if known.count() < len(wanted) or len(gold_of(session.round.version, wanted)) < len(wanted):
        raise InvalidSession(
            _("Each of these responses needs a gold answer to a criterion of the rubric version.")
        )


def _no_gold() -> str:
    return _("Gold answers are for sessions in which criteria are judged.")


def _withdraw(session: Session, kept: set[int]) -> None:
    """What is no longer a check: gone where it was added as one, work again where it was work.

    What was added as a check has no weight in the session, only one of its own: no work has
    that before the session starts.
    """
    checks = Item.objects.filter(session=session).exclude(kind=ItemKind.WORK)
    left = checks.exclude(response__in=kept)
    left.filter(weight__isnull=True, own_weight__isnull=False).delete()
    left.update(kind=ItemKind.WORK, places=session.coverage, must_answer=False, is_closed=False)


def _turn_into_checks(session: Session, wanted: Mapping[int, ItemKind]) -> None:
    present = dict(
        Item.objects.filter(session=session, sample=0, response__in=list(wanted)).values_list(
            "response", "pk"
        )
    )
    added = [str(response) for response in wanted if response not in present]
    made = _add_hidden(session, added, sample=0)
    present |= {int(members): pk for members, pk in made.items()}
    for kind in (ItemKind.TRAINING, ItemKind.QUALIFICATION, ItemKind.GOLD):
        ids = [present[response] for response, other in wanted.items() if other == kind]
        Item.objects.filter(pk__in=ids).update(
            kind=kind,
            places=EVERYONE,
            # A hidden gold item can be skipped as work can, or the page would tell it.
            must_answer=kind != ItemKind.GOLD,
            is_closed=True,
        )


def _add_hidden(session: Session, what: Sequence[str], *, sample: int) -> dict[str, int]:
    """Add items with these members so that their ids do not tell them from work.

    Addresses hold an item's id, and new ids are the highest. So each new item changes
    places with an item of work that nobody has: the work gets the new id and keeps its
    position. Returns the id of each item by its members.
    """
    free = list(
        Item.objects.filter(
            session=session, kind=ItemKind.WORK, sample=0, assignments__isnull=True
        ).order_by("pk")
    )
    Random(f"ids:{session.pk}:{len(what)}").shuffle(free)
    last = Item.objects.filter(session=session).order_by("-position").first()
    end = 0 if last is None else last.position + 1
    ids: dict[str, int] = {}
    for offset, members in enumerate(what):
        item = Item(
            session=session,
            members=members,
            sample=sample,
            position=end + offset,
            places=EVERYONE,
            weight=None,
            own_weight=None if sample else 1.0,
            is_closed=True,
        )
        item.response_id = members_of(item)[0]
        if free:
            work = free.pop()
            item.pk = work.pk
            work.pk = None
            work._state.adding = True
            Item.objects.filter(pk=item.pk).delete()
            _insert(work)
        _insert(item)
        ids[members] = item.pk
    return ids


def _insert(item: Item) -> None:
    """Write an item with the further responses that its members say."""
    item.save(force_insert=True)
    ItemResponse.objects.bulk_create(
        ItemResponse(item=item, response_id=response, place=place)
        for place, response in enumerate(members_of(item)[1:], start=1)
    )


def _spread(session: Session, random: Random) -> None:
    """Put checks and repeats at random among the work, whose own order stays."""
    every = list(
        Item.objects.filter(session=session)
        .order_by("position")
        .values_list("pk", "kind", "sample", "response")
    )
    work = [pk for pk, kind, sample, _r in every if kind == ItemKind.WORK and sample == 0]
    checks = [pk for pk, kind, sample, _r in every if kind != ItemKind.WORK or sample]
    random.shuffle(checks)
    slots = set(random.sample(range(len(every)), len(checks)))
    rest, hidden = iter(work), iter(checks)
    order = [next(hidden) if place in slots else next(rest) for place in range(len(every))]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE annotations_item i SET position = o.place - 1
              FROM unnest(%s::bigint[]) WITH ORDINALITY o(id, place)
             WHERE i.id = o.id AND i.position <> o.place - 1
            """,
            [order],
        )


def add_repeats(session: Session) -> int:
    """Give a `repeat_share` of the work a second appearance; how many. For a session that starts.

    The same session draws the same items again, so nothing is added twice.
    """
    if session.repeat_share <= 0:
        return 0
    items = Item.objects.filter(session=session)
    work = items.filter(kind=ItemKind.WORK, sample=0).order_by("position")
    members = list(work.values_list("members", flat=True))
    size = round(session.repeat_share * len(members))
    there = set(items.filter(sample=1).values_list("members", flat=True))
    drawn = [members[at] for at in draw(range(len(members)), size, session.pk)] if size else []
    chosen = [one for one in drawn if one not in there]
    if chosen:
        _add_hidden(session, chosen, sample=1)
        _spread(session, Random(f"repeats:{session.pk}"))
    return len(chosen)


@transaction.atomic
def set_rules(
    *,
    session: Session,
    by: User,
    qualify_at: float | None,
    gold_share: float,
    pause_after: int | None,
    shows_feedback: bool,
) -> Session:
    """Set how gold answers are used, in any session that is not completed.

    qualify_at: a share in (0, 1]; gold_share: of all items of a person, 0 to 0.5;
    pause_after: over how many of the last hidden gold items a person is judged.
    Raises InvalidSession or NotPossible.
    """
    locked = Session.objects.select_for_update().get(pk=session.pk)
    if locked.status == SessionStatus.COMPLETED:
        raise NotPossible(_("The session is completed."))
    if locked.mode in COMPARING:
        raise InvalidSession(_no_gold())
    if qualify_at is not None and not 0 < qualify_at <= 1:
        raise InvalidSession(_("The threshold is a share above 0 and up to 100 %."))
    if not 0 <= gold_share <= 0.5:
        raise InvalidSession(_("At most half of the items can be hidden gold items."))
    if pause_after is not None and (pause_after < 1 or qualify_at is None):
        raise InvalidSession(_("To pause people, set a threshold and 1 or more gold items."))
    locked.qualify_at, locked.gold_share = qualify_at, gold_share
    locked.pause_after, locked.shows_feedback = pause_after, shows_feedback
    locked.save(update_fields=["qualify_at", "gold_share", "pause_after", "shows_feedback"])
    return locked


def start_checks(session: Session) -> None:
    """What is set up when a session starts."""
    Item.objects.filter(IS_CHECK, session=session).update(own_weight=None)
    if not Item.objects.filter(IS_CHECK, session=session, sample=1).exists():
        add_repeats(session)

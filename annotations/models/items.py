"""What a session asks about: its items, and the responses of each."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from annotations.models.sessions import Order, Session
from rubricstudio.models import Response


class ItemKind(models.TextChoices):
    """Work counts; the others teach or test the annotator against gold answers."""

    WORK = "work", _("work")
    TRAINING = "training", _("training")
    QUALIFICATION = "qualification", _("qualification")
    GOLD = "gold", _("hidden gold")


# Answers to training, qualification and hidden gold items are kept as this sample of the
# verdict, so that whoever reads people's first answers (sample 0) never meets them.
CHECK_SAMPLE = 2
# A check is for everyone: as many places as a small integer holds.
EVERYONE = 32_767

# The next item that a rater never had and that has room: a free place, or one whose
# reservation has expired. As text, since every submit asks for it and building it anew takes
# longer than answering it. The places in use are counted in `held`, so that a partial index
# leads to items with room however many are full. The lock reads the row again: who filled it
# meanwhile is seen. More candidates than people at work are looked at, since those that
# others hold at this moment are passed over.
_NEXT_ITEM = """
    SELECT i.* FROM annotations_item i JOIN (
        (SELECT f.id, {key} AS key, f.position, false AS has_expired FROM annotations_item f
          WHERE f.session_id = %(session)s AND NOT f.is_closed AND f.held < f.places
            AND f.id NOT IN (SELECT own.item_id FROM annotations_assignment own
                             WHERE own.rater_id = %(rater)s)
          ORDER BY {key}, f.position LIMIT %(candidates)s)
        UNION ALL
        (SELECT f.id, {key} AS key, f.position, true AS has_expired FROM annotations_item f
          WHERE f.session_id = %(session)s AND NOT f.is_closed AND f.held >= f.places
            AND f.id IN (SELECT a.item_id FROM annotations_assignment a
                          WHERE a.status IN ('pending', 'draft') AND a.slot IS NOT NULL
                            AND NOT a.is_given AND a.reserved_until < %(now)s)
            AND f.id NOT IN (SELECT own.item_id FROM annotations_assignment own
                             WHERE own.rater_id = %(rater)s)
          ORDER BY {key}, f.position LIMIT %(candidates)s)
    ) c ON c.id = i.id
     WHERE NOT i.is_closed AND (i.held < i.places OR c.has_expired)
     ORDER BY c.key, c.position LIMIT 1 FOR NO KEY UPDATE OF i
"""
_CANDIDATES = {True: 100, False: 1000}


def order_key(session: Session, item: str) -> str:
    """SQL by which a person's items are put in order; the parameter `rater` names the person.

    item: the alias of the table. A random order is a hash of item and person: different for
    each person, and the same whenever they come back.
    """
    if session.order == Order.RANDOM:
        return f"hashint8extended({item}.id, %(rater)s)"
    return f"{item}.rank"


class ItemQuerySet(models.QuerySet["Item"]):
    def next_for(self, session: Session, rater_id: int, *, skip_locked: bool) -> Item | None:
        """The next item that the rater can get, locked until the transaction ends."""
        parameters = {
            "session": session.pk,
            "rater": rater_id,
            "now": timezone.now(),
            "candidates": _CANDIDATES[skip_locked],
        }
        query = _NEXT_ITEM.format(key=order_key(session, "f"))
        found = self.raw(query + ("SKIP LOCKED" if skip_locked else ""), parameters)
        return next(iter(found), None)


class Item(models.Model):
    """A response, or several of one task, to be judged in a session by `places` people.

    `response` is the first of them, ItemResponse holds the others of a pair or a ranking,
    `members` all ids in ascending order, joined by commas. `sample` is 1 where an item
    comes a second time to see whether a person agrees with themselves. `weight` is one
    over the probability that the item was chosen, null where it was not chosen by chance;
    `uncertainty` (0 to 1, more is less certain) is what the order "uncertain" sorts by, and
    `rank` what comes of it; items of the same rank are handed out by position.
    `own_weight` keeps the weight that the item was chosen with while that order sets
    `weight`. `held` counts the assignments that have a slot; the database keeps it.
    A closed item is handed out no more; checks and repeats are closed from the start, since
    `annotations.actions.quality` alone hands them out, when it is their time.
    """

    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="items")
    response = models.ForeignKey(Response, on_delete=models.PROTECT, related_name="session_items")
    members = models.CharField(max_length=400)
    position = models.PositiveIntegerField()
    places = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=13, choices=ItemKind.choices, default=ItemKind.WORK)
    sample = models.PositiveSmallIntegerField(default=0)
    weight = models.FloatField(null=True, blank=True, default=1.0)
    own_weight = models.FloatField(null=True, blank=True)
    uncertainty = models.FloatField(null=True, blank=True)
    rank = models.PositiveIntegerField(default=0, db_default=0)
    held = models.PositiveSmallIntegerField(default=0, db_default=0, editable=False)
    must_answer = models.BooleanField(default=False)
    is_closed = models.BooleanField(default=False)

    objects = ItemQuerySet.as_manager()

    class Meta:
        db_table = "annotations_item"
        indexes = [
            # Every hand-out asks whether the session checks its people; most do not.
            models.Index(
                fields=["session", "kind"],
                condition=~Q(kind="work") | Q(sample=1),
                name="item_checks",
            ),
            models.Index(
                fields=["session", "rank", "position"],
                condition=Q(is_closed=False, held__lt=F("places")),
                name="item_with_room",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["session", "members", "sample"], name="item_members_once"
            ),
            models.UniqueConstraint(
                fields=["session", "position"],
                name="item_position_once",
                deferrable=models.Deferrable.DEFERRED,
            ),
            models.CheckConstraint(condition=Q(kind__in=ItemKind.values), name="item_kind_known"),
            models.CheckConstraint(condition=Q(places__gte=1), name="item_places_positive"),
            models.CheckConstraint(condition=Q(sample__lte=1), name="item_sample_known"),
            models.CheckConstraint(
                condition=Q(weight__isnull=True) | Q(weight__gt=0), name="item_weight_positive"
            ),
            models.CheckConstraint(
                condition=Q(uncertainty__isnull=True) | Q(uncertainty__range=(0, 1)),
                name="item_uncertainty_range",
            ),
            models.CheckConstraint(
                condition=Q(own_weight__isnull=True) | Q(own_weight__gt=0),
                name="item_own_weight_positive",
            ),
        ]

    def __str__(self) -> str:
        return f"item {self.position} of session {self.session_id}"

    @property
    def verdict_sample(self) -> int:
        """The sample of the verdicts on it: 0 for what counts, 1 a repeat, 2 a check."""
        return self.sample if self.kind == ItemKind.WORK else CHECK_SAMPLE


class ItemResponse(models.Model):
    """A further response of an item that compares several; `place` counts from 1."""

    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="further")
    response = models.ForeignKey(Response, on_delete=models.PROTECT, related_name="+")
    place = models.PositiveSmallIntegerField()

    class Meta:
        db_table = "annotations_item_response"
        constraints = [
            models.UniqueConstraint(fields=["item", "response"], name="item_response_once"),
            models.UniqueConstraint(fields=["item", "place"], name="item_place_once"),
            models.CheckConstraint(condition=Q(place__gte=1), name="item_place_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.response_id} in {self.item_id}"

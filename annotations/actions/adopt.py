"""Going on with a new version of a session's rubric (docs/adr/0011)."""

from __future__ import annotations

from itertools import groupby

from django.db import transaction
from django.utils.translation import gettext as _

from annotations.actions.editing import annotators_of, free_name
from annotations.actions.sessions import set_annotators
from annotations.actions.setup import check_name, check_version, copy_items, open_session
from annotations.errors import InvalidSession, NotPossible
from annotations.models import Assignment, AssignmentStatus, Item, Session, Stage
from annotations.options import COMPARING, options_of
from annotations.queries.carried import adoption_of, carried_of, submitted_sheets
from annotations.queries.queue import is_over
from annotations.sheet import Sheet, to_json
from rubricstudio.models import RubricVersion, User, Verdict


@transaction.atomic
def adopt_version(*, session: Session, version: RubricVersion, by: User, name: str = "") -> Session:
    """Make a draft session that follows up `session` on a newer version of its rubric.

    It has the same settings, people and items. Whoever submitted an item gets it again,
    with a draft that holds their own answers to the criteria that did not change for a
    rater; what they leave as it is becomes, when they submit, a verdict with the provenance
    {"carried_from": id of the earlier verdict}. The earlier session is not touched.

    Raises InvalidSession for a version that is not a newer published one of the rubric or a
    name that is taken, and NotPossible where nothing would be asked.
    """
    original = Session.objects.select_related("round__project", "round__version__rubric").get(
        pk=session.pk
    )
    project, old = original.round.project, original.round.version
    if original.mode in COMPARING:
        raise InvalidSession(
            _("Comparisons are not carried over. Make a new session on the new version."), "version"
        )
    if old is None or version.rubric_id != old.rubric_id or version.number <= old.number:
        raise InvalidSession(_("Choose a newer version of the session's rubric."), "version")
    check_version(project, version, original.mode)
    if adoption_of(original, version).asks_nothing:
        raise NotPossible(_("Nothing that people judge changed: every verdict holds as it is."))
    title = name or free_name(
        original.round,
        _("%(name)s on v%(number)d")
        % {"name": original.round.name[:170], "number": version.number},
    )
    check_name(project, title)
    options = options_of(original)
    # A run judged the old version, and a deadline that has passed would hand out nothing.
    options["suggestions"] = None
    # Its people have discussed the items: a blind vote on them is over.
    options["stage"] = Stage.NONE
    if is_over(original):
        options["deadline"] = None
    kept = original.selection | {"follows": original.pk}
    made = open_session(project, version, title, by, kept, options, original)
    copy_items(original, made)
    set_annotators(session=made, users=annotators_of(original), by=by)
    _give_again(original, made)
    return made


def _give_again(original: Session, made: Session) -> None:
    """Hand each submitted item to the same person, with the answers that still hold."""
    items = {item.members: item for item in made.items.all()}
    before = carried_of(made, Verdict.objects.filter(round=original.pk, sample=0))
    given: list[Assignment] = []
    crowded: list[Item] = []
    rows = submitted_sheets(original).select_related("item").order_by("item__position", "slot")
    for _position, sheets in groupby(rows, key=lambda sheet: sheet.item_id):
        same = list(sheets)
        item = items[same[0].item.members]
        for slot, sheet in enumerate(same):
            own = before.get((sheet.rater_id, sheet.item.response_id), {})
            entries = {key: carried.entry for key, carried in own.items()}
            given.append(_given(item, slot, sheet, Sheet(entries, sheet.comment)))
        if len(same) > item.places:
            item.places = len(same)
            crowded.append(item)
    # The database counts the places while the assignments come in.
    Item.objects.bulk_update(crowded, ["places"], batch_size=1000)
    Assignment.objects.bulk_create(given, batch_size=1000)


def _given(item: Item, slot: int, before: Assignment, sheet: Sheet) -> Assignment:
    return Assignment(
        item=item,
        rater_id=before.rater_id,
        slot=slot,
        status=AssignmentStatus.DRAFT,
        is_given=True,
        draft=to_json(sheet),
        draft_version=1,
        comment=sheet.comment,
    )

"""The life of a session: set up, opened, paused, closed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Unpack

from django.db import transaction
from django.utils.translation import gettext as _

from annotations.actions.calibration import give_everyone_a_place, start_round
from annotations.actions.checks import start_checks
from annotations.actions.distribute import deal_out, people_changed
from annotations.actions.order import put_in_order, settle_weights
from annotations.actions.setup import (
    check_name,
    check_suggestions,
    check_version,
    open_session,
    write_items,
)
from annotations.errors import InvalidSession, NotPossible
from annotations.models import Assignment, Mode, Session, SessionAnnotator, SessionStatus
from annotations.options import COMPARING, SessionOptions, check_options
from annotations.selection import Selection, choose
from annotations.states import OPEN, SESSION_STEPS
from rubricstudio.actions.rounds import rater_for_user
from rubricstudio.models import Membership, Project, RubricVersion, User
from rubricstudio.permissions import Permission, may

EVERYTHING = Selection()


@transaction.atomic
def create_session(
    *,
    project: Project,
    name: str,
    version: RubricVersion,
    by: User,
    selection: Selection = EVERYTHING,
    annotators: Iterable[User] = (),
    **options: Unpack[SessionOptions],
) -> Session:
    """Set up a session in state draft over the chosen responses.

    `options` are the settings of `annotations.options.SessionOptions`; what is left out
    takes the column's default. `version` must be a published version of `project`, with one
    criterion in mode overall (see `actions.overall_version`).

    Raises InvalidSession, InvalidSelection or InvalidSample where it cannot be set up.
    """
    check_name(project, name)
    check_options(options)
    check_version(project, version, options.get("mode", Mode.CRITERIA))
    check_suggestions(project, version, options.get("suggestions"))
    if options.get("mode") in COMPARING:
        raise InvalidSession(_("Say which responses are compared."), "mode")
    chosen = choose(project, version, selection)
    kept = selection.as_json() | {"strata": chosen.strata_json()}
    session = open_session(project, version, name, by, kept, options)
    write_items(session, chosen)
    set_annotators(session=session, users=annotators, by=by)
    return session


@transaction.atomic
def set_annotators(*, session: Session, users: Iterable[User], by: User) -> None:
    """Make exactly `users` the session's annotators.

    Someone who leaves keeps what they submitted; the places they had reserved are free
    again. Raises InvalidSession for a person who may not annotate in the project, and
    NotPossible in a completed session, or for somebody new once a first vote is revealed.
    """
    locked = Session.objects.select_for_update().select_related("round__project").get(pk=session.pk)
    if locked.status == SessionStatus.COMPLETED:
        raise NotPossible(_("The session is completed."))
    project = locked.round.project
    wanted = {
        rater_for_user(project=project, user=user).pk for user in _checked(project, list(users))
    }
    places = SessionAnnotator.objects.filter(session=locked)
    present = set(places.values_list("rater_id", flat=True))
    if locked.revealed_at is not None and wanted - present:
        raise NotPossible(_("The first vote of this round is over: nobody can join it any more."))
    leaving = present - wanted
    places.filter(rater_id__in=leaving).delete()
    Assignment.objects.filter(item__session=locked, rater_id__in=leaving, status__in=OPEN).update(
        slot=None
    )
    SessionAnnotator.objects.bulk_create(
        SessionAnnotator(session=locked, rater_id=rater) for rater in sorted(wanted - present)
    )
    if locked.stage and locked.status != SessionStatus.DRAFT:
        give_everyone_a_place(locked)
    if wanted != present:
        people_changed(locked, leaving)


def _checked(project: Project, users: list[User]) -> list[User]:
    roles = dict(
        Membership.objects.filter(project=project, user__in=users).values_list("user_id", "role")
    )
    for user in users:
        role = roles.get(user.pk)
        if role is None or not may(role, Permission.ANNOTATE):
            raise InvalidSession(
                _("%(person)s may not annotate in this project. Give them the role first.")
                % {"person": user}
            )
    return users


@transaction.atomic
def activate(*, session: Session, by: User) -> Session:
    """Open a session that is a draft or paused. Raises NotPossible."""
    return _step(session, "activate")


@transaction.atomic
def pause(*, session: Session, by: User) -> Session:
    """Hand out and take in nothing for a while; drafts are still kept. Raises NotPossible."""
    return _step(session, "pause")


@transaction.atomic
def complete(*, session: Session, by: User) -> Session:
    """Close a session for good: its verdicts no longer change. Raises NotPossible."""
    return _step(session, "complete")


def _step(session: Session, step: str) -> Session:
    locked = Session.objects.select_for_update().get(pk=session.pk)
    status = SessionStatus(locked.status)
    if step not in SESSION_STEPS[status]:
        raise NotPossible(
            _("This is not possible: the session is %(status)s.") % {"status": status.label}
        )
    if step == "activate" and not locked.annotators.exists():
        raise NotPossible(_("Add an annotator first."))
    if status == SessionStatus.DRAFT:
        if locked.stage:
            start_round(locked)
        start_checks(locked)
        put_in_order(locked)
        deal_out(locked)
    if step == "complete":
        settle_weights(locked)
    locked.status = SESSION_STEPS[status][step]
    locked.save(update_fields=["status"])
    return locked

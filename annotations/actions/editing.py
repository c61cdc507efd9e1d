"""Changing a session, and making another one like it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Unpack, cast

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from annotations.actions.distribute import deal_out
from annotations.actions.sessions import set_annotators
from annotations.actions.setup import (
    check_name,
    check_suggestions,
    check_version,
    copy_items,
    open_session,
    place_items,
    write_items,
)
from annotations.errors import InvalidSession, NotPossible
from annotations.models import ItemKind, Session, SessionStatus
from annotations.options import (
    COMPARING,
    PLACING,
    SessionOptions,
    check_options,
    options_of,
    why_fixed,
)
from annotations.queries.choices import candidate_annotators
from annotations.queries.queue import is_over
from annotations.selection import Chosen, Selection, choose
from rubricstudio.domain.naming import first_free
from rubricstudio.models import Round, RoundKind, RubricVersion, User, VersionStatus


@transaction.atomic
def edit_session(
    *,
    session: Session,
    by: User,
    name: str | None = None,
    version: RubricVersion | None = None,
    selection: Selection | None = None,
    annotators: Iterable[User] | None = None,
    **options: Unpack[SessionOptions],
) -> Session:
    """Change what is given: in a draft everything, later what does not change what is asked.

    Once a session has started its coverage can only go up, for every item that is not
    closed. The same values again change nothing.

    Raises InvalidSession with the field and the reason, InvalidSelection, InvalidSample,
    and NotPossible in a completed session.
    """
    locked = (
        Session.objects.select_for_update(of=("self",))
        .select_related("round__project")
        .get(pk=session.pk)
    )
    if locked.status == SessionStatus.COMPLETED:
        raise NotPossible(_("The session is completed: its settings stay as they are."))
    now = locked.round.version
    assert now is not None  # sessions carried out here have a version
    version = version or now
    if selection is not None and selection == Selection.from_json(locked.selection):
        selection = None
    changes: dict[str, Any] = {
        key: value for key, value in options.items() if value != getattr(locked, key)
    }
    changed = {
        *changes,
        *(["version"] if version != now else []),
        *(["selection"] if selection else []),
    }
    _check_changes(locked, changed, changes)
    merged = cast(SessionOptions, {**options_of(locked), **options})
    check_options(merged)
    if name is not None:
        check_name(locked.round.project, name, own=locked.round)
    if changed & {"version", "mode"}:
        check_version(locked.round.project, version, merged["mode"])
    if changed & {"version", "suggestions"}:
        check_suggestions(locked.round.project, version, merged["suggestions"])
    _apply(locked, changes, name=name, version=version, selection=selection)
    if annotators is not None:
        set_annotators(session=locked, users=annotators, by=by)
    return locked


def _check_changes(session: Session, changed: set[str], changes: dict[str, Any]) -> None:
    """Raise InvalidSession for the first change that the session's state does not allow."""
    if "follows" in session.selection and changed & {"version", "mode", "selection"}:
        raise InvalidSession(
            _("This session follows up another one: its version and responses are settled."),
            "version" if "version" in changed else "selection",
        )
    if "follows" in session.selection and _fewer_places(session, changes):
        raise InvalidSession(
            _("This session follows up another one, whose people keep their places."), "coverage"
        )
    compared = {session.mode, changes.get("mode", session.mode)} & set(COMPARING)
    if compared and changed & {"version", "mode", "selection"}:
        raise InvalidSession(
            _("What is compared was settled when the session was made. Make a new session."),
            "mode" if "mode" in changed else "selection",
        )
    if session.status == SessionStatus.DRAFT:
        return
    if session.stage and "coverage" in changed:
        raise InvalidSession(
            _("In a calibration round everybody votes on every item: change who annotates."),
            "coverage",
        )
    for name in sorted(changed):
        if reason := why_fixed(name):
            raise InvalidSession(reason, name)
    if changes.get("coverage", session.coverage) < session.coverage:
        raise InvalidSession(
            _("Coverage can only go up now: %(n)d people have been asked for already.")
            % {"n": session.coverage},
            "coverage",
        )


def _fewer_places(session: Session, changes: dict[str, Any]) -> bool:
    return changes.get("coverage", session.coverage) < session.coverage or bool(
        changes.keys() & {"extra_share", "extra_coverage"}
    )


def _apply(
    session: Session,
    changes: dict[str, Any],
    *,
    name: str | None,
    version: RubricVersion,
    selection: Selection | None,
) -> None:
    before = session.coverage
    round_ = session.round
    anew = selection is not None or version.rubric.task_id != round_.version.rubric.task_id  # type: ignore[union-attr]  # sessions have a version
    if name is not None:
        round_.name = name.strip()
    round_.version = version
    round_.save(update_fields=["name", "version"])
    for key, value in changes.items():
        setattr(session, key, value)
    if anew:
        wanted = selection or Selection.from_json(session.selection)
        chosen = choose(round_.project, version, wanted)
        session.selection = wanted.as_json() | {"strata": chosen.strata_json()}
        session.save()
        write_items(session, chosen)
        return
    session.save()
    if session.status == SessionStatus.DRAFT:
        if PLACING & set(changes):
            place_items(session)
    elif session.coverage > before:
        work = session.items.filter(kind=ItemKind.WORK, is_closed=False)
        work.update(places=F("places") + session.coverage - before)
        deal_out(session)


@transaction.atomic
def clone_session(
    *, session: Session, by: User, name: str = "", same_responses: bool = True
) -> Session:
    """Make a draft with the settings and the people of a session, whatever its state.

    With `same_responses` it holds the same items with the same weights, else the same
    selection is drawn anew with the next seed from what is in the project now. Its
    deadline is left out where it has passed. People who may no longer annotate are left out.

    Raises InvalidSession where the rubric version is retired, for a name that is taken, and
    where what is compared would have to be drawn anew.
    """
    original = Session.objects.select_related("round__project", "round__version__rubric").get(
        pk=session.pk
    )
    project, version = original.round.project, original.round.version
    assert version is not None  # sessions carried out here have a version
    if version.status != VersionStatus.PUBLISHED:
        raise InvalidSession(
            _("The rubric version of this session is retired. Adopt a newer one instead."),
            "version",
        )
    options = options_of(original)
    if is_over(original):
        options["deadline"] = None
    if options["suggestions"] is not None:
        check_suggestions(project, version, options["suggestions"])
    title = name or free_name(original.round)
    check_name(project, title)
    kept = {key: value for key, value in original.selection.items() if key != "follows"}
    chosen: Chosen | None = None
    if not same_responses and original.mode in COMPARING:
        raise InvalidSession(_("Copy it with the same responses, or make a new session."))
    if not same_responses:
        again = Selection.from_json(kept)
        again = replace(again, seed=again.seed + 1)
        chosen = choose(project, version, again)
        kept = again.as_json() | {"strata": chosen.strata_json()}
    made = open_session(project, version, title, by, kept, options, original)
    if chosen is None:
        copy_items(original, made)
    else:
        write_items(made, chosen)
    set_annotators(session=made, users=annotators_of(original), by=by)
    return made


def annotators_of(session: Session) -> list[User]:
    """The people of a session who may still annotate in its project."""
    return list(
        candidate_annotators(session.round.project).filter(
            raters__session_places__session=session, raters__project=session.round.project
        )
    )


def free_name(original: Round, base: str = "") -> str:
    """A name for a copy that no session of the project has; `base` is the first choice."""
    base = base or _("%(name)s (copy)") % {"name": original.name[:180]}
    taken = Round.objects.filter(
        project=original.project, kind=RoundKind.SESSION, name__startswith=base
    )
    return first_free(base, set(taken.values_list("name", flat=True)))

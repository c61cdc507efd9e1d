"""Settling what raters disagree about. A decision is a row; another one is its next revision."""

from __future__ import annotations

from dataclasses import dataclass, replace

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from annotations.errors import AnnotationError
from annotations.models import Adjudication, Cause, Decision
from annotations.queries.dispute import current_verdicts, decisions_on
from annotations.queries.disputes import Scope, Unit
from annotations.sheet import Entry, off_scale
from rubricstudio.models import Round, User, Verdict


class DecidedMeanwhile(AnnotationError):
    """Somebody else decided since the page was made; `decision` is what they decided."""

    def __init__(self, decision: Adjudication) -> None:
        super().__init__(
            _("%(name)s decided this meanwhile. Nothing of yours was stored.")
            % {"name": decision.by}
        )
        self.decision = decision


class NotDecidable(AnnotationError):
    """The decision lacks something or is about what is not there; the message says what."""


@dataclass(frozen=True)
class Case:
    """A unit to decide: `seen` is the id of the newest decision its adjudicator saw, 0 for none."""

    scope: Scope
    unit: Unit
    seen: int = 0


@dataclass(frozen=True)
class _Said:
    """What a decision says, without who, when and its revision."""

    decision: str
    status: str
    value: float | None
    adopted: int | None
    reason: str
    cause: str


@transaction.atomic
def adopt(
    *, case: Case, verdict_id: int, by: User, cause: str = "", reason: str = ""
) -> Adjudication:
    """Take what one rater said as what holds.

    The same decision twice is one. Raises NotDecidable where that verdict is not one of
    the unit's current ones, and DecidedMeanwhile.
    """
    verdicts = _locked(case)
    chosen = next((row for row in verdicts if row.pk == verdict_id), None)
    if chosen is None:
        raise NotDecidable(_("This verdict was corrected meanwhile. Look again, then choose."))
    said = _Said(Decision.ADOPTED, chosen.status, chosen.value, chosen.rater_id, reason, cause)
    return _decide(case, chosen, said, by)


@transaction.atomic
def override(*, case: Case, entry: Entry, reason: str, by: User, cause: str = "") -> Adjudication:
    """Decide against everybody, or without regard to them; the reason is required.

    Raises NotDecidable without a reason, an answer, or with a value off the scale, and
    DecidedMeanwhile.
    """
    criterion = case.scope.values[case.unit.criterion]
    if entry.status is None:
        raise NotDecidable(_("Choose an answer to override with."))
    if entry.value is not None and not criterion.scale.allows(entry.value):
        raise NotDecidable(off_scale(criterion))
    if not reason.strip():
        raise NotDecidable(_("Say why: an override needs a reason."))
    about = _locked(case)[-1]
    said = _Said(Decision.OVERRIDDEN, entry.status.value, entry.value, None, reason, cause)
    return _decide(case, about, said, by)


@transaction.atomic
def leave_unresolved(*, case: Case, by: User, cause: str = "", reason: str = "") -> Adjudication:
    """Put down that it cannot be decided. Raises DecidedMeanwhile."""
    about = _locked(case)[-1]
    said = _Said(Decision.UNRESOLVED, "cannot_assess", None, None, reason, cause)
    return _decide(case, about, said, by)


def _locked(case: Case) -> list[Verdict]:
    """The unit's verdicts, those of the newest round last; other decisions wait meanwhile."""
    # No key is changed, so people who submit verdicts to the round do not wait.
    list(Round.objects.filter(pk__in=case.scope.ids).order_by("pk").select_for_update(no_key=True))
    verdicts = current_verdicts(case.scope, [case.unit])[case.unit]
    if not verdicts:
        raise NotDecidable(_("Nobody judged this in the chosen rounds."))
    return sorted(verdicts, key=lambda row: row.round_id)


def _decide(case: Case, about: Verdict, said: _Said, by: User) -> Adjudication:
    if said.cause not in ("", *Cause.values):
        raise NotDecidable(_("Choose one of the causes that are listed."))
    said = replace(said, reason=said.reason.strip())
    newest = next(iter(decisions_on(case.scope, case.unit)), None)
    if newest is not None and newest.by_id == by.pk and _of(newest) == said:
        return newest
    if newest is not None and newest.pk != case.seen:
        raise DecidedMeanwhile(newest)
    place = {
        "round_id": about.round_id,
        "response_id": about.response_id,
        "criterion_id": about.criterion_id,
    }
    last = Adjudication.objects.filter(**place).aggregate(last=Max("revision"))["last"]
    return Adjudication.objects.create(
        **place,
        revision=0 if last is None else last + 1,
        decision=said.decision,
        status=said.status,
        value=said.value,
        adopted_id=said.adopted,
        reason=said.reason,
        cause=said.cause,
        by=by,
    )


def _of(row: Adjudication) -> _Said:
    return _Said(row.decision, row.status, row.value, row.adopted_id, row.reason, row.cause)

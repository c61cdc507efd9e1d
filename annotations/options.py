"""The settings of a session: what may be chosen, what fits together, what may still change."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TypedDict, cast

from django.utils.translation import gettext as _

from annotations.errors import InvalidSession
from annotations.models import CommentRule, Mode, Order, Session, SkippedTo, Stage, Strategy
from rubricstudio.models import Round

MAX_COVERAGE = 100
MAX_MINUTES = 60 * 24 * 30
# In these an item holds several responses (see annotations.grouping).
COMPARING = (Mode.PAIRWISE, Mode.RANKING)


class SessionOptions(TypedDict, total=False):
    """Columns of `annotations.models.Session` that a person chooses; see there for the meaning."""

    mode: str
    strategy: str
    order: str
    random_share: float
    coverage: int
    extra_share: float
    extra_coverage: int
    extra_below: float | None
    max_coverage: int | None
    hide_source: bool
    hide_raters: bool
    hide_judges: bool
    suggestions: Round | None
    instructions: str
    comment_rules: list[str]
    skipped_to: str
    reservation_minutes: int
    limit: int | None
    target: int | None
    deadline: datetime | None
    repeat_share: float
    gold_share: float
    qualify_at: float | None
    pause_after: int | None
    shows_feedback: bool
    warns_of_pace: bool
    stage: str


NAMES = tuple(SessionOptions.__annotations__)
# What decides the items of a session and their places.
PLACING = frozenset({"mode", "coverage", "extra_share", "extra_coverage"})


def options_of(session: Session) -> SessionOptions:
    """The settings that a session has; of a calibration round, wherever it stands, as it began."""
    found = {name: getattr(session, name) for name in NAMES}
    return cast(SessionOptions, found | {"stage": Stage.VOTE if session.stage else Stage.NONE})


def check_options(options: SessionOptions) -> None:
    """Raise InvalidSession, naming the field, for settings that are out of range or at odds.

    Fields that are left out are not looked at, except where another needs them.
    """
    for name, value in options.items():
        if name in _CHOICES and value not in _CHOICES[name]:
            raise InvalidSession(
                _("Choose one of: %(names)s.") % {"names": ", ".join(_CHOICES[name])}, name
            )
        if name in _RANGES and value is not None:
            low, high, words = _RANGES[name]
            if not low <= value <= high:  # type: ignore[operator]  # the fields with a range are numbers
                raise InvalidSession(words(), name)
    unknown = set(options.get("comment_rules", ())) - set(CommentRule.values)
    if unknown:
        raise InvalidSession(_("There is no such comment rule."), "comment_rules")
    _check_together(options)


def _check_together(options: SessionOptions) -> None:
    if options.get("suggestions") is not None and options.get("hide_judges", True):
        raise InvalidSession(
            _("Suggestions show what a judge said. Show judges to people first, or choose none."),
            "suggestions",
        )
    below, most = options.get("extra_below"), options.get("max_coverage")
    if (below is None) != (most is None):
        raise InvalidSession(
            _("Adding people where they disagree needs both: the agreement and the most people."),
            "max_coverage" if most is None else "extra_below",
        )
    if most is not None and most < options.get("coverage", 1):
        raise InvalidSession(_("At most as many as at least: raise this number."), "max_coverage")
    if options.get("pause_after") is not None and options.get("qualify_at") is None:
        raise InvalidSession(
            _("To pause people, say what share of gold answers they must match."), "qualify_at"
        )
    if options.get("extra_share", 0) > 0 and not options.get("extra_coverage"):
        raise InvalidSession(_("Say how many people more these items get."), "extra_coverage")
    if options.get("coverage", 1) + options.get("extra_coverage", 0) > MAX_COVERAGE:
        raise InvalidSession(_coverage_words(), "extra_coverage")
    if options.get("mode") in COMPARING:
        _check_comparison(options)
    if options.get("stage"):
        _check_calibration(options)


def _check_comparison(options: SessionOptions) -> None:
    """Raise InvalidSession for what only verdicts on single responses have."""
    for name in ("qualify_at", "gold_share", "extra_below"):
        if options.get(name):
            raise InvalidSession(
                _("Gold answers and added people are not for comparisons: leave this empty."), name
            )


def _check_calibration(options: SessionOptions) -> None:
    """Raise InvalidSession for what keeps people from voting on the same items, once each."""
    if options.get("mode") in COMPARING:
        raise InvalidSession(_("A calibration round is for verdicts on single responses."), "mode")
    for name in ("extra_coverage", "max_coverage", "limit", "target", "repeat_share"):
        if options.get(name):
            raise InvalidSession(
                _("In a calibration round everybody votes once on every item: leave this empty."),
                name,
            )
    if options.get("skipped_to") == SkippedTo.NOBODY:
        raise InvalidSession(
            _("In a calibration round a skipped item stays open for the others."), "skipped_to"
        )


def _coverage_words() -> str:
    return _("Coverage lies between 1 and %(most)d people.") % {"most": MAX_COVERAGE}


_CHOICES: Mapping[str, tuple[str, ...]] = {
    "mode": tuple(Mode.values),
    "strategy": tuple(Strategy.values),
    "order": tuple(Order.values),
    "skipped_to": tuple(SkippedTo.values),
    # Further stages are reached by the actions of `annotations.actions.calibration`.
    "stage": (Stage.NONE.value, Stage.VOTE.value),
}


def _share_words() -> str:
    return _("A share lies between 0 and 1.")


def _count_words() -> str:
    return _("Enter a number from 1 on, or nothing.")


_RANGES: Mapping[str, tuple[float, float, Callable[[], str]]] = {
    "coverage": (1, MAX_COVERAGE, _coverage_words),
    "extra_coverage": (0, MAX_COVERAGE - 1, _coverage_words),
    "max_coverage": (1, MAX_COVERAGE, _coverage_words),
    **dict.fromkeys(("random_share", "extra_share", "repeat_share"), (0.0, 1.0, _share_words)),
    "extra_below": (0.0, 1.0, _share_words),
    "qualify_at": (1e-9, 1.0, _share_words),
    "gold_share": (
        0.0,
        0.5,
        lambda: _("At most half of the items can be hidden gold items."),
    ),
    "pause_after": (1, 10**4, _count_words),
    "limit": (1, 10**9, _count_words),
    "target": (1, 10**9, _count_words),
    "reservation_minutes": (
        1,
        MAX_MINUTES,
        lambda: _("A reservation lasts at least one minute, and at most 30 days."),
    ),
}

# -- once a session has started

_ASKED = "asked"
_JUDGED = "judged"
_HANDED = "handed"
# Why a setting no longer changes once people have been asked.
FIXED: Mapping[str, str] = {
    **dict.fromkeys(("version", "mode", "selection", "extra_share", "extra_coverage"), _ASKED),
    **dict.fromkeys(("stage", "calibration"), _ASKED),
    **dict.fromkeys(
        ("hide_source", "hide_raters", "hide_judges", "suggestions", "comment_rules"), _JUDGED
    ),
    **dict.fromkeys(("strategy", "order", "random_share", "repeat_share", "skipped_to"), _HANDED),
}


def why_fixed(name: str) -> str:
    """Why a setting cannot change in a session that has started; empty where it can."""
    reasons = {
        _ASKED: _("It decides what people are asked; verdicts before and after would differ."),
        _JUDGED: _("People who judged before saw something else; their verdicts would differ."),
        _HANDED: _("Items have been handed out by it already."),
    }
    return reasons[FIXED[name]] if name in FIXED else ""

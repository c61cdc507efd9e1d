"""What the dashboard of a session shows: its counts, bars, forecast, and tables as sheets."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import StringIO

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy

from annotations.models import Session, SessionStatus, SkipReason
from annotations.queries import dashboard as counts
from annotations.queries.agreement_days import AgreementByDay, agreement_by_day
from annotations.queries.dashboard import Bucket, CriterionCount, Flags, Person, Reason
from annotations.queries.pace import PersonPace, people_pace
from annotations.queries.progress import SessionProgress, session_progress
from rubricstudio.domain.agreement.statistic import Statistic
from rubricstudio.domain.forecast import Forecast, forecast
from rubricstudio.domain.rubric_formats.cells import armless

RECENT_DAYS = 7
"""The days from which the forecast takes its rate."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of a chart `viewBox 0 0 width 40`: its place, height, and what it says."""

    x: int
    y: float
    height: float
    n: int
    title: str


@dataclass(frozen=True, slots=True)
class Chart:
    """Submissions as bars; `total` of them, `most` in one bar."""

    bars: Sequence[Bar]
    width: int
    total: int
    most: int
    first: str
    last: str


@dataclass(frozen=True, slots=True)
class Eta:
    """When the session is full at the recent rate; `late` is None where no end can be given.

    rate: submissions a day.
    """

    rate: float
    at: datetime
    early: datetime
    late: datetime | None


@dataclass(frozen=True, slots=True)
class Told:
    """A reason to skip in words."""

    word: str
    count: Reason


@dataclass(frozen=True, slots=True)
class Dashboard:
    """All of the page but agreement, which is computed when it is asked for."""

    progress: SessionProgress
    wanted: int
    left: int
    everybody: Person
    people: Sequence[Person]
    states: Mapping[str, int]
    criteria: Sequence[CriterionCount]
    days: Chart
    hours: Chart
    eta: Eta | None
    skips: Sequence[Told]
    flags: Flags
    reading: Sequence[PersonPace]


def dashboard(session: Session, hidden: Iterable[int]) -> Dashboard:
    """The counts of a session; words on the responses `hidden` are left out."""
    progress = session_progress(session)
    everybody, people = counts.people(session)
    days = counts.pace(session, "day", counts.DAYS)
    wanted = min(progress.places, session.target or progress.places)
    left = max(0, wanted - progress.submitted)
    return Dashboard(
        progress=progress,
        wanted=wanted,
        left=left,
        everybody=everybody,
        people=people,
        states=counts.item_states(session),
        criteria=counts.criterion_counts(session),
        days=chart(days, "DATE_FORMAT"),
        hours=chart(counts.pace(session, "hour", counts.HOURS), "SHORT_DATETIME_FORMAT"),
        eta=_eta(session, left, days),
        skips=[
            Told(str(SkipReason(one.reason).label), one) for one in counts.skip_reasons(session)
        ],
        flags=counts.flags(session, hidden),
        reading=people_pace(session),
    )


def chart(buckets: Sequence[Bucket], form: str) -> Chart:
    """Bars of 8 units every 10, the fullest 40 high; an empty bucket has no height."""
    most = max((bucket.n for bucket in buckets), default=0)
    heights = [40 * bucket.n / most if most else 0.0 for bucket in buckets]
    words = [date_format(bucket.start, form) for bucket in buckets]
    return Chart(
        bars=[
            Bar(10 * at, 40 - height, height, bucket.n, f"{word}: {bucket.n}")
            for at, (bucket, height, word) in enumerate(zip(buckets, heights, words, strict=True))
        ],
        width=10 * len(buckets),
        total=sum(bucket.n for bucket in buckets),
        most=most,
        first=words[0] if words else "",
        last=words[-1] if words else "",
    )


def _eta(session: Session, left: int, days: Sequence[Bucket]) -> Eta | None:
    """From the submissions of the last days; None unless people work and enough is known."""
    if session.status != SessionStatus.ACTIVE or not left:
        return None
    now = timezone.now()
    done, first = counts.recent(session, now - timedelta(days=RECENT_DAYS))
    if first is None:
        return None
    begun = timezone.localtime(first).replace(hour=0, minute=0, second=0, microsecond=0)
    by_day = [day.n for day in days[-RECENT_DAYS:] if timezone.make_aware(day.start) >= begun]
    found = forecast(left=left, done=done, hours=_hours(session, first, now), by_day=by_day)
    return _dated(found, now)


def _hours(session: Session, first: datetime, now: datetime) -> float:
    """The time that the recent submissions took: a week, or since the first of them.

    In a session older than a week the week counts whole, so that days of rest slow the rate.
    """
    week = timedelta(days=RECENT_DAYS)
    older = session.round.created_at <= now - week
    earlier = older and counts.recent(session, now - 2 * week)[1] != first
    return (week if earlier else now - first).total_seconds() / 3600


def _dated(found: Forecast | None, now: datetime) -> Eta | None:
    def after(hours: float) -> datetime | None:
        # A date further off than a few years is no date.
        return now + timedelta(hours=hours) if hours < 24 * 3650 else None

    if found is None:
        return None
    at, early = after(found.hours), after(found.low)
    if at is None or early is None:
        return None
    late = None if found.high is None else after(found.high)
    return Eta(found.rate * 24, at, early, late)


# -- sheets

Sheet = tuple[Sequence[object], Iterable[Sequence[object]]]


def _people(session: Session) -> Sheet:
    everybody, people = counts.people(session)
    head = (
        *("annotator", "submitted", "open", "reservation_expired", "skipped", "put_off"),
        *("last_submitted", "timed_items", "seconds_a_verdict_q1"),
        *("seconds_a_verdict_median", "seconds_a_verdict_q3"),
    )
    return head, [
        (
            *(one.name if one.rater_id else "all", one.submitted, one.open, one.lost, one.skipped),
            *(one.postponed, one.last.isoformat() if one.last else None, one.seconds.n),
            *(one.seconds.low, one.seconds.median, one.seconds.high),
        )
        for one in (everybody, *people)
    ]


def _criteria(session: Session) -> Sheet:
    head = ("criterion", "text", "verdicts", "ok", "cannot_assess", "other", "with_rationale")
    return head, [
        (one.key, one.text, one.n, one.ok, one.cannot_assess, one.other, one.with_rationale)
        for one in counts.criterion_counts(session)
    ]


def _items(session: Session) -> Sheet:
    rows = counts.item_rows(session)
    return ("item", "task", "places", "submitted", "reserved", "skipped"), rows


def _days(session: Session) -> Sheet:
    return ("day", "submitted"), [
        (day.start.date().isoformat(), day.n) for day in counts.pace(session, "day", counts.DAYS)
    ]


def _hours_sheet(session: Session) -> Sheet:
    return ("hour", "submitted"), [
        (hour.start.isoformat(), hour.n) for hour in counts.pace(session, "hour", counts.HOURS)
    ]


def _reasons(session: Session) -> Sheet:
    found = counts.flags(session)
    rows = [("skip", one.reason, one.n, one.later) for one in counts.skip_reasons(session)]
    flagged = [("flag", "open", found.open, None), ("flag", "settled", found.settled, None)]
    return ("kind", "reason", "n", "of_these_put_off"), [*rows, *flagged]


def _reading(session: Session) -> Sheet:
    head = ("annotator", "timed", "faster_than_reading", "share", "share_low", "share_high")
    return (*head, "median_of_reading_time", "not_timed"), [
        (
            *(one.name, one.pace.of, one.pace.fast),
            *(one.pace.share, *(one.pace.interval or (None, None))),
            *(one.pace.median, one.pace.untimed),
        )
        for one in people_pace(session)
    ]


SHEETS: Mapping[str, Callable[[Session], Sheet]] = {
    "people": _people,
    "items": _items,
    "criteria": _criteria,
    "days": _days,
    "hours": _hours_sheet,
    "reasons": _reasons,
    "reading": _reading,
}
SHEET_NAMES = {
    "people": gettext_lazy("People"),
    "items": gettext_lazy("Items"),
    "criteria": gettext_lazy("Criteria"),
    "days": gettext_lazy("Days"),
    "hours": gettext_lazy("Hours"),
    "reasons": gettext_lazy("Reasons"),
    "reading": gettext_lazy("Pace of reading"),
    "agreement": gettext_lazy("Agreement by day"),
}


def sheet(session: Session, name: str, floor: int) -> Sheet | None:
    """A table of the dashboard by its name, None for another name."""
    if name == "agreement":
        return _agreement(agreement_by_day(session), floor)
    return SHEETS[name](session) if name in SHEETS else None


def _agreement(found: AgreementByDay | None, floor: int) -> Sheet:
    figures = [f"{name}{end}" for name in ("percent", "alpha") for end in ("", "_low", "_high")]
    rows = [] if found is None else [*found.days, found.every]
    return ("day", "units", "comparable", *figures), [
        (
            *(row.day.isoformat() if row.day else "all", row.n_units, row.n),
            *_ends(row.percent.shown(floor)),
            *_ends(row.alpha.shown(floor)),
        )
        for row in rows
    ]


def _ends(statistic: Statistic) -> tuple[float | None, ...]:
    return statistic.value, statistic.low, statistic.high


def csv_lines(found: Sheet) -> Iterable[str]:
    """A sheet as the lines of a file; a missing figure is empty, never 0."""
    head, rows = found
    for row in (head, *rows) if isinstance(rows, Sequence) else _chained(head, rows):
        buffer = StringIO()
        cells = ["" if cell is None else cell for cell in row]
        csv.writer(buffer).writerow([armless(c) if isinstance(c, str) else c for c in cells])
        yield buffer.getvalue()


def _chained(
    head: Sequence[object], rows: Iterable[Sequence[object]]
) -> Iterable[Sequence[object]]:
    yield head
    yield from rows

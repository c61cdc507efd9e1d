"""Gold answers, and how people's answers compare with them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from annotations.evidence import from_json
from annotations.models import (
    CHECK_SAMPLE,
    Assignment,
    AssignmentStatus,
    Gold,
    Item,
    ItemKind,
    Session,
)
from annotations.queries.sheets import criteria_of
from rubricstudio.domain.quality import Answer, GoldScore, score
from rubricstudio.domain.verdict import Quote
from rubricstudio.models import Criterion, RubricVersion, Verdict


@dataclass(frozen=True, slots=True)
class Known:
    """A gold answer, why it is right, and the words of the response that show it."""

    answer: Answer
    note: str
    evidence: tuple[Quote, ...] = ()


@dataclass(frozen=True, slots=True)
class Result:
    """One person's answers to one item with gold answers."""

    rater_id: int
    item_id: int
    kind: str
    at: datetime
    score: GoldScore


def gold_of(version: RubricVersion | None, responses: Iterable[int]) -> dict[int, dict[str, Known]]:
    """Gold answers by response and criterion key, given in the words of this version.

    A gold answer set on another version counts where the criterion reads the same there;
    the one added last goes first.
    """
    if version is None:
        return {}
    words = set(
        Criterion.objects.filter(version=version, is_group=False).values_list("key", "judging_hash")
    )
    rows = (
        Gold.objects.filter(
            response__in=list(responses), criterion__version__rubric=version.rubric_id
        )
        .order_by("added_at", "pk")
        .values_list(
            *("response", "criterion__key", "criterion__judging_hash"),
            *("status", "value", "note", "evidence"),
        )
    )
    found: dict[int, dict[str, Known]] = defaultdict(dict)
    for response, key, digest, status, value, note, evidence in rows:
        if (key, digest) in words:
            found[response][key] = Known(Answer(status, value), note, from_json(evidence))
    return dict(found)


def answers_to(
    session: Session, responses: Sequence[int], *, sample: int, rater: int | None = None
) -> dict[tuple[int, int], dict[str, Answer]]:
    """Current answers by (rater, response) and criterion key, of one sample."""
    rows = Verdict.objects.filter(round=session.pk, response__in=list(responses), sample=sample)
    if rater is not None:
        rows = rows.filter(rater=rater)
    found: dict[tuple[int, int], dict[str, Answer]] = defaultdict(dict)
    columns = ("rater", "response", "criterion__key", "status", "value")
    for person, response, key, status, value in rows.current().values_list(*columns):
        found[person, response][key] = Answer(status, value)
    return dict(found)


def results(
    session: Session,
    *,
    kinds: Sequence[str] = (ItemKind.QUALIFICATION, ItemKind.GOLD),
    rater: int | None = None,
    since: datetime | None = None,
) -> list[Result]:
    """Results on submitted items of these kinds, oldest first. Four queries."""
    rows = Assignment.objects.filter(
        item__session=session, item__kind__in=kinds, status=AssignmentStatus.SUBMITTED
    )
    if rater is not None:
        rows = rows.filter(rater=rater)
    if since is not None:
        rows = rows.filter(submitted_at__gt=since)
    columns = ("rater", "item", "item__kind", "submitted_at", "item__response")
    submitted = list(rows.order_by("submitted_at", "pk").values_list(*columns))
    responses = sorted({row[4] for row in submitted})
    gold = gold_of(session.round.version, responses)
    given = answers_to(session, responses, sample=CHECK_SAMPLE, rater=rater)
    scales = {criterion.key: criterion.scale for criterion in criteria_of(session)}
    return [
        Result(
            *(person, item, kind, at),
            score(
                scales,
                {key: known.answer for key, known in gold.get(response, {}).items()},
                given.get((person, response), {}),
            ),
        )
        for person, item, kind, at, response in submitted
    ]


def sheets_of(item: Item) -> list[Mapping[str, float]]:
    """What each person who submitted an item said, without what they could not assess."""
    submitted = item.assignments.filter(status=AssignmentStatus.SUBMITTED)
    raters = list(submitted.values_list("rater", flat=True))
    rows = (
        Verdict.objects.filter(
            round=item.session_id, response=item.response_id, sample=0, rater__in=raters
        )
        .current()
        .values_list("rater", "criterion__key", "value")
    )
    sheets: dict[int, dict[str, float]] = {rater: {} for rater in raters}
    for rater, key, value in rows:
        if value is not None:
            sheets[rater][key] = value
    return list(sheets.values())

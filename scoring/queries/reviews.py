"""Reviews of a rubric by models: what is sent, what came of it, and what was edited between."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import QuerySet

from rubricstudio.domain.hashing import criterion_judging_hash, rubric_hashes
from rubricstudio.domain.rubric import Rubric as RubricValue
from rubricstudio.models import Project, Response, Rubric
from rubricstudio.queries.rubrics import newest_version
from scoring.judges import Message
from scoring.meta_prompts import Shown
from scoring.meta_rubric import META_VERSION
from scoring.models import Judge, RubricReview, RunStatus
from scoring.queries.keyset import KeysetPage, keyset_page
from scoring.queries.plans import runnable_judges
from scoring.queries.preview import pins_of
from scoring.states import UNFINISHED

PAGE = 20


@dataclass(frozen=True)
class Subject:
    """What a review is of: the newest version, and the responses that stand beside it."""

    value: RubricValue
    number: int
    responses: tuple[Response, ...]

    @property
    def content_hash(self) -> str:
        return rubric_hashes(self.value).content

    @property
    def context_hash(self) -> str:
        """Of the responses' texts and what was asked; empty without responses."""
        if not self.responses:
            return ""
        told = [[row.pk, row.text, row.task.messages] for row in self.responses]
        return hashlib.sha256(json.dumps(told, ensure_ascii=True).encode()).hexdigest()

    @property
    def words(self) -> list[list[object]]:
        """What the criteria say, by which later edits are told."""
        return [[c.key, c.text, c.weight, criterion_judging_hash(c)] for c in self.value.leaves]

    @property
    def shown(self) -> list[Shown]:
        """The responses with a text, under their tasks."""
        by_task: dict[int, list[Response]] = {}
        for row in self.responses:
            by_task.setdefault(row.task_id, []).append(row)
        return [
            Shown(
                tuple(Message(m["role"], m["content"]) for m in rows[0].task.messages),
                tuple(row.text for row in rows if row.text is not None),
            )
            for rows in by_task.values()
        ]


def subject_of(rubric: Rubric, *, in_context: bool) -> Subject | None:
    """The rubric as it stands, with its pinned responses where they are to be seen."""
    version = newest_version(rubric)
    if version is None:
        return None
    rows = pins_of(rubric).select_related("response__task") if in_context else ()
    return Subject(version.as_rubric(), version.number, tuple(row.response for row in rows))


def same_review(rubric: Rubric, judge: Judge, subject: Subject) -> RubricReview | None:
    """A finished review of just this by this judge with every item answered."""
    return RubricReview.objects.filter(
        rubric=rubric,
        judge=judge,
        status=RunStatus.DONE,
        coverage=1,
        meta_version=META_VERSION,
        content_hash=subject.content_hash,
        context_hash=subject.context_hash,
    ).last()


def open_review(rubric: Rubric) -> RubricReview | None:
    """The review at work."""
    return RubricReview.objects.filter(rubric=rubric, status__in=UNFINISHED).first()


REVIEWS_KIND = "llm"
"""The kind of judge that writes a reply in a form that is asked for."""


@dataclass(frozen=True)
class Reviewers:
    """The project's judges that can review a rubric, and those that cannot; newest first."""

    able: tuple[Judge, ...]
    unable: tuple[Judge, ...]


def reviewers(project: Project) -> Reviewers:
    """Who of the judges that are not archived can review. One query."""
    judges = list(runnable_judges(project))
    return Reviewers(
        tuple(judge for judge in judges if judge.kind == REVIEWS_KIND),
        tuple(judge for judge in judges if judge.kind != REVIEWS_KIND),
    )


def _reviews(rubric: Rubric) -> QuerySet[RubricReview]:
    rows = RubricReview.objects.filter(rubric=rubric)
    return rows.select_related("judge__rater", "created_by", "rubric__project")


def review_of(rubric: Rubric, pk: int) -> RubricReview | None:
    """The rubric's review with this id."""
    return _reviews(rubric).filter(pk=pk).first()


def newest_review(rubric: Rubric) -> RubricReview | None:
    """The last review that was asked for, in whatever state."""
    return _reviews(rubric).order_by("-pk").first()


def review_before(review: RubricReview) -> RubricReview | None:
    """The last scored review before it by the same judge, items and kind of material."""
    alone = not review.responses
    rows = _reviews(review.rubric).filter(
        pk__lt=review.pk,
        judge=review.judge_id,
        meta_version=review.meta_version,
        score__isnull=False,
    )
    rows = rows.filter(responses=[]) if alone else rows.exclude(responses=[])
    return rows.order_by("-pk").first()


def reviews_page(
    rubric: Rubric, *, before: int | None = None, after: int | None = None
) -> KeysetPage[RubricReview]:
    """The reviews, newest first."""
    return keyset_page(_reviews(rubric), size=PAGE, before=before, after=after)


# -- what was edited between two reviews


@dataclass(frozen=True)
class Edits:
    """What changed from one review's words to another's: texts of criteria, in display order."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    reworded: tuple[tuple[str, str], ...] = ()
    reweighted: tuple[tuple[str, float, float], ...] = ()
    otherwise: tuple[str, ...] = ()

    @property
    def any(self) -> bool:
        return bool(
            self.added or self.removed or self.reworded or self.reweighted or self.otherwise
        )


def edits_between(old: Sequence[Sequence[object]], new: Sequence[Sequence[object]]) -> Edits:
    """The edits between two lists of [key, text, weight, judging hash].

    otherwise: criteria of the same text whose description, scale or the like changed.
    """
    before = {str(key): (str(text), float(str(w)), h) for key, text, w, h in old}
    after = {str(key): (str(text), float(str(w)), h) for key, text, w, h in new}
    both = [key for key in after if key in before]
    return Edits(
        added=tuple(after[key][0] for key in after if key not in before),
        removed=tuple(before[key][0] for key in before if key not in after),
        reworded=tuple(
            (before[key][0], after[key][0]) for key in both if before[key][0] != after[key][0]
        ),
        reweighted=tuple(
            (after[key][0], before[key][1], after[key][1])
            for key in both
            if before[key][1] != after[key][1]
        ),
        otherwise=tuple(
            after[key][0]
            for key in both
            if before[key][2] != after[key][2] and before[key][0] == after[key][0]
        ),
    )


def is_outdated(rubric: Rubric, review: RubricReview) -> bool:
    """Whether the rubric says something else than what was reviewed."""
    version = newest_version(rubric)
    return version is None or rubric_hashes(version.as_rubric()).content != review.content_hash

"""A model reviews a rubric by the meta-rubric, on request, and what it says is kept."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import asdict

from django.db import InterfaceError, OperationalError, transaction
from django.utils import timezone
from django.utils.translation import gettext, gettext_noop

from rubricstudio.domain.rubric import Rubric as RubricValue
from rubricstudio.models import Rubric, User
from scoring.actions.alone import REVIEWS, Taken, alone_on
from scoring.actions.judges import site
from scoring.actions.ledger import CallLedger
from scoring.actions.strays import write_off_strays
from scoring.judges import JudgeError, Message, build
from scoring.judges.llm import LlmJudge
from scoring.llm_calls import ChatCall, ChatFailure, ChatReply, Result
from scoring.meta_items import Item
from scoring.meta_prompts import read_review, review_format, review_messages, unanswered
from scoring.meta_rubric import (
    META_VERSION,
    ItemAnswer,
    items_for,
    review_score,
    sections,
)
from scoring.models import Judge, RubricReview, RunStatus
from scoring.queries.reviews import (
    REVIEWS_KIND,
    Subject,
    open_review,
    same_review,
    subject_of,
)
from scoring.states import UNFINISHED
from scoring.storable import storable
from scoring.wording import no_review

QUEUE = LlmJudge.queue

log = logging.getLogger(__name__)


class ReviewNotPossible(ValueError):
    """The rubric cannot be reviewed so; the message says why."""


@transaction.atomic
def start_review(
    *, rubric: Rubric, judge: Judge, in_context: bool, by: User, enqueue: bool = True
) -> RubricReview:
    """Ask a hosted model for a review, beside the pinned responses where `in_context`.

    The review at work where there is one, and the finished one where the same model has
    answered every item about the same words: neither is paid for again. Raises
    ReviewNotPossible.
    """
    Rubric.objects.select_for_update().get(pk=rubric.pk)
    if judge.kind != REVIEWS_KIND:
        words = gettext("Only a hosted model can review. %(judge)s: %(why)s")
        raise ReviewNotPossible(words % {"judge": judge, "why": no_review(judge.kind)})
    if judge.rater.project_id != rubric.project_id or judge.archived_at:
        raise ReviewNotPossible(gettext("This judge cannot be asked."))
    at_work = open_review(rubric)
    if at_work is not None:
        return at_work
    subject = _checked(subject_of(rubric, in_context=in_context), in_context)
    known = same_review(rubric, judge, subject)
    if known is not None:
        return known
    review = RubricReview.objects.create(
        rubric=rubric, judge=judge, created_by=by, **_fields(subject)
    )
    if enqueue:
        _enqueue(review)
    return review


def _checked(subject: Subject | None, in_context: bool) -> Subject:
    if subject is None or not subject.value.leaves:
        raise ReviewNotPossible(gettext("There is no criterion to review yet."))
    if in_context and not any(row.text for row in subject.responses):
        raise ReviewNotPossible(
            gettext("Pin a response first: a review beside the task needs one with a text.")
        )
    return subject


def _fields(subject: Subject) -> dict[str, object]:
    """What a review records of what it is of."""
    return {
        "meta_version": META_VERSION,
        "content_hash": subject.content_hash,
        "context_hash": subject.context_hash,
        "version_number": subject.number,
        "words": subject.words,
        "responses": [row.pk for row in subject.responses],
    }


@transaction.atomic
def cancel_review(*, review: RubricReview, by: User) -> bool:
    """Give a review up; replies that are under way are dropped. False where it is finished."""
    rows = RubricReview.objects.filter(pk=review.pk, status__in=UNFINISHED)
    return bool(rows.update(status=RunStatus.CANCELLED, finished_at=timezone.now()))


def carry_out_review(*, review: RubricReview) -> None:
    """Ask the model, section by section at once, and store what it says. Safe to repeat.

    What is reviewed is the rubric as it stands now. A reply that cannot be read leaves its
    items without an answer; where not one call got through the review has failed. Raises
    Taken while another worker is at it.
    """
    with alone_on(REVIEWS, review.pk) as mine:
        rows = RubricReview.objects.filter(pk=review.pk, status__in=UNFINISHED)
        if not mine and rows.exists():
            raise Taken(f"Another worker has review {review.pk}.")
        if not mine or not rows.update(status=RunStatus.RUNNING):
            return
        review.refresh_from_db()
        try:
            _review(review)
        except (JudgeError, ReviewNotPossible) as error:
            _finish(review, {"status": RunStatus.FAILED, "error": storable(str(error))})
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:
            # A review must end in words, not hang.
            log.exception("review %s failed", review.pk)
            words = f"Unexpected {type(error).__name__}: {error}"[:2000]
            _finish(review, {"status": RunStatus.FAILED, "error": storable(words)})


def _review(review: RubricReview) -> None:
    in_context = bool(review.responses)
    subject = _checked(subject_of(review.rubric, in_context=in_context), in_context)
    write_off_strays()
    ledger = CallLedger(judge=review.judge, since=review.created_at)
    judge = build(review.judge.kind, review.judge.params, site(ledger))
    assert isinstance(judge, LlmJudge)
    parts = [items for _, items in sections(items_for(in_context=in_context))]
    prompts = [
        review_messages(
            subject.value,
            items,
            shown=subject.shown if in_context else (),
        )
        for items in parts
    ]
    results = judge.client().chat(
        [_call(judge, *each) for each in zip(prompts, parts, strict=True)]
    )
    if not any(isinstance(result, ChatReply) for result in results):
        failure = next(result for result in results if isinstance(result, ChatFailure))
        raise JudgeError(failure.message)
    answers = [
        answer
        for prompt, items, result in zip(prompts, parts, results, strict=True)
        for answer in _answers(subject.value, prompt, items, result)
    ]
    _finish(review, _fields(subject) | _outcome(answers, results))


def _call(judge: LlmJudge, prompt: Sequence[Message], items: Sequence[Item]) -> ChatCall:
    shape = review_format(judge.reply, items)
    options: dict[str, object] = {"response_format": shape} if shape is not None else {}
    if judge.seed is not None:
        options["seed"] = judge.seed
    return ChatCall(
        messages=[{"role": each.role, "content": each.content} for each in prompt],
        options=options,
    )


def _answers(
    value: RubricValue, prompt: Sequence[Message], items: Sequence[Item], result: Result | None
) -> list[ItemAnswer]:
    if result is None:
        return unanswered(items, gettext_noop("The model was not asked: it is overloaded or away."))
    if isinstance(result, ChatFailure):
        return unanswered(items, storable(result.message))
    if result.refusal or result.finish_reason == "content_filter":
        return unanswered(items, gettext_noop("The model refused."))
    keys = frozenset(criterion.key for criterion in value.criteria)
    material = "\n".join([prompt[-1].content, *_texts(value)])
    answers = read_review(result.text, items, keys=keys, material=material)
    if result.finish_reason == "length" and not any(each.answer is not None for each in answers):
        return unanswered(items, gettext_noop("The reply was cut off at its length limit."))
    return answers


def _texts(value: RubricValue) -> list[str]:
    """What authors wrote, as they wrote it: the prompt holds it as JSON, with escapes."""
    examples = [example.text for c in value.criteria for example in c.examples]
    return [text for c in value.criteria for text in (c.text, c.description)] + examples


def _outcome(answers: Sequence[ItemAnswer], results: Sequence[Result | None]) -> dict[str, object]:
    found = review_score(answers)
    costs = [each.cost for each in results if isinstance(each, ChatReply) and each.cost is not None]
    return {
        "status": RunStatus.DONE,
        "items": [asdict(answer) for answer in answers],
        "score": found.value,
        "coverage": found.coverage,
        "cost": sum(costs) if costs else None,
        "error": "",
    }


def _finish(review: RubricReview, changes: dict[str, object]) -> None:
    """Store the end of a review that nobody cancelled meanwhile."""
    rows = RubricReview.objects.filter(pk=review.pk, status__in=UNFINISHED)
    rows.update(finished_at=timezone.now(), **changes)


def requeue_unfinished(*, queue: str) -> int:
    """Enqueue the reviews that a worker left open, where the queue is theirs; how many."""
    if queue != QUEUE:
        return 0
    reviews = list(RubricReview.objects.filter(status__in=UNFINISHED))
    for review in reviews:
        _enqueue(review)
    return len(reviews)


def _enqueue(review: RubricReview) -> None:
    """Hand it to the workers once this transaction is done."""
    pk = review.pk

    def send() -> None:
        # Imported here: the tasks call actions.
        from scoring.tasks import review_rubric

        review_rubric.apply_async(kwargs={"review_id": pk}, queue=QUEUE)

    transaction.on_commit(send, robust=True)

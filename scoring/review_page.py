"""What the pages of reviews show: items that went badly first, and what was edited since."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from scoring.meta_items import BY_KEY, Item, Section
from scoring.meta_rubric import ItemAnswer, review_score
from scoring.models import RubricReview
from scoring.queries.reviews import Edits, edits_between


@dataclass(frozen=True, slots=True)
class ItemView:
    """An item with its answer and the texts of the criteria concerned.

    state: fine, doubtful, wrong, not_applicable or unscored. hidden: its reason speaks of
    responses that the reader has still to judge blind.
    """

    item: Item
    answer: ItemAnswer
    state: str
    criteria: tuple[tuple[str, str], ...]
    hidden: bool = False


@dataclass(frozen=True)
class ReviewPage:
    """A review, the one before it, and the edits between them."""

    review: RubricReview
    items: tuple[ItemView, ...]
    lower: float | None
    upper: float | None
    previous: RubricReview | None = None
    edits: Edits | None = None

    @property
    def found(self) -> list[ItemView]:
        """What is wrong or doubtful, the weightiest first."""
        rows = [row for row in self.items if row.state in ("wrong", "doubtful")]
        return sorted(rows, key=lambda row: -row.item.weight * (1 - (row.answer.goodness or 0)))

    @property
    def unscored(self) -> list[ItemView]:
        return [row for row in self.items if row.state == "unscored"]

    @property
    def fine(self) -> list[ItemView]:
        return [row for row in self.items if row.state in ("fine", "not_applicable")]

    @property
    def answered(self) -> int:
        return sum(row.answer.answer is not None for row in self.items)

    @property
    def asked(self) -> int:
        """The items that apply."""
        return sum(row.answer.applies for row in self.items)

    @property
    def hidden(self) -> bool:
        return any(row.hidden for row in self.items)


def review_page(
    review: RubricReview, previous: RubricReview | None, *, blind: Collection[int] = ()
) -> ReviewPage:
    """The page of a review. blind: responses that the reader has still to judge blind."""
    texts = {str(key): str(text) for key, text, *_ in review.words}
    answers = [_answer(raw) for raw in review.items if raw.get("item") in BY_KEY]
    hides = bool(set(blind) & set(review.responses))
    found = review_score(answers) if answers else None
    return ReviewPage(
        review,
        tuple(_view(answer, texts, hides) for answer in answers),
        found.lower if found else None,
        found.upper if found else None,
        previous,
        edits_between(previous.words, review.words) if previous else None,
    )


def _answer(raw: Mapping[str, object]) -> ItemAnswer:
    criteria, answer = raw.get("criteria"), raw.get("answer")
    return ItemAnswer(
        item=str(raw["item"]),
        answer=float(answer) if isinstance(answer, int | float) else None,
        applies=bool(raw.get("applies", True)),
        reason=str(raw.get("reason", "")),
        criteria=tuple(map(str, criteria)) if isinstance(criteria, list | tuple) else (),
        problem=str(raw.get("problem", "")),
    )


def _view(answer: ItemAnswer, texts: Mapping[str, str], hides: bool) -> ItemView:
    item = BY_KEY[answer.item]
    criteria = tuple((key, texts.get(key, key)) for key in answer.criteria)
    hidden = hides and item.section is Section.CONTEXT
    return ItemView(item, answer, _state(answer), criteria, hidden)


def _state(answer: ItemAnswer) -> str:
    if not answer.applies:
        return "not_applicable"
    goodness = answer.goodness
    if goodness is None:
        return "unscored"
    return {1.0: "fine", 0.0: "wrong"}.get(goodness, "doubtful")

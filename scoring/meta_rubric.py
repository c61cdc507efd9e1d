"""The rubric for rubrics: what a model is asked about a rubric, and how the answers score.

Twenty-six items look at the rubric alone; eight more look at it beside the task and responses
it is for. An item is a merit (`yes` is good) or a fault (`yes` is bad); `yes` counts whole,
`partly` half. The score is the weighted share of items that went well, as the aggregator
`weighted_mean` says; an item without a readable answer is missing from it, never fine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rubricstudio.domain import rubric as domain
from rubricstudio.domain.aggregation import Score, score
from rubricstudio.domain.rubric import Level, MetMeans, Scale, ScaleKind
from rubricstudio.domain.verdict import VerdictStatus
from scoring.meta_items import BY_KEY, CONTEXT_ITEMS, ITEMS, Item, Section

META_VERSION = "1"
"""Changes with the items: scores under different versions are not compared."""

ANSWERS: Mapping[str, float] = {"no": 0.0, "partly": 0.5, "yes": 1.0}
NOT_APPLICABLE = "does_not_apply"
CANNOT_TELL = "cannot_tell"
_SCALE = Scale(ScaleKind.ORDINAL, (Level(0.0, "no"), Level(0.5, "partly"), Level(1.0, "yes")))


def items_for(*, in_context: bool) -> tuple[Item, ...]:
    """The items that are asked: 26 of the rubric alone, 34 beside a task and responses."""
    return ITEMS + CONTEXT_ITEMS if in_context else ITEMS


def sections(items: Sequence[Item]) -> list[tuple[Section, tuple[Item, ...]]]:
    """The items by section, in their order: one call each."""
    found = dict.fromkeys(item.section for item in items)
    return [(part, tuple(item for item in items if item.section is part)) for part in found]


@dataclass(frozen=True, slots=True)
class ItemAnswer:
    """What a model said of one item.

    answer: 0 no, 0.5 partly, 1 yes; None without a readable answer, where `problem` says
    why, and where the item does not apply. criteria: keys of the criteria concerned.
    """

    item: str
    answer: float | None = None
    applies: bool = True
    reason: str = ""
    criteria: tuple[str, ...] = ()
    problem: str = ""

    @property
    def goodness(self) -> float | None:
        """How well it went in [0, 1]: the answer of a merit, 1 minus that of a fault."""
        if self.answer is None:
            return None
        return 1 - self.answer if BY_KEY[self.item].fault else self.answer


def review_score(answers: Sequence[ItemAnswer]) -> Score:
    """The score of a review in [0, 1]: sum of weight times goodness over sum of weights.

    Items without an answer are left out, and widen `lower` and `upper`; items that do not
    apply are left out everywhere. value is None where nothing was answered.
    """
    value = _meta([BY_KEY[each.item] for each in answers])
    return score(value, {each.item: _given(each) for each in answers})


def _given(answer: ItemAnswer) -> VerdictStatus | float | None:
    return answer.answer if answer.applies else VerdictStatus.NOT_APPLICABLE


def _meta(items: Sequence[Item]) -> domain.Rubric:
    criteria = tuple(
        domain.Criterion(
            key=item.key,
            text=item.text,
            weight=item.weight,
            met_means=MetMeans.BAD if item.fault else MetMeans.GOOD,
            scale=_SCALE,
        )
        for item in items
    )
    return domain.Rubric(criteria, "weighted_mean")

"""The rubric for rubrics: what a model is asked about a rubric, and how the answers score.

Twenty-six items look at the rubric alone; eight more look at it beside the task and responses
it is for. An item is a merit (`yes` is good) or a fault (`yes` is bad); `yes` counts whole,
`partly` half. The score is the weighted share of items that went well, as the aggregator
`weighted_mean` says; an item without a readable answer is missing from it, never fine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from rubricstudio.domain import rubric as domain
from rubricstudio.domain.aggregation import Score, score
from rubricstudio.domain.rubric import Level, MetMeans, Scale, ScaleKind
from rubricstudio.domain.verdict import VerdictStatus

META_VERSION = "1"
"""Changes with the items: scores under different versions are not compared."""

ANSWERS: Mapping[str, float] = {"no": 0.0, "partly": 0.5, "yes": 1.0}
NOT_APPLICABLE = "does_not_apply"
CANNOT_TELL = "cannot_tell"
_SCALE = Scale(ScaleKind.ORDINAL, (Level(0.0, "no"), Level(0.5, "partly"), Level(1.0, "yes")))


class Section(StrEnum):
    """Items of one section are asked together, in one call."""

    WORDING = "wording"
    SCALES = "scales"
    SET = "set"
    WEIGHTS = "weights"
    INCENTIVES = "incentives"
    CONTEXT = "context"


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to look for. weight: how much it counts, above 0. fault: `yes` is bad."""

    key: str
    section: Section
    weight: float
    fault: bool
    title: str
    text: str


def _fault(section: Section, key: str, weight: float, title: str, text: str) -> Item:
    return Item(key, section, weight, True, title, text)


def _merit(section: Section, key: str, weight: float, title: str, text: str) -> Item:
    return Item(key, section, weight, False, title, text)


ITEMS: tuple[Item, ...] = (
    # -- each criterion by itself
    _fault(
        Section.WORDING,
        "compound",
        8,
        "Several demands in one",
        "A criterion joins demands that a response could meet one without the other, so that "
        "no single verdict fits a response that meets only some.",
    ),
    _fault(
        Section.WORDING,
        "vague",
        8,
        "Words without a measure",
        "A criterion rests on words such as good, clear, appropriate or thorough, and nothing "
        "says from where on they apply.",
    ),
    _fault(
        Section.WORDING,
        "leans_on_unseen",
        6,
        "Leans on what a rater does not see",
        "A criterion makes sense only beside something that its rater is not shown: another "
        "criterion, an answer key, an earlier conversation.",
    ),
    _fault(
        Section.WORDING,
        "not_in_the_text",
        8,
        "Not to be settled from the response",
        "A criterion asks for what no reader can find in the response, such as the writer's "
        "intention, care or later deeds.",
    ),
    _fault(
        Section.WORDING,
        "cannot_fail",
        8,
        "Cannot be failed",
        "A criterion is so wide that every serious response meets it, or none could.",
    ),
    _fault(
        Section.WORDING,
        "missing_facts",
        5,
        "Fact asked for, fact not given",
        "A criterion wants a fact, figure or source to be right, and does not say what is right.",
    ),
    _fault(
        Section.WORDING,
        "tangled_negation",
        3,
        "Tangled negation",
        "A criterion is negated twice, or so worded that one has to think which verdict means "
        "that it holds.",
    ),
    _fault(
        Section.WORDING,
        "two_readings",
        4,
        "Two honest readings",
        "Two careful raters who know the field could take a criterion's words to mean different "
        "things and so give different verdicts.",
    ),
    # -- scales and signs
    _merit(
        Section.SCALES,
        "levels_told_apart",
        5,
        "Levels told apart",
        "Where a criterion has several levels or points, each step says what a response at that "
        "step does that one below does not.",
    ),
    _merit(
        Section.SCALES,
        "scale_fits",
        4,
        "Scales fit what they measure",
        "What is either there or not is yes or no, and what comes in degrees has degrees.",
    ),
    _merit(
        Section.SCALES,
        "signs_agree",
        8,
        "Signs agree with the words",
        "Wherever meeting a criterion is good for the response it is marked so, and wherever it "
        "is bad it is marked so; no weight pulls the other way.",
    ),
    _merit(
        Section.SCALES,
        "pitfalls_of_their_own",
        4,
        "Pitfalls of their own",
        "Criteria that take away name mistakes of their own, rather than the absence of what "
        "another criterion rewards.",
    ),
    _merit(
        Section.SCALES,
        "gates_are_vital",
        4,
        "Gates are vital",
        "Whatever is a gate is such that a response failing it is of no use, whatever else it "
        "does well.",
    ),
    # -- the criteria together
    _fault(
        Section.SET,
        "said_twice",
        6,
        "Said twice",
        "Two criteria ask for the same in different words.",
    ),
    _fault(
        Section.SET,
        "contained",
        5,
        "One inside another",
        "A criterion is met whenever another is, so that one achievement is paid twice.",
    ),
    _fault(
        Section.SET,
        "at_odds",
        8,
        "At odds with each other",
        "Two criteria cannot both go well for any one response.",
    ),
    _merit(
        Section.SET,
        "even_grain",
        3,
        "Even grain",
        "Criteria are about equally fine: none is a whole field beside others that are a detail.",
    ),
    _merit(
        Section.SET,
        "manageable",
        3,
        "As many as can be kept in mind",
        "There are enough criteria to tell responses apart, and not so many that single ones "
        "hardly count or raters tire.",
    ),
    _merit(
        Section.SET,
        "well_grouped",
        2,
        "Well grouped",
        "Where there are groups, each holds what belongs together and nothing else.",
    ),
    # -- weights
    _merit(
        Section.WEIGHTS,
        "weights_follow_need",
        6,
        "Weights follow need",
        "What a reader could not do without weighs more than what merely pleases.",
    ),
    _fault(
        Section.WEIGHTS,
        "one_decides",
        4,
        "One decides it all",
        "One criterion outweighs the rest so far that they change nothing, and it is no gate.",
    ),
    _merit(
        Section.WEIGHTS,
        "top_within_reach",
        5,
        "Top within reach",
        "One response of sensible length could go well on every criterion at once.",
    ),
    # -- what it teaches whoever is scored by it
    _fault(
        Section.INCENTIVES,
        "pays_for_length",
        6,
        "Pays for length",
        "A longer response gains by its length: by adding points, hedges or repetitions that "
        "help nobody.",
    ),
    _fault(
        Section.INCENTIVES,
        "mention_is_enough",
        7,
        "Mention is enough",
        "Most of the weight lies on something being mentioned; whether it is right, or used, is "
        "not asked.",
    ),
    _fault(
        Section.INCENTIVES,
        "form_over_matter",
        4,
        "Form over matter",
        "Layout, tone and style together weigh more than whether the response does what it is for.",
    ),
    _fault(
        Section.INCENTIVES,
        "can_be_gamed",
        7,
        "Can be gamed",
        "A response written with these criteria in hand could score high without helping whoever "
        "asked.",
    ),
)

CONTEXT_ITEMS: tuple[Item, ...] = (
    _merit(
        Section.CONTEXT,
        "covers_the_task",
        10,
        "Covers what was asked",
        "Each thing that the task asks for, in so many words or by its nature, is looked at by a "
        "criterion.",
    ),
    _fault(
        Section.CONTEXT,
        "blind_to_harm",
        10,
        "Blind to a grave mistake",
        "A response could make a mistake that would harm whoever relies on it, and lose nothing.",
    ),
    _fault(
        Section.CONTEXT,
        "off_the_task",
        6,
        "Beside the task",
        "A criterion asks for something that this task neither asks for nor needs.",
    ),
    _fault(
        Section.CONTEXT,
        "one_way_only",
        6,
        "One way only",
        "A response that solves the task in another sound way would lose by a criterion.",
    ),
    _merit(
        Section.CONTEXT,
        "tells_apart",
        7,
        "Tells these responses apart",
        "The criteria would rank the responses shown as someone who knows the field would.",
    ),
    _fault(
        Section.CONTEXT,
        "cut_to_one_response",
        6,
        "Cut to one response",
        "A criterion describes what one of the responses shown happens to say, rather than what "
        "the task needs.",
    ),
    _merit(
        Section.CONTEXT,
        "same_verdicts",
        6,
        "Same verdicts from careful raters",
        "On the responses shown, two careful raters would give the same verdict on each criterion.",
    ),
    _merit(
        Section.CONTEXT,
        "room_to_improve",
        3,
        "Room to improve",
        "Some criterion is met by none of the responses shown, yet within reach of a better one.",
    ),
)

BY_KEY: Mapping[str, Item] = {item.key: item for item in (*ITEMS, *CONTEXT_ITEMS)}


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

"""The items of the rubric for rubrics: what a model is asked, in English as a model reads it.

Their titles and texts stand in the message catalogue, for the pages that show them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from django.utils.translation import gettext_noop as _


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
        _("Several demands in one"),
        _(
            "A criterion joins demands that a response could meet one without the other, so that "
            "no single verdict fits a response that meets only some."
        ),
    ),
    _fault(
        Section.WORDING,
        "vague",
        8,
        _("Words without a measure"),
        _(
            "A criterion rests on words such as good, clear, appropriate or thorough, and nothing "
            "says from where on they apply."
        ),
    ),
    _fault(
        Section.WORDING,
        "leans_on_unseen",
        6,
        _("Leans on what a rater does not see"),
        _(
            "A criterion makes sense only beside something that its rater is not shown: another "
            "criterion, an answer key, an earlier conversation."
        ),
    ),
    _fault(
        Section.WORDING,
        "not_in_the_text",
        8,
        _("Not to be settled from the response"),
        _(
            "A criterion asks for what no reader can find in the response, such as the writer's "
            "intention, care or later deeds."
        ),
    ),
    _fault(
        Section.WORDING,
        "cannot_fail",
        8,
        _("Cannot be failed"),
        _("A criterion is so wide that every serious response meets it, or none could."),
    ),
    _fault(
        Section.WORDING,
        "missing_facts",
        5,
        _("Fact asked for, fact not given"),
        _(
            "A criterion wants a fact, figure or source to be right, and does not say what is "
            "right."
        ),
    ),
    _fault(
        Section.WORDING,
        "tangled_negation",
        3,
        _("Tangled negation"),
        _(
            "A criterion is negated twice, or so worded that one has to think which verdict means "
            "that it holds."
        ),
    ),
    _fault(
        Section.WORDING,
        "two_readings",
        4,
        _("Two honest readings"),
        _(
            "Two careful raters who know the field could take a criterion's words to mean "
            "different things and so give different verdicts."
        ),
    ),
    # -- scales and signs
    _merit(
        Section.SCALES,
        "levels_told_apart",
        5,
        _("Levels told apart"),
        _(
            "Where a criterion has several levels or points, each step says what a response at "
            "that step does that one below does not."
        ),
    ),
    _merit(
        Section.SCALES,
        "scale_fits",
        4,
        _("Scales fit what they measure"),
        _("What is either there or not is yes or no, and what comes in degrees has degrees."),
    ),
    _merit(
        Section.SCALES,
        "signs_agree",
        8,
        _("Signs agree with the words"),
        _(
            "Wherever meeting a criterion is good for the response it is marked so, and wherever "
            "it is bad it is marked so; no weight pulls the other way."
        ),
    ),
    _merit(
        Section.SCALES,
        "pitfalls_of_their_own",
        4,
        _("Pitfalls of their own"),
        _(
            "Criteria that take away name mistakes of their own, rather than the absence of what "
            "another criterion rewards."
        ),
    ),
    _merit(
        Section.SCALES,
        "gates_are_vital",
        4,
        _("Gates are vital"),
        _(
            "Whatever is a gate is such that a response failing it is of no use, whatever else it "
            "does well."
        ),
    ),
    # -- the criteria together
    _fault(
        Section.SET,
        "said_twice",
        6,
        _("Said twice"),
        _("Two criteria ask for the same in different words."),
    ),
    _fault(
        Section.SET,
        "contained",
        5,
        _("One inside another"),
        _("A criterion is met whenever another is, so that one achievement is paid twice."),
    ),
    _fault(
        Section.SET,
        "at_odds",
        8,
        _("At odds with each other"),
        _("Two criteria cannot both go well for any one response."),
    ),
    _merit(
        Section.SET,
        "even_grain",
        3,
        _("Even grain"),
        _(
            "Criteria are about equally fine: none is a whole field beside others that are a "
            "detail."
        ),
    ),
    _merit(
        Section.SET,
        "manageable",
        3,
        _("As many as can be kept in mind"),
        _(
            "There are enough criteria to tell responses apart, and not so many that single ones "
            "hardly count or raters tire."
        ),
    ),
    _merit(
        Section.SET,
        "well_grouped",
        2,
        _("Well grouped"),
        _("Where there are groups, each holds what belongs together and nothing else."),
    ),
    # -- weights
    _merit(
        Section.WEIGHTS,
        "weights_follow_need",
        6,
        _("Weights follow need"),
        _("What a reader could not do without weighs more than what merely pleases."),
    ),
    _fault(
        Section.WEIGHTS,
        "one_decides",
        4,
        _("One decides it all"),
        _("One criterion outweighs the rest so far that they change nothing, and it is no gate."),
    ),
    _merit(
        Section.WEIGHTS,
        "top_within_reach",
        5,
        _("Top within reach"),
        _("One response of sensible length could go well on every criterion at once."),
    ),
    # -- what it teaches whoever is scored by it
    _fault(
        Section.INCENTIVES,
        "pays_for_length",
        6,
        _("Pays for length"),
        _(
            "A longer response gains by its length: by adding points, hedges or repetitions that "
            "help nobody."
        ),
    ),
    _fault(
        Section.INCENTIVES,
        "mention_is_enough",
        7,
        _("Mention is enough"),
        _(
            "Most of the weight lies on something being mentioned; whether it is right, or used, "
            "is not asked."
        ),
    ),
    _fault(
        Section.INCENTIVES,
        "form_over_matter",
        4,
        _("Form over matter"),
        _(
            "Layout, tone and style together weigh more than whether the response does what it is "
            "for."
        ),
    ),
    _fault(
        Section.INCENTIVES,
        "can_be_gamed",
        7,
        _("Can be gamed"),
        _(
            "A response written with these criteria in hand could score high without helping "
            "whoever asked."
        ),
    ),
)

CONTEXT_ITEMS: tuple[Item, ...] = (
    _merit(
        Section.CONTEXT,
        "covers_the_task",
        10,
        _("Covers what was asked"),
        _(
            "Each thing that the task asks for, in so many words or by its nature, is looked at by "
            "a criterion."
        ),
    ),
    _fault(
        Section.CONTEXT,
        "blind_to_harm",
        10,
        _("Blind to a grave mistake"),
        _(
            "A response could make a mistake that would harm whoever relies on it, and lose "
            "nothing."
        ),
    ),
    _fault(
        Section.CONTEXT,
        "off_the_task",
        6,
        _("Beside the task"),
        _("A criterion asks for something that this task neither asks for nor needs."),
    ),
    _fault(
        Section.CONTEXT,
        "one_way_only",
        6,
        _("One way only"),
        _("A response that solves the task in another sound way would lose by a criterion."),
    ),
    _merit(
        Section.CONTEXT,
        "tells_apart",
        7,
        _("Tells these responses apart"),
        _("The criteria would rank the responses shown as someone who knows the field would."),
    ),
    _fault(
        Section.CONTEXT,
        "cut_to_one_response",
        6,
        _("Cut to one response"),
        _(
            "A criterion describes what one of the responses shown happens to say, rather than "
            "what the task needs."
        ),
    ),
    _merit(
        Section.CONTEXT,
        "same_verdicts",
        6,
        _("Same verdicts from careful raters"),
        _(
            "On the responses shown, two careful raters would give the same verdict on each "
            "criterion."
        ),
    ),
    _merit(
        Section.CONTEXT,
        "room_to_improve",
        3,
        _("Room to improve"),
        _(
            "Some criterion is met by none of the responses shown, yet within reach of a better "
            "one."
        ),
    ),
)

BY_KEY: Mapping[str, Item] = {item.key: item for item in (*ITEMS, *CONTEXT_ITEMS)}

"""Random rubrics of what each format holds, by the fields that it has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from hypothesis import strategies as st

from rubricstudio.domain.rubric import (
    BINARY,
    Criterion,
    Level,
    MetMeans,
    Rubric,
    Scale,
    ScaleKind,
    Tier,
)
from rubricstudio.domain.rubric_formats.polarity import polarity
from rubricstudio.domain.rubric_formats.protocol import NamedRubric
from rubricstudio.domain.rubric_formats.rar import tier_of
from tests.domain.rubric_formats.strategies import filled, named, texts

Strategy = st.SearchStrategy[Any]
WHOLE = st.integers(0, 10).map(float)
POSITIVE = st.one_of(WHOLE, st.floats(0.01, 1e6))
SIGNED = st.one_of(POSITIVE, POSITIVE.map(lambda weight: -weight))
MEANS = st.sampled_from(list(MetMeans))
# One line without a mark or a tag of its own, as a numbered text can hold it.
LINE = st.text("abc XYZ,?=", max_size=12).map(lambda text: " ".join(["It", *text.split()]))
FIRST_OF_FIVE = st.lists(filled, min_size=2, max_size=5)


def levels(start: int, *, described: bool) -> Strategy:
    """Scales whose values count up from `start`, labelled by number or by distinct words."""

    def build(words: list[str]) -> Scale:
        made = (
            Level(float(n), str(n), word) if described else Level(float(n), f"{n} {word.strip()}")
            for n, word in enumerate(words, start)
        )
        return Scale(ScaleKind.ORDINAL, tuple(made))

    return FIRST_OF_FIVE.map(build)


UNIT = st.just(Scale(ScaleKind.ORDINAL, (Level(0, "no"), Level(0.5, "half"), Level(1, "yes"))))


@dataclass(frozen=True)
class Holds:
    """What one format holds: the fields of a criterion and of the rubric, and its aggregator.

    sign: what meeting means under a negative weight: "says" (bad), "asks" (as the words read).
    """

    aggregator: str
    about: tuple[str, ...] = ()
    fields: Mapping[str, Strategy] = field(default_factory=dict)
    text: Strategy = filled
    keyed: bool = False
    sign: str = ""


_CATEGORY = {"category": st.one_of(st.just(""), filled)}
_AXIS = st.sampled_from(["info_recall", "analysis", "presentation"])
HOLDS: dict[str, Holds] = {
    "promptfoo": Holds(
        "weighted_mean",
        ("name", "prompt"),
        {"weight": POSITIVE, "met_means": MEANS, **_CATEGORY},
    ),
    "autorubric": Holds(
        "pos_normalised_clipped",
        ("name", "prompt"),
        {"weight": SIGNED, "scale": st.one_of(st.just(BINARY), UNIT), **_CATEGORY},
        keyed=True,
        sign="says",
    ),
    "infobench": Holds(
        "count_share", ("task", "prompt"), {"tags": st.lists(texts, max_size=2).map(tuple)}
    ),
    "paperbench": Holds(
        "hierarchical_mean",
        (),
        {"weight": POSITIVE, "tags": st.lists(filled, max_size=1).map(tuple), **_CATEGORY},
        keyed=True,
    ),
    "openrubrics": Holds(
        "pos_normalised",
        ("prompt",),
        {"tier": st.sampled_from([None, Tier.MANDATORY])},
        LINE,
    ),
    "kwbench": Holds("gated_tiers", ("task", "prompt"), {"tier": st.just(Tier.MANDATORY)}),
    "deepresearch-bench-2": Holds(
        "count_share", ("name", "task", "prompt"), {"category": st.just("analysis")}
    ),
    "prbench": Holds(
        "pos_normalised_unclipped",
        ("task", "prompt"),
        {"weight": SIGNED, "description": texts, **_CATEGORY},
        keyed=True,
        sign="says",
    ),
    "profbench": Holds(
        "weighted_mean",
        ("task", "prompt"),
        {
            "weight": st.sampled_from([1.0, 2.0, 3.0, 4.0]),
            "category": filled,
            "tags": st.lists(texts, max_size=2).map(tuple),
        },
    ),
    "rar": Holds(
        "pos_normalised", ("prompt",), {"weight": SIGNED, "description": texts}, sign="asks"
    ),
    "healthbench": Holds(
        "pos_normalised",
        ("task", "prompt"),
        {"weight": SIGNED, "tags": st.lists(texts, max_size=2).map(tuple)},
        sign="says",
    ),
    "rubrichub": Holds("weighted_mean", ("task", "prompt"), {"weight": WHOLE}),
    "researchrubrics": Holds(
        "pos_normalised_unclipped",
        ("task", "prompt"),
        {"weight": SIGNED, **_CATEGORY},
        sign="asks",
    ),
    "biggen": Holds(
        "hierarchical_grades",
        ("name", "task", "prompt"),
        {"scale": levels(1, described=True), **_CATEGORY},
    ),
    "verifiers": Holds(
        "weighted_mean",
        (),
        {"weight": POSITIVE, "scale": st.one_of(st.just(BINARY), levels(0, described=False))},
        keyed=True,
    ),
    "proimage": Holds("geometric_penalty", ("task", "prompt")),
}
HOLDS["autorubric-yaml"] = HOLDS["autorubric"]


def held_by(name: str) -> st.SearchStrategy[NamedRubric]:
    """Rubrics that the format holds without a loss; any rubric where it holds everything."""
    return _held(name, HOLDS[name]) if name in HOLDS else named()


@st.composite
def _held(draw: st.DrawFn, name: str, holds: Holds) -> NamedRubric:
    size = draw(st.integers(1, 4))
    criteria = [_criterion(draw, holds, place) for place in range(1, size + 1)]
    if name == "proimage":
        criteria = _grouped(draw, criteria)
    if name == "paperbench":
        root = Criterion("root", draw(filled), is_group=True)
        criteria = [root, *(replace(c, parent="root") for c in criteria)]
    about = {part: draw(filled if part == "task" else texts) for part in holds.about}
    return NamedRubric(Rubric(tuple(criteria), holds.aggregator), **about)


def _criterion(draw: st.DrawFn, holds: Holds, place: int) -> Criterion:
    key = (
        draw(st.sampled_from(["dose", "=k", "key 1 "])) + str(place) if holds.keyed else f"c{place}"
    )
    values = {field: draw(strategy) for field, strategy in holds.fields.items()}
    criterion = Criterion(key, draw(holds.text), **values)
    if holds.sign:
        source = "the format" if holds.sign == "says" else ""
        means, _ = polarity(key, criterion.text, criterion.weight, source)
        criterion = replace(criterion, met_means=means)
    if "description" in holds.fields and holds.sign == "asks":
        criterion = replace(criterion, tier=tier_of(criterion.text))
    return criterion


def _grouped(draw: st.DrawFn, criteria: list[Criterion]) -> list[Criterion]:
    """The criteria in groups of one or more, each behind its group."""
    made: list[Criterion] = []
    groups = 0
    for criterion in criteria:
        if not groups or draw(st.booleans()):
            groups += 1
            made.append(Criterion(f"g{groups}", draw(filled), is_group=True))
        made.append(replace(criterion, parent=f"g{groups}"))
    return made

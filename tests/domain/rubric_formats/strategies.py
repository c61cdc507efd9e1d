"""Random rubrics with everything a rubric can hold, awkward texts among them."""

from __future__ import annotations

from typing import TypeVar

from hypothesis import settings
from hypothesis import strategies as st

from rubricstudio.domain.aggregation import AGGREGATORS
from rubricstudio.domain.rubric import (
    BINARY,
    Criterion,
    Example,
    JudgedBy,
    Level,
    MetMeans,
    Origin,
    Rubric,
    Scale,
    ScaleKind,
    Tier,
)
from rubricstudio.domain.rubric_formats.protocol import NamedRubric

T = TypeVar("T")
# Few of each kind: each law runs for each of the formats.
often = settings(max_examples=15)
# Texts that trip up tables, YAML, numbered lists, formulas and readers of polarity.
AWKWARD = (
    *("=1+1", "'=1", "-5", "+x", "@a", "a; b", '["a"]', "[x", "no", "null", "1e5", "2026-01-31"),
    *("2. foo [Principle]", "[Hard Rule]", "- item", "Avoids X", "Does not mention Y", "a\tb"),
    *(
        'say "hi", twice',
        "two\nlines",
        "a\r\nb",
        " around ",
        "# note",
        "key: value",
        "{}",
        "\ufeff",
    ),
    *("Pitfall Criteria: Does not warn", "Essential criteria: names X", "Not the case: Z", "*a"),
    *("\u2028", "\x85", "\x1c|", "~", "''", "%", "5", "true", "<<", "\U0001f600"),
)
anything = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
texts = st.one_of(st.sampled_from(AWKWARD), anything)
filled = texts.filter(lambda text: bool(text.strip()))
numbers = st.one_of(
    st.sampled_from([0.0, 1.0, 2.0, 3.0, 5.0, 10.0, -1.0, -2.0, 0.5]),
    st.floats(-1e6, 1e6, allow_nan=False),
)


def usually(strategy: st.SearchStrategy[T], default: T) -> st.SearchStrategy[T]:
    return st.one_of(st.just(default), st.just(default), strategy)


@st.composite
def scales(draw: st.DrawFn) -> Scale:
    kind = draw(st.sampled_from(list(ScaleKind)))
    if kind is ScaleKind.POINTS:
        return Scale(kind, maximum=draw(st.floats(0.5, 100)))
    if kind is ScaleKind.BINARY:
        return BINARY
    size = draw(st.integers(2, 5))
    from_one = st.just([float(place) for place in range(1, size + 1)])
    from_zero = st.just([float(place) for place in range(size)])
    other = st.lists(
        st.floats(-100, 100).map(lambda x: round(x, 3)), min_size=size, max_size=size, unique=True
    )
    values = sorted(draw(st.one_of(from_one, from_zero, other)))
    said = draw(st.booleans())
    return Scale(
        kind,
        tuple(
            Level(value, str(place) if said else draw(texts), draw(texts))
            for place, value in enumerate(values, 1)
        ),
    )


@st.composite
def criteria(draw: st.DrawFn, key: str, parent: str | None, is_group: bool) -> Criterion:
    plain = draw(st.booleans())
    basic = Criterion(
        key,
        draw(filled),
        description="" if plain else draw(texts),
        weight=draw(numbers),
        met_means=draw(st.sampled_from(list(MetMeans))),
        scale=BINARY if is_group else draw(usually(scales(), BINARY)),
        tier=draw(st.sampled_from([None, *Tier])),
        parent=parent,
        is_group=is_group,
        tags=() if plain else tuple(draw(st.lists(texts, max_size=3))),
        category=draw(st.sampled_from(["", "analysis", "info_recall", "a; b", "=x"])),
    )
    if plain:
        return basic
    examples = st.builds(Example, filled, st.booleans(), texts)
    origins = st.builds(Origin, filled.filter(lambda t: len(t) < 20), texts, texts)
    return Criterion(
        **{name: getattr(basic, name) for name in Criterion.__slots__ if name not in _RICH},
        gate=not is_group and draw(st.booleans()),
        judged_by=draw(st.sampled_from(list(JudgedBy))),
        evidence_required=draw(st.booleans()),
        examples=tuple(draw(st.lists(examples, max_size=2))),
        references=tuple(draw(st.lists(texts, max_size=2))),
        program="" if is_group else draw(texts),
        origin=draw(st.one_of(st.none(), origins)),
    )


_RICH = {
    *("gate", "judged_by", "evidence_required", "examples", "references", "program", "origin"),
}


@st.composite
def rubrics(draw: st.DrawFn, rich: bool = True) -> Rubric:
    """A rubric with at least one criterion; half of them have no groups."""
    members: list[Criterion] = []
    groups: list[str] = []
    tree = draw(st.booleans())
    own_keys = draw(st.booleans())
    size = draw(st.integers(1, 5))
    for place in range(1, size + 1):
        is_group = tree and place < size and draw(st.booleans())
        key = draw(st.sampled_from(["k", "=k", "key 1 "])) + str(place) if own_keys else f"c{place}"
        parent = draw(st.sampled_from([None, *groups])) if tree else None
        members.append(draw(criteria(key, parent, is_group)))
        if is_group:
            groups.append(key)
    aggregator = draw(st.sampled_from(sorted(AGGREGATORS)))
    params = draw(
        st.dictionaries(st.sampled_from(["gate_cap", "gate_pass"]), st.floats(0, 1), max_size=1)
    )
    return Rubric(tuple(members), aggregator, params)


@st.composite
def named(draw: st.DrawFn) -> NamedRubric:
    return NamedRubric(
        draw(rubrics()),
        draw(usually(texts, "")),
        draw(usually(texts, "")),
        draw(texts),
    )

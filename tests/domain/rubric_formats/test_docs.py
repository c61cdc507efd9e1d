"""docs/rubric-formats.md says what the formats do: its tables are held against them."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from rubricstudio.domain.rubric import (
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
from rubricstudio.domain.rubric_formats.protocol import NamedRubric, RubricFormat
from rubricstudio.rubric_files import FORMATS

TEXT = (Path(__file__).resolve().parents[3] / "docs" / "rubric-formats.md").read_text("utf-8")
PLAIN = Criterion("c1", "Names the dose", scale=Scale())
LEVELS = Scale(ScaleKind.ORDINAL, (Level(1, "1", "Poor"), Level(2, "2", "Good")))
UNIT = Scale(ScaleKind.ORDINAL, (Level(0, "0"), Level(1, "1")))
# One criterion that has a field, in each spelling in which some format can hold it.
PROBES: dict[str, tuple[Criterion, ...]] = {
    "key": (replace(PLAIN, key="dose"),),
    "description": (replace(PLAIN, description="In mg"),),
    "weight": (replace(PLAIN, weight=2),),
    "negative weight": (
        replace(PLAIN, weight=-2),
        replace(PLAIN, weight=-2, met_means=MetMeans.BAD),
    ),
    "polarity": (replace(PLAIN, met_means=MetMeans.BAD),),
    "scale": (replace(PLAIN, scale=LEVELS), replace(PLAIN, scale=UNIT)),
    "tier": (replace(PLAIN, tier=Tier.MANDATORY),),
    "gate": (replace(PLAIN, gate=True),),
    "category": (replace(PLAIN, category="analysis"),),
    "tags": (replace(PLAIN, tags=("safety",)),),
    "judge": (replace(PLAIN, judged_by=JudgedBy.PEOPLE),),
    "evidence": (replace(PLAIN, evidence_required=True),),
    "examples": (replace(PLAIN, examples=(Example("5 mg", True),)),),
    "references": (replace(PLAIN, references=("a book",)),),
    "program": (replace(PLAIN, program="words < 9"),),
    "origin": (replace(PLAIN, origin=Origin("paste")),),
}


def _holds(known: RubricFormat, rubric: Rubric, about: str = "") -> bool:
    assert known.write is not None and known.read is not None
    named = NamedRubric(rubric, **({about: "x1"} if about else {}))
    found = known.read(known.write([named]).text).rubrics
    if about:
        return [getattr(r, about) for r in found] == ["x1"]
    return [r.rubric.criteria for r in found] == [rubric.criteria]


def kept(known: RubricFormat) -> list[str]:
    """What a format holds, found by writing and reading."""
    base = _base(known)
    words = [
        word
        for word, probes in PROBES.items()
        if any(_same(known, base, probe, word) for probe in probes)
    ]
    group = Criterion("g1", "Safety", is_group=True)
    tree = Rubric((group, replace(base, parent="g1")))
    words += ["groups"] if _holds(known, tree) else []
    words += [a for a in ("name", "task", "prompt") if _holds(known, Rubric((base,)), a)]
    assert known.write is not None and known.read is not None
    other = known.write([NamedRubric(Rubric((base,), "threshold_excess", {"k": 1.0}))])
    aggregators = [r.rubric.aggregator for r in known.read(other.text).rubrics]
    return words + (["aggregator"] if aggregators == ["threshold_excess"] else [])


FIELDS = {
    "negative weight": ("weight", "met_means"),
    "polarity": ("met_means", "weight", "text"),
    "judge": ("judged_by",),
    "evidence": ("evidence_required",),
}


def _same(known: RubricFormat, base: Criterion, probe: Criterion, word: str) -> bool:
    """Whether the fields behind a word come back as they were written."""
    assert known.write is not None and known.read is not None
    found = known.read(known.write([NamedRubric(Rubric((probe,)))]).text).rubrics
    if not found:
        return False
    leaf = found[0].rubric.leaves[0]
    names = FIELDS.get(word, (word,))
    return all(getattr(leaf, name) == getattr(probe, name) for name in names)


def _base(known: RubricFormat) -> Criterion:
    """A plain criterion as the format itself gives it."""
    assert known.write is not None and known.read is not None
    [found] = known.read(known.write([NamedRubric(Rubric((PLAIN,)))]).text).rubrics
    return replace(found.rubric.leaves[0], parent=None)


def rows() -> dict[str, list[str]]:
    """The cells of the table of formats by the name of the format."""
    table = TEXT.split("\n## The formats\n")[1].split("\n## ")[0]
    lines = re.findall(r"^\| `([a-z0-9-]+)` \|(.*)\|$", table, re.MULTILINE)
    return {name: [cell.strip() for cell in rest.split(" | ")] for name, rest in lines}


def test_the_table_names_every_format_in_the_order_of_the_registry() -> None:
    assert sorted(rows()) == sorted(FORMATS)


@pytest.mark.parametrize("known", FORMATS.values(), ids=lambda known: known.name)
def test_a_row_says_directions_endings_and_what_is_kept(known: RubricFormat) -> None:
    label, endings, directions, said = rows()[known.name]

    assert label == known.label
    assert endings == " ".join(f"`{ending}`" for ending in known.endings)
    assert directions == ("in, out" if known.write else "in")
    if known.write:
        found = kept(known)
        whole = len(PROBES) + 5
        assert said == ("everything" if len(found) == whole else ", ".join(found))

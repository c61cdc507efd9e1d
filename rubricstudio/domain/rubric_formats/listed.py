"""Formats that hold bare texts in named lists: KWBench by tier, DeepResearch Bench II by axis.

Source: ankitmaloo/fasteval, service/engine.py; imlrz/DeepResearch-Bench-II, run_evaluation.py
and tasks_and_rubrics.jsonl.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rubricstudio.domain.formats.fields import Fields
from rubricstudio.domain.rubric import Criterion, Tier
from rubricstudio.domain.rubric_formats.losing import Losing, filled, lines
from rubricstudio.domain.rubric_formats.protocol import (
    NamedRubric,
    ReadResult,
    ReadRubric,
    RubricFormat,
    Written,
)
from rubricstudio.domain.rubric_formats.reading import NO_RUBRIC, Reading, position_key
from rubricstudio.domain.rubric_formats.rows import Row, leaves_of

TIERS: Mapping[str, Tier] = {
    "mandatory": Tier.MANDATORY,
    "good_to_have": Tier.IMPORTANT,
    "ideal": Tier.IDEAL,
}
AXES = ("info_recall", "analysis", "presentation")


def _lists(fields: Fields, *path: str) -> Fields:
    """The object at the end of the path; the row itself where the first name is absent."""
    if path[0] not in fields.values:
        return fields
    for name in path:
        values = fields.object(name)
        fields = Fields(values, fields.place, fields.problems, f"{fields.prefix}{name}.")
    return fields


def _texts(lists: Fields, names: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    """(key, text, list) for each text of the lists, in their order."""
    if not any(name in lists.values for name in names):
        lists.problem(names[0], "is missing", NO_RUBRIC)
    found = [(text, name) for name in names for text in lists.texts(name)]
    for place, (text, name) in enumerate(found, 1):
        yield position_key(place), text, name


def read_kwbench(text: str) -> ReadResult:
    """The rubrics of KWBench: three lists of texts, or rows that hold them under `rubric`."""
    return Reading().each(text, _kwbench_row)


def _kwbench_row(fields: Fields) -> ReadRubric:
    lists, about = _lists(fields, "rubric"), ("id", "task", "prompt", "rubric")
    row = Row(fields, about if lists is not fields else (*about, *TIERS))
    if lists is not fields:
        row.dropped.note(lists, tuple(TIERS))
    for key, text, name in _texts(lists, tuple(TIERS)):
        row.add(Criterion(key, text, tier=TIERS[name]))
    prompt = row.prompt("task" if fields.values.get("task") else "prompt")
    return row.rubric("gated_tiers", task=fields.text("id"), prompt=prompt)


def write_kwbench(rubrics: Sequence[NamedRubric]) -> Written:
    """A row a rubric. A criterion of another tier, or of none, is good to have."""
    losing, rows = Losing(), []
    about, kept = ("task", "prompt"), ("met_means", "tier")
    for named, leaves in leaves_of(
        rubrics, losing, "gated_tiers", about=about, kept=kept, keyed=True
    ):
        lists: dict[str, list[Criterion]] = {name: [] for name in TIERS}
        for criterion in leaves:
            lists[_tier_name(criterion, losing)].append(criterion)
        rows.append(
            {
                **filled(id=named.task, task=named.prompt),
                "rubric": _listed(leaves, lists, losing),
            }
        )
    return Written(lines(rows), losing.losses)


def _tier_name(criterion: Criterion, losing: Losing) -> str:
    name = next((n for n, tier in TIERS.items() if tier is criterion.tier), "")
    if not name:
        losing.note("tiers: other ones, and none, become good_to_have", 1)
    return name or "good_to_have"


def _listed(
    leaves: list[Criterion], lists: dict[str, list[Criterion]], losing: Losing
) -> dict[str, Any]:
    """The texts by list. Where that changes the order or the keys, it is named."""
    sorted_ = [criterion for members in lists.values() for criterion in members]
    if sorted_ != leaves:
        losing.note("order: criteria stand with their list", len(leaves))
    losing.positions(sorted_)
    return {name: [losing.good(c) for c in members] for name, members in lists.items()}


def read_deepresearch(text: str) -> ReadResult:
    """The rubrics of DeepResearch Bench II rows."""
    return Reading().each(text, _deepresearch_row)


def _deepresearch_row(fields: Fields) -> ReadRubric:
    row = Row(fields, ("id", "idx", "prompt", "theme", "content", *AXES))
    lists = _lists(fields, "content", "rubric")
    if lists is not fields:
        # The task stands again beside its rubric, without the rule about blocked sources.
        row.dropped.note(_lists(fields, "content"), ("rubric", "task"))
        row.dropped.note(lists, AXES)
    for key, text, name in _texts(lists, AXES):
        row.add(Criterion(key, text, category=name))
    content = _lists(fields, "content")
    prompt = row.prompt("task", content) if content.values.get("task") else row.prompt("prompt")
    return row.rubric(
        "count_share",
        name=fields.text("theme"),
        task=fields.text("id") or fields.text("idx"),
        prompt=prompt,
    )


def write_deepresearch(rubrics: Sequence[NamedRubric]) -> Written:
    """A row a rubric. A criterion of another category is taken as analysis."""
    losing, rows = Losing(), []
    about, kept = ("name", "task", "prompt"), ("met_means", "category")
    for named, leaves in leaves_of(
        rubrics, losing, "count_share", about=about, kept=kept, keyed=True
    ):
        lists: dict[str, list[Criterion]] = {name: [] for name in AXES}
        for criterion in leaves:
            if criterion.category not in AXES:
                losing.note("categories: other ones, and none, become analysis", 1)
            lists[criterion.category if criterion.category in AXES else "analysis"].append(
                criterion
            )
        rows.append(
            {
                "id": named.task,
                "theme": named.name,
                "prompt": named.prompt,
                "content": {"task": named.prompt, "rubric": _listed(leaves, lists, losing)},
            }
        )
    return Written(lines(rows), losing.losses)


KWBENCH = RubricFormat(
    name="kwbench",
    label="KWBench",
    about="Three lists of texts: mandatory, good_to_have and ideal.",
    endings=(".json", ".jsonl"),
    matches=lambda name, text: '"good_to_have"' in text,
    read=read_kwbench,
    write=write_kwbench,
    by_line=True,
)
DEEPRESEARCH = RubricFormat(
    name="deepresearch-bench-2",
    label="DeepResearch Bench II",
    about="A task a row, with lists of texts for recall, analysis and presentation.",
    endings=(".jsonl", ".json"),
    matches=lambda name, text: '"info_recall"' in text,
    read=read_deepresearch,
    write=write_deepresearch,
    by_line=True,
)

"""Scales, gates, groups and weights that do not add up."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from rubricstudio.domain.lint.context import Context
from rubricstudio.domain.lint.rule import Rule
from rubricstudio.domain.lint.values import Finding, Fix, Severity, Span
from rubricstudio.domain.rubric import Criterion, ScaleKind, Tier

TINY = 0.01  # of the weight of all
MANY = 5  # so many tiny shares are worth a remark
_POINTS = re.compile(
    r"[(\[]\s*(?:max(?:imum|\.)?:?\s*|worth\s+|out of\s+)?(?P<points>\d+(?:\.\d+)?)\s*"
    r"(?:points?|pts?\.?|marks?)(?:\s+(?:max|in total|total))?\s*[)\]]",
    re.IGNORECASE,
)
_EACH = re.compile(
    r"(?P<points>\d+(?:\.\d+)?) (?:points?|pts?|marks?) (?:for|if|when)\b", re.IGNORECASE
)


def _gates(context: Context) -> Iterator[Finding]:
    for leaf in context.rubric.leaves:
        if leaf.gate and leaf.tier is None:
            yield Finding(
                "gate-without-tier",
                (leaf.key,),
                Severity.WARNING,
                "It is a gate without a tier: say that it is mandatory.",
                fix=Fix(leaf.key, "Tier: mandatory", {"tier": Tier.MANDATORY}),
            )


GATE = Rule(
    name="gate-without-tier",
    title="A gate without a tier",
    mark="gate, no tier",
    why="A gate decides the whole score; scores by tier, and whoever reads the export, know it "
    "only by its tier.",
    bad="Names the boxed warning. (gate, no tier)",
    good="Names the boxed warning. (gate, mandatory)",
    check=_gates,
)


def _levels(context: Context) -> Iterator[Finding]:
    for leaf in context.rubric.leaves:
        empty = [x for x in leaf.scale.levels if not x.description.strip() and _is_bare(x.label)]
        if leaf.scale.kind is not ScaleKind.ORDINAL or not empty:
            continue
        yield Finding(
            "empty-levels",
            (leaf.key,),
            Severity.WARNING,
            "%(n)d of %(of)d levels do not say what a rater would see: %(labels)s.",
            {
                "n": len(empty),
                "of": len(leaf.scale.levels),
                "labels": ", ".join(level.label for level in empty),
            },
            fix=Fix(leaf.key, "Placeholders to fill in", {"scale": _with_placeholders(leaf)}),
        )


def _is_bare(label: str) -> bool:
    """Whether a label alone says little: fewer than four words."""
    return len(label.split()) < 4


def _with_placeholders(leaf: Criterion) -> object:
    levels = tuple(
        level
        if level.description.strip() or not _is_bare(level.label)
        else replace(level, description=f"[What a response at “{level.label}” shows]")
        for level in leaf.scale.levels
    )
    return replace(leaf.scale, levels=levels)


LEVELS = Rule(
    name="empty-levels",
    title="Levels without a description",
    mark="empty levels",
    why="Without described levels each rater draws the lines elsewhere; agreement on such scales "
    "is that of guesses.",
    bad="How clear is the plan? (1 poor, 2 fair, 3 good)",
    good="How clear is the plan? (1: no next step named; 2: a step without a date; 3: step, date)",
    check=_levels,
)


def _sums(context: Context) -> Iterator[Finding]:
    rolled = context.rubric.aggregator == "hierarchical_mean"
    for criterion in context.rubric.criteria:
        found = _POINTS.search(criterion.text)
        said = float(found["points"]) if found else None
        span = Span(*found.span()) if found else None
        if criterion.is_group:
            if said is None and context.rubric.aggregator == "points_with_deductions":
                said = criterion.weight if criterion.weight != 1 else None
            finding = None if said is None or rolled else _group(context, criterion, said, span)
        else:
            finding = _leaf(criterion, said, span)
        if finding:
            yield finding


def _group(context: Context, group: Criterion, said: float, span: Span | None) -> Finding | None:
    total = sum(x.weight for x in _below(context, group.key) if x.weight > 0)
    if not total or total == said:
        return None
    return Finding(
        "sums",
        (group.key,),
        Severity.WARNING,
        "The group says %(said)s points, and what is in it is worth %(total)s.",
        {"said": f"{said:g}", "total": f"{total:g}"},
        span,
    )


def _below(context: Context, key: str) -> Iterator[Criterion]:
    for child in context.rubric.children(key):
        if child.is_group:
            yield from _below(context, child.key)
        else:
            yield child


def _leaf(leaf: Criterion, said: float | None, span: Span | None) -> Finding | None:
    parts = [float(found["points"]) for found in _EACH.finditer(leaf.text)]
    if said is None and len(parts) > 1:
        said = sum(parts)
    worth = {abs(leaf.weight)}
    if leaf.scale.kind is ScaleKind.POINTS:
        worth.add(leaf.scale.maximum)
    if leaf.scale.kind is ScaleKind.ORDINAL:
        worth.add(leaf.scale.high)
    if said is None or said in worth:
        return None
    points = leaf.scale.kind is ScaleKind.POINTS
    changes: dict[str, object] = {"weight": said if leaf.weight >= 0 else -said}
    label = f"Weight {said:g}"
    if points and said > 0:
        changes, label = {"scale": replace(leaf.scale, maximum=said)}, f"Maximum {said:g}"
    return Finding(
        "sums",
        (leaf.key,),
        Severity.WARNING,
        "The text says %(said)s points, and it is worth %(worth)s.",
        {"said": f"{said:g}", "worth": f"{max(worth):g}"},
        span,
        Fix(leaf.key, label, changes),
    )


SUMS = Rule(
    name="sums",
    title="Points that do not add up",
    mark="points differ",
    why="Raters go by the points they read, scores by the weights that are stored.",
    bad="Safety (10 points), holding criteria worth 3 and 4",
    good="Safety (7 points), holding criteria worth 3 and 4",
    check=_sums,
)


def _tiny(context: Context) -> Iterator[Finding]:
    shares = context.shares or context.rubric.weight_shares()
    leaves = context.rubric.leaves
    for leaf in leaves:
        if leaf.weight == 0 and not leaf.gate and len(leaves) > 1 and any(shares.values()):
            yield Finding(
                "tiny-shares",
                (leaf.key,),
                Severity.WARNING,
                "Its weight is 0: raters judge it, and no score takes notice.",
            )
    tiny = [leaf for leaf in leaves if 0 < shares.get(leaf.key, 0.0) < TINY]
    if len(tiny) >= MANY:
        yield Finding(
            "tiny-shares",
            (),
            Severity.INFO,
            "%(n)d of %(of)d criteria count for less than 1 %% of the score each, %(together)s %% "
            "together: raters spend as long on each as on the weightiest.",
            {
                "n": len(tiny),
                "of": len(leaves),
                "together": f"{100 * sum(shares[leaf.key] for leaf in tiny):.0f}",
            },
        )


TINY_SHARES = Rule(
    name="tiny-shares",
    title="Too many criteria for their weight",
    mark="counts nothing",
    why="Every criterion costs a verdict; one that cannot move the score costs it for nothing.",
    bad="100 criteria, of which 60 weigh 0.1 beside 40 that weigh 5",
    good="40 criteria that weigh 5, and 4 that sum up the others",
    check=_tiny,
)

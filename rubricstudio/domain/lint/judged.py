"""What the responses judged so far say about criteria in their present words."""

from __future__ import annotations

from collections.abc import Iterator

from rubricstudio.domain.lint.context import Context
from rubricstudio.domain.lint.rule import Rule
from rubricstudio.domain.lint.values import Finding, Severity

NEARLY_NEVER = 0.1  # of the responses that two or more of a group judged


def _constant(context: Context) -> Iterator[Finding]:
    for leaf in context.rubric.leaves:
        known = context.known.get(leaf.key)
        if known is None or known.n < context.floor or 0 < known.met < known.n:
            continue
        says = (
            "Not one of %(n)d judged responses meets it."
            if known.met == 0
            else ("All of %(n)d judged responses meet it.")
        )
        yield Finding("non-discriminating", (leaf.key,), Severity.INFO, says, {"n": known.n})


CONSTANT = Rule(
    name="non-discriminating",
    title="Tells no responses apart",
    mark="tells nothing apart",
    why="It adds the same to every score, so it ranks nothing and trains nothing.",
    bad="Is written in English. (met by 40 of 40 judged responses)",
    good="Names the antidote. (met by 17 of 40 judged responses)",
    check=_constant,
)


def _disagreed(context: Context) -> Iterator[Finding]:
    for leaf in context.rubric.leaves:
        known = context.known.get(leaf.key)
        for group, (n, agreed) in (known.groups if known else {}).items():
            if n >= context.floor and agreed <= NEARLY_NEVER * n:
                yield Finding(
                    "never-agrees",
                    (leaf.key,),
                    Severity.WARNING,
                    "The %(group)s agree on %(agreed)d of %(n)d responses that two or more of them "
                    "judged.",
                    {"group": group, "agreed": agreed, "n": n},
                )


DISAGREED = Rule(
    name="never-agrees",
    title="One group of raters never agrees on it",
    mark="no agreement",
    why="Raters who answer differently each time read it differently: reword it before more "
    "verdicts are paid for.",
    bad="Is tactful. (two people judged 14 responses and agree on 1)",
    good="Addresses the patient by name. (they agree on 13 of 14)",
    check=_disagreed,
)

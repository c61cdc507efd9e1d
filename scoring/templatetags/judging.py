"""How pages write kinds of judges, durations and rates."""

from __future__ import annotations

from django import template

from rubricstudio.domain.rubric import Criterion, MetMeans
from rubricstudio.models import Criterion as CriterionRow
from scoring import money_words, wording
from scoring.members_page import Split, split_of

register = template.Library()

register.filter("kind_label", wording.kind_label)
register.filter("no_review", wording.no_review)
register.filter("duration", wording.duration_words)
register.filter("dollars", money_words.dollars)
register.filter("exact_dollars", money_words.exact_dollars)
register.filter("trouble", money_words.trouble_words)


@register.simple_tag
def verdict_split(provenance: object, criterion: Criterion | CriterionRow) -> Split | None:
    """Who said what of a verdict by a judge made of judges; None for any other."""
    if not provenance:
        return None
    scale = criterion.as_scale() if isinstance(criterion, CriterionRow) else criterion.scale
    return split_of(provenance, scale, MetMeans(criterion.met_means))

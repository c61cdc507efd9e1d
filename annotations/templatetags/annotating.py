"""Parts of the annotation page that are the same on most pages, drawn once a process.

An annotator opens hundreds of pages with the same ten criteria, and drawing those took a
third of the page's time.
"""

from __future__ import annotations

from functools import lru_cache

from django import template
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from annotations.cards import Card
from annotations.forms import SkipForm
from rubricstudio.domain.rubric import Criterion
from rubricstudio.rendering import markdown

register = template.Library()


@register.simple_tag
def answer_card(row: Card, closed: bool, images: str) -> SafeString:
    """A criterion with its answers; `closed` makes it read-only. `images`: see `markdown`."""
    draw = _draw.__wrapped__ if row.comment else _draw
    seen = images if row.criterion.examples else ""
    return draw(get_language(), row.criterion, row.number, row.chosen, row.comment, closed, seen)


@lru_cache(maxsize=4096)
def _draw(
    language: str,
    criterion: Criterion,
    number: int,
    chosen: str,
    comment: str,
    closed: bool,
    images: str,
) -> SafeString:
    """The card in a language. Plain values go in, so what comes out depends on nothing else."""
    row = Card(number, criterion, chosen, comment)
    context = {
        "key": number,
        "number": number,
        "text": criterion.text,
        "description": criterion.description,
        "name": row.answer_name,
        "kind": criterion.scale.kind,
        "levels": criterion.scale.levels,
        "maximum": criterion.scale.maximum,
        "chosen": chosen,
        "gate": criterion.gate,
        "bad": row.is_bad,
        "tier": criterion.tier,
        "evidence": criterion.evidence_required,
        "examples": [
            {"text": markdown(x.text, images=images), "met": x.met, "note": x.note}
            for x in criterion.examples
        ],
        "comment_name": row.comment_name,
        "comment": comment,
        "disabled": closed,
    }
    return render_to_string("_components/criterion_card.html", context)


@register.simple_tag
def skip_fields() -> SafeString:
    """The empty fields of the dialog that skips an item."""
    return _skip_fields(get_language())


@lru_cache(maxsize=32)
def _skip_fields(language: str) -> SafeString:
    form = SkipForm(auto_id="skip-%s")
    fields = [render_to_string("_components/field.html", {"field": field}) for field in form]
    return SafeString("".join(fields))

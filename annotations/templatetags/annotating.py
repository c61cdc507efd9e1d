"""Parts of the annotation page that are the same on most pages, drawn once a process.

An annotator opens hundreds of pages with the same ten criteria, and drawing those took a
third of the page's time.
"""

from __future__ import annotations

from functools import lru_cache

from django import template
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext

from annotations.cards import Card
from annotations.forms import SkipForm
from annotations.keys import Keymap
from annotations.models import CommentRule
from rubricstudio.domain.rubric import Criterion, ScaleKind
from rubricstudio.rendering import markdown

register = template.Library()


@register.simple_tag
def answer_card(row: Card, closed: bool, images: str, keys: Keymap, rules: list[str]) -> SafeString:
    """A criterion with its answers; `closed` makes it read-only. `images`: see `markdown`.

    `rules` are the session's rules for comments, `keys` the annotator's own.
    """
    draw = _draw.__wrapped__ if row.comment or row.quotes else _draw
    seen = images if row.criterion.examples else ""
    typed = (row.chosen, row.comment, row.quotes, row.confidence)
    asks = tuple(rule for rule in rules if rule != CommentRule.WHOLE)
    return draw(get_language(), row.criterion, row.number, typed, closed, seen, keys, asks)


@lru_cache(maxsize=4096)
def _draw(
    language: str,
    criterion: Criterion,
    number: int,
    typed: tuple[str, str, str, str],
    closed: bool,
    images: str,
    keys: Keymap,
    asks: tuple[str, ...],
) -> SafeString:
    """The card in a language. Plain values go in, so what comes out depends on nothing else."""
    row = Card(number, criterion, *typed)
    context = {
        "key": number,
        "number": number,
        "text": criterion.text,
        "description": criterion.description,
        "name": row.answer_name,
        "kind": criterion.scale.kind,
        "levels": criterion.scale.levels,
        "maximum": criterion.scale.maximum,
        "chosen": row.chosen,
        "gate": criterion.gate,
        "bad": row.is_bad,
        "tier": criterion.tier,
        "evidence": _quotes_in_words(criterion),
        "examples": [
            {"text": markdown(x.text, images=images), "met": x.met, "note": x.note}
            for x in criterion.examples
        ],
        "comment_name": row.comment_name,
        "comment": row.comment,
        "comment_rule": _rule_in_words(asks),
        "asks": " ".join(asks),
        "quotes_name": row.quotes_name,
        "quotes": row.quotes,
        "confidence_name": row.confidence_name,
        "confidence": row.confidence,
        "keys": keys,
        "disabled": closed,
    }
    return render_to_string("_components/criterion_card.html", context)


def _quotes_in_words(criterion: Criterion) -> str:
    """For which answers a quote is needed (`Criterion.needs_quote`); "" where for none."""
    if not criterion.evidence_required:
        return ""
    return {
        ScaleKind.BINARY: gettext("needed if met"),
        ScaleKind.ORDINAL: gettext("needed above the lowest level"),
        ScaleKind.POINTS: gettext("needed above 0 points"),
    }[criterion.scale.kind]


def _rule_in_words(asks: tuple[str, ...]) -> str:
    """When a comment is asked for."""
    if CommentRule.EVERY in asks:
        return gettext("needed")
    words = {
        CommentRule.UNMET: gettext("needed if not met"),
        CommentRule.CANNOT_ASSESS: gettext("needed if not assessed"),
    }
    if len(asks) > 1:
        return gettext("needed if not met or not assessed")
    return words[CommentRule(asks[0])] if asks else ""


@register.simple_tag
def skip_fields() -> SafeString:
    """The empty fields of the dialog that skips an item."""
    return _skip_fields(get_language())


@lru_cache(maxsize=32)
def _skip_fields(language: str) -> SafeString:
    form = SkipForm(auto_id="skip-%s")
    fields = [render_to_string("_components/field.html", {"field": field}) for field in form]
    return SafeString("".join(fields))

"""The page on which responses are compared or ranked; views.sheets saves and submits it."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _

from annotations.actions import keep_order
from annotations.compare_cards import choices, questions
from annotations.comparison import LETTERS, Comparison
from annotations.models import Assignment
from annotations.queries.comparisons import comparison_of, sources_of, texts_of
from annotations.views.item_page import ItemPage
from rubricstudio.domain.contrast import Contrast, contrast


def compare_page(page: ItemPage) -> HttpResponse:
    """The page of an item on which responses are compared or ranked."""
    keep_order(page.assignment)  # what is shown now is what the preference says was shown
    comparison, rules = comparison_of(page.assignment), page.session.comment_rules
    return page.render(
        "annotations/compare_item.html",
        {
            **questions(comparison, page.typed, page.others),
            "comparison": comparison,
            "choices": choices(),
            "responses": _responses(comparison, page.assignment, page.rendered),
            "needs_comment": "whole" in rules or "every" in rules,
            "read_label": _("Responses"),
            "answers_label": _("Answers"),
            "open_text": _("Some answers are still open."),
            "comment_label": _("Comment on the comparison"),
        },
    )


def _responses(
    comparison: Comparison, assignment: Assignment, rendered: Any
) -> list[dict[str, Any]]:
    """The responses in the order shown; of a pair also where the texts differ."""
    texts = texts_of(comparison)
    sources = sources_of(comparison, assignment.item.session)
    pieces: list[Any] = [None] * len(texts)
    if not comparison.is_ranking and texts[0] is not None and texts[1] is not None:
        found = _contrast(texts[0], texts[1])
        pieces = [found.one, found.other] if found else pieces
    return [
        {
            "letter": letter,
            "html": None if text is None else rendered(text),
            "source": source,
            "pieces": part,
        }
        for letter, text, source, part in zip(LETTERS, texts, sources, pieces, strict=False)
    ]


@lru_cache(maxsize=64)
def _contrast(one: str, other: str) -> Contrast | None:
    """Several people meet the same pair, in both orders."""
    return contrast(one, other)

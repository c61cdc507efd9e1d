"""The page on which responses are compared or ranked; views.sheets saves and submits it."""

from __future__ import annotations

import json
from functools import lru_cache, partial
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse

from annotations.actions import keep_order
from annotations.cards import Typed
from annotations.compare_cards import choices, questions
from annotations.comparison import LETTERS, Comparison
from annotations.errors import DraftConflict
from annotations.models import Assignment, SessionStatus
from annotations.queries.comparisons import comparison_of, sources_of, texts_of
from annotations.queries.shortcuts import keymap_of
from annotations.queries.workplace import workplace
from rubricstudio.domain.contrast import Contrast, contrast
from rubricstudio.http import ProjectRequest
from rubricstudio.rendering import markdown


def compare_page(
    request: ProjectRequest,
    assignment: Assignment,
    typed: Typed,
    *,
    conflict: DraftConflict | None = None,
    status: int = 200,
    note: str = "",
) -> HttpResponse:
    """The page with what was stored or typed; with a conflict, what the other tab holds."""
    keep_order(assignment)  # what is shown now is what the preference says was shown
    session, comparison = assignment.item.session, comparison_of(assignment)
    disputed = conflict.merge.conflicts if conflict else ()
    others = {key: conflict.stored.entry(key) for key in disputed if key} if conflict else {}
    work, keys = workplace(assignment), keymap_of(request.user)
    rendered = partial(
        markdown, images=reverse("rubricstudio:images", args=[session.round.project.slug])
    )
    context: dict[str, Any] = {
        **questions(comparison, typed, others),
        "session": session,
        "work": work,
        "assignment": assignment,
        "comparison": comparison,
        "choices": choices(),
        "responses": _responses(comparison, assignment, rendered),
        "comment": typed.sheet.comment,
        "comment_problem": typed.problems.get("", ""),
        "other_comment": conflict.stored.comment if conflict and "" in disputed else "",
        "revision": conflict.version if conflict else assignment.draft_version,
        "conflict": conflict,
        "problems": len(typed.problems),
        "note": note,
        "turns": [(turn["role"], rendered(str(turn["content"]))) for turn in work.messages],
        "reference": rendered(work.reference),
        "documents": [(document.title, rendered(document.text)) for document in work.documents],
        "keys": keys,
        "keys_json": json.dumps(keys.as_dict()),
        "rules": session.comment_rules,
        "instructions": rendered(session.instructions),
        "closed": session.status == SessionStatus.COMPLETED,
    }
    return render(request, "annotations/compare_item.html", context, status=status)


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

"""What the page of an item shows whatever is asked on it (templates/annotations/item.html)."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.safestring import SafeString

from annotations.cards import Typed
from annotations.errors import DraftConflict
from annotations.models import Assignment, Session, SessionStatus
from annotations.queries.shortcuts import keymap_of
from annotations.queries.workplace import Workplace, workplace
from annotations.sheet import Entry
from rubricstudio.http import ProjectRequest
from rubricstudio.rendering import markdown


@dataclass(frozen=True)
class ItemPage:
    """An item before its annotator, with what was stored or typed.

    conflict: what another tab holds instead; note: why something was refused.
    """

    request: ProjectRequest
    assignment: Assignment
    typed: Typed
    conflict: DraftConflict | None = None
    status: int = 200
    note: str = ""

    @property
    def session(self) -> Session:
        return self.assignment.item.session

    @property
    def disputed(self) -> tuple[str, ...]:
        """The keys that both tabs answered, differently; "" for the comment."""
        return tuple(self.conflict.merge.conflicts) if self.conflict else ()

    @property
    def others(self) -> dict[str, Entry]:
        """What the other tab answered where both did."""
        if self.conflict is None:
            return {}
        return {key: self.conflict.stored.entry(key) for key in self.disputed if key}

    @property
    def images(self) -> str:
        """The address that the project's pictures lie under."""
        return reverse("rubricstudio:images", args=[self.session.round.project.slug])

    @property
    def rendered(self) -> Callable[[str], SafeString]:
        return partial(markdown, images=self.images)

    def render(
        self, template: str, specific: dict[str, Any], work: Workplace | None = None
    ) -> HttpResponse:
        """The page, with what is `specific` to what is asked."""
        context = self._common(work or workplace(self.assignment))
        return render(self.request, template, {**context, **specific}, status=self.status)

    def _common(self, work: Workplace) -> dict[str, Any]:
        session, keys, rendered = self.session, keymap_of(self.request.user), self.rendered
        both = self.conflict is not None and "" in self.disputed
        return {
            "session": session,
            "work": work,
            "assignment": self.assignment,
            "comment": self.typed.sheet.comment,
            "comment_problem": self.typed.problems.get("", ""),
            "other_comment": self.conflict.stored.comment if self.conflict and both else "",
            "revision": self.conflict.version if self.conflict else self.assignment.draft_version,
            "conflict": self.conflict,
            "problems": len(self.typed.problems),
            "note": self.note,
            "turns": [(turn["role"], rendered(str(turn["content"]))) for turn in work.messages],
            "reference": rendered(work.reference),
            "documents": [(document.title, rendered(document.text)) for document in work.documents],
            "instructions": rendered(session.instructions),
            "keys": keys,
            "keys_json": json.dumps(keys.as_dict()),
            "rules": session.comment_rules,
            "needs_comment": "whole" in session.comment_rules,
            "closed": session.status == SessionStatus.COMPLETED,
        }

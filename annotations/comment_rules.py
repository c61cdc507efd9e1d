"""Where a session asks for a comment before a sheet can be submitted. Pure."""

from __future__ import annotations

from collections.abc import Collection

from django.utils.translation import gettext as _

from annotations.models import CommentRule
from annotations.sheet import Entry, Sheet
from rubricstudio.domain.rubric import Criterion, MetMeans


def falls_short(criterion: Criterion, entry: Entry) -> bool:
    """Whether an answer counts against the response.

    A criterion: it earns nothing (not met, the lowest level, 0 points). A pitfall: it is
    there at all, since "met" is what is bad about it.
    """
    if entry.value is None:
        return False
    credit = criterion.scale.credit(entry.value)
    return credit > 0 if criterion.met_means is MetMeans.BAD else credit == 0


def comments_missing(
    rules: Collection[str], criteria: tuple[Criterion, ...], sheet: Sheet
) -> dict[str, str]:
    """Return what to write, by criterion key in display order, "" for the whole response.

    Criteria without an answer are not looked at: they are open anyway.
    """
    problems = {
        criterion.key: message
        for criterion in criteria
        if (message := _missing(rules, criterion, sheet.entry(criterion.key)))
    }
    if CommentRule.WHOLE in rules and not sheet.comment.strip():
        problems[""] = _("Comment on the whole response.")
    return problems


def _missing(rules: Collection[str], criterion: Criterion, entry: Entry) -> str:
    if not entry.is_decided or entry.rationale.strip():
        return ""
    if CommentRule.CANNOT_ASSESS in rules and entry.value is None:
        return _("Say in a comment why it cannot be assessed.")
    if CommentRule.UNMET in rules and falls_short(criterion, entry):
        if criterion.met_means is MetMeans.BAD:
            return _("Say in a comment where the flaw is.")
        return _("Say in a comment why it is not met.")
    return _("Add a comment.") if CommentRule.EVERY in rules else ""

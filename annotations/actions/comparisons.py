"""What a comparison is written as: preferences of the annotator, and their parts by criterion."""

from __future__ import annotations

from typing import Any

from annotations.comparison import (
    WHOLE,
    Comparison,
    criterion_key,
    places_of,
    preferred,
)
from annotations.models import Assignment, CriterionPreference
from annotations.queries.comparisons import (
    comparison_of,
    names_of,
    order_for,
    own_preferences,
    stored_pair,
    task_of,
)
from annotations.queries.sheets import criterion_ids
from annotations.sheet import Sheet
from rubricstudio.domain.pairing import comparisons_of, ranking_of
from rubricstudio.domain.verdict import VerdictStatus
from rubricstudio.models import Preference


def keep_order(assignment: Assignment) -> None:
    """Store the order in which the person sees the responses, once; safe to repeat.

    What was shown does not change afterwards, not even where another place is taken.
    """
    if assignment.shown_order:
        return
    order = list(order_for(assignment))
    if not Assignment.objects.filter(pk=assignment.pk, shown_order=[]).update(shown_order=order):
        assignment.refresh_from_db(fields=["shown_order"])
        return
    assignment.shown_order = order


def add_preferences(assignment: Assignment, sheet: Sheet, reason: str) -> int:
    """Insert what a complete sheet says where it differs from what the person said before.

    A pair is one preference with a part for each criterion asked; a ranking of k is
    k (k - 1) / 2 preferences. A change of anything makes all of them anew, so that the
    current ones always come from one submission. Returns how many preferences were added.
    The assignment is locked, its order stored.
    """
    comparison = comparison_of(assignment)
    if comparison.is_ranking:
        return _add_ranking(assignment, comparison, sheet, reason)
    return _add_pair(assignment, comparison, sheet, reason)


def _add_pair(assignment: Assignment, comparison: Comparison, sheet: Sheet, reason: str) -> int:
    a, b = comparison.members
    before = own_preferences(assignment)
    if (a, b) in before.rows and stored_pair(before.rows[a, b]).same_as(sheet):
        return 0
    whole = sheet.entry(WHOLE)
    assert whole.status is not None
    row = Preference(
        **_common(assignment, comparison, (a, b), reason, {}),
        revision=before.next_revision((a, b)),
        status=whole.status,
        preferred=None if whole.value is None else preferred(whole.value),
        strength=whole.value,
        rationale=sheet.comment,
    )
    row.save(force_insert=True)
    ids = criterion_ids(assignment.item.session)
    CriterionPreference.objects.bulk_create(
        CriterionPreference(
            preference=row,
            criterion_id=ids[criterion.key],
            status=entry.status,
            strength=None if entry.value is None else int(entry.value),
            rationale=entry.rationale,
        )
        for criterion in comparison.criteria
        if (entry := sheet.entry(criterion_key(criterion.key))).status
    )
    return 1


def _add_ranking(assignment: Assignment, comparison: Comparison, sheet: Sheet, reason: str) -> int:
    places = places_of(comparison, sheet)
    status = VerdictStatus.CANNOT_ASSESS if places is None else VerdictStatus.OK
    # Who cannot rank the responses has no place for them, and no preference between any two.
    signs = comparisons_of(places or dict.fromkeys(comparison.members, 1.0))
    before = own_preferences(assignment)
    names = names_of(comparison.members)
    groups = [[names[m] for m in tied] for tied in ranking_of(places)] if places else None
    rows = [
        Preference(
            **_common(assignment, comparison, (a, b), reason, {"ranking": groups}),
            revision=before.next_revision((a, b)),
            status=status,
            preferred=None if places is None else preferred(sign),
            rationale=sheet.comment,
        )
        for a, b, sign in signs
    ]
    if all(_says_the_same(before.rows.get((r.response_a_id, r.response_b_id)), r) for r in rows):
        return 0
    Preference.objects.bulk_create(rows)
    return len(rows)


def _says_the_same(before: Preference | None, after: Preference) -> bool:
    return before is not None and all(
        getattr(before, name) == getattr(after, name)
        for name in ("status", "preferred", "rationale")
    )


def _common(
    assignment: Assignment,
    comparison: Comparison,
    pair: tuple[int, int],
    reason: str,
    more: dict[str, Any],
) -> dict[str, Any]:
    """The columns of any preference; `shown_first` says which of the two stood before the other."""
    a, b = pair
    first = "a" if comparison.shown.index(a) < comparison.shown.index(b) else "b"
    told = {"shown_first": first, **more, **({"reason": reason} if reason else {})}
    return {
        "round_id": assignment.item.session_id,
        "task_id": task_of(assignment.item),
        "rater_id": assignment.rater_id,
        "response_a_id": a,
        "response_b_id": b,
        "sample": assignment.item.verdict_sample,
        "provenance": told,
    }

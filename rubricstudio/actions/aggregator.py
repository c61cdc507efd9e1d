"""The rule by which a draft's verdicts become a score."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction

from rubricstudio.actions.drafts import lock_draft, note, set_rule
from rubricstudio.models import RubricVersion, User


@transaction.atomic
def choose_aggregator(
    *, version: RubricVersion, aggregator: str, params: Mapping[str, float], by: User
) -> RubricVersion:
    """Name a draft's aggregator and its parameters; an edit that can be undone.

    Choosing what is chosen already is no edit. Raises NotADraft.
    """
    draft = lock_draft(version)
    before, after = set_rule(draft, aggregator, params)
    if after:
        note(draft=draft, by=by, kind="aggregator", before=before, after=after)
    return draft

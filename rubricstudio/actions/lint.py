"""What mends a finding of lint, done through the edits that a person could make."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from rubricstudio.actions.criteria import delete_criterion, edit_criterion
from rubricstudio.actions.drafts import lock_draft
from rubricstudio.actions.reshape import split_criterion
from rubricstudio.models import Criterion, RubricVersion, User
from rubricstudio.queries.lint import findings


class FixGone(ValueError):
    """The finding is not there any more: it was mended, or what it was about has changed."""


@dataclass(frozen=True)
class Mended:
    """The row that was mended, the keys of rows that came, and of those that went."""

    row: Criterion
    added: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()


@transaction.atomic
def apply_fix(*, version: RubricVersion, ident: str, by: User) -> Mended:
    """Mend the finding `ident` of a draft, as `Finding.fix` describes.

    The draft is linted anew while it is locked, so that a change is made only to the words it
    was offered for; twice does no harm. Raises FixGone, NotADraft and domain.InvalidRubric.
    """
    draft = lock_draft(version)
    rows = {row.key: row for row in _rows(draft)}
    found = (f.fix for f in findings(draft, list(rows.values()), judged=False) if f.ident == ident)
    fix = next(found, None)
    if fix is None:
        raise FixGone(_("This remark does not apply any more; nothing was changed."))
    row = rows[fix.key]
    if fix.removes:
        return Mended(row, gone=delete_criterion(criterion=row, by=by))
    seen = row.row_version
    if fix.parts:
        done = split_criterion(criterion=row, texts=fix.parts, row_version=seen, by=by)
        return Mended(row, added=done.added)
    edit_criterion(criterion=row, changes=fix.changes, row_version=seen, by=by)
    return Mended(row)


def _rows(draft: RubricVersion) -> list[Criterion]:
    stored = draft.criteria.select_related("parent", "version__rubric")
    return list(stored.order_by("position", "pk"))

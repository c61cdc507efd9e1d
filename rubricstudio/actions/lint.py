"""What becomes of a remark of lint: mended through the edits that a person could make, or
dismissed."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from rubricstudio.actions.criteria import delete_criterion, edit_criterion
from rubricstudio.actions.drafts import lock_draft
from rubricstudio.actions.reshape import split_criterion
from rubricstudio.domain.lint import is_ident
from rubricstudio.models import Criterion, Dismissal, Rubric, RubricVersion, User
from rubricstudio.queries.lint import findings


class RemarkGone(ValueError):
    """There is no such remark any more: what it was about was mended or has changed."""


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


@transaction.atomic
def dismiss(*, version: RubricVersion, ident: str, by: User) -> None:
    """Settle the remark `ident` for all authors of the rubric, until its words change.

    Twice does no harm: the first to dismiss it stays named. Raises RemarkGone where the version
    has no such remark.
    """
    if all(found.ident != ident for found in findings(version, _rows(version), judged=True)):
        raise RemarkGone(_("This remark does not apply any more; there is nothing to dismiss."))
    Dismissal.objects.get_or_create(rubric=version.rubric, ident=ident, defaults={"by": by})


@transaction.atomic
def bring_back(*, rubric: Rubric, ident: str) -> None:
    """Show a remark again that was dismissed; nothing happens where it was not."""
    if is_ident(ident):
        Dismissal.objects.filter(rubric=rubric, ident=ident).delete()


def _rows(draft: RubricVersion) -> list[Criterion]:
    stored = draft.criteria.select_related("parent", "version__rubric")
    return list(stored.order_by("position", "pk"))

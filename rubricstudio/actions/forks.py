"""What a version holds, put elsewhere: into a rubric of its own, or back into the draft."""

from __future__ import annotations

from dataclasses import replace

from django.db import transaction
from django.utils.translation import gettext as _

from rubricstudio.actions.drafts import (
    States,
    fields_of,
    lock_draft,
    note,
    placed,
    set_rule,
    write_tree,
)
from rubricstudio.actions.drafts import whole as whole_row
from rubricstudio.actions.images import bring_pictures
from rubricstudio.actions.rubrics import (
    DraftChanged,
    NotADraft,
    create_rubric,
    criterion_fields,
    delete_rows,
)
from rubricstudio.domain import rubric as domain
from rubricstudio.domain.hashing import rubric_hashes
from rubricstudio.domain.outline import Outline, outline
from rubricstudio.models import Criterion, Project, RubricVersion, User
from rubricstudio.queries.tree import Tree, tree_of


@transaction.atomic
def fork_version(
    *, version: RubricVersion, project: Project, by: User, name: str = ""
) -> RubricVersion:
    """Start a rubric of its own with what a version holds; returns its draft.

    Keys stay, so that the two can be told apart criterion by criterion. Each criterion says
    where it came from; the source's name only inside its own project, since members of
    another may not see that there is such a rubric. A rubric of a task stays one only there.
    Pictures of examples go along.
    """
    source = version.rubric
    is_inside = source.project_id == project.pk
    value = version.as_rubric()
    shown = bring_pictures(value.criteria, source=source.project, target=project, by=by)
    origin = f"{source.name} v{version.number}" if is_inside else ""
    criteria = (
        replace(c, origin=domain.Origin("rubric", origin, f"{version.pk}:{c.key}")) for c in shown
    )
    draft = create_rubric(
        project=project,
        name=name or source.name,
        by=by,
        value=replace(value, criteria=tuple(criteria)),
        task=source.task if is_inside else None,
        description=source.description,
    )
    draft.rubric.forked_from = version
    draft.rubric.save(update_fields=["forked_from"])
    return draft


@transaction.atomic
def replace_draft(
    *, draft: RubricVersion, source: RubricVersion, by: User, reviewed: str
) -> RubricVersion:
    """Make a frozen version the content of a draft that exists; one edit, which can be undone.

    `reviewed` is the content hash of the draft that the author agreed to replace. Raises
    NotADraft, and DraftChanged where the draft is no longer what was agreed on.
    """
    if source.is_draft:
        raise NotADraft(_("Only a published version can be brought back."))
    locked = lock_draft(draft)
    value = locked.as_rubric()
    if rubric_hashes(value).content != reviewed:
        raise DraftChanged(_("The draft changed since you looked at it. Look again, then go on."))
    before, after = _replace(locked, value, source.as_rubric())
    rules = set_rule(locked, source.aggregator, source.params)
    before, after = {**before, **rules[0]}, {**after, **rules[1]}
    if after:
        note(draft=locked, by=by, kind="replace", before=before, after=after)
    return locked


def _replace(draft: RubricVersion, old: domain.Rubric, new: domain.Rubric) -> tuple[States, States]:
    """Make the rows of a draft those of `new`; what they were and are, for undo."""
    tree, order = tree_of(draft), outline(new)
    rows = {row.key: row for row in draft.criteria.all()}
    before: States = {}
    after: States = {}
    for key in {**old.by_key, **new.by_key}:
        if key in rows and key in new.by_key:
            before[key], after[key] = _rewritten(rows[key], new.by_key[key])
        else:
            before[key] = whole_row(rows[key]) if key in rows else None
    gone = [key for key in rows if key not in new.by_key]
    delete_rows(draft.criteria.filter(key__in=gone))
    come = [Criterion(**criterion_fields(new.by_key[n.key])) for n in order if n.key not in rows]
    added = write_tree(draft, tree, order, come)
    after |= {key: whole_row(row) for key, row in added.items()}
    after |= dict.fromkeys(gone)
    return _touched(tree, order, before, after)


def _rewritten(row: Criterion, value: domain.Criterion) -> tuple[dict[str, object], ...]:
    """Store a row's value where it differs; what differed, before and after."""
    before = fields_of(row)
    for name, stored in criterion_fields(value).items():
        setattr(row, name, stored)
    after = fields_of(row)
    changed = [name for name in after if after[name] != before[name]]
    if not changed:
        return {}, {}
    row.row_version += 1
    row.save()
    return tuple({"fields": {name: one[name] for name in changed}} for one in (before, after))


def _touched(tree: Tree, order: Outline, before: States, after: States) -> tuple[States, States]:
    """What changed, with the places of what came, went and, where the order differs, stayed."""
    both = {key for key in before if before[key] is not None and after[key] is not None}
    if [n for n in tree.order if n.key in both] != [n for n in order if n.key in both]:
        before, after = placed(before, tree.order), placed(after, order)
    else:
        before |= placed({k: s for k, s in before.items() if k not in both}, tree.order)
        after |= placed({k: s for k, s in after.items() if k not in both}, order)
    touched = [k for k in before if before[k] != {} or after[k] != {}]
    return {key: before[key] for key in touched}, {key: after[key] for key in touched}

"""Rubrics from files: stored as new ones, or written into the draft of one that is there.

Both are safe to repeat: what is there already with the same content stays as it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

from django.db import transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from rubricstudio.actions.criteria import store_new
from rubricstudio.actions.drafts import (
    States,
    fields_of,
    free_keys,
    lock_draft,
    note,
    placed,
    set_rule,
    whole,
    write_tree,
)
from rubricstudio.actions.rubrics import (
    DraftChanged,
    create_rubric,
    criterion_fields,
    delete_rows,
    start_draft,
)
from rubricstudio.domain import rubric as domain
from rubricstudio.domain.hashing import rubric_hashes
from rubricstudio.domain.outline import Node, arranged, spaced
from rubricstudio.models import Criterion, Project, Rubric, RubricVersion, User
from rubricstudio.queries.rubric_downloads import value_of, with_criteria
from rubricstudio.queries.rubric_files import Chosen
from rubricstudio.queries.tree import tree_of

ALIKE = 0.5
"""The share of words in common from which one key under two texts still names one criterion."""

_AT_ONCE = 500
"""Rows an INSERT: one statement of all rows takes longer than in proportion."""


@dataclass(frozen=True)
class Stored:
    """A rubric of a file, and whether it is new or was there already."""

    version: RubricVersion
    added: bool


@transaction.atomic
def store_rubrics(*, project: Project, chosen: Sequence[Chosen], by: User) -> list[Stored]:
    """Store each as a new rubric with a draft, unless the project has one like it.

    Like it: of the same name, and its newest version holds the same criteria.
    """
    # Two of the same import at once follow one another.
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    there = _newest_by_name(project, [each.name for each in chosen])
    same = [
        next((v for v in there.get(each.name, ()) if _is_same(value_of(v), each.value)), None)
        for each in chosen
    ]
    new = [each for each, version in zip(chosen, same, strict=True) if version is None]
    created = iter(_created(project, new, by))
    return [Stored(found or next(created), added=found is None) for found in same]


def _created(project: Project, chosen: Sequence[Chosen], by: User) -> list[RubricVersion]:
    """A new rubric each: plain lists under a free id together, the others one by one."""
    ids = [slugify(each.name, allow_unicode=True)[:80] or "rubric" for each in chosen]
    taken = set(project.rubrics.filter(external_id__in=ids).values_list("external_id", flat=True))
    together: dict[int, Rubric] = {}
    for place, (each, free) in enumerate(zip(chosen, ids, strict=True)):
        if free not in taken and not any(c.parent or c.is_group for c in each.value.criteria):
            together[place] = Rubric(
                project=project, task=each.task, name=each.name, external_id=free, created_by=by
            )
        taken.add(free)
    made = dict(zip(together, _plain_lists(together, chosen, by), strict=True))
    return [
        made.get(place)
        or create_rubric(project=project, name=each.name, by=by, value=each.value, task=each.task)
        for place, each in enumerate(chosen)
    ]


def _plain_lists(
    rubrics: Mapping[int, Rubric], chosen: Sequence[Chosen], by: User
) -> list[RubricVersion]:
    """Rubrics without groups with their drafts, in a statement a table."""
    Rubric.objects.bulk_create(rubrics.values(), batch_size=_AT_ONCE)
    versions = {
        place: RubricVersion(
            rubric=rubric,
            number=1,
            created_by=by,
            aggregator=chosen[place].value.aggregator,
            params=dict(chosen[place].value.params),
        )
        for place, rubric in rubrics.items()
    }
    RubricVersion.objects.bulk_create(versions.values(), batch_size=_AT_ONCE)
    rows = []
    for place, version in versions.items():
        criteria = chosen[place].value.criteria
        for position, criterion in zip(spaced([None] * len(criteria)), criteria, strict=True):
            fields = criterion_fields(criterion)
            rows.append(Criterion(version=version, position=position, **fields))
    Criterion.objects.bulk_create(rows, batch_size=_AT_ONCE)
    return list(versions.values())


def _newest_by_name(project: Project, names: Sequence[str]) -> dict[str, list[RubricVersion]]:
    versions = RubricVersion.objects.filter(rubric__project=project, rubric__name__in=names)
    newest = versions.order_by("rubric_id", "-number").distinct("rubric_id")
    found: dict[str, list[RubricVersion]] = {}
    for version in with_criteria(newest):
        found.setdefault(version.rubric.name, []).append(version)
    return found


def _is_same(here: domain.Rubric, given: domain.Rubric) -> bool:
    """Whether two rubrics say the same; where their criteria came from does not count."""
    rules = [(value.aggregator, dict(value.params)) for value in (here, given)]
    return rules[0] == rules[1] and _in_order(here) == _in_order(given)


def _in_order(value: domain.Rubric) -> list[domain.Criterion]:
    order = arranged(_nodes(value.criteria))
    return [replace(value.by_key[node.key], origin=None) for node in order]


@dataclass(frozen=True)
class Written:
    """What an import did to a draft, in criteria and groups."""

    version: RubricVersion
    added: int = 0
    changed: int = 0
    removed: int = 0
    moved: bool = False

    @property
    def anything(self) -> bool:
        return bool(self.added or self.changed or self.removed or self.moved)


@transaction.atomic
def append_to_draft(*, rubric: Rubric, value: domain.Rubric, by: User, seen: str = "") -> Written:
    """Add the criteria of a file below those of a draft, which is started where there is none.

    Keys that the rubric has or had are numbered. Nothing is added where all of it is there
    already. `seen` is the content hash of the version that the person looked at: raises
    DraftChanged where it is another by now.
    """
    newest = _newest(rubric, by)
    here = newest.as_rubric()
    if _holds(here, value):
        return Written(newest)
    _check_seen(here, seen)
    draft = _draft(newest, by)
    proposals = [criterion.key for criterion in value.criteria]
    keys = dict(zip(proposals, free_keys(version=draft, proposals=proposals), strict=True))
    given = _renamed(value, keys)
    tree = tree_of(draft)
    order = (*tree.order, *arranged(_nodes(given)))
    rows = [Criterion(version=draft, **criterion_fields(c)) for c in given]
    stored = store_new(draft, tree, order, rows, by=by, kind="import")
    return Written(draft, added=len(stored))


@transaction.atomic
def replace_draft(*, rubric: Rubric, value: domain.Rubric, by: User, seen: str = "") -> Written:
    """Make a draft, which is started where there is none, what the file says.

    A criterion of the file that has the words of one in the draft, or its key and words like
    it, is that criterion and keeps its key, so that verdicts carry over; the others get keys
    that the rubric never had. `seen` as in `append_to_draft`.
    """
    newest = _newest(rubric, by)
    here = newest.as_rubric()
    given = _renamed(value, _keys(newest, here, value))
    if _is_same(here, replace(value, criteria=given)):
        return Written(newest)
    _check_seen(here, seen)
    draft = _draft(newest, by)
    return _rewrite(draft, replace(value, criteria=given), by)


def _newest(rubric: Rubric, by: User) -> RubricVersion:
    """The newest version, which is the draft where there is one; the rubric is locked."""
    Rubric.objects.select_for_update().get(pk=rubric.pk)
    newest = rubric.versions.order_by("-number").first()
    return newest or start_draft(rubric=rubric, by=by)


def _draft(newest: RubricVersion, by: User) -> RubricVersion:
    """The rubric's draft, locked; started from the newest version where there is none."""
    if newest.is_draft:
        return lock_draft(newest)
    return lock_draft(start_draft(rubric=newest.rubric, by=by, based_on=newest))


def _check_seen(here: domain.Rubric, seen: str) -> None:
    if seen and seen != content_of(here):
        raise DraftChanged(_("The rubric changed since you looked at it. Look again, then import."))


def content_of(value: domain.Rubric) -> str:
    """The hash by which an import knows whether a rubric changed since it was looked at."""
    return rubric_hashes(value).content


def _holds(here: domain.Rubric, value: domain.Rubric) -> bool:
    """Whether everything in `value` stands in `here`, under whatever keys and groups."""
    wanted, present = (
        Counter(replace(criterion, key="-", parent=None) for criterion in each.criteria)
        for each in (value, here)
    )
    return wanted <= present


def _renamed(value: domain.Rubric, keys: Mapping[str, str]) -> tuple[domain.Criterion, ...]:
    return tuple(
        replace(c, key=keys[c.key], parent=None if c.parent is None else keys[c.parent])
        for c in value.criteria
    )


def _nodes(criteria: Sequence[domain.Criterion]) -> list[Node]:
    return [Node(c.key, c.parent, c.is_group) for c in criteria]


def _keys(draft: RubricVersion, here: domain.Rubric, given: domain.Rubric) -> dict[str, str]:
    """The key that each criterion of the file gets."""
    keys = matched(here, given)
    fresh = [criterion.key for criterion in given.criteria if criterion.key not in keys]
    return keys | dict(zip(fresh, free_keys(version=draft, proposals=fresh), strict=True))


def matched(here: domain.Rubric, given: domain.Rubric) -> dict[str, str]:
    """Which criteria of a file are which of a rubric, by key; those found to be none are left out.

    First the same key under words at least half of which are alike, then the same words.
    """
    found = {}
    for criterion in given.criteria:
        there = here.by_key.get(criterion.key)
        if there and there.is_group == criterion.is_group and _alike(there.text, criterion.text):
            found[criterion.key] = there.key
    taken = set(found.values())
    by_words: dict[tuple[bool, str], list[str]] = {}
    for there in here.criteria:
        if there.key not in taken:
            by_words.setdefault((there.is_group, _words(there.text)), []).append(there.key)
    for criterion in given.criteria:
        same = by_words.get((criterion.is_group, _words(criterion.text)))
        if criterion.key not in found and same:
            found[criterion.key] = same.pop(0)
    return found


def _words(text: str) -> str:
    return " ".join(text.split())


def _alike(one: str, other: str) -> bool:
    if _words(one) == _words(other):
        return True
    return SequenceMatcher(None, one.split(), other.split()).ratio() >= ALIKE


def _rewrite(draft: RubricVersion, given: domain.Rubric, by: User) -> Written:
    """Make the rows of a draft what is given, by key, and note it for undo."""
    tree = tree_of(draft)
    order = arranged(_nodes(given.criteria))
    wanted = given.by_key
    rows = {row.key: row for row in draft.criteria.all()}
    was = placed({key: whole(row) for key, row in rows.items()}, tree.order)
    gone = [key for key in rows if key not in wanted]
    changed = [rows[key] for key in rows if key in wanted and _set(rows[key], wanted[key])]
    added = [
        Criterion(version=draft, **criterion_fields(c)) for c in given.criteria if c.key not in rows
    ]
    Criterion.objects.bulk_update(changed, [*fields_of(Criterion()), "row_version"])
    delete_rows(draft.criteria.filter(key__in=gone))
    stored = write_tree(draft, tree, order, added)
    now = placed(
        {key: whole(row) for key, row in {**rows, **stored}.items() if key in wanted}, order
    )
    touched = [key for key in {**was, **now} if was.get(key) != now.get(key)]
    rules = set_rule(draft, given.aggregator, given.params)
    before: States = {key: was.get(key) for key in touched} | rules[0]
    after: States = {key: now.get(key) for key in touched} | rules[1]
    note(draft=draft, by=by, kind="import", before=before, after=after)
    return Written(draft, len(stored), len(changed), len(gone), moved=bool(touched))


def _set(row: Criterion, value: domain.Criterion) -> bool:
    """Give a row its new value; whether that changed anything."""
    fields = criterion_fields(value)
    if row.origin is not None:
        # Where it first came from; the file only says it again.
        fields["origin"] = row.origin
    if all(getattr(row, name) == stored for name, stored in fields.items()):
        return False
    for name, stored in fields.items():
        setattr(row, name, stored)
    row.row_version += 1
    return True

"""Comments on rubrics and their criteria: written, answered, resolved."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta

from django.core.mail import send_mail
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from rubricstudio.domain.mentions import mentioned
from rubricstudio.models import Comment, CommentsRead, Criterion, Membership, Rubric, User

SAME_WITHIN = timedelta(minutes=1)


class NothingThere(ValueError):
    """The criterion or the thread is not one of this rubric; the message says so."""


@transaction.atomic
def add_comment(
    *,
    rubric: Rubric,
    text: str,
    by: User,
    link_for: Callable[[Comment], str],
    criterion_key: str = "",
    reply_to: Comment | None = None,
) -> Comment:
    """Say something on a criterion, by its key, on the whole rubric (no key), or in a thread.

    Members whose @name is in the text are told by mail, with the link that `link_for` makes
    of the comment. The same text sent twice within a minute is one comment. An answer opens a
    resolved thread again. Raises NothingThere.
    """
    Rubric.objects.select_for_update(no_key=True).get(pk=rubric.pk)
    if reply_to is not None:
        criterion_key = _thread_key(rubric, reply_to)
    elif criterion_key and not _has_key(rubric, criterion_key):
        raise NothingThere(_("There is no such criterion in this rubric."))
    written = Comment.objects.filter(rubric=rubric, author=by, text=text, reply_to=reply_to)
    recent = written.filter(
        criterion_key=criterion_key, created_at__gt=timezone.now() - SAME_WITHIN
    )
    if (twin := recent.first()) is not None:
        return twin
    comment = Comment.objects.create(
        rubric=rubric, criterion_key=criterion_key, reply_to=reply_to, author=by, text=text
    )
    if reply_to is not None:
        _open(reply_to)
    named = _members_named(rubric, text)
    comment.mentions.set(named)
    link = link_for(comment)
    others = [user for user in named if user.pk != by.pk]
    # Robust: a mail server that is away is logged, and the page of mentions shows it anyway.
    transaction.on_commit(lambda: _mail(comment, others, link), robust=True)
    return comment


def _thread_key(rubric: Rubric, first: Comment) -> str:
    if first.rubric_id != rubric.pk or first.reply_to_id is not None:
        raise NothingThere(_("There is no such thread in this rubric."))
    return first.criterion_key


def _has_key(rubric: Rubric, key: str) -> bool:
    return Criterion.objects.filter(version__rubric=rubric, key=key).exists()


def _members_named(rubric: Rubric, text: str) -> list[User]:
    if "@" not in text:
        return []
    members = Membership.objects.filter(project=rubric.project_id).select_related("user")
    users = {membership.user_id: membership.user for membership in members}
    names: dict[str, list[int]] = {}
    for pk, user in users.items():
        for name in {str(user), user.email}:
            names.setdefault(name, []).append(pk)
    return [users[pk] for pk in sorted(mentioned(text, names))]


def _mail(comment: Comment, users: Iterable[User], link: str) -> None:
    facts = {"name": str(comment.author), "rubric": comment.rubric.name, "text": comment.text}
    for user in users:
        send_mail(
            _("%(name)s mentioned you in %(rubric)s") % facts,
            _("%(name)s wrote in a comment on the rubric %(rubric)s:\n\n%(text)s\n\n") % facts
            + link
            + "\n",
            None,
            [user.email],
        )


@transaction.atomic
def resolve(*, comment: Comment, by: User) -> Comment:
    """Close a thread. Resolving twice keeps who did it first. Raises NothingThere."""
    locked = _first(comment)
    if locked.resolved_at is None:
        locked.resolved_by, locked.resolved_at = by, timezone.now()
        locked.save(update_fields=["resolved_by", "resolved_at"])
    return locked


@transaction.atomic
def reopen(*, comment: Comment, by: User) -> Comment:
    """Open a thread again. Raises NothingThere."""
    locked = _first(comment)
    _open(locked)
    return locked


def _first(comment: Comment) -> Comment:
    locked = Comment.objects.select_for_update().get(pk=comment.pk)
    if locked.reply_to_id is not None:
        raise NothingThere(_("Only a whole thread is resolved."))
    return locked


def _open(first: Comment) -> None:
    Comment.objects.filter(pk=first.pk).update(resolved_by=None, resolved_at=None)


@transaction.atomic
def mark_read(*, rubric: Rubric, up_to: int, by: User) -> None:
    """Note that a person has read a rubric's comments up to an id; it never goes back."""
    CommentsRead.objects.bulk_create(
        [CommentsRead(rubric=rubric, user=by, up_to=up_to)], ignore_conflicts=True
    )
    CommentsRead.objects.filter(rubric=rubric, user=by, up_to__lt=up_to).update(up_to=up_to)

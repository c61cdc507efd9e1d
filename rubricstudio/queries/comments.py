"""Threads of comments as pages show them: a rubric's, a criterion's, one's own mentions."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Window
from django.db.models.functions import RowNumber
from django.utils.safestring import SafeString

from rubricstudio.models import Comment, Criterion, Membership, Project, Rubric, User
from rubricstudio.queries.unread import Unread, unread_counts, unread_mentions
from rubricstudio.rendering import markdown

THREADS, REPLIES, TAIL, MENTIONS, PEOPLE = 20, 30, 3, 30, 8


@dataclass(frozen=True)
class Said:
    """A comment with its text as safe HTML, and whether it is new to who looks at it."""

    comment: Comment
    html: SafeString
    is_new: bool = False


@dataclass(frozen=True)
class Thread:
    """A first comment, the newest of its replies, oldest first, and how many there are.

    about: the criterion's text, empty for the whole rubric; is_gone: the newest version does
    not have it any more.
    """

    first: Said
    replies: Sequence[Said]
    n_replies: int
    about: str
    is_gone: bool

    @property
    def hidden(self) -> int:
        """How many replies are not among those shown."""
        return self.n_replies - len(self.replies)


@dataclass(frozen=True)
class ThreadPage:
    """Threads, newest first; `older` is the id to go on from."""

    threads: Sequence[Thread]
    older: int | None


def threads_page(
    rubric: Rubric,
    *,
    key: str | None = None,
    is_open: bool | None = None,
    before: int | None,
    new: Collection[int] = (),
) -> ThreadPage:
    """Twenty threads below the id `before`; four queries.

    key: those on one criterion, "" for the whole rubric. is_open: only open or resolved ones.
    new: the ids of comments to mark as new.
    """
    firsts = _firsts(rubric)
    if key is not None:
        firsts = firsts.filter(criterion_key=key)
    if is_open is not None:
        firsts = firsts.filter(resolved_at__isnull=is_open)
    if before is not None:
        firsts = firsts.filter(pk__lt=before)
    found = list(firsts.annotate(n_replies=Count("replies")).order_by("-pk")[: THREADS + 1])
    shown = found[:THREADS]
    tails = _tails([comment.pk for comment in shown])
    about = criteria_texts(rubric, {comment.criterion_key for comment in shown})
    threads = [
        Thread(
            said(first, new),
            [said(reply, new) for reply in tails.get(first.pk, ())],
            first.n_replies,
            *about.get(first.criterion_key, ("", bool(first.criterion_key))),
        )
        for first in shown
    ]
    return ThreadPage(threads, shown[-1].pk if len(found) > THREADS else None)


def _firsts(rubric: Rubric) -> QuerySet[Comment]:
    rows = Comment.objects.filter(rubric=rubric, reply_to__isnull=True)
    return rows.select_related("author", "resolved_by")


def _tails(firsts: Sequence[int]) -> dict[int, list[Comment]]:
    """The newest replies of each thread, oldest first."""
    ranked = (
        Comment.objects.filter(reply_to__in=firsts)
        .select_related("author")
        .annotate(rank=Window(RowNumber(), partition_by=F("reply_to"), order_by=F("pk").desc()))
        .filter(rank__lte=TAIL)
        .order_by("pk")
    )
    tails: dict[int, list[Comment]] = {}
    for reply in ranked:
        tails.setdefault(reply.reply_to_id or 0, []).append(reply)
    return tails


def said(comment: Comment, new: Collection[int] = ()) -> Said:
    """A comment ready to be shown; new: the ids of those to mark as new."""
    return Said(comment, markdown(comment.text), comment.pk in new)


def criteria_texts(rubric: Rubric, keys: Iterable[str]) -> dict[str, tuple[str, bool]]:
    """For each key the newest text it had, and whether the newest version lacks it.

    Two queries.
    """
    wanted = [key for key in keys if key]
    newest = rubric.versions.order_by("-number").values_list("number", flat=True).first()
    rows = (
        Criterion.objects.filter(version__rubric=rubric, key__in=wanted)
        .order_by("key", "-version__number")
        .distinct("key")
        .values_list("key", "text", "version__number")
    )
    return {key: (text, number != newest) for key, text, number in rows}


def comment_of(rubric: Rubric, pk: int) -> Comment | None:
    """A comment of the rubric by its id."""
    rows = Comment.objects.select_related("author", "resolved_by", "rubric__project")
    return rows.filter(pk=pk, rubric=rubric).first()


@dataclass(frozen=True)
class LongThread:
    """One thread with a page of its replies, oldest first; `earlier` is the id to go on from."""

    thread: Thread
    earlier: int | None


def long_thread(first: Comment, *, before: int | None, new: Collection[int] = ()) -> LongThread:
    """The newest thirty replies of a thread, or those below the id `before`; four queries.

    new: the ids of comments to mark as new.
    """
    replies = first.replies.select_related("author")
    below = replies.filter(pk__lt=before) if before is not None else replies
    found = list(below.order_by("-pk")[: REPLIES + 1])
    shown = found[:REPLIES][::-1]
    key = first.criterion_key
    about, is_gone = criteria_texts(first.rubric, [key]).get(key, ("", bool(key)))
    tail = [said(reply, new) for reply in shown]
    thread = Thread(said(first, new), tail, replies.count(), about, is_gone)
    return LongThread(thread, shown[0].pk if len(found) > REPLIES else None)


# -- beside the editor


@dataclass(frozen=True)
class Mark:
    """What a row says about its threads: how many are open, of how many."""

    pk: int
    key: str
    text: str
    n_open: int
    n_threads: int


@dataclass(frozen=True)
class Panel:
    """Open threads beside the rubric, what a person has not read, and the marks of its rows."""

    n_open: int
    unread: Unread
    newest: ThreadPage
    marks: Sequence[Mark]


def comments_panel(rubric: Rubric, *, reader: User, number: int | None = None) -> Panel:
    """The newest open threads and the marks of a version's rows with threads; eight queries.

    number: the version's, None for the newest; one that is not there has no rows.
    """
    counts = _counts(rubric)
    versions = rubric.versions.order_by("-number")
    version = (versions if number is None else versions.filter(number=number)).first()
    rows = version.criteria if version else Criterion.objects.none()
    talked = rows.filter(key__in=[key for key in counts if key]).order_by("position", "pk")
    found = talked.values_list("pk", "key", "text")
    marks = [Mark(pk, key, text, *counts[key]) for pk, key, text in found]
    newest = threads_page(rubric, is_open=True, before=None)
    unread = unread_counts(reader, [rubric.pk]).get(rubric.pk, Unread())
    return Panel(sum(n for n, _ in counts.values()), unread, newest, marks)


def _counts(rubric: Rubric) -> Mapping[str, tuple[int, int]]:
    """Open threads and all threads by criterion key."""
    rows = Comment.objects.filter(rubric=rubric, reply_to__isnull=True).order_by()
    counted = rows.values_list("criterion_key").annotate(
        n_open=Count("pk", filter=Q(resolved_at__isnull=True)), n=Count("pk")
    )
    return {key: (n_open, n) for key, n_open, n in counted}


def criteria_to_discuss(rubric: Rubric) -> list[tuple[str, str]]:
    """Key and text of the newest version's rows, in display order; two queries."""
    version = rubric.versions.order_by("-number").first()
    rows = version.criteria.order_by("position", "pk") if version else Criterion.objects.none()
    return list(rows.values_list("key", "text"))


# -- people


def people_named(project: Project, begun: str) -> list[User]:
    """Members whose name, or a part of it, or address begins so; eight at most, by name."""
    members = Membership.objects.filter(project=project).select_related("user")
    for word in begun.split()[:3]:
        members = members.filter(
            Q(user__first_name__istartswith=word)
            | Q(user__last_name__istartswith=word)
            | Q(user__email__istartswith=word)
        )
    found = members.order_by("user__first_name", "user__last_name", "user__email")[:PEOPLE]
    return [membership.user for membership in found]


@dataclass(frozen=True)
class MentionPage:
    """Comments that name a person, newest first; `older` is the id to go on from."""

    comments: Sequence[Said]
    older: int | None


def mentions_of(user: User, *, before: int | None) -> MentionPage:
    """Where a person is named, in projects they are still a member of; one query."""
    rows = Comment.objects.filter(mentions=user, rubric__project__memberships__user=user)
    if before is not None:
        rows = rows.filter(pk__lt=before)
    rows = rows.select_related("author", "rubric__project", "reply_to")
    is_new = Exists(unread_mentions(user).filter(pk=OuterRef("pk")))
    found = list(rows.annotate(is_new=is_new).order_by("-pk")[: MENTIONS + 1])
    shown = found[:MENTIONS]
    new = {comment.pk for comment in shown if comment.is_new}
    return MentionPage(
        [said(comment, new) for comment in shown], shown[-1].pk if len(found) > MENTIONS else None
    )

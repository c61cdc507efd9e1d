"""Comments on a rubric and its criteria. Every form works as a plain one first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from rubricstudio.actions.comments import NothingThere, add_comment, mark_read, reopen, resolve
from rubricstudio.forms.comments import CommentForm, NumberForm, PeopleForm, StateForm, ThreadsForm
from rubricstudio.http import ProjectRequest, SignedInRequest, project_view, signed_in
from rubricstudio.models import Comment, Project, Rubric
from rubricstudio.permissions import Permission
from rubricstudio.queries.comments import (
    Said,
    Thread,
    comment_of,
    comments_panel,
    criteria_to_discuss,
    long_thread,
    mentions_of,
    people_named,
    said,
    threads_page,
)
from rubricstudio.queries.unread import News, news_of, unread_mentions
from rubricstudio.views.rubrics import load_rubric, posted

_OPEN = {"open": True, "resolved": False, "all": None}


def _load_thread(rubric: Rubric, comment_id: int) -> Comment:
    """The first comment of a thread of the rubric; Http404 for anything else."""
    comment = comment_of(rubric, comment_id)
    if comment is None or comment.reply_to_id is not None:
        raise Http404
    return comment


def _address(comment: Comment) -> str:
    """Where a comment stands: on the page of its thread."""
    place = [comment.rubric.project.slug, comment.rubric_id, comment.reply_to_id or comment.pk]
    return f"{reverse('rubricstudio:comment', args=place)}#comment-{comment.pk}"


def _add(request: ProjectRequest, rubric: Rubric, **where: Any) -> Comment:
    return add_comment(
        rubric=rubric,
        by=request.user,
        link_for=lambda comment: request.build_absolute_uri(_address(comment)),
        **where,
    )


@project_view(Permission.SEE_RUBRICS)
def comments(request: ProjectRequest, project: Project, rubric_id: int) -> HttpResponseBase:
    """The threads of a rubric; POST begins one."""
    rubric = load_rubric(project, rubric_id)
    form = CommentForm(posted(request), initial={"key": request.GET.get("key", "")})
    if request.method != "POST":
        return _threads(request, rubric, form)
    if not request.may(Permission.COMMENT):
        raise PermissionDenied
    if form.is_valid():
        given = form.cleaned_data
        try:
            made = _add(request, rubric, text=given["text"], criterion_key=given["key"])
        except NothingThere as error:
            form.add_error(None, str(error))
        else:
            return redirect(_address(made))
    return _threads(request, rubric, form)


def _threads(request: ProjectRequest, rubric: Rubric, form: CommentForm) -> HttpResponse:
    asked = ThreadsForm(request.GET)
    given = asked.cleaned_data if asked.is_valid() else {}
    key = given.get("key", "") if "key" in request.GET else None
    state = given.get("state") or "open"
    news = news_of(request.user, rubric)
    page = threads_page(
        rubric, key=key, is_open=_OPEN[state], before=given.get("before"), new=news.ids
    )
    context = {
        "rubric": rubric,
        "form": form,
        "criteria": criteria_to_discuss(rubric),
        "key": key,
        "state": state,
        "page": page,
        "also": _also_new(request, rubric, news, page.threads),
    }
    status = 422 if form.errors else 200
    return render(request, "rubricstudio/comments.html", context, status=status)


def _also_new(
    request: ProjectRequest, rubric: Rubric, news: News, threads: Sequence[Thread]
) -> list[Said]:
    """What is new and not among the threads shown; as both are shown, all of it is read now."""
    if news.last is not None:
        mark_read(rubric=rubric, up_to=news.last, by=request.user)
    shown = {one.comment.pk for thread in threads for one in (thread.first, *thread.replies)}
    return [said(comment, news.ids) for comment in news.comments if comment.pk not in shown]


@project_view(Permission.SEE_RUBRICS)
@require_GET
def panel(request: ProjectRequest, project: Project, rubric_id: int) -> HttpResponseBase:
    """The panel beside the rows, with the marks of the rows out of band."""
    rubric = load_rubric(project, rubric_id)
    if not request.htmx:
        return redirect("rubricstudio:comments", project.slug, rubric.pk)
    form = NumberForm(request.GET)
    number = form.cleaned_data["number"] if form.is_valid() else None
    context = {
        "rubric": rubric,
        "panel": comments_panel(rubric, reader=request.user, number=number),
    }
    return render(request, "rubricstudio/comments_panel.html", context)


@project_view(Permission.SEE_RUBRICS)
def comment(
    request: ProjectRequest, project: Project, rubric_id: int, comment_id: int
) -> HttpResponseBase:
    """One thread; POST answers in it."""
    rubric = load_rubric(project, rubric_id)
    first = _load_thread(rubric, comment_id)
    form = CommentForm(posted(request))
    if request.method == "POST":
        if not request.may(Permission.COMMENT):
            raise PermissionDenied
        if form.is_valid():
            made = _add(request, rubric, text=form.cleaned_data["text"], reply_to=first)
            return redirect(_address(made))
    asked = ThreadsForm(request.GET)
    before = asked.cleaned_data["before"] if asked.is_valid() else None
    news = news_of(request.user, rubric)
    found = long_thread(first, before=before, new=news.ids)
    also = _also_new(request, rubric, news, [found.thread])
    context = {"rubric": rubric, "form": form, "found": found, "also": also}
    status = 422 if form.errors else 200
    return render(request, "rubricstudio/comments_thread.html", context, status=status)


@project_view(Permission.COMMENT)
@require_POST
def comment_state(
    request: ProjectRequest, project: Project, rubric_id: int, comment_id: int
) -> HttpResponseBase:
    first = _load_thread(load_rubric(project, rubric_id), comment_id)
    form = StateForm(request.POST)
    if not form.is_valid():
        raise BadRequest
    if form.cleaned_data["do"] == "resolve":
        resolve(comment=first, by=request.user)
        messages.success(request, _("The thread is resolved."))
    else:
        reopen(comment=first, by=request.user)
        messages.success(request, _("The thread is open again."))
    return redirect(_address(first))


@project_view(Permission.COMMENT)
@require_GET
def people(request: ProjectRequest, project: Project, rubric_id: int) -> HttpResponseBase:
    """Members to mention, for the list that opens behind an @."""
    load_rubric(project, rubric_id)
    form = PeopleForm(request.GET)
    begun = form.cleaned_data["q"] if form.is_valid() else ""
    context = {"people": people_named(project, begun)}
    return render(request, "rubricstudio/comments_people.html", context)


@signed_in
@require_GET
def mentions(request: SignedInRequest) -> HttpResponseBase:
    """Comments that name the person, over all projects they are in."""
    form = ThreadsForm(request.GET)
    before = form.cleaned_data["before"] if form.is_valid() else None
    context = {"page": mentions_of(request.user, before=before)}
    return render(request, "rubricstudio/comments_mentions.html", context)


@signed_in
@require_GET
def mentions_count(request: SignedInRequest) -> HttpResponseBase:
    """How many mentions are new, for the person's menu when it opens."""
    context = {"n_mentions": unread_mentions(request.user).count()}
    return render(request, "rubricstudio/comments_count.html", context)

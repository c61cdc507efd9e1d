"""Adjudication: the queue of disagreements, one of them, and the decision on it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from annotations import adjudication as page_of
from annotations.actions.adjudication import (
    Case,
    DecidedMeanwhile,
    adopt,
    leave_unresolved,
    override,
)
from annotations.adjudication import Asked, read_asked, typed
from annotations.errors import AnnotationError
from annotations.models import Adjudication
from annotations.queries.blind import blind_responses
from annotations.queries.dispute import (
    UnitPage,
    criterion_row,
    judges_of,
    next_unit,
    remember,
    suggested,
    unit_page,
)
from annotations.queries.disputes import Unit, disputes
from annotations.sheet import InvalidSheet, read_entry
from rubricstudio.actions.comments import NothingThere, add_comment
from rubricstudio.http import ProjectRequest, partial, project_view
from rubricstudio.models import Comment, Project
from rubricstudio.permissions import Permission
from rubricstudio.rendering import markdown

LONGEST_REASON, LONGEST_PROPOSAL = 5_000, 4_000


@project_view(Permission.SEE_RESULTS)
@require_safe
def adjudication(request: ProjectRequest, project: Project) -> HttpResponseBase:
    """The queue: where people disagree, the most pressing first."""
    asked = read_asked(project, request.GET)
    blind = blind_responses(project, request.user)
    page = disputes(asked.scope, blind=blind, chosen=asked.chosen, after=asked.after)
    remember(asked.scope, request.user.pk, asked.chosen, [row.unit for row in page.rows])
    context = {
        "asked": asked,
        "page": page,
        "rows": page_of.rows_of(asked.scope, page),
        "criteria": page_of.criterion_choices(asked.scope, page, asked.chosen),
        "states": page_of.state_choices(page),
        "causes": page_of.cause_choices(page),
        "total": page.count(),
        "tab": "compare",
    }
    return render(request, "annotations/adjudication.html", context)


def _loaded(
    request: ProjectRequest, project: Project, response_id: int, criterion_id: int
) -> tuple[Asked, UnitPage]:
    """The unit of an address. 404 where it is not there, 403 while the reader must be blind."""
    asked = read_asked(project, request.GET)
    if response_id in blind_responses(project, request.user):
        raise PermissionDenied(_("Judge this response yourself first, then you can adjudicate it."))
    page = unit_page(asked.scope, Unit(response_id, criterion_id))
    if page is None:
        raise Http404
    return asked, page


@project_view(Permission.SEE_RESULTS)
def adjudicate(
    request: ProjectRequest, project: Project, response_id: int, criterion_id: int
) -> HttpResponseBase:
    """One unit with all that was said; POST decides it and goes on to the next."""
    asked, page = _loaded(request, project, response_id, criterion_id)
    if request.method != "POST":
        return _unit(request, asked, page)
    if not request.may(Permission.ADJUDICATE):
        raise PermissionDenied
    try:
        made = _decided(request, asked, page)
    except DecidedMeanwhile as error:
        fresh = unit_page(asked.scope, page.unit) or page
        return _unit(request, asked, fresh, note=str(error), status=409)
    except InvalidSheet as error:
        return _unit(request, asked, page, note=next(iter(error.problems.values())), status=422)
    except AnnotationError as error:
        return _unit(request, asked, page, note=str(error), status=422)
    return _go_on(request, asked, page, made)


def _decided(request: ProjectRequest, asked: Asked, page: UnitPage) -> Adjudication:
    seen = request.POST.get("seen", "")
    number = int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 19 else 0
    case = Case(asked.scope, page.unit, number)
    said = {
        "cause": request.POST.get("cause", ""),
        "reason": typed(request.POST, "reason", LONGEST_REASON),
    }
    verdict = request.POST.get("adopt", "")
    if verdict.isascii() and verdict.isdigit() and len(verdict) < 19:
        return adopt(case=case, verdict_id=int(verdict), by=request.user, **said)
    if "unresolved" in request.POST:
        return leave_unresolved(case=case, by=request.user, **said)
    entry = read_entry(page.criterion, request.POST.get("value", ""))
    return override(case=case, entry=entry, by=request.user, **said)


def _go_on(
    request: ProjectRequest, asked: Asked, page: UnitPage, made: Adjudication
) -> HttpResponseBase:
    blind = blind_responses(asked.scope.project, request.user)
    unit = next_unit(asked.scope, request.user.pk, asked.chosen, blind, page.unit)
    word = page_of.worded(page.criterion, made.status, made.value)
    said = _("unresolved") if made.decision == "unresolved" else word
    messages.success(request, _("Decided: %(word)s.") % {"word": said})
    slug = asked.scope.project.slug
    if unit is None:
        return redirect(f"{reverse('annotations:adjudication', args=[slug])}?{asked.query}")
    place = [slug, unit.response, unit.criterion]
    back = page.unit.code
    return redirect(f"{reverse('annotations:adjudicate', args=place)}?{asked.query}&back={back}")


def _unit(
    request: ProjectRequest, asked: Asked, page: UnitPage, *, note: str = "", status: int = 200
) -> HttpResponse:
    project = asked.scope.project
    images = reverse("rubricstudio:images", args=[project.slug])
    learn = request.GET.get("estimate") == "on"
    found, known = suggested(asked.scope, page, learn=learn)
    shows_judges = request.GET.get("judges") == "on"
    context: dict[str, Any] = {
        "asked": asked,
        "page": page,
        "turns": [(m["role"], markdown(str(m["content"]), images=images)) for m in page.messages],
        "reference": markdown(page.reference, images=images),
        "passages": page_of.marked(page),
        "voices": page_of.voices(page, page.verdicts),
        "hints": page_of.hints(page, found),
        "known": known or len(found) > 1,
        "judges": page_of.voices(page, judges_of(asked.scope, page.unit)) if shows_judges else None,
        "answers": page_of.answers(page.criterion),
        "causes": page_of.causes(),
        "share": asked.scope.shares.get(page.unit.criterion, 0.0),
        "quote": page_of.first_quote(page),
        "note": note,
        "typed": request.POST,
        "cause": request.POST.get("cause", page.decision.cause if page.decision else ""),
        "meanwhile": status == 409,
        "longest": {"reason": LONGEST_REASON, "proposal": LONGEST_PROPOSAL},
        "back": request.GET.get("back", "").split("-"),
        "tab": "compare",
    }
    template = "annotations/adjudicate.html"
    if learn and request.htmx:
        return partial(request, template, "suggestions", context)
    return render(request, template, context, status=status)


@project_view(Permission.SEE_RESULTS)
@require_safe
def adjudicate_next(
    request: ProjectRequest, project: Project, response_id: int, criterion_id: int
) -> HttpResponseBase:
    """Leave a unit as it is and go on to the next open one."""
    asked, page = _loaded(request, project, response_id, criterion_id)
    blind = blind_responses(project, request.user)
    unit = next_unit(asked.scope, request.user.pk, asked.chosen, blind, page.unit)
    if unit is None:
        messages.info(request, _("No other disagreement is open."))
        return redirect(f"{reverse('annotations:adjudication', args=[project.slug])}?{asked.query}")
    place = [project.slug, unit.response, unit.criterion]
    return redirect(f"{reverse('annotations:adjudicate', args=place)}?{asked.query}")


@project_view(Permission.ADJUDICATE)
@require_POST
def propose(
    request: ProjectRequest, project: Project, response_id: int, criterion_id: int
) -> HttpResponseBase:
    """A thread of comments on the criterion for the rubric's author, with passage and link."""
    if not request.may(Permission.COMMENT):
        raise PermissionDenied
    asked, page = _loaded(request, project, response_id, criterion_id)
    text = typed(request.POST, "proposal", LONGEST_PROPOSAL)
    if not text:
        note = _("Say what the rubric's author should change.")
        return _unit(request, asked, page, note=note, status=422)
    criterion = criterion_row(page.unit)
    here = reverse("annotations:adjudicate", args=[project.slug, response_id, criterion_id])
    link = request.build_absolute_uri(f"{here}?{asked.query}")
    passage = typed(request.POST, "passage", LONGEST_PROPOSAL)
    rubric = criterion.version.rubric

    def address(comment: Comment) -> str:
        place = reverse("rubricstudio:comment", args=[project.slug, rubric.pk, comment.pk])
        return request.build_absolute_uri(f"{place}#comment-{comment.pk}")

    try:
        made = add_comment(
            rubric=rubric,
            text=page_of.proposal_text(text, passage, link),
            by=request.user,
            link_for=address,
            criterion_key=criterion.key,
        )
    except NothingThere as error:
        return _unit(request, asked, page, note=str(error), status=422)
    messages.success(request, _("Proposed: the rubric's authors find it among its comments."))
    return redirect(f"{here}?{asked.query}&proposed={made.pk}")

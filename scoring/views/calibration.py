"""Agreement before and after the discussion of a calibration round."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from annotations.loaders import find_place, load_session
from annotations.models import SessionStatus
from rubricstudio.http import ProjectRequest, project_view
from rubricstudio.models import Project
from rubricstudio.permissions import Permission
from scoring.calibration_page import calibration_page
from scoring.queries.votes import both_votes


@project_view(Permission.SEE_PROJECT)
@require_safe
def calibration(request: ProjectRequest, project: Project, session_id: int) -> HttpResponseBase:
    """Both votes compared, for who sees results; for who votes in the round once it is closed.

    While people vote, figures of two of them would tell each what the other one answered.
    """
    place = find_place(project, session_id, request.user)
    if place is None and not request.may(Permission.SEE_RESULTS):
        raise Http404
    shown = load_session(project, session_id)
    if not shown.stage:
        raise Http404
    if place is not None and shown.status != SessionStatus.COMPLETED:
        messages.info(
            request, _("You vote in this round: both votes are compared for you once it is closed.")
        )
        return redirect(shown)
    floor = settings.AGREEMENT_FLOOR
    page = None
    if shown.revote_at is not None:
        votes = both_votes(shown)
        page = calibration_page(votes, floor=floor) if votes.first.table.n_units else None
    context = {"session": shown, "page": page, "floor": floor}
    return render(request, "scoring/calibration.html", context)

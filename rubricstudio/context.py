"""What every page's frame needs: the project, the member's role, whether a worker is alive."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from rubricstudio.models import Membership, Role
from rubricstudio.permissions import ROLE_PERMISSIONS
from rubricstudio.workers import worker_status


def page(request: HttpRequest) -> dict[str, Any]:
    """Context for base.html; `can` holds the names of the member's permissions."""
    membership: Membership | None = getattr(request, "membership", None)
    if membership is None:
        signed_in = bool(getattr(request, "user", None) and request.user.is_authenticated)
        return {"worker_status": worker_status()} if signed_in else {}
    allowed = ROLE_PERMISSIONS[Role(membership.role)]
    return {
        "project": membership.project,
        "membership_role": membership.role,
        "can": {permission.value: True for permission in allowed},
        "worker_status": worker_status(),
    }

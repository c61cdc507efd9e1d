"""What the tests of signing in share."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.urls import reverse
from pytest_django import Settings

from rubricstudio.actions.invitations import invite
from rubricstudio.models import Role
from tests.conftest import Cast

LOGIN = "/accounts/login/"


@pytest.fixture(autouse=True)
def fresh_cache(settings: Settings) -> None:
    """Limits count in the cache: each test begins with its own."""
    default = settings.CACHES["default"] | {"KEY_PREFIX": f"test-{uuid4().hex}"}
    settings.CACHES = {"default": default}


def invitation_page(
    cast: Cast, email: str = "ines@example.com", role: Role = Role.ANNOTATOR
) -> str:
    """The address of a new invitation's page."""
    return invite(
        project=cast.project,
        email=email,
        role=role,
        by=cast.owner,
        link_for=lambda token: reverse("rubricstudio:invitation", args=[token]),
    ).link

"""API tokens: made, used, revoked. Only the hash of a token is kept."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from rubricstudio.models import ApiToken, User
from rubricstudio.tokens import hash_token, new_token

PREFIX_LENGTH = 8
# `last_used_at` is written this often at most: a busy script is not a stream of updates.
USE_NOTED_EVERY = timedelta(minutes=1)


@transaction.atomic
def create_token(*, user: User, name: str, scope: ApiToken.Scope) -> tuple[ApiToken, str]:
    """Create a token and return it with its text, which nobody can see again."""
    text = f"rs_{new_token()}"
    token = ApiToken.objects.create(
        user=user,
        name=name,
        scope=scope,
        prefix=text[:PREFIX_LENGTH],
        token_hash=hash_token(text),
    )
    return token, text


@transaction.atomic
def revoke_token(*, token: ApiToken, by: User) -> None:
    """End a token at once; safe to repeat. Its row stays, with the time of its end."""
    ApiToken.objects.filter(pk=token.pk, revoked_at__isnull=True).update(revoked_at=timezone.now())


def note_use(*, token: ApiToken) -> None:
    """Record that a token was used now, to the minute."""
    now = timezone.now()
    ApiToken.objects.filter(
        Q(last_used_at__isnull=True) | Q(last_used_at__lt=now - USE_NOTED_EVERY), pk=token.pk
    ).update(last_used_at=now)

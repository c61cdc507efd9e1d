"""API tokens: shown once, kept as a hash, limited in scope, revocable."""

from __future__ import annotations

import re
from datetime import timedelta

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from rubricstudio.actions.tokens import create_token, note_use, revoke_token
from rubricstudio.models import ApiToken
from rubricstudio.tokens import hash_token, new_token
from tests.conftest import Cast

TOKENS = "/account/tokens/"


def test_a_token_is_shown_once_and_kept_as_a_hash(client: Client, cast: Cast) -> None:
    client.force_login(cast.author)

    page = client.post(TOKENS, {"name": "nightly", "scope": "read"})

    text = re.search(r"rs_[\w-]{43}", page.content.decode())
    assert text
    row = ApiToken.objects.get()
    assert row.token_hash == hash_token(text.group())
    assert row.prefix == text.group()[:8]
    assert text.group() not in str(ApiToken.objects.values_list())
    assert text.group() not in client.get(TOKENS).content.decode()
    assert "no-store" in page.headers["Cache-Control"]


def test_a_hash_is_that_of_sha_256() -> None:
    # echo -n abc | sha256sum
    assert hash_token("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_no_two_tokens_are_alike() -> None:
    assert len({new_token() for _ in range(100)}) == 100


def test_a_token_needs_a_name_and_a_known_scope(client: Client, cast: Cast) -> None:
    client.force_login(cast.author)

    reply = client.post(TOKENS, {"name": "", "scope": "everything"})

    assert reply.status_code == 422
    assert not ApiToken.objects.exists()


def test_a_person_revokes_a_token(client: Client, cast: Cast) -> None:
    token, _ = create_token(user=cast.author, name="nightly", scope=ApiToken.Scope.READ)
    client.force_login(cast.author)

    page = client.post(reverse("rubricstudio:token-revoke", args=[token.pk]), follow=True)

    token.refresh_from_db()
    assert token.revoked_at is not None
    assert "Revoked" in page.content.decode()


def test_revoking_again_keeps_the_first_time(cast: Cast) -> None:
    token, _ = create_token(user=cast.author, name="nightly", scope=ApiToken.Scope.READ)
    revoke_token(token=token, by=cast.author)
    first = ApiToken.objects.get().revoked_at

    revoke_token(token=token, by=cast.author)

    assert ApiToken.objects.get().revoked_at == first


def test_nobody_revokes_the_token_of_another(client: Client, cast: Cast) -> None:
    token, _ = create_token(user=cast.author, name="nightly", scope=ApiToken.Scope.READ)
    client.force_login(cast.owner)

    reply = client.post(reverse("rubricstudio:token-revoke", args=[token.pk]))

    assert reply.status_code == 404
    assert ApiToken.objects.get().revoked_at is None


def test_the_use_of_a_token_is_noted_once_a_minute(cast: Cast) -> None:
    token, _ = create_token(user=cast.author, name="nightly", scope=ApiToken.Scope.READ)

    note_use(token=token)
    first = ApiToken.objects.get().last_used_at
    note_use(token=token)
    assert ApiToken.objects.get().last_used_at == first

    ApiToken.objects.update(last_used_at=timezone.now() - timedelta(minutes=2))
    note_use(token=token)
    last = ApiToken.objects.get().last_used_at
    assert first
    assert last
    assert last >= first

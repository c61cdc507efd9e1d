"""Single sign-on, against a small OpenID Connect provider on this machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.test import Client
from pytest_django import Settings

from rubricstudio.models import Membership, Role, User
from tests.conftest import Cast
from tests.rubricstudio.accounts import LOGIN, fresh_cache, invitation_page

__all__ = ["fresh_cache"]


class _Provider(BaseHTTPRequestHandler):
    """Just enough of OpenID Connect: discovery, token, userinfo."""

    claims: dict[str, Any] = {}

    def do_GET(self) -> None:
        base = f"http://{self.headers['Host']}"
        if self.path.endswith("/openid-configuration"):
            self._send(
                {
                    "issuer": base,
                    "authorization_endpoint": f"{base}/authorize",
                    "token_endpoint": f"{base}/token",
                    "userinfo_endpoint": f"{base}/userinfo",
                    "jwks_uri": f"{base}/jwks",
                    "token_endpoint_auth_methods_supported": ["client_secret_post"],
                }
            )
        elif self.headers.get("Authorization") == "Bearer access":
            self._send(self.claims)
        else:
            self.send_error(401)

    def do_POST(self) -> None:
        sent = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        known = sent["code"] == ["good"] and sent["client_secret"] == ["secret"]
        self._send({"access_token": "access", "token_type": "Bearer"} if known else {}, known)

    def _send(self, value: dict[str, Any], good: bool = True) -> None:
        body = json.dumps(value).encode()
        self.send_response(200 if good else 400)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Quiet."""


@contextmanager
def _provider(email: str) -> Iterator[str]:
    claims = {"sub": "42", "email": email, "given_name": "Inès", "family_name": "Ferreira"}
    handler = type("Handler", (_Provider,), {"claims": claims})
    with HTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def _configure(settings: Settings, server_url: str) -> None:
    app = {
        "provider_id": "oidc",
        "name": "Clinic sign-on",
        "client_id": "studio",
        "secret": "secret",
        "settings": {"server_url": server_url},
    }
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [app]}}


def _sign_on(client: Client, code: str = "good", follow: bool = False) -> Any:
    """Go to the provider and come back with a code, as a browser would."""
    start = client.post("/accounts/oidc/oidc/login/")
    asked = parse_qs(urlsplit(start.headers["Location"]).query)
    return client.get(
        "/accounts/oidc/oidc/login/callback/",
        {"code": code, "state": asked["state"][0]},
        follow=follow,
    )


def test_the_setting_adds_the_button(client: Client, cast: Cast, settings: Settings) -> None:
    assert "Clinic sign-on" not in client.get(LOGIN).content.decode()

    _configure(settings, "https://sso.example.com")

    assert "Clinic sign-on" in client.get(LOGIN).content.decode()
    assert "Clinic sign-on" in client.get(invitation_page(cast)).content.decode()


def test_the_environment_configures_the_provider() -> None:
    code = (
        "import django; django.setup(); from django.conf import settings;"
        " print(settings.SOCIALACCOUNT_PROVIDERS['openid_connect']['APPS'][0])"
    )
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "rubricstudio.settings",
        "OIDC_SERVER_URL": "https://sso.example.com/realm",
        "OIDC_NAME": "Clinic",
        "OIDC_CLIENT_ID": "studio",
        "OIDC_CLIENT_SECRET": "secret",
    }

    shown = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).resolve().parents[2],
        env=environment,
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    ).stdout

    assert "'server_url': 'https://sso.example.com/realm'" in shown
    assert "'name': 'Clinic'" in shown


def test_an_invited_person_signs_up_through_the_provider(
    client: Client, cast: Cast, settings: Settings
) -> None:
    client.get(invitation_page(cast))

    with _provider("Ines@example.com") as url:
        _configure(settings, url)
        _sign_on(client)

    person = User.objects.get(email__iexact="ines@example.com")
    assert str(person) == "Inès Ferreira"
    assert Membership.objects.get(user=person).role == Role.ANNOTATOR
    assert client.get("/projects/demo/").status_code == 200


def test_who_signed_up_through_the_provider_signs_in_again(
    client: Client, cast: Cast, settings: Settings
) -> None:
    client.get(invitation_page(cast))
    with _provider("ines@example.com") as url:
        _configure(settings, url)
        _sign_on(client)
        client.post("/accounts/logout/")
        assert client.get("/").status_code == 302

        _sign_on(client)

    assert client.get("/").status_code == 200
    assert User.objects.filter(email="ines@example.com").count() == 1


def test_nobody_signs_up_through_the_provider_without_an_invitation(
    client: Client, cast: Cast, settings: Settings
) -> None:
    with _provider("eve@example.com") as url:
        _configure(settings, url)
        reply = _sign_on(client)

    assert "By invitation" in reply.content.decode()
    assert not User.objects.filter(email="eve@example.com").exists()


def test_the_provider_must_name_the_invited_address(
    client: Client, cast: Cast, settings: Settings
) -> None:
    client.get(invitation_page(cast))

    with _provider("eve@example.com") as url:
        _configure(settings, url)
        reply = _sign_on(client)

    assert reply.status_code == 403
    assert "ines@example.com" in reply.content.decode()
    assert not User.objects.filter(email="eve@example.com").exists()


def test_the_provider_does_not_open_an_account_that_has_a_password(
    client: Client, cast: Cast, settings: Settings
) -> None:
    with _provider("olga@example.com") as url:
        _configure(settings, url)
        _sign_on(client)

    assert client.get("/").status_code == 302


def test_a_provider_that_refuses_the_code_ends_in_a_page(
    client: Client, cast: Cast, settings: Settings
) -> None:
    with _provider("ines@example.com") as url:
        _configure(settings, url)
        reply = _sign_on(client, code="bad")

    assert reply.status_code < 500
    assert "_auth_user_id" not in client.session


def test_a_provider_that_is_away_ends_in_a_page(
    client: Client, cast: Cast, settings: Settings
) -> None:
    with _provider("ines@example.com") as url:
        pass
    _configure(settings, url)

    reply = client.post("/accounts/oidc/oidc/login/")

    assert reply.status_code == 502
    assert "html" in reply.content.decode()

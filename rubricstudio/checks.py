"""System checks: settings that are missing or contradict each other, with what to type."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register


@register(Tags.security, deploy=True)
def secret_key_is_own(**_: Any) -> list[CheckMessage]:
    if not settings.SECRET_KEY.startswith("insecure-"):
        return []
    return [
        Error(
            "SECRET_KEY is the public default.",
            hint='Set SECRET_KEY, e.g. to the output of python -c "import secrets;'
            ' print(secrets.token_urlsafe(50))".',
            id="rubricstudio.E001",
        )
    ]


@register(Tags.security, deploy=True)
def demo_is_off(**_: Any) -> list[CheckMessage]:
    if not settings.DEMO:
        return []
    return [
        Warning(
            "DEMO shows sign-ins with public passwords on the sign-in page.",
            hint="Unset DEMO.",
            id="rubricstudio.W001",
        )
    ]


@register()
def reading_is_possible(**_: Any) -> list[CheckMessage]:
    speeds = (settings.READING_WORDS_A_MINUTE, settings.READING_CHARACTERS_A_MINUTE)
    if min(speeds) >= 1:
        return []
    return [
        Error(
            "READING_WORDS_A_MINUTE and READING_CHARACTERS_A_MINUTE are numbers from 1 on.",
            hint="Raise them, or unset them.",
            id="rubricstudio.E003",
        )
    ]


@register()
def oidc_is_whole(**_: Any) -> list[CheckMessage]:
    apps = settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"]
    if all(app["client_id"] and app["secret"] for app in apps):
        return []
    return [
        Error(
            "OIDC_SERVER_URL is set without OIDC_CLIENT_ID and OIDC_CLIENT_SECRET.",
            hint="Set both, or unset OIDC_SERVER_URL.",
            id="rubricstudio.E002",
        )
    ]

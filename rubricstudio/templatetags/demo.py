"""The demo's sign-ins, for the sign-in page."""

from __future__ import annotations

from django import template

from rubricstudio.accounts import DemoUser, demo_users

register = template.Library()


@register.simple_tag
def demo_sign_ins() -> list[DemoUser]:
    """The demo's people, none outside the demo."""
    return demo_users()

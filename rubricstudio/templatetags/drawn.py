"""Parts of pages that are the same whoever asks, drawn once a process."""

from __future__ import annotations

from collections.abc import Hashable
from functools import lru_cache

from django import template
from django.conf import settings
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import get_language

register = template.Library()


@register.simple_tag
def drawn(template_name: str, /, **values: Hashable) -> SafeString:
    """As `{% include name with … only %}`, drawn once for each language and these values.

    For templates that need nothing else: no request, nothing that is looked up. Files are read
    anew each time where DEBUG is on.
    """
    draw = _draw.__wrapped__ if settings.DEBUG else _draw
    return draw(get_language(), template_name, **values)


@lru_cache(maxsize=1024, typed=True)
def _draw(language: str, template_name: str, /, **values: Hashable) -> SafeString:
    return render_to_string(template_name, values)

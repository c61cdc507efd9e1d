"""Parts of pages that are drawn once."""

from __future__ import annotations

import pytest
from django.template import Context, Template
from django.utils.safestring import SafeString
from django.utils.translation import get_language, override

from rubricstudio.templatetags import drawn

ICON = Template("{% load drawn %}{% drawn '_components/icon.html' name=name %}")


def test_it_is_what_an_include_would_be() -> None:
    included = Template("{% include '_components/icon.html' with name=name only %}")

    for name in ("flag", "info", "flag"):
        context = {"name": name, "extra": "of the page around it"}
        assert ICON.render(Context(context)) == included.render(Context(context))


def test_text_is_escaped_though_the_same_text_was_safe_before() -> None:
    assert "<b>" in ICON.render(Context({"name": SafeString("<b>")}))
    assert "&lt;b&gt;" in ICON.render(Context({"name": "<b>"}))


def test_each_language_has_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        drawn, "render_to_string", lambda name, values: f"{get_language()} {values}"
    )

    for language in ("en", "en-gb", "en"):
        with override(language):
            assert drawn.drawn("words.html", n=1) == f"{language} {{'n': 1}}"

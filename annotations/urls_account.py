"""Addresses of the annotation app below /account/: what goes with a person, not a project."""

from __future__ import annotations

from django.urls import path

from annotations.views import shortcuts

app_name = "annotations_account"

urlpatterns = [path("shortcuts/", shortcuts.shortcuts, name="shortcuts")]

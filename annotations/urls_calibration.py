"""Addresses of a calibration round, below /projects/<slug>/."""

from __future__ import annotations

from django.urls import path

from annotations.views import discussion as pages

_SESSION = "sessions/<int:session_id>/"

urlpatterns_calibration = [
    path(_SESSION + "calibration/step/", pages.calibration_step, name="calibration-step"),
    path(_SESSION + "discussion/", pages.discussion, name="discussion"),
    path(_SESSION + "discussion/<int:response_id>/", pages.discussed, name="discussed"),
]

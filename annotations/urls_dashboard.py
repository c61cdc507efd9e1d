"""Addresses of a session's dashboard, below /projects/<slug>/."""

from __future__ import annotations

from django.urls import path

from annotations.views import dashboard, reminders

_DASHBOARD = "sessions/<int:session_id>/dashboard/"

urlpatterns_dashboard = [
    path(_DASHBOARD, dashboard.dashboard, name="dashboard"),
    path(_DASHBOARD + "<slug:table>.csv", dashboard.dashboard_csv, name="dashboard-csv"),
    path(_DASHBOARD + "pace/", dashboard.pace, name="pace"),
    path(_DASHBOARD + "remind/", reminders.remind, name="remind"),
]

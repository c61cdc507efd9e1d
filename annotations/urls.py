"""Addresses of the annotation app, below /projects/<slug>/."""

from __future__ import annotations

from django.urls import path

from annotations import urls_assignment, views
from annotations.urls_adjudication import urlpatterns_adjudication
from annotations.urls_calibration import urlpatterns_calibration
from annotations.urls_dashboard import urlpatterns_dashboard
from annotations.views.compare_new import compare_new

app_name = "annotations"

_SESSION = "sessions/<int:session_id>/"
_ITEM = _SESSION + "items/<int:item_id>/"

urlpatterns = [
    path("sessions/", views.sessions, name="sessions"),
    path("sessions/new/", views.session_new, name="session-new"),
    path("sessions/new/comparison/", compare_new, name="compare-new"),
    path(_SESSION, views.session, name="session"),
    path(_SESSION + "edit/", views.session_edit, name="session-edit"),
    path(_SESSION + "clone/", views.session_clone, name="session-clone"),
    path(_SESSION + "adopt/", views.session_adopt, name="session-adopt"),
    path(_SESSION + "state/", views.session_state, name="session-state"),
    path(_SESSION + "annotators/", views.session_annotators, name="session-annotators"),
    path(_SESSION + "queue/", views.queue, name="queue"),
    path(_SESSION + "next/", views.next_item, name="next"),
    path(_SESSION + "quality/", views.quality, name="quality"),
    path(_SESSION + "quality/rules/", views.quality_rules, name="quality-rules"),
    path(_SESSION + "quality/checks/", views.quality_checks, name="quality-checks"),
    path(_SESSION + "quality/pass/", views.quality_pass, name="quality-pass"),
    path(_SESSION + "quality/gold/", views.gold_import, name="gold-import"),
    path(_SESSION + "quality/gold-from/", views.gold_from, name="gold-from"),
    path(_SESSION + "quality/gold.csv", views.gold_export, name="gold-export"),
    path(_SESSION + "quality/gold/<int:response_id>/", views.gold, name="gold"),
    path(_ITEM + "feedback/", views.feedback, name="feedback"),
    path(_ITEM, views.annotate, name="annotate"),
    path(_ITEM + "activity/", views.activity, name="activity"),
    path(_ITEM + "ahead/", views.ahead, name="ahead"),
    path(_ITEM + "draft/", views.draft, name="draft"),
    path(_ITEM + "submit/", views.submit, name="submit"),
    path(_ITEM + "skip/", views.skip, name="skip"),
    path(_ITEM + "take-up/", views.take_up, name="take-up"),
    *urlpatterns_adjudication,
    *urls_assignment.urlpatterns,
    *urlpatterns_calibration,
    *urlpatterns_dashboard,
]

"""Addresses of comparison and export, below /projects/<slug>/."""

from __future__ import annotations

from django.urls import path

from scoring.views import agreement as agreements
from scoring.views import calibration as calibrations
from scoring.views import compare as pages
from scoring.views import export as exports
from scoring.views import wins as outcomes

_UNIT = "compare/disagreements/<int:response_id>/<int:criterion_id>/"

urlpatterns_compare = [
    path("compare/", pages.compare, name="compare"),
    path("compare/disagreements/", pages.disagreement_list, name="disagreements"),
    path(_UNIT, pages.disagreement, name="disagreement"),
    path("compare/scores/", pages.score_list, name="scores"),
    path("agreement/", agreements.agreement, name="agreement"),
    path("sessions/<int:session_id>/calibration/", calibrations.calibration, name="calibration"),
    path("sessions/<int:session_id>/wins/", outcomes.wins, name="wins"),
    path("export/", exports.export, name="export"),
    path("export.jsonl", exports.export_jsonl, name="export-jsonl"),
    path("export.csv", exports.export_csv, name="export-csv"),
]

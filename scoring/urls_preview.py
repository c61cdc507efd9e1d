"""Addresses of the live preview, of trials of judges and of reviews, below /projects/<slug>/."""

from __future__ import annotations

from django.urls import path

from scoring.views import preview as pages
from scoring.views import reviews, trials

_RUBRIC = "rubrics/<int:rubric_id>/"
_TRY = "judges/<int:judge_id>/try/"
_REVIEW = _RUBRIC + "reviews/<int:review_id>/"

urlpatterns_preview = [
    path(_RUBRIC + "preview/", pages.preview, name="preview"),
    path(_RUBRIC + "preview/pins/", pages.preview_pins, name="preview-pins"),
    path(_RUBRIC + "preview/judge/", pages.preview_judge, name="preview-judge"),
    path(_RUBRIC + "preview/<int:preview_id>/cancel/", pages.preview_cancel, name="preview-cancel"),
    path(_RUBRIC + "preview/said/<int:said_id>/", pages.preview_said, name="preview-said"),
    path(_TRY, trials.trial_new, name="trial-new"),
    path(_TRY + "<int:trial_id>/", trials.trial, name="trial"),
    path(_TRY + "<int:trial_id>/cancel/", trials.trial_cancel, name="trial-cancel"),
    path(_RUBRIC + "reviews/", reviews.reviews, name="reviews"),
    path(_REVIEW, reviews.review, name="review"),
    path(_REVIEW + "cancel/", reviews.review_cancel, name="review-cancel"),
]

"""Addresses of adjudication, below /projects/<slug>/."""

from __future__ import annotations

from django.urls import path

from annotations.views import adjudication as pages
from annotations.views import consensus

_UNIT = "adjudication/<int:response_id>/<int:criterion_id>/"

urlpatterns_adjudication = [
    path("adjudication/", pages.adjudication, name="adjudication"),
    path("adjudication/consensus/", consensus.consensus, name="consensus"),
    path(_UNIT, pages.adjudicate, name="adjudicate"),
    path(_UNIT + "next/", pages.adjudicate_next, name="adjudicate-next"),
    path(_UNIT + "propose/", pages.propose, name="adjudicate-propose"),
]

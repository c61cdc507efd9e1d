"""Every address: this app's pages, those of the apps above it, accounts, and the API."""

from __future__ import annotations

from django.urls import include, path

from rubricstudio import views

studio_urls = [
    path("", views.home, name="home"),
]

urlpatterns = [
    path("", include((studio_urls, "rubricstudio"))),
    path("accounts/", include("allauth.urls")),
]

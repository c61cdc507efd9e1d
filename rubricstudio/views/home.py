"""The list of a person's projects."""

from __future__ import annotations

from django.http import HttpResponseBase
from django.shortcuts import render

from rubricstudio.http import SignedInRequest, signed_in
from rubricstudio.models import Project


@signed_in
def home(request: SignedInRequest) -> HttpResponseBase:
    projects = Project.objects.visible_to(request.user).order_by("name")
    return render(request, "rubricstudio/home.html", {"projects": projects})

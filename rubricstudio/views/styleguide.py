"""Every component in every state, on one page."""

from __future__ import annotations

from django.http import HttpResponseBase
from django.shortcuts import render

from rubricstudio.http import SignedInRequest, signed_in


@signed_in
def styleguide(request: SignedInRequest) -> HttpResponseBase:
    # The template holds its samples itself: they show components, not data.
    return render(request, "styleguide.html")

"""Every component in every state, on one page."""

from __future__ import annotations

from django.http import HttpResponseBase
from django.shortcuts import render

from rubricstudio.forms.projects import InviteForm
from rubricstudio.http import SignedInRequest, signed_in


@signed_in
def styleguide(request: SignedInRequest) -> HttpResponseBase:
    context = {
        "form": InviteForm(),
        "bad_form": InviteForm({"email": "no address", "role": ""}),
    }
    return render(request, "styleguide.html", context)

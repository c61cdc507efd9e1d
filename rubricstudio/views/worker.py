"""The header's sign of life of the workers, fetched again every few seconds."""

from __future__ import annotations

from django.http import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.cache import never_cache

from rubricstudio.http import SignedInRequest, signed_in


@never_cache
@signed_in
def worker_status(request: SignedInRequest) -> HttpResponseBase:
    # The status itself comes from the context processor that every page uses.
    return render(request, "_components/worker_status.html")

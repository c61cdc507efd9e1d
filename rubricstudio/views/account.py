"""A person's own page: the name others see, and the tokens of their scripts."""

from __future__ import annotations

import logging

from allauth.socialaccount.providers.openid_connect.views import login as openid_connect_login
from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from rubricstudio.actions.people import rename_person
from rubricstudio.actions.tokens import create_token, revoke_token
from rubricstudio.forms.projects import NameForm, TokenForm
from rubricstudio.http import SignedInRequest, signed_in
from rubricstudio.models import ApiToken

log = logging.getLogger(__name__)


@signed_in
def account(request: SignedInRequest) -> HttpResponseBase:
    user = request.user
    initial = {"first_name": user.first_name, "last_name": user.last_name}
    form = NameForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        rename_person(user=user, **form.cleaned_data)
        messages.success(request, gettext("Saved."))
        return redirect("rubricstudio:account")
    status = 422 if form.errors else 200
    return render(request, "rubricstudio/account_profile.html", {"form": form}, status=status)


@never_cache
@signed_in
def tokens(request: SignedInRequest) -> HttpResponseBase:
    """Lists and creates; the reply to a creation shows the token, which is kept nowhere."""
    form = TokenForm(request.POST or None)
    created, text = None, ""
    if request.method == "POST" and form.is_valid():
        created, text = create_token(
            user=request.user,
            name=form.cleaned_data["name"],
            scope=ApiToken.Scope(form.cleaned_data["scope"]),
        )
        form = TokenForm()
    context = {
        "form": form,
        "created": created,
        "text": text,
        "tokens": request.user.api_tokens.order_by("revoked_at", "-created_at"),
    }
    status = 422 if form.errors else 200
    return render(request, "rubricstudio/account_tokens.html", context, status=status)


@signed_in
@require_POST
def token_revoke(request: SignedInRequest, token_id: int) -> HttpResponseBase:
    token = get_object_or_404(request.user.api_tokens, pk=token_id)
    revoke_token(token=token, by=request.user)
    messages.success(request, gettext("The token %(name)s is revoked.") % {"name": token.name})
    return redirect("rubricstudio:tokens")


def single_sign_on(request: HttpRequest, provider_id: str) -> HttpResponseBase:
    """Go to the identity provider; where it cannot be reached, say so instead of failing."""
    try:
        reply: HttpResponseBase = openid_connect_login(request, provider_id)
    except OSError:  # what the HTTP client's errors derive from
        log.exception("the identity provider cannot be reached")
        return render(request, "socialaccount/authentication_error.html", status=502)
    return reply

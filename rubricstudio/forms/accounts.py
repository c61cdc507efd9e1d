"""The sign-up forms: whoever comes through an invitation signs up with its address."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import SignupForm as AllauthSignupForm
from allauth.core import context
from allauth.socialaccount.forms import SignupForm as AllauthSocialSignupForm
from django import forms
from django.utils.translation import gettext_lazy as _

from rubricstudio.accounts import invitation_in_session


class _InvitedMixin(forms.Form):
    """Fixes the address to the invitation's, so that a link is of no use to another."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        email = self.fields["email"]
        email.disabled = True
        email.help_text = _("The address you were invited with.")
        # allauth passes its forms no request; it keeps the current one for them here.
        invitation = invitation_in_session(context.request)
        self.initial["email"] = invitation.email if invitation else ""


class SignupForm(_InvitedMixin, AllauthSignupForm):  # type: ignore[misc]  # allauth ships no types
    first_name = forms.CharField(label=_("First name"), max_length=150)
    last_name = forms.CharField(label=_("Last name"), max_length=150, required=False)
    field_order = ["email", "first_name", "last_name", "password1", "password2"]


class SocialSignupForm(_InvitedMixin, AllauthSocialSignupForm):  # type: ignore[misc]  # as above
    """Shown only where the provider gave no usable address."""

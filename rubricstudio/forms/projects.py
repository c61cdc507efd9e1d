"""Forms of projects, members, invitations, tokens and the account page."""

from __future__ import annotations

from django import forms
from django.core.validators import validate_slug
from django.utils.translation import gettext_lazy as _

from rubricstudio.models import ApiToken, Project, Role


class ProjectForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=200)
    description = forms.CharField(
        label=_("Description"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("What is judged here, and for whom."),
    )


class NewProjectForm(ProjectForm):
    slug = forms.CharField(
        label=_("Short name"),
        max_length=60,
        required=False,
        validators=[validate_slug],
        help_text=_(
            "Part of every address of the project, and how the command line names it. Letters,"
            " digits and hyphens; made from the name if you leave it empty."
        ),
    )
    field_order = ["name", "slug", "description"]

    def clean_slug(self) -> str:
        slug = str(self.cleaned_data["slug"]).lower()
        if slug and Project.objects.filter(slug=slug).exists():
            raise forms.ValidationError(_("Another project has this short name; choose another."))
        return slug


class RoleForm(forms.Form):
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices)


class InviteForm(forms.Form):
    email = forms.EmailField(
        label=_("E-mail address"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices, initial=Role.ANNOTATOR)


class NameForm(forms.Form):
    first_name = forms.CharField(label=_("First name"), max_length=150, required=False)
    last_name = forms.CharField(label=_("Last name"), max_length=150, required=False)


class TokenForm(forms.Form):
    name = forms.CharField(
        label=_("Name"), max_length=100, help_text=_("What the token is for, e.g. nightly export.")
    )
    scope = forms.ChoiceField(
        label=_("May"), choices=ApiToken.Scope.choices, initial=ApiToken.Scope.READ
    )

"""What the pages of preview and reviews are asked, as plain values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from annotations.queries.choices import published_versions
from rubricstudio.domain.aggregation import AGGREGATORS
from rubricstudio.models import Project, RubricVersion
from scoring.models import Judge


def _key() -> forms.IntegerField:
    """An id, or none."""
    return forms.IntegerField(required=False, min_value=0, max_value=2**62)


class ChoiceForm(forms.Form):
    """Whose verdicts and which aggregator; what is unknown counts as not given."""

    side = forms.CharField(required=False, max_length=40)
    aggregator = forms.CharField(required=False, max_length=60)

    def clean_aggregator(self) -> str:
        name = str(self.cleaned_data["aggregator"])
        return name if name in AGGREGATORS else ""


class JudgeForm(forms.Form):
    """One of the judges that can be asked."""

    judge = forms.IntegerField(min_value=1, max_value=2**62)
    in_context = forms.BooleanField(required=False)

    def __init__(self, *args: Any, judges: Sequence[Judge], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.judges = {judge.pk: judge for judge in judges}

    def clean_judge(self) -> Judge:
        found = self.judges.get(self.cleaned_data["judge"])
        if found is None:
            raise forms.ValidationError(_("Choose one of the judges."))
        return found

    @property
    def problem(self) -> str:
        """What to say where no judge was chosen."""
        return str(_("Choose one of the judges."))


class PinForm(forms.Form):
    """What to do with which response; `varied` needs none."""

    step = forms.ChoiceField(choices=[(name, name) for name in ("pin", "unpin", "varied")])
    response = _key()

    def clean(self) -> None:
        step = self.cleaned_data.get("step")
        if step in ("pin", "unpin") and self.cleaned_data.get("response") is None:
            raise forms.ValidationError(_("Choose a response from the list."))


class PinsForm(forms.Form):
    """A search in the list of responses, and where in it one is."""

    q = forms.CharField(required=False, max_length=200)
    source = forms.CharField(required=False, max_length=200)
    before = _key()
    after = _key()

    def clean(self) -> dict[str, Any]:
        return {
            "search": self.cleaned_data.get("q", "").replace("\x00", ""),
            "source": self.cleaned_data.get("source", "").replace("\x00", ""),
            "before": self.cleaned_data.get("before"),
            "after": self.cleaned_data.get("after"),
        }


class TrialForm(forms.Form):
    """A published version, some of its criteria (none stands for all), and one response."""

    version = forms.ModelChoiceField(queryset=RubricVersion.objects.none(), empty_label=None)
    criteria = forms.TypedMultipleChoiceField(coerce=int, required=False)
    response = _key()

    def __init__(self, *args: Any, project: Project, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        versions, criteria = self.fields["version"], self.fields["criteria"]
        assert isinstance(versions, forms.ModelChoiceField)
        assert isinstance(criteria, forms.TypedMultipleChoiceField)
        versions.queryset = published_versions(project)
        chosen = versions.queryset.filter(pk__in=_whole(self.data.get("version"))).first()
        rows = chosen.criteria.values_list("pk", "text") if chosen else ()
        criteria.choices = list(rows)

    @staticmethod
    def default_version(project: Project) -> str:
        """The newest published version, as a form sends it."""
        newest = published_versions(project).first()
        return str(newest.pk) if newest else ""


def _whole(text: object) -> list[int]:
    """The number that a text is, if it is one that a row may have."""
    fits = isinstance(text, str) and text.isascii() and text.isdigit() and len(text) < 19
    return [int(str(text))] if fits else []


class PageForm(forms.Form):
    """Where in a list one is."""

    before = _key()
    after = _key()

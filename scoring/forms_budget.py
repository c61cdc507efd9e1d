"""What a run may cost: the two fields of a new run and of one that stopped at its budget."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, TypeVar

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from scoring.actions.runs import Spending
from scoring.models import RunBudget

_DOLLARS = _("Give a number of dollars above 0, such as 2.50, or leave the field empty.")
_TOKENS = _("Give a whole number of tokens above 0, or leave the field empty.")
MOST_DOLLARS = Decimal(10**9)
MOST_TOKENS = 10**15


class BudgetForm(forms.Form):
    """A limit in dollars and one in tokens, each empty for none."""

    budget = forms.DecimalField(
        label=_("Budget, US dollars"),
        required=False,
        max_digits=18,
        decimal_places=9,
        error_messages={"invalid": _DOLLARS},
        widget=forms.NumberInput(attrs={"min": "0", "step": "any", "inputmode": "decimal"}),
        help_text=_("No call is sent that could cost more than is left."),
    )
    budget_tokens = forms.IntegerField(
        label=_("Budget, tokens"),
        required=False,
        error_messages={"invalid": _TOKENS},
        widget=forms.NumberInput(attrs={"min": "1", "inputmode": "numeric"}),
        help_text=_("Of prompts and replies together. Works without a known price."),
    )

    def clean_budget(self) -> Decimal | None:
        return _between(self.cleaned_data["budget"], MOST_DOLLARS, str(_DOLLARS))

    def clean_budget_tokens(self) -> int | None:
        return _between(self.cleaned_data["budget_tokens"], MOST_TOKENS, str(_TOKENS))

    def limits(self) -> Spending:
        """The limits, once the form is valid."""
        data = self.cleaned_data
        return Spending(cost=data["budget"], tokens=data["budget_tokens"])


class LargerBudgetForm(BudgetForm):
    """New limits of a run that stopped; an empty field keeps the old one."""

    def __init__(self, *args: Any, budget: RunBudget, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.of = budget

    def clean(self) -> None:
        data = self.cleaned_data
        cost, tokens = data.get("budget"), data.get("budget_tokens")
        spent = gettext("The run has spent %s already: give more than that.")
        if cost is not None and cost <= self.of.spent_cost:
            self.add_error("budget", spent % f"${self.of.spent_cost.normalize():f}")
        if tokens is not None and tokens <= self.of.spent_tokens:
            self.add_error("budget_tokens", spent % f"{self.of.spent_tokens:,}")

    def limits(self) -> Spending:
        given = super().limits()
        return Spending(
            cost=self.of.limit_cost if given.cost is None else given.cost,
            tokens=self.of.limit_tokens if given.tokens is None else given.tokens,
        )


Number = TypeVar("Number", int, Decimal)


def _between(value: Number | None, most: Number, refusal: str) -> Number | None:
    if value is not None and not 0 < value <= most:
        raise forms.ValidationError(refusal)
    return value

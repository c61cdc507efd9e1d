"""Money, tokens and what they are estimated by, in words: for pages and commands alike."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal

from django.utils.formats import number_format
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from rubricstudio.domain.spending import Expected
from scoring.actions.runs import Spending
from scoring.estimates import RunEstimate
from scoring.llm_errors import Trouble

_TROUBLES = {
    Trouble.TIMEOUT: _("no answer in time"),
    Trouble.REFUSED: _("refused"),
    Trouble.TOO_LONG: _("too long for the model"),
    Trouble.BUSY: _("overloaded or away"),
    Trouble.BROKEN: _("server failed"),
    Trouble.REJECTED: _("found malformed"),
    Trouble.FATAL: _("key, model or address wrong"),
}


def trouble_words(trouble: str) -> str:
    """What a kind of failed attempt is called."""
    return str(_TROUBLES[Trouble(trouble)]) if trouble in set(_TROUBLES) else trouble


def dollars(amount: float | Decimal | None) -> str:
    """An amount to go by: to the cent from a dollar on, else with three digits."""
    if amount is None:
        return gettext("not known")
    amount = float(amount)
    places = 2 if amount >= 1 or amount <= 0 else min(9, 2 - math.floor(math.log10(amount)))
    return f"${_number(amount, places)}"


def exact_dollars(amount: Decimal) -> str:
    """An amount that was given, with all its digits and cents at least."""
    exponent = amount.normalize().as_tuple().exponent
    places = max(2, -exponent) if isinstance(exponent, int) else 2
    return f"${number_format(amount, decimal_pos=places, force_grouping=True)}"


def _number(value: float, places: int = 0) -> str:
    return str(number_format(value, decimal_pos=places, force_grouping=True))


def _rounded(value: float) -> str:
    """A count to go by: three digits that mean something."""
    places = max(0, len(str(round(value))) - 3)
    return _number(round(value, -places))


@dataclass(frozen=True, slots=True)
class EstimateRow:
    """One figure of an estimate in words: the best guess, from where to where, and how."""

    label: str
    value: str
    span: str
    how: str


def estimate_rows(found: RunEstimate) -> list[EstimateRow]:
    """What a run would take, each figure with its interval and where it comes from.

    Of a judge made of judges the sums, then what each hosted judge inside takes of them.
    """
    how = _how(found)
    if found.members:
        sums = gettext("the sum over its hosted judges, below")
        how = dict.fromkeys(how, sums)
    calls = _span(_number(round(found.calls.low)), _number(round(found.calls.high)))
    rows = [
        EstimateRow(gettext("Calls"), _number(round(found.calls.value)), calls, _calls_note(found)),
        _row(gettext("Prompt tokens"), found.tokens_in, how["prompts"]),
        _row(gettext("Reply tokens"), found.tokens_out, how["replies"]),
        _cost_row(gettext("Cost"), found, how["price"]),
    ]
    return rows + [_member_row(each) for each in found.members]


def _how(found: RunEstimate) -> dict[str, str]:
    """Where the figures of one hosted judge come from."""
    prompts = gettext("prompts of %(built)s of %(all)s drawn at random and measured; %(rate)s") % {
        "built": _number(found.looked_at),
        "all": _number(found.prompts),
        "rate": _by(found.by_earlier) or gettext("3 to 5 bytes taken for a token"),
    }
    return {
        "prompts": prompts,
        "replies": _by(found.replies_by)
        or gettext("a usual length taken: no earlier calls to go by"),
        "price": _by(found.price_by) or gettext("by the judge's own prices"),
    }


def _cost_row(label: str, found: RunEstimate, how: str) -> EstimateRow:
    if found.cost is None:
        unknown = gettext("give the judge price_in and price_out, or run a few responses first")
        return EstimateRow(label, gettext("price not known here"), "", unknown)
    cost = found.cost
    return EstimateRow(
        label, dollars(cost.value), _span(dollars(cost.low), dollars(cost.high)), how
    )


def _member_row(found: RunEstimate) -> EstimateRow:
    """What one hosted judge takes, in dollars where its price is known."""
    label = gettext("of which %(name)s") % {"name": found.name}
    how = _how(found)
    known = [_asked_words(found), how["prompts"], gettext("replies: %s") % how["replies"]]
    if found.cost is None:
        tokens = _span(_rounded(found.tokens.low), _rounded(found.tokens.high))
        value = gettext("%s tokens") % _rounded(found.tokens.value)
        unpriced = gettext("price not known here")
        return EstimateRow(label, value, tokens, "; ".join([*known, unpriced]))
    return _cost_row(label, found, "; ".join([*known, gettext("price: %s") % how["price"]]))


def _asked_words(found: RunEstimate) -> str:
    """How many calls one judge inside would get, and why it is not known exactly."""
    calls = _number(round(found.calls.value))
    if found.share.low == found.share.high:
        return gettext("calls: %s") % calls
    span = _span(_number(round(found.calls.low)), _number(round(found.calls.high)))
    known = {"calls": calls, "span": span}
    if not found.share_by:
        return gettext("calls: %(span)s, the middle taken: no earlier run tells how many") % known
    return ngettext(
        "calls: %(calls)s (%(span)s) by the share in %(n)s earlier verdict",
        "calls: %(calls)s (%(span)s) by the share in %(n)s earlier verdicts",
        found.share_by,
    ) % {**known, "n": _number(found.share_by)}


def _row(label: str, found: Expected, how: str) -> EstimateRow:
    span = _span(_rounded(found.low), _rounded(found.high))
    return EstimateRow(label, _rounded(found.value), span, how)


def _span(low: str, high: str) -> str:
    return gettext("%(low)s to %(high)s") % {"low": low, "high": high} if low != high else ""


def _by(calls: int) -> str:
    """That so many earlier calls say so; empty for none."""
    if not calls:
        return ""
    return ngettext("by %(n)s earlier call", "by %(n)s earlier calls", calls) % {
        "n": _number(calls)
    }


def _calls_note(found: RunEstimate) -> str:
    if found.may_reuse:
        return gettext("without attempts made again; fewer where answers can be reused")
    return gettext("without attempts made again")


def outlook_words(found: RunEstimate, limits: Spending) -> str:
    """Whether the budget reaches, in a sentence; empty where it does."""
    return {
        "stops": gettext("The run is expected to stop at its budget before its end."),
        "may stop": gettext("The run may stop at its budget before its end."),
        "": "",
    }[found.outlook(limits)]

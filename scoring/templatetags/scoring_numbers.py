"""Numbers as the pages of comparison and scores write them."""

from __future__ import annotations

import math

from django import template
from django.utils.formats import number_format

register = template.Library()


@register.filter
def percent(share: float) -> str:
    """A share in [0, 1] as a percentage by locale, one decimal where it is not whole.

    Rounded down, so that 100 stands for all of it only.
    """
    tenths = math.floor(share * 1000 + 1e-9)
    return str(number_format(tenths / 10, decimal_pos=0 if tenths % 10 == 0 else 1))

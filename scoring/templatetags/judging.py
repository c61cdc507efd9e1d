"""How pages write kinds of judges, durations and rates."""

from __future__ import annotations

from django import template

from scoring import wording

register = template.Library()

register.filter("kind_label", wording.kind_label)
register.filter("no_review", wording.no_review)
register.filter("duration", wording.duration_words)

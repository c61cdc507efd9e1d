"""The single keys of the annotation page, and a person's own choice of them. Pure.

Digits 1 to 9 always choose an answer, `?` always shows the keys, the arrows always move.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

FIXED = frozenset("123456789?")
ENTER = "Enter"


@dataclass(frozen=True, slots=True)
class Keymap:
    """The key of each action; "" where an action has none."""

    cannot_assess: str = "a"
    clear: str = "x"
    following: str = "j"
    preceding: str = "k"
    open: str = "u"
    quote: str = "e"
    comment: str = "c"
    confidence: str = "v"
    response: str = "r"
    find: str = "/"
    guidelines: str = "g"
    flag: str = "f"
    skip: str = "s"
    previous_item: str = "["
    next_item: str = "]"
    submit: str = ENTER
    not_met: str = ""
    enabled: bool = True

    def as_dict(self) -> dict[str, str]:
        """Key by action."""
        return {action: getattr(self, action) for action in LABELS}

    @property
    def badges(self) -> list[tuple[str, str]]:
        """What annotate.js does, as (key, label); links and buttons list themselves."""
        own = {name: key for name, key in self.as_dict().items() if name not in ON_ELEMENTS}
        return [(key, str(LABELS[name])) for name, key in own.items() if key]


LABELS: dict[str, str | Promise] = {
    "cannot_assess": gettext_lazy("Cannot assess"),
    "clear": gettext_lazy("Clear the answer"),
    "following": gettext_lazy("Next criterion"),
    "preceding": gettext_lazy("Previous criterion"),
    "open": gettext_lazy("Next criterion without an answer"),
    "quote": gettext_lazy("Quote what is selected, or write a quote"),
    "comment": gettext_lazy("Comment on the criterion"),
    "confidence": gettext_lazy("Say how sure you are"),
    "response": gettext_lazy("Go to the response and back"),
    "find": gettext_lazy("Find in the response"),
    "guidelines": gettext_lazy("Guidelines"),
    "flag": gettext_lazy("Flag the item"),
    "skip": gettext_lazy("Skip the item"),
    "previous_item": gettext_lazy("Previous item"),
    "next_item": gettext_lazy("Next item"),
    "submit": gettext_lazy("Submit and next, outside a text field"),
    "not_met": gettext_lazy("Not met, besides 2"),
}
# These actions are buttons and links on the page, which say their key themselves.
ON_ELEMENTS = frozenset({"find", "guidelines", "flag", "skip", "previous_item", "next_item"})
USUAL = Keymap()


class InvalidKeys(ValueError):
    """Keys that cannot be used; `problems` says what to do by action."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        self.problems = dict(problems)
        super().__init__("; ".join(self.problems.values()))


def keymap(keys: Mapping[str, str], *, enabled: bool = True) -> Keymap:
    """The usual keys with a person's own in their place.

    A key is one visible ASCII character or, for submitting alone, Enter; "" switches the
    action's key off. Raises InvalidKeys for anything else and for a key given twice.
    """
    chosen = {**USUAL.as_dict(), **{a: _plain(k) for a, k in keys.items() if a in LABELS}}
    problems = {a: text for a, key in chosen.items() if (text := _problem(a, key))}
    holders: dict[str, str] = {}
    for action, key in chosen.items():
        if key and key in holders:
            problems[action] = _("%(key)s already does this: %(label)s. Choose another key.") % {
                "key": key,
                "label": LABELS[holders[key]],
            }
        holders.setdefault(key, action)
    if problems:
        raise InvalidKeys(problems)
    return Keymap(**chosen, enabled=enabled)


def _plain(key: str) -> str:
    key = key.strip()
    return ENTER if key.lower() == "enter" else key.lower()


def _problem(action: str, key: str) -> str:
    if not key or (key == ENTER and action == "submit"):
        return ""
    if key in FIXED:
        return _("%(key)s is fixed: digits choose answers and ? shows the keys.") % {"key": key}
    if len(key) != 1 or not "!" <= key <= "~":
        return _("Enter one letter without an accent, the digit 0 or a sign, or nothing.")
    return ""


def own_keys(chosen: Keymap) -> dict[str, str]:
    """What is stored: the keys that differ from the usual ones."""
    usual = USUAL.as_dict()
    return {action: key for action, key in chosen.as_dict().items() if key != usual[action]}


def from_stored(keys: Mapping[str, Any], *, enabled: bool) -> Keymap:
    """The keymap that was stored; the usual keys where a later release clashes with it."""
    try:
        return keymap({str(a): str(k) for a, k in keys.items()}, enabled=enabled)
    except InvalidKeys:
        return Keymap(enabled=enabled)


assert [*LABELS, "enabled"] == [field.name for field in fields(Keymap)], asdict(USUAL)

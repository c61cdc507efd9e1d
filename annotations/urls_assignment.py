"""Addresses of giving out items, fields of expertise, and flags."""

from __future__ import annotations

from django.urls import path

from annotations.views import flags, giving

_SESSION = "sessions/<int:session_id>/"
_ITEM = _SESSION + "items/<int:item_id>/"

urlpatterns = [
    path("expertise/", giving.expertise, name="expertise"),
    path(_SESSION + "items/", giving.items, name="items"),
    path(_SESSION + "items/change/", giving.items_change, name="items-change"),
    path(_SESSION + "flags/", flags.flags, name="flags"),
    path(_SESSION + "flags/<int:flag_id>/settle/", flags.flag_settle, name="flag-settle"),
    path(_ITEM + "flag/", flags.flag, name="flag"),
    path(_ITEM + "renew/", flags.renew, name="renew"),
]

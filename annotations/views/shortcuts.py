"""A person's own keys for the annotation page."""

from __future__ import annotations

from collections.abc import Mapping

from django.contrib import messages
from django.http import HttpResponseBase, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from annotations.actions.shortcuts import save_shortcuts
from annotations.keys import LABELS, USUAL, InvalidKeys, Keymap, keymap
from annotations.queries.shortcuts import keymap_of
from rubricstudio.http import SignedInRequest, signed_in


@signed_in
def shortcuts(request: SignedInRequest) -> HttpResponseBase:
    if request.method != "POST":
        return _page(request, keymap_of(request.user))
    if "reset" in request.POST:
        save_shortcuts(user=request.user, chosen=USUAL)
        messages.success(request, _("The usual keys are back."))
        return redirect("annotations_account:shortcuts")
    keys, enabled = _typed(request.POST), "enabled" in request.POST
    try:
        save_shortcuts(user=request.user, chosen=keymap(keys, enabled=enabled))
    except InvalidKeys as error:
        return _page(request, Keymap(enabled=enabled), typed=keys, problems=error.problems)
    messages.success(request, _("Saved."))
    return redirect("annotations_account:shortcuts")


def _typed(post: QueryDict) -> dict[str, str]:
    return {action: post.get(action, "").strip()[:20] for action in LABELS if action in post}


def _page(
    request: SignedInRequest,
    chosen: Keymap,
    *,
    typed: Mapping[str, str] | None = None,
    problems: Mapping[str, str] | None = None,
) -> HttpResponseBase:
    shown = {**chosen.as_dict(), **(typed or {})}
    usual = USUAL.as_dict()
    rows = [
        {
            "action": action,
            "label": label,
            "key": shown[action],
            "usual": usual[action],
            "problem": (problems or {}).get(action, ""),
        }
        for action, label in LABELS.items()
    ]
    context = {"rows": rows, "enabled": chosen.enabled, "problems": problems}
    status = 422 if problems else 200
    return render(request, "annotations/shortcuts.html", context, status=status)

"""What LiteLLM lists of providers and their models. It is heavy: for workers and commands."""

from __future__ import annotations

import os
from functools import cache
from types import ModuleType


@cache
def _litellm() -> ModuleType:
    # Unasked it fetches a price list from the network.
    os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
    import litellm

    litellm.suppress_debug_info = True
    return litellm


def is_provider(model: str) -> bool:
    """Whether "provider/name", or a name alone, leads to a provider."""
    litellm = _litellm()
    try:
        litellm.get_llm_provider(model)
    except litellm.exceptions.BadRequestError:
        return False
    return True


def missing_keys(model: str) -> list[str]:
    """The variables of the environment that the model's provider wants and that are not set."""
    found = _litellm().validate_environment(model)
    return [] if found["keys_in_environment"] else [str(name) for name in found["missing_keys"]]


def context_of(model: str) -> int | None:
    """The tokens that prompt and reply may have; None for a model that is not listed."""
    try:
        found = _litellm().get_model_info(model)
    except Exception:  # a model that is not listed raises one of several kinds
        return None
    most = found.get("max_input_tokens") or found.get("max_tokens")
    return int(most) if most else None

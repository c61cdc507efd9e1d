"""What LiteLLM knows of providers and their models. It is heavy: for workers and commands."""

from __future__ import annotations

import logging
import os
from functools import cache
from types import ModuleType


@cache
def litellm() -> ModuleType:
    """LiteLLM, imported on first use; unasked it fetches a price list from the network."""
    os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
    import litellm as module

    module.suppress_debug_info = True
    module.telemetry = False
    for name in ("LiteLLM", "httpx", "httpcore", "openai", "aiohttp"):
        logging.getLogger(name).setLevel(logging.ERROR)
    return module


def is_provider(model: str) -> bool:
    """Whether "provider/name", or a name alone, leads to a provider."""
    module = litellm()
    try:
        module.get_llm_provider(model)
    except module.exceptions.BadRequestError:
        return False
    return True


def missing_keys(model: str) -> list[str]:
    """The variables of the environment that the model's provider wants and that are not set."""
    found = litellm().validate_environment(model)
    return [] if found["keys_in_environment"] else [str(name) for name in found["missing_keys"]]


def context_of(model: str) -> int | None:
    """The tokens that prompt and reply may have; None for a model that is not listed."""
    try:
        found = litellm().get_model_info(model)
    except Exception:  # a model that is not listed raises one of several kinds
        return None
    most = found.get("max_input_tokens") or found.get("max_tokens")
    return int(most) if most else None


@cache
def listed_price(model: str) -> tuple[float, float] | None:
    """LiteLLM's price of a model in dollars a token, in and out; None where it lists none."""
    try:
        known = litellm().get_model_info(model)
    except Exception:  # LiteLLM raises a plain Exception for a model that it does not list
        return None
    priced = known.get("input_cost_per_token"), known.get("output_cost_per_token")
    return (float(priced[0]), float(priced[1])) if None not in priced else None
